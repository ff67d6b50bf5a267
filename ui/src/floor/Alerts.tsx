/* What needs a decision of the supervisor: people who ask, lines that refuse, parts that are away. */
import { Check, Coffee, Hand, HeadphoneOff, type LucideIcon, TriangleAlert } from 'lucide-react'
import type { ToldRule } from '../api/rules.ts'
import { useWords, type Words } from '../kit/prefs.ts'
import { ruleText } from '../kit/rules.ts'
import type { Alert, FloorState } from '../live/shapes.ts'
import { inOrder } from './order.ts'

type Line = {
  id: string
  icon: LucideIcon
  tone: string
  title: string
  says: string
  since: string
}
const PEOPLE: Record<string, { icon: LucideIcon; tone: string }> = {
  help: { icon: Hand, tone: 'bad' },
  device_lost: { icon: HeadphoneOff, tone: 'warn' },
  pause_long: { icon: Coffee, tone: 'warn' },
}

/** What the words of an alert are filled with; a rule is worded here, for its figures have units. */
function argsOf(words: Words, alert: Alert): Alert['args'] {
  if (!alert.kind.startsWith('rule_')) return alert.args
  const rule = alert.args as unknown as ToldRule
  return {
    campaign: String(alert.args?.campaign ?? ''),
    mode: words.id('mode', rule.mode, {}, rule.mode),
    rule: ruleText(words, rule),
  }
}

export function Alerts({ floor, now }: { floor: FloorState; now: number }) {
  const words = useWords()
  const { t } = words
  const people: Line[] = inOrder(floor.agents)
    .filter((agent) => agent.attention)
    .map((agent) => ({
      id: agent.id,
      ...(PEOPLE[agent.attention ?? ''] ?? { icon: TriangleAlert, tone: 'warn' }),
      title: words.id('alert', agent.attention ?? '', { name: agent.name }),
      says: words.id('alert_next', agent.attention ?? '', {}, ''),
      since: agent.since,
    }))
  const things: Line[] = floor.alerts.map((alert) => ({
    id: alert.id,
    icon: TriangleAlert,
    tone: alert.kind.startsWith('rule_') ? 'warn' : 'bad',
    title: words.id('alert', alert.kind, argsOf(words, alert)),
    says: words.id('alert_next', alert.kind, argsOf(words, alert), ''),
    since: alert.since,
  }))
  const lines = [...things, ...people]
  const urgent = lines.filter((line) => line.tone === 'bad').length
  return (
    <section className="card" aria-live="polite">
      <header>
        <h2>{t('floor.attention')}</h2>
        {urgent > 0 && (
          <span className="chip bad push">
            <TriangleAlert aria-hidden />
            {t('floor.urgent', { n: urgent })}
          </span>
        )}
      </header>
      {lines.map((line) => (
        <div key={line.id} className="alrt">
          <line.icon className={`fg ${line.tone}`} aria-hidden />
          <span>
            <b className="m">{line.title}</b>
            {line.says && <span className="small ink2 block">{line.says}</span>}
          </span>
          <time className="small ink3 num" dateTime={line.since}>
            {words.moment(line.since, now)}
          </time>
        </div>
      ))}
      {lines.length === 0 && (
        <div className="alrt">
          <Check className="fg ok" aria-hidden />
          <span className="ink2">{t('floor.all_well')}</span>
          <span />
        </div>
      )}
    </section>
  )
}
