/* A card in the hands of somebody who may change it: name, numbers in order, fields, note. */
import { ArrowUp, Check, Plus, X } from 'lucide-react'
import { useState } from 'react'
import { api } from '../api/http.ts'
import type { Contact } from '../api/types.ts'
import { Field, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { fieldProblem, problemText } from '../kit/problem.ts'
import { type CardDraft, changesOf, draftOf } from './cardDraft.ts'

type Props = { contact: Contact; etag: string; done: () => void; close: () => void }

function Numbers({ draft, set }: { draft: CardDraft; set: (phones: string[]) => void }) {
  const { t } = useWords()
  const { phones } = draft
  const first = (index: number) => {
    const rest = phones.filter((_, at) => at !== index)
    set([phones[index] ?? '', ...rest])
  }
  return (
    <>
      {phones.map((phone, index) => (
        // Numbers have no names of their own: their place is what tells them apart.
        // oxlint-disable-next-line react/no-array-index-key
        <div key={index} className="row g1">
          <input
            className="input num"
            type="tel"
            value={phone}
            aria-label={t('card.number_n', { n: index + 1 })}
            onChange={(event) =>
              set(phones.map((one, at) => (at === index ? event.target.value : one)))
            }
          />
          <button
            type="button"
            className="btn quiet s icon"
            disabled={index === 0}
            aria-label={t('card.first')}
            title={t('card.first')}
            onClick={() => first(index)}
          >
            <ArrowUp className="s" aria-hidden />
          </button>
          <button
            type="button"
            className="btn quiet s icon"
            disabled={phones.length === 1}
            aria-label={t('card.remove')}
            title={t('card.remove')}
            onClick={() => set(phones.filter((_, at) => at !== index))}
          >
            <X className="s" aria-hidden />
          </button>
        </div>
      ))}
      <button type="button" className="btn s" onClick={() => set([...phones, ''])}>
        <Plus className="s" aria-hidden />
        {t('card.add_number')}
      </button>
    </>
  )
}

type Row = CardDraft['fields'][number]

function Fields({ draft, set }: { draft: CardDraft; set: (fields: Row[]) => void }) {
  const words = useWords()
  const { t } = words
  const { fields } = draft
  const put = (index: number, part: Partial<Row>) =>
    set(fields.map((one, at) => (at === index ? { ...one, ...part } : one)))
  return (
    <>
      {fields.map((field, index) => (
        // oxlint-disable-next-line react/no-array-index-key
        <div key={index} className="cardfield">
          <input
            className="input"
            value={field.name}
            aria-label={t('card.field_name')}
            placeholder={t('card.field_name')}
            onChange={(event) => put(index, { name: event.target.value })}
          />
          <input
            className="input"
            value={field.value}
            aria-label={words.field(field.name) || t('card.field_value')}
            placeholder={t('card.field_value')}
            onChange={(event) => put(index, { value: event.target.value })}
          />
          <button
            type="button"
            className="btn quiet s icon"
            aria-label={t('card.remove')}
            title={t('card.remove')}
            onClick={() => set(fields.filter((_, at) => at !== index))}
          >
            <X className="s" aria-hidden />
          </button>
        </div>
      ))}
      <button
        type="button"
        className="btn s"
        onClick={() => set([...fields, { name: '', value: '' }])}
      >
        <Plus className="s" aria-hidden />
        {t('card.add_field')}
      </button>
    </>
  )
}

export function ContactEdit({ contact, etag, done, close }: Props) {
  const words = useWords()
  const { t } = words
  const [draft, setDraft] = useState(() => draftOf(contact))
  const [problem, setProblem] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const set = (part: Partial<CardDraft>) => setDraft({ ...draft, ...part })
  const save = async () => {
    const body = changesOf(contact, draft)
    if (Object.keys(body).length === 0) return close()
    setBusy(true)
    try {
      await api(`/contacts/${contact.id}`, { method: 'PATCH', body, etag })
      done()
    } catch (failure) {
      setProblem(failure)
      setBusy(false)
    }
  }
  return (
    <form
      className="card pad stack g3"
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <Field label={t('contacts.name')}>
        <input
          className="input"
          maxLength={200}
          value={draft.name}
          onChange={(event) => set({ name: event.target.value })}
        />
      </Field>
      <div className="stack g1">
        <span className="lab">{t('card.numbers')}</span>
        <Numbers draft={draft} set={(phones) => set({ phones })} />
        {fieldProblem(words, problem, 'phones') && (
          <div className="said small fg bad" role="alert">
            {fieldProblem(words, problem, 'phones')}
          </div>
        )}
      </div>
      <div className="stack g1">
        <span className="lab">{t('card.fields')}</span>
        <Fields draft={draft} set={(fields) => set({ fields })} />
      </div>
      <Field label={t('desk.note')}>
        <textarea
          className="input"
          rows={3}
          maxLength={4000}
          value={draft.note}
          onChange={(event) => set({ note: event.target.value })}
        />
      </Field>
      {problem !== null && (
        <Note tone="bad" alert>
          {problemText(words, problem)}
        </Note>
      )}
      <div className="row">
        <button type="submit" className="btn primary" disabled={busy}>
          <Check aria-hidden />
          {t('common.save')}
        </button>
        <button type="button" className="btn" onClick={close}>
          {t('common.cancel')}
        </button>
      </div>
    </form>
  )
}
