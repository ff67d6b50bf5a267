/* The reasons for which people pause: names, paid or not, limit, order; whether other words are allowed. */
import { useQueryClient } from '@tanstack/react-query'
import { ArrowUp, Plus } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { api } from '../api/http.ts'
import { type PauseReason, usePauseReasons } from '../api/people.ts'
import { Dialog, Field, Note, Switch } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { fieldProblem, problemText } from '../kit/problem.ts'

type Draft = Omit<PauseReason, 'id'>
const NEW: Draft = { name_ru: '', name_en: '', paid: true, limit_s: 0, in_use: true }

function ReasonForm({ reason, close }: { reason: PauseReason | null; close: () => void }) {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const [draft, setDraft] = useState<Draft>(reason ?? NEW)
  const [error, setError] = useState<unknown>(null)
  const set = (part: Partial<Draft>) => setDraft({ ...draft, ...part })
  const save = async (event: FormEvent) => {
    event.preventDefault()
    const { name_ru, name_en, paid, limit_s, in_use } = draft
    const body = { name_ru, name_en, paid, limit_s }
    try {
      if (reason) {
        await api(`/pause-reasons/${reason.id}`, { method: 'PUT', body: { ...body, in_use } })
      } else {
        await api('/pause-reasons', { method: 'POST', body })
      }
      await queries.invalidateQueries({ queryKey: ['pause-reasons'] })
      close()
    } catch (failure) {
      setError(failure)
    }
  }
  const text = (name: 'name_ru' | 'name_en') => (
    <Field label={t(`pauses.${name}`)} wrong={fieldProblem(words, error, name)}>
      <input
        className="input"
        name={name}
        required
        maxLength={100}
        value={draft[name]}
        onChange={(event) => set({ [name]: event.target.value })}
      />
    </Field>
  )
  return (
    <Dialog title={t(reason ? 'pauses.change' : 'pauses.new')} close={close}>
      <form className="stack g4" onSubmit={(event) => void save(event)}>
        <div className="fields two">
          {text('name_ru')}
          {text('name_en')}
        </div>
        <Field label={t('pauses.limit_min')} hint={t('pauses.limit_hint')}>
          <input
            className="input"
            type="number"
            min={0}
            max={1440}
            value={Math.round(draft.limit_s / 60)}
            onChange={(event) => set({ limit_s: Number(event.target.value) * 60 })}
          />
        </Field>
        <Switch on={draft.paid} set={(paid) => set({ paid })}>
          {t('pauses.paid')}
        </Switch>
        {reason && (
          <Switch on={draft.in_use} set={(in_use) => set({ in_use })}>
            {t('pauses.in_use')}
          </Switch>
        )}
        {error !== null && (
          <Note tone="bad" alert>
            {problemText(words, error)}
          </Note>
        )}
        <div className="row">
          <button type="submit" className="btn primary">
            {t('common.save')}
          </button>
          <button type="button" className="btn" onClick={close}>
            {t('common.cancel')}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

export function PauseReasons({ edit }: { edit: boolean }) {
  const words = useWords()
  const { t, lang } = words
  const queries = useQueryClient()
  const { data } = usePauseReasons()
  const [open, setOpen] = useState<PauseReason | 'new' | null>(null)
  const [error, setError] = useState<unknown>(null)
  if (!data) return null
  const order = async (ids: string[], free_text: boolean) => {
    try {
      await api('/pause-reasons', { method: 'PUT', body: { ids, free_text } })
      setError(null)
    } catch (failure) {
      setError(failure)
    }
    await queries.invalidateQueries({ queryKey: ['pause-reasons'] })
  }
  const ids = data.items.map((one) => one.id)
  const up = (place: number) => {
    const moved = [...ids]
    moved.splice(place - 1, 0, ...moved.splice(place, 1))
    void order(moved, data.free_text)
  }
  return (
    <section className="card scroll">
      <header>
        <h2>{t('pauses.title')}</h2>
        {edit && (
          <button type="button" className="btn s push" onClick={() => setOpen('new')}>
            <Plus className="s" aria-hidden />
            {t('pauses.new')}
          </button>
        )}
      </header>
      {error !== null && (
        <Note tone="bad" alert>
          {problemText(words, error)}
        </Note>
      )}
      <table>
        <thead>
          <tr>
            <th>{t('pauses.name')}</th>
            <th>{t('pauses.pay')}</th>
            <th className="r">{t('pauses.limit')}</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {data.items.map((one, place) => (
            <tr key={one.id}>
              <td className={one.in_use ? 'm' : 'm ink3'}>
                {edit ? (
                  <button type="button" className="cellbtn m" onClick={() => setOpen(one)}>
                    {lang === 'ru' ? one.name_ru : one.name_en}
                  </button>
                ) : (
                  <span>{lang === 'ru' ? one.name_ru : one.name_en}</span>
                )}{' '}
                {!one.in_use && <span className="chip">{t('pauses.unused')}</span>}
              </td>
              <td className="ink2">{t(one.paid ? 'pauses.is_paid' : 'pauses.is_unpaid')}</td>
              <td className="r num ink2">
                {one.limit_s ? words.span(one.limit_s) : t('pauses.no_limit')}
              </td>
              <td className="r">
                {edit && place > 0 && one.in_use && (
                  <button
                    type="button"
                    className="btn s quiet icon"
                    aria-label={t('pauses.up')}
                    title={t('pauses.up')}
                    onClick={() => up(place)}
                  >
                    <ArrowUp className="s" aria-hidden />
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {edit && (
        <div className="pad">
          <Switch on={data.free_text} set={(free) => void order(ids, free)}>
            {t('pauses.free_text')}
          </Switch>
        </div>
      )}
      {open && <ReasonForm reason={open === 'new' ? null : open} close={() => setOpen(null)} />}
    </section>
  )
}
