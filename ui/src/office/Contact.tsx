/* One contact: who it is, why we (do not) call now, what happened before. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Ban, Check, Minus, OctagonX, Pen, Phone } from 'lucide-react'
import { useState } from 'react'
import { api, apiTagged } from '../api/http.ts'
import { may, useSession } from '../api/session.ts'
import type { Contact, ContactVerdict } from '../api/types.ts'
import { useNow } from '../kit/live.ts'
import { Note } from '../kit/parts.tsx'
import { useWords, type Words } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { formatOffset, formatPhone } from '../words/format.ts'
import { AttemptLine } from '../reports/AttemptLine.tsx'
import { ContactChanges } from './ContactChanges.tsx'
import { ContactEdit } from './ContactEdit.tsx'

function Card({ contact, revoke }: { contact: Contact; revoke?: () => void }) {
  const words = useWords()
  const { t } = words
  return (
    <section className="card pad stack g3">
      <div className="stack g1">
        {contact.phones.map((phone) => (
          <div key={phone.id} className="row">
            {phone.stop_listed ? (
              <Ban className="s fg bad" aria-hidden />
            ) : (
              <Phone className="s fg ok" aria-hidden />
            )}
            <span className="m num">{formatPhone(phone.e164)}</span>
            <span className="push small ink3">
              {phone.stop_listed
                ? t('contacts.stopped')
                : phone.utc_offset_minutes === null
                  ? t('contacts.many_zones')
                  : formatOffset(phone.utc_offset_minutes)}
            </span>
          </div>
        ))}
      </div>
      <hr />
      <dl className="kv">
        {Object.entries(contact.fields).map(([name, value]) => (
          <Pair key={name} name={words.field(name)} value={value} />
        ))}
        {contact.consents.map((consent) => (
          <Pair
            key={`${consent.source}${consent.given_at}`}
            name={t('contacts.consent')}
            value={
              consent.revoked_at
                ? t('contacts.consent_revoked', {
                    at: words.date(consent.revoked_at),
                    source: consent.source,
                  })
                : t('contacts.consent_since', {
                    at: words.date(consent.given_at),
                    source: consent.source,
                  })
            }
          />
        ))}
        {contact.note && <Pair name={t('desk.note')} value={contact.note} />}
        {contact.list && (
          <Pair
            name={t('campaign.list')}
            value={t('desk.from_row', { file: contact.list.file, row: contact.list.row })}
          />
        )}
      </dl>
      {revoke && contact.consents.some((consent) => !consent.revoked_at) && (
        <button type="button" className="btn s" onClick={revoke}>
          {t('card.revoke')}
        </button>
      )}
      {contact.campaigns.length > 0 && <hr />}
      {contact.campaigns.map((entry) => (
        <div key={entry.campaign?.id ?? entry.state} className="stack g1">
          {entry.campaign ? (
            <Link to="/campaigns/$id" params={{ id: entry.campaign.id }} className="m">
              {entry.campaign.name}
            </Link>
          ) : null}
          <span className="small ink2">
            {words.id('entry', entry.state)} ·{' '}
            {t('contacts.attempts_n', { n: entry.attempts_made })}
          </span>
        </div>
      ))}
    </section>
  )
}

function Pair({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  )
}

function titleOf(words: Words, verdict: ContactVerdict, now: number): string {
  if (verdict.allowed) return words.t('verdict_now.allowed')
  if (verdict.until) return words.t('verdict_now.until', { at: words.moment(verdict.until, now) })
  return words.t('verdict_now.refused')
}

function Gates({ verdict }: { verdict: ContactVerdict }) {
  const words = useWords()
  const { t } = words
  const now = useNow()
  const look = { passed: Check, stopped: OctagonX, not_asked: Minus }
  return (
    <section className="card">
      <header>
        <h2 className="verdict-title">{titleOf(words, verdict, now)}</h2>
      </header>
      {verdict.gates.map((gate) => {
        const Icon = look[gate.status]
        const stopped = gate.status === 'stopped'
        return (
          <div
            key={gate.gate}
            className={`gate ${stopped ? 'stop bad' : gate.status === 'passed' ? 'ok' : 'after'}`}
          >
            <Icon className={gate.status === 'not_asked' ? 'ink3' : 'fg'} aria-hidden />
            <span>
              <span className={stopped ? 'b' : ''}>{words.id('gate_name', gate.gate)}</span>
              {gate.reason && (
                <span className="small ink2 block">
                  {words.id('gate', gate.reason, {}, gate.reason)}
                </span>
              )}
            </span>
            <span className="u">
              {gate.until
                ? t('contacts.until', { at: words.moment(gate.until, now) })
                : words.id('gate_status', gate.status, {}, '')}
            </span>
          </div>
        )
      })}
      <div className="gate after small">
        <span />
        <span>{t('contacts.same_answer')}</span>
        <span>{t('contacts.rules', { version: verdict.rule_version })}</span>
      </div>
    </section>
  )
}

export function ContactPage() {
  const { id } = useParams({ from: '/inside/contacts/$id' })
  const words = useWords()
  const { t } = words
  const contact = useQuery({
    queryKey: ['contact', id],
    queryFn: () => apiTagged<Contact>(`/contacts/${id}`),
  })
  const session = useSession()
  const queries = useQueryClient()
  const [editing, setEditing] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const edit = may(session, 'contact.edit') && !contact.data?.value.erased_at
  const again = async () => {
    setEditing(false)
    await queries.invalidateQueries({ queryKey: ['contact', id] })
    void queries.invalidateQueries({ queryKey: ['verdict', id] })
  }
  const revoke = () =>
    api(`/contacts/${id}/consents/revoke`, { method: 'POST' }).then(again, (error: unknown) =>
      setProblem(problemText(words, error)),
    )
  const verdict = useQuery({
    queryKey: ['verdict', id],
    refetchInterval: 15_000,
    retry: false,
    queryFn: () => api<ContactVerdict>(`/contacts/${id}/verdict`),
  })
  if (!contact.data)
    return contact.error ? (
      <p className="wait">{problemText(words, contact.error)}</p>
    ) : (
      <p className="wait">{t('common.loading')}</p>
    )
  const { value: data, etag } = contact.data
  return (
    <main className="page">
      <header>
        <span className="crumb">
          <Link to="/contacts">{t('nav.contacts')}</Link> /
        </span>
        <h1>{data.name || t('contacts.no_name')}</h1>
        {edit && !editing && (
          <button type="button" className="btn push" onClick={() => setEditing(true)}>
            <Pen aria-hidden />
            {t('card.edit')}
          </button>
        )}
      </header>
      {problem && (
        <div className="notes-above">
          <Note tone="bad" alert>
            {problem}
          </Note>
        </div>
      )}
      <div className="contact">
        <div className="stack g4">
          {editing ? (
            <ContactEdit
              contact={data}
              etag={etag}
              done={() => void again()}
              close={() => setEditing(false)}
            />
          ) : (
            <Card contact={data} revoke={edit ? () => void revoke() : undefined} />
          )}
          {may(session, 'contact.edit') && <ContactChanges id={id} />}
        </div>
        {verdict.data ? (
          <Gates verdict={verdict.data} />
        ) : (
          <Note>{verdict.error ? problemText(words, verdict.error) : t('common.loading')}</Note>
        )}
        <section className="card">
          <header>
            <h2>{t('contacts.attempts')}</h2>
          </header>
          {data.history.map((attempt) => (
            <AttemptLine key={attempt.id} attempt={attempt} own />
          ))}
          {data.history.length === 0 && <p className="wait">{t('desk.first_time')}</p>}
        </section>
      </div>
    </main>
  )
}
