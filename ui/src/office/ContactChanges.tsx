/* Who changed what on a card, and when: the log of changes of this one person. */
import { useQuery } from '@tanstack/react-query'
import { ArrowRight } from 'lucide-react'
import type { CardChange } from '../api/contacts.ts'
import { api } from '../api/http.ts'
import type { Page } from '../api/types.ts'
import { useNow } from '../kit/live.ts'
import { useWords, type Words } from '../kit/prefs.ts'
import { formatPhone } from '../words/format.ts'

const MOMENT = /^\d{4}-\d\d-\d\dT/u
const NUMBER = /^\+\d{7,15}$/u

/** What a part of a card is called: its numbers by their place, its fields by their own names. */
function partWords(words: Words, part: string): string {
  const [first = '', ...rest] = part.split('.')
  if (first === 'number') return words.t('card.number_n', { n: Number(rest[0]) + 1 })
  if (first === 'fields') return words.field(rest.join('.'))
  if (first === 'name') return words.t('contacts.name')
  if (first === 'note') return words.t('desk.note')
  return first.startsWith('consent') ? words.t('contacts.consent') : part
}

function valueWords(words: Words, value: unknown, now: number): string {
  if (typeof value !== 'string' || value === '') return value ? String(value) : '–'
  if (MOMENT.test(value)) return words.moment(value, now)
  return NUMBER.test(value) ? formatPhone(value) : value
}

function Change({ change }: { change: CardChange }) {
  const words = useWords()
  const now = useNow()
  const names = [...new Set([...Object.keys(change.before), ...Object.keys(change.after)])]
  const said = (value: unknown) => valueWords(words, value, now)
  return (
    <div className="cardchange">
      <div className="small ink3">
        <span className="num">{words.moment(change.at, now)}</span> ·{' '}
        {change.by?.name ?? words.t('card.by_itself')}
      </div>
      {names.length === 0 && <div className="small ink2">{words.t('card.words_gone')}</div>}
      {names.map((name) => (
        <div key={name} className="small">
          <span className="ink2">{partWords(words, name)}: </span>
          {said(change.before[name])}{' '}
          <ArrowRight className="s ink3" aria-label={words.t('card.became')} />{' '}
          <b className="m">{said(change.after[name])}</b>
        </div>
      ))}
    </div>
  )
}

export function ContactChanges({ id }: { id: string }) {
  const { t } = useWords()
  const { data } = useQuery({
    queryKey: ['contact', id, 'changes'],
    queryFn: () => api<Page<CardChange>>(`/contacts/${id}/changes?limit=50`),
  })
  if (!data || data.items.length === 0) return null
  return (
    <section className="card">
      <header>
        <h2>{t('card.changes')}</h2>
      </header>
      {data.items.map((change) => (
        <Change key={change.id} change={change} />
      ))}
    </section>
  )
}
