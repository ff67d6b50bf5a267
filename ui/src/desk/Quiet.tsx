/* Why it is quiet and until when: the title is the answer, the reasons add up to the whole list. */
import {
  Ban,
  CalendarClock,
  Check,
  Clock,
  Coffee,
  Headphones,
  type LucideIcon,
  Phone,
  RefreshCw,
  Shield,
  Sparkles,
} from 'lucide-react'
import { Link } from '@tanstack/react-router'
import { useNow } from '../kit/live.ts'
import { Bar, Kbd, type Tone } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import type { DeskState } from '../live/shapes.ts'
import { DeviceChoice } from './DeskPhone.tsx'
import { DialPad } from './DialPad.tsx'
import { PauseChoice } from './PauseChoice.tsx'
import type { Ask } from './useDesk.ts'

const ROWS: Record<string, { icon: LucideIcon; tone: Tone }> = {
  outside_hours: { icon: Clock, tone: 'ready' },
  window: { icon: Clock, tone: 'ready' },
  not_due: { icon: RefreshCw, tone: 'ready' },
  due: { icon: RefreshCw, tone: 'ready' },
  callback: { icon: CalendarClock, tone: 'ready' },
  in_call: { icon: Phone, tone: 'talk' },
  closed: { icon: Check, tone: 'ok' },
  no_consent: { icon: Shield, tone: 'bad' },
  suppressed: { icon: Ban, tone: 'bad' },
  stop_listed: { icon: Ban, tone: 'bad' },
  no_phone: { icon: Ban, tone: 'pause' },
  fresh: { icon: Sparkles, tone: 'ok' },
}
const NOT_REASONS = new Set(['total', 'callable', 'attempts', 'answered', 'agents'])

function WhyTable({ counts }: { counts: Record<string, number> }) {
  const words = useWords()
  const { t, num } = words
  const rows = Object.entries(counts).filter(([name, count]) => count > 0 && !NOT_REASONS.has(name))
  if (rows.length === 0) return null
  const largest = Math.max(...rows.map(([, count]) => count))
  return (
    <div role="table" aria-label={t('quiet.why_not')}>
      <div className="why head" role="row">
        <span />
        <span role="columnheader">{t('quiet.why_not')}</span>
        <span role="columnheader" className="r">
          {t('quiet.contacts')}
        </span>
        <span />
        <span role="columnheader">{t('quiet.until_when')}</span>
      </div>
      {rows
        .toSorted((a, b) => b[1] - a[1])
        .map(([name, count]) => {
          const look = ROWS[name] ?? { icon: Clock, tone: 'pause' as Tone }
          return (
            <div key={name} className="why" role="row">
              <look.icon className={`fg ${look.tone}`} aria-hidden />
              <span role="cell">{words.id('gate', name)}</span>
              <b role="cell" className="num r">
                {num(count)}
              </b>
              <Bar parts={[[look.tone, count / largest]]} />
              <span role="cell" className="ink2 small">
                {words.id('gate_until', name, {}, '')}
              </span>
            </div>
          )
        })}
      {counts.callable !== undefined && (
        <div className="why" role="row">
          <span />
          <span role="cell" className="m">
            {t('quiet.callable')}
          </span>
          <b role="cell" className="num r">
            {num(counts.callable)}
          </b>
          <span />
          <span />
        </div>
      )}
    </div>
  )
}

export function Quiet({ desk, ready, ask }: { desk: DeskState; ready: () => void; ask: Ask }) {
  const words = useWords()
  const { t } = words
  const now = useNow()
  const empty = desk.empty ?? {
    reason: desk.agent.wish === 'ready' ? 'waiting' : 'not_ready',
    until: null,
    counts: {},
  }
  const until = empty.until ? words.moment(empty.until, now) : null
  const left = empty.until ? Math.max(0, (Date.parse(empty.until) - now) / 1000) : 0
  const title = until
    ? words.id('quiet_until', empty.reason, { at: until }, words.id('quiet', empty.reason))
    : words.id('quiet', empty.reason)
  const off = desk.agent.wish !== 'ready'
  return (
    <section className="stage">
      <div className="inner">
        <div className="stack">
          <h1 className="big">{title}</h1>
          <p className="lead">
            {words.id('quiet_why', empty.reason)}
            {until && left > 0 && left < 8 * 3600
              ? ` ${t('quiet.in_span', { span: words.span(left) })}`
              : ''}
          </p>
        </div>
        {off && (
          <div className="row wrap g3">
            <button type="button" className="btn primary l" onClick={ready}>
              <Headphones aria-hidden />
              {t('desk.go_ready')}
              <Kbd>P</Kbd>
            </button>
            {desk.agent.wish === 'pause' && (
              <button type="button" className="btn l quiet" onClick={() => void ask('offline')}>
                {t('desk.go_offline')}
              </button>
            )}
          </div>
        )}
        <DialPad desk={desk} />
        <DeviceChoice desk={desk} ask={ask} />
        {desk.agent.wish === 'pause' && <PauseChoice desk={desk} ask={ask} />}
        <WhyTable counts={empty.counts} />
        {!off && (
          <div className="stack">
            <span className="lab">{t('quiet.meanwhile')}</span>
            <div className="meanwhile">
              <Link to="/desk/callbacks" className="d">
                <CalendarClock aria-hidden />
                <span>
                  {t('quiet.my_callbacks')}
                  <small className="small ink3">{t('quiet.my_callbacks_why')}</small>
                </span>
              </Link>
              <button
                type="button"
                className="d"
                onClick={() => void ask('pause', { reason: 'break' })}
              >
                <Coffee aria-hidden />
                <span>
                  {t('quiet.take_break')}
                  <small className="small ink3">{t('quiet.take_break_why')}</small>
                </span>
              </button>
            </div>
          </div>
        )}
      </div>
    </section>
  )
}
