/* What happened before with this person, newest first, and a note that saves itself. */
import { Disc, Pen, Phone } from 'lucide-react'
import { type RefObject, useState } from 'react'
import type { ResultDef } from '../api/types.ts'
import { useNow } from '../kit/live.ts'
import { Kbd, Seg } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { outcomeLook } from '../kit/states.ts'
import type { History, LiveCall } from '../live/shapes.ts'
import { formatTalk } from '../words/format.ts'
import type { NoteField } from './useNote.ts'

function Event({ event, results, now }: { event: History; results: ResultDef[]; now: number }) {
  const words = useWords()
  const look = outcomeLook(event.outcome)
  const Icon = look.icon
  const label = results.find((known) => known.code === event.result)?.label
  const talked = event.talk_s !== null && event.talk_s > 0
  const title = talked
    ? words.t('desk.talk_of', { time: formatTalk(event.talk_s ?? 0) })
    : words.id('outcome', event.outcome)
  const says = [label ? words.pick(label) : event.result, event.agent].filter(Boolean).join(' · ')
  return (
    <div className={`ev ${talked ? 'talk' : look.tone}`}>
      <span className="dot">
        <Icon aria-hidden />
      </span>
      <div>
        <div className="t">
          <b className="m">{title}</b>
          <time dateTime={event.at}>{words.moment(event.at, now)}</time>
        </div>
        {says && <p>{says}</p>}
      </div>
    </div>
  )
}

type Past = Pick<
  LiveCall,
  'history' | 'results' | 'answered_at' | 'bridged_at' | 'ended_at' | 'recording'
>

function NowEvent({ call, now }: { call: Past; now: number }) {
  const words = useWords()
  const from = call.bridged_at ?? call.answered_at
  if (!from) return null
  const end = call.ended_at ? Date.parse(call.ended_at) : null
  return (
    <div className="ev talk">
      <span className="dot">
        <Phone aria-hidden />
      </span>
      <div>
        <div className="t">
          <b className="m">
            {end
              ? words.t('desk.talk_of', { time: formatTalk((end - Date.parse(from)) / 1000) })
              : words.t('desk.talking_now')}
          </b>
          <time dateTime={from}>{words.moment(from, now)}</time>
        </div>
        {call.recording && !end && (
          <p className="row small" style={{ gap: 6 }}>
            <Disc className="s fg bad" aria-hidden />
            {words.t('desk.recording_on')}
          </p>
        )}
      </div>
    </div>
  )
}

type Props = {
  call: Past
  open: boolean
  note: NoteField
  noteRef: RefObject<HTMLInputElement | null>
}

export function HistoryPanel({ call, open, note, noteRef }: Props) {
  const { t } = useWords()
  const now = useNow()
  const [show, setShow] = useState<'all' | 'talks'>('all')
  const events = call.history.filter((event) => show === 'all' || (event.talk_s ?? 0) > 0)
  const said = {
    still: t('desk.note_still'),
    typing: t('desk.note_typing'),
    saved: t('desk.note_saved'),
    failed: t('desk.note_failed'),
  }
  return (
    <aside className={`tl ${open ? 'is-open' : ''}`} aria-label={t('desk.history')}>
      <header>
        <h2>{t('desk.history')}</h2>
        <span className="push">
          <Seg
            label={t('desk.history')}
            value={show}
            set={setShow}
            options={[
              ['all', t('desk.history_all')],
              ['talks', t('desk.history_talks')],
            ]}
          />
        </span>
      </header>
      <div className="evs">
        <NowEvent call={call} now={now} />
        {events.map((event) => (
          <Event key={event.at} event={event} results={call.results} now={now} />
        ))}
        {call.history.length === 0 && <p className="small ink3 first">{t('desk.first_time')}</p>}
      </div>
      <div className="notes">
        <label className="notebox">
          <Pen className="s ink3" aria-hidden />
          <input
            ref={noteRef}
            value={note.text}
            aria-label={t('desk.note')}
            placeholder={t('desk.note_still')}
            onChange={(event) => note.type(event.target.value)}
            onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
          />
          <Kbd>N</Kbd>
        </label>
        {note.state !== 'still' && (
          <div className={`small ${note.state === 'failed' ? 'fg bad' : 'ink3'}`} role="status">
            {said[note.state]}
          </div>
        )}
      </div>
    </aside>
  )
}
