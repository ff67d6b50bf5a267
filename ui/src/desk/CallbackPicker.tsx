/* When did we agree to speak: quick choices, a week of slots, both clocks printed, the verdict of the
   permitted hours. The dialer checks again at the moment of the call. */
import { useQuery } from '@tanstack/react-query'
import { AlertTriangle, Check } from 'lucide-react'
import { api, query } from '../api/http.ts'
import type { Callback, Page } from '../api/types.ts'
import { DayField } from '../kit/DayField.tsx'
import { useKeys } from '../kit/keys.ts'
import { useNow } from '../kit/live.ts'
import { Kbd, Note, Seg } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import type { LiveContact } from '../live/shapes.ts'
import {
  minuteOfDay,
  momentThere,
  quickChoices,
  slotGrid,
  wallClock,
  withinWindow,
} from './hours.ts'

const DAYS = 5
const ROWS = 5
const STEP_MS = 30 * 60_000
const DAY_MS = 24 * 60 * 60_000

function useOwnCallbacks(): number[] {
  const { data } = useQuery({
    queryKey: ['callbacks', 'open'],
    queryFn: () => api<Page<Callback>>(`/callbacks${query({ state: 'open', limit: 200 })}`),
  })
  return (data?.items ?? []).map((callback) => Date.parse(callback.due_at))
}

const local = (ms: number) =>
  new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16)

type Props = {
  contact: LiveContact
  at: number | null
  pick: (at: number) => void
  mine: boolean
  pickWho: (mine: boolean) => void
}

export function CallbackPicker(props: Props) {
  const words = useWords()
  const { t } = words
  const now = useNow()
  const taken = useOwnCallbacks()
  const { contact, at, pick } = props
  const here = -new Date(now).getTimezoneOffset()
  const offset = contact.utc_offset_minutes ?? here
  const quick = quickChoices(now, offset, contact.window)
  const chosen = at ?? now + 3_600_000
  const dayOf = (ms: number) =>
    Math.floor((ms + offset * 60_000) / DAY_MS) - Math.floor((now + offset * 60_000) / DAY_MS)
  const around = at === null ? 18 * 60 + 30 : Math.floor(minuteOfDay(chosen, offset) / 30) * 30
  const firstDay = Math.max(0, dayOf(chosen) - DAYS + 1)
  const grid = slotGrid(now, offset, contact.window, { days: DAYS, rows: ROWS, around, firstDay })
  const clash = (ms: number) => taken.some((other) => Math.abs(other - ms) < STEP_MS / 2)
  const move = (by: number) =>
    pick(Math.max(now + 60_000, Math.round((chosen + by) / STEP_MS) * STEP_MS))
  useKeys({
    ArrowLeft: () => move(-DAY_MS),
    ArrowRight: () => move(DAY_MS),
    ArrowUp: () => move(-STEP_MS),
    ArrowDown: () => move(STEP_MS),
  })
  return (
    <div className="say-box callback" data-enter="pass">
      <div className="row between wrap">
        <h1>{t('callback.when')}</h1>
        <span className="row small ink3">
          <Kbd>←</Kbd>
          <Kbd>→</Kbd> {t('callback.day')}
          <Kbd>↑</Kbd>
          <Kbd>↓</Kbd> {t('callback.time')}
        </span>
      </div>
      <div className="row wrap">
        {quick.map((choice) => (
          <button
            type="button"
            key={choice.id}
            className={`btn s ${choice.at === at ? 'on' : ''}`}
            onClick={() => pick(choice.at)}
          >
            {t(`callback.${choice.id}`)}, {words.clock(wallClock(choice.at, offset), 'UTC')}
          </button>
        ))}
      </div>
      <div
        className="slots"
        style={{ gridTemplateColumns: `56px repeat(${DAYS}, minmax(0, 1fr))` }}
      >
        <span />
        {grid[0]?.map((slot, day) => (
          <span key={slot.at} className="head">
            {words.weekday(wallClock(momentThere(now, offset, firstDay + day, 720), offset), 'UTC')}
          </span>
        ))}
        {grid.map((row) => (
          <SlotRow key={row[0]?.at} row={row} at={at} offset={offset} clash={clash} pick={pick} />
        ))}
      </div>
      {at === null ? (
        <Note>{t('callback.pick')}</Note>
      ) : (
        <Agreed at={at} here={here} offset={offset} contact={contact} now={now} clash={clash(at)} />
      )}
      <div className="row wrap g3">
        <span className="lab">{t('callback.who')}</span>
        <Seg
          label={t('callback.who')}
          value={props.mine ? 'me' : 'anyone'}
          set={(who) => props.pickWho(who === 'me')}
          options={[
            ['me', t('callback.me')],
            ['anyone', t('callback.anyone')],
          ]}
        />
        <DayField
          type="datetime-local"
          label={t('callback.exact')}
          empty={t('callback.other')}
          min={local(now)}
          value={at === null ? '' : local(at)}
          pick={(value) => pick(new Date(value).getTime())}
        />
      </div>
    </div>
  )
}

type RowProps = {
  row: { at: number; open: boolean; past: boolean }[]
  at: number | null
  offset: number
  clash: (ms: number) => boolean
  pick: (at: number) => void
}

function SlotRow({ row, at, offset, clash, pick }: RowProps) {
  const words = useWords()
  const { t } = words
  const clock = (ms: number) => words.clock(wallClock(ms, offset), 'UTC')
  return (
    <>
      <span className="num hour">{clock(row[0]?.at ?? 0)}</span>
      {row.map((slot) => {
        const shut = slot.past || !slot.open
        const mine = slot.at === at
        const said = slot.past
          ? t('callback.past')
          : !slot.open
            ? t('callback.closed')
            : clash(slot.at)
              ? t('callback.taken')
              : t('callback.free')
        return (
          <button
            type="button"
            key={slot.at}
            disabled={shut}
            aria-pressed={mine}
            className={mine ? 'pick' : shut ? 'no' : clash(slot.at) ? 'busy' : ''}
            onClick={() => pick(slot.at)}
          >
            {mine ? <Check className="s" aria-hidden /> : null}
            {mine ? clock(slot.at) : said}
          </button>
        )
      })}
    </>
  )
}

function Agreed(props: {
  at: number
  here: number
  offset: number
  contact: LiveContact
  now: number
  clash: boolean
}) {
  const words = useWords()
  const { t } = words
  const { at, here, offset, contact } = props
  const open = withinWindow(at, offset, contact.window) && at > props.now
  const there = wallClock(at, offset)
  const args = {
    day: words.day(there, 'UTC', true),
    there: words.clock(there, 'UTC'),
    here: words.clock(wallClock(at, here), 'UTC'),
  }
  const says = [
    contact.window &&
      (open ? t('callback.within', contact.window) : t('callback.not_within', contact.window)),
    props.clash && t('callback.clash'),
  ]
  return (
    <Note
      tone={open ? 'ok' : 'warn'}
      icon={open ? <Check aria-hidden /> : <AlertTriangle aria-hidden />}
    >
      <b>{here === offset ? t('callback.one_clock', args) : t('callback.both_clocks', args)}</b>
      <div className="small ink2">{says.filter(Boolean).join(' ')}</div>
    </Note>
  )
}
