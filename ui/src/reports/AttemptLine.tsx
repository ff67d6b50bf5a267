/* One attempt as a line; open: who, the row of the file, each fact with its time, the recording. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { AudioLines, PhoneOutgoing } from 'lucide-react'
import { useState } from 'react'
import { api } from '../api/http.ts'
import type { Attempt, AttemptFull } from '../api/evidence.ts'
import { useNow } from '../kit/live.ts'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { type Look, outcomeLook } from '../kit/states.ts'
import { formatPhone, formatTalk } from '../words/format.ts'
import { LadderButton } from './Ladder.tsx'
import { Player } from './Player.tsx'

const GOING: Look = { tone: 'ready', icon: PhoneOutgoing }

/** `own`: shown on the contact's page, where their name would say nothing new. */
export function AttemptLine({ attempt, own = false }: { attempt: Attempt; own?: boolean }) {
  const words = useWords()
  const now = useNow()
  const [open, setOpen] = useState(false)
  const look = attempt.outcome ? outcomeLook(attempt.outcome) : GOING
  const talked = (attempt.talk_s ?? 0) > 0
  const beside = own ? (attempt.agent?.name ?? '') : attempt.contact.name
  const title = talked
    ? words.t('desk.talk_of', { time: formatTalk(attempt.talk_s ?? 0) })
    : attempt.outcome
      ? words.id('outcome', attempt.outcome)
      : words.id('attempt_state', attempt.state)
  const told = attempt.result ? words.id('result', attempt.result) : beside
  return (
    <div className={`fact ${open ? 'is-open' : ''}`}>
      <button type="button" className="line" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className="num small ink2">{words.moment(attempt.reserved_at, now)}</span>
        <span className={`st small ${look.tone}`}>
          <look.icon className="s" aria-hidden />
          <span className="cut" title={title}>
            {title}
          </span>
        </span>
        <span className="small ink2 cut r" title={told}>
          {told}
        </span>
        {attempt.recording ? (
          <AudioLines className="s ink3" aria-label={words.t('report.recorded')} />
        ) : (
          <span />
        )}
      </button>
      {open && <AttemptOpen id={attempt.id} />}
    </div>
  )
}

/** Everything about one attempt, read when it is opened. */
export function AttemptOpen({ id }: { id: string }) {
  const words = useWords()
  const { t } = words
  const { data, error } = useQuery({
    queryKey: ['attempt', id],
    queryFn: () => api<AttemptFull>(`/attempts/${id}`),
  })
  if (!data)
    return (
      <div className="detail small ink3">
        {error ? problemText(words, error) : t('common.loading')}
      </div>
    )
  const who = [data.agent?.name, t('desk.attempt_n', { n: data.number }), data.campaign.name]
  const code = data.sip_code
    ? `SIP ${data.sip_code}${data.q850 ? ` · Q.850 ${data.q850}` : ''}`
    : null
  return (
    <div className="detail small ink2">
      <div>
        <Link to="/contacts/$id" params={{ id: data.contact.id }} className="m">
          {data.contact.name || t('contacts.no_name')}
        </Link>{' '}
        {data.contact.phone && <span className="num">{formatPhone(data.contact.phone)}</span>}
      </div>
      <div>{who.filter(Boolean).join(' · ')}</div>
      <Cause attempt={data} />
      {data.list && <div>{t('desk.from_row', { file: data.list.file, row: data.list.row })}</div>}
      {data.results.map((result) => (
        <div key={result.at}>
          {t('desk.result_is', { result: words.id('result', result.code) })}
          {result.note && ` · ${result.note}`}
        </div>
      ))}
      {data.recording && <Player id={data.recording.id} />}
      <LadderButton attempt={id} />
      <ol className="ladder">
        {data.facts.map((fact) => (
          <li key={fact.seq}>
            <span className="num">{words.clock(fact.at, undefined, true)}</span>{' '}
            {words.id('fact', fact.kind)}
            {heardIn(fact, words)}
          </li>
        ))}
        {code && <li className="mono">{code}</li>}
      </ol>
    </div>
  )
}

/** What the sound told: a tone before the answer, or who did not hear whom. */
function heardIn(fact: AttemptFull['facts'][number], words: ReturnType<typeof useWords>) {
  const { unheard, heard } = fact.data
  if (typeof unheard === 'string') return `: ${words.id('unheard', unheard || 'nobody')}`
  return typeof heard === 'string' ? `: ${words.id('heard', heard)}` : ''
}

/** Why it failed and what to do, and that another trunk had failed before it. */
function Cause({ attempt }: { attempt: AttemptFull }) {
  const words = useWords()
  const { t } = words
  const why = attempt.detail && words.id('cause', attempt.detail, {}, '')
  const advice = attempt.detail && words.id('cause_do', attempt.detail, {}, '')
  const trunk = [
    attempt.trunk?.name,
    attempt.failover_of && t('report.failover'),
    attempt.facts.some((fact) => fact.data.failed_over === true) && t('report.failed_over'),
  ]
  return (
    <>
      {why && !attempt.answered_at && <div>{why}</div>}
      {advice && <div className="ink3">{advice}</div>}
      {attempt.trunk && <div className="ink3">{trunk.filter(Boolean).join(', ')}</div>}
    </>
  )
}
