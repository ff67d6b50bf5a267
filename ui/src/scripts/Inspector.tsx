/* One step: its words in both languages, its question, where it leads, what is wrong with it. */
import { ArrowDown, ArrowUp, Trash2 } from 'lucide-react'
import { useRef, useState } from 'react'
import type { Step, StepProblem } from '../api/scripts.ts'
import { Field, Note, Seg } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { say } from './draft.ts'
import { QuestionFields } from './QuestionFields.tsx'
import { Way } from './Ways.tsx'

type Props = {
  steps: Step[]
  step: Step
  fields: string[]
  found: StepProblem[]
  faults: string[]
  off: boolean
  set: (change: Partial<Step>) => void
  move: (by: number) => void
  remove: () => void
}

const ALWAYS = ['name', 'first_name', 'phone', 'agent', 'campaign']

export function Inspector({ steps, step, fields, found, faults, off, set, move, remove }: Props) {
  const words = useWords()
  const { t } = words
  const [lang, setLang] = useState(words.lang)
  const area = useRef<HTMLTextAreaElement>(null)
  const insert = (name: string) => {
    const text = step.text[lang] ?? ''
    const at = area.current?.selectionStart ?? text.length
    set({ text: say(step.text, lang, `${text.slice(0, at)}{{${name}}}${text.slice(at)}`) })
    area.current?.focus()
  }
  const filled = steps.flatMap((one) => one.question?.field || [])
  const names = [...new Set([...ALWAYS, ...filled, ...fields])]
  return (
    <section className="card">
      <header>
        <h2 className="cut">{words.pick(step.title) || '…'}</h2>
        <span className="push row g1">
          <Seg
            label={t('scripts.in_language')}
            value={lang}
            options={[
              ['ru', 'RU'],
              ['en', 'EN'],
            ]}
            set={setLang}
          />
          {!off && (
            <>
              <button
                type="button"
                className="btn quiet s icon"
                aria-label={t('scripts.up')}
                onClick={() => move(-1)}
              >
                <ArrowUp className="s" aria-hidden />
              </button>
              <button
                type="button"
                className="btn quiet s icon"
                aria-label={t('scripts.down')}
                onClick={() => move(1)}
              >
                <ArrowDown className="s" aria-hidden />
              </button>
              <button
                type="button"
                className="btn quiet s icon"
                aria-label={t('scripts.remove')}
                onClick={remove}
              >
                <Trash2 className="s" aria-hidden />
              </button>
            </>
          )}
        </span>
      </header>
      <div className="pad stack g4">
        {faults.map((text) => (
          <Note key={text} tone="bad">
            {text}
          </Note>
        ))}
        {found.map((one) => (
          <Note key={one.reason + one.about} tone={one.stops ? 'bad' : 'warn'}>
            {words.id('script_problem', one.reason, { about: one.about })}
          </Note>
        ))}
        <Field label={t('scripts.title')}>
          <input
            className="input"
            lang={lang}
            value={step.title[lang] ?? ''}
            disabled={off}
            maxLength={200}
            onChange={(event) => set({ title: say(step.title, lang, event.target.value) })}
          />
        </Field>
        <div>
          <Field label={t('scripts.text')}>
            <textarea
              ref={area}
              className="input words"
              lang={lang}
              rows={6}
              value={step.text[lang] ?? ''}
              disabled={off}
              maxLength={20_000}
              onChange={(event) => set({ text: say(step.text, lang, event.target.value) })}
            />
          </Field>
          {!off && (
            <select
              className="input s which insert"
              aria-label={t('scripts.insert')}
              value=""
              onChange={(event) => insert(event.target.value)}
            >
              <option value="">{t('scripts.insert')}</option>
              {names.map((name) => (
                <option key={name} value={name}>{`{{${name}}}`}</option>
              ))}
            </select>
          )}
        </div>
        <QuestionFields
          steps={steps}
          step={step}
          lang={lang}
          fields={fields}
          off={off}
          set={(question) => set({ question })}
        />
        <Field label={t('scripts.next')}>
          <Way
            steps={steps}
            from={step.id}
            to={step.next ?? ''}
            usual={t(step.objection ? 'scripts.next_back' : 'scripts.next_below')}
            label={t('scripts.next')}
            off={off}
            set={(next) => set({ next })}
          />
        </Field>
      </div>
    </section>
  )
}
