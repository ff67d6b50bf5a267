/* Who is next, before anybody is called: name, countdown, why now, facts, numbers and the first words. */
import { Check, Clock, Info, Phone } from 'lucide-react'
import { useNow } from '../kit/live.ts'
import { Kbd, Note } from '../kit/parts.tsx'
import { useWords, type Words } from '../kit/prefs.ts'
import type { Card, CardNumber, DeskState } from '../live/shapes.ts'
import { formatPhone } from '../words/format.ts'
import { wallClock } from './hours.ts'
import { factsOf, Filled } from './Filled.tsx'

const RING = 2 * Math.PI * 42

/** Why the latest card led to no talk: the outcome of its call, or what kept it from being placed. */
export function whyNot(words: Words, why: string): string {
  const other = words.t('not_dialled.other', { why })
  return words.id('outcome', why, {}, words.id('not_dialled', why, {}, other)).toLowerCase()
}

function whyNow(words: Words, card: Card, now: number): string {
  if (card.at_zero === 'lay_down') return words.t('card.why_typed')
  if (card.promised_at) {
    return words.t('card.why_promised', { at: words.moment(card.promised_at, now) })
  }
  return words.t(card.contact.attempt_number > 1 ? 'card.why_redial' : 'card.why_fresh')
}

function Countdown({ card, now }: { card: Card; now: number }) {
  const { t, span } = useWords()
  if (card.state === 'taken') {
    return (
      <div className="stack" role="status">
        <b>{t('card.getting_line')}</b>
      </div>
    )
  }
  const left = Math.max(0, Math.ceil((Date.parse(card.until) - now) / 1000))
  const share = Math.min(1, left / card.countdown_s)
  if (card.at_zero === 'lay_down') {
    return (
      <div className="stack countdown">
        <b>{t('card.lies')}</b>
        <span className="small ink3">{t('card.lies_for', { span: span(left) })}</span>
      </div>
    )
  }
  const dials = card.at_zero === 'dial'
  return (
    <div className="row g3 countdown">
      <div className="stack">
        <b>{t(dials ? 'card.starts_itself' : 'card.skips_itself')}</b>
        <span className="small ink3">{t(dials ? 'card.to_marked' : 'card.back_later')}</span>
      </div>
      <div className="dial" role="timer" aria-live="off">
        <svg viewBox="0 0 96 96" aria-hidden>
          <circle cx="48" cy="48" r="42" className="rest" />
          <circle
            cx="48"
            cy="48"
            r="42"
            className="left"
            strokeDasharray={`${share * RING} ${RING}`}
            transform="rotate(-90 48 48)"
          />
        </svg>
        <b className="num">{left}</b>
      </div>
    </div>
  )
}

function NumberRow(props: {
  number: CardNumber
  on: boolean
  now: number
  choose: () => void
  disabled: boolean
}) {
  const { t, clock } = useWords()
  const { number } = props
  const offset = number.utc_offset_minutes ?? 0
  const at = clock(wallClock(props.now, offset), 'UTC')
  const until = number.may_call_until
  return (
    <button
      type="button"
      role="radio"
      aria-checked={props.on}
      className={`pick ${props.on ? 'on' : ''}`}
      disabled={props.disabled}
      onClick={props.choose}
    >
      <Phone className="s" aria-hidden />
      <b className="num m">{formatPhone(number.e164)}</b>
      <span className={`st small ${until ? 'ok' : 'warn'}`}>
        {until ? <Check className="s" aria-hidden /> : <Clock className="s" aria-hidden />}
        {until
          ? t('card.there_until', { at, until: clock(wallClock(Date.parse(until), offset), 'UTC') })
          : t('card.there_closed', { at })}
      </span>
    </button>
  )
}

export function CardFace(props: {
  desk: DeskState
  card: Card
  chosen: number
  choose: (position: number) => void
  agent: string
}) {
  const words = useWords()
  const { t, pick } = words
  const now = useNow()
  const { card, desk } = props
  const { contact } = card
  const fields = Object.entries(contact.fields)
  const first = card.script[0]
  return (
    <section className="stage reading" aria-label={t('card.label')}>
      <div className="inner">
        <div className="row top between wrap g3">
          <div className="stack who">
            <span className="lab">{t('card.next')}</span>
            <h1>{contact.name || formatPhone(contact.phone)}</h1>
            <div className="row wrap g1">
              <span className="chip line">
                {t('card.attempt_of', { n: contact.attempt_number, of: card.attempts_max })}
              </span>
              {desk.campaigns.length > 1 && <span className="chip line">{card.campaign.name}</span>}
            </div>
          </div>
          <Countdown card={card} now={now} />
        </div>
        {desk.not_dialled && (
          <Note tone="warn">{t('card.last_call', { why: whyNot(words, desk.not_dialled) })}</Note>
        )}
        <div className="note ready">
          <Info aria-hidden />
          <b>{whyNow(words, card, now)}</b>
        </div>
        {fields.length > 0 && (
          <div>
            <div className="lab gap">{t('card.have_ready')}</div>
            <dl className="kv">
              {fields.map(([name, value]) => (
                <div key={name} className="row">
                  <dt>{words.field(name)}</dt>
                  <dd>{value || '–'}</dd>
                </div>
              ))}
            </dl>
          </div>
        )}
        <div>
          <div className="lab gap row">
            {t('card.which_number')}
            {card.numbers.length > 1 && (
              <>
                <Kbd>↑</Kbd>
                <Kbd>↓</Kbd>
              </>
            )}
          </div>
          <div className="stack" role="radiogroup" aria-label={t('card.which_number')}>
            {card.numbers.map((number, position) => (
              <NumberRow
                key={number.e164}
                number={number}
                on={position === props.chosen}
                now={now}
                choose={() => props.choose(position)}
                disabled={card.state === 'taken'}
              />
            ))}
          </div>
        </div>
        {first && (
          <div>
            <div className="lab gap">{t('card.start_like_this')}</div>
            <p className="say">
              <Filled text={pick(first.text)} facts={factsOf(card, props.agent)} />
            </p>
          </div>
        )}
      </div>
    </section>
  )
}
