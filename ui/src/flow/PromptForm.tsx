/* A new prompt, or a new sound for one that is there: from a file, the microphone or a voice. */
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api } from '../api/http.ts'
import type { Prompt, PromptLanguage } from '../api/prompts.ts'
import { Dialog, Field, Note, Seg } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { fieldProblem, problemText } from '../kit/problem.ts'
import { Recorded } from './Recorded.tsx'
import { PROMPTS, usePrompts } from './usePrompts.ts'

type Way = 'file' | 'record' | 'speak'
type Props = {
  name?: string
  language?: PromptLanguage
  fixed?: boolean
  saved?: (prompt: Prompt) => void
  close: () => void
}

function upload(name: string, language: string, file: Blob, recorded: boolean) {
  const form = new FormData()
  form.set('file', file, file instanceof File ? file.name : `${name}.wav`)
  form.set('name', name)
  form.set('language', language)
  form.set('recorded', String(recorded))
  form.set('replace', 'true')
  return api<Prompt>('/prompts', { method: 'POST', form })
}

export function PromptForm({ name: first, language: spoken, fixed, saved, close }: Props) {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const { data } = usePrompts()
  const [name, setName] = useState(first ?? '')
  const [language, setLanguage] = useState<PromptLanguage>(spoken ?? words.lang)
  const [way, setWay] = useState<Way>('file')
  const [file, setFile] = useState<File | null>(null)
  const [taken, setTaken] = useState<Blob | null>(null)
  const [text, setText] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const there = data?.items.some(
    (one) => one.source === 'own' && one.name === name && one.language === language,
  )
  const sound = way === 'file' ? file : taken
  const ready = name !== '' && (way === 'speak' ? text.trim() !== '' : sound !== null)
  const save = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    try {
      const made = await (way === 'speak'
        ? api<Prompt>('/prompts/spoken', {
            method: 'POST',
            body: { name, language, text, replace: true },
          })
        : upload(name, language, sound as Blob, way === 'record'))
      await queries.invalidateQueries({ queryKey: PROMPTS })
      saved?.(made)
      close()
    } catch (error) {
      setProblem(error)
      setBusy(false)
    }
  }
  const wrong = (field: string) => fieldProblem(words, problem, field)
  const said = ['name', 'file', 'text', 'language'].some(wrong) ? null : problem
  const change = <T,>(set: (value: T) => void) => {
    return (value: T) => {
      setProblem(null)
      set(value)
    }
  }
  return (
    <Dialog title={t(fixed ? 'prompts.replace' : 'prompts.new')} close={close}>
      <form className="stack g4" onSubmit={(event) => void save(event)}>
        <div className="fields two">
          <Field label={t('prompts.name')} wrong={wrong('name')} hint={t('prompts.name_why')}>
            <input
              className="input mono"
              value={name}
              disabled={fixed}
              maxLength={48}
              onChange={(event) => change(setName)(event.target.value.trim().toLowerCase())}
            />
          </Field>
          <Field label={t('prompts.language')}>
            <select
              className="input"
              value={language}
              disabled={fixed}
              onChange={(event) => change(setLanguage)(event.target.value as PromptLanguage)}
            >
              <option value="ru">{t('lang.ru')}</option>
              <option value="en">{t('lang.en')}</option>
            </select>
          </Field>
        </div>
        <Seg
          label={t('prompts.way')}
          value={way}
          set={change(setWay)}
          options={(['file', 'record', 'speak'] as const).map((one) => [
            one,
            t(`prompts.way.${one}`),
          ])}
        />
        {way === 'file' && (
          <Field label={t('prompts.file')} wrong={wrong('file')} hint={t('prompts.file_why')}>
            <input
              className="input file"
              type="file"
              accept=".wav,audio/wav,audio/x-wav"
              onChange={(event) => change(setFile)(event.target.files?.[0] ?? null)}
            />
          </Field>
        )}
        {way === 'record' && (
          <Recorded
            most={data?.seconds_most ?? 120}
            taken={taken}
            take={change(setTaken)}
            wrong={wrong('file')}
          />
        )}
        {way === 'speak' &&
          (data?.voice ? (
            <Field label={t('prompts.text')} wrong={wrong('text') ?? wrong('file')}>
              <textarea
                className="input"
                rows={4}
                value={text}
                maxLength={4000}
                onChange={(event) => change(setText)(event.target.value)}
              />
            </Field>
          ) : (
            <Note>{t('prompts.voice_off')}</Note>
          ))}
        {there && !fixed && <Note tone="warn">{t('prompts.there')}</Note>}
        {said !== null && (
          <Note tone="bad" alert>
            {problemText(words, said)}
          </Note>
        )}
        <div className="row">
          <button type="submit" className="btn primary" disabled={!ready || busy}>
            {t(busy ? 'common.saving' : 'prompts.save')}
          </button>
          <button type="button" className="btn" onClick={close}>
            {t('common.cancel')}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
