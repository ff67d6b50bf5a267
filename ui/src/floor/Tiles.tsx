/* Agents as tiles: name, time in state, state, results, the day so far; those who need help first. */
import {
  Coffee,
  Hand,
  HeadphoneOff,
  Headphones,
  type LucideIcon,
  MessageSquare,
  Pen,
  Phone,
} from 'lucide-react'
import { useState } from 'react'
import { pauseWords, usePauseReasons, useTeams } from '../api/people.ts'
import { may, useSession } from '../api/session.ts'
import { Bar, Empty, type Tone } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { AGENT } from '../kit/states.ts'
import type { FloorAgent } from '../live/shapes.ts'
import { formatTimer } from '../words/format.ts'
import { Enter } from './Enter.tsx'
import { Lead, MessageForm } from './Lead.tsx'
import { countByGroup, type Group, groupOf, inOrder } from './order.ts'

const ATTENTION: Record<string, { tone: Tone; icon: LucideIcon }> = {
  help: { tone: 'bad', icon: Hand },
  device_lost: { tone: 'warn', icon: HeadphoneOff },
  pause_long: { tone: 'warn', icon: Coffee },
}
const GROUPS: [Group, LucideIcon][] = [
  ['talk', Phone],
  ['ready', Headphones],
  ['wrapup', Pen],
  ['pause', Coffee],
  ['bad', HeadphoneOff],
]

function Tile({ agent, now }: { agent: FloorAgent; now: number }) {
  const words = useWords()
  const { t } = words
  const session = useSession()
  const guests = agent.guests ?? []
  const { data: reasons } = usePauseReasons()
  const talks = agent.state === 'talking' || agent.state === 'hold'
  const enters = talks && may(session, 'call.enter') && agent.id !== session.user.id
  const wants = agent.attention ? ATTENTION[agent.attention] : undefined
  const look = wants ?? AGENT[agent.state]
  const Icon = look.icon
  const { talk_s: talk, wrap_s: wrap, ready_s: ready, pause_s: pause } = agent.day
  const all = Math.max(1, talk + wrap + ready + pause)
  const word = agent.attention
    ? t(`attention.${agent.attention}`)
    : agent.state === 'ready'
      ? t('floor.ready')
      : t(`agent.${agent.state}`)
  const why =
    agent.state === 'pause' && agent.reason ? pauseWords(words.lang, agent.reason, reasons) : null
  return (
    <article className={`tile ${wants ? 'att' : ''} ${look.tone}`}>
      <div className="row">
        <span className="nm cut" title={agent.name}>
          {agent.name}
        </span>
        <span className="tm num">{formatTimer((now - Date.parse(agent.since)) / 1000)}</span>
      </div>
      <div className="row">
        <span className={`st ${look.tone}`}>
          <Icon className="s" aria-hidden />
          <span className="cut">{why && !wants ? why : word}</span>
        </span>
        <span className="c num" title={t('floor.results_today')}>
          {t('floor.results_n', { n: agent.results_today })}
        </span>
      </div>
      <Bar
        label={t('floor.day_bar', {
          talk: words.span(talk),
          wrap: words.span(wrap),
          ready: words.span(ready),
          pause: words.span(pause),
        })}
        parts={[
          ['talk', talk / all],
          ['wrapup', wrap / all],
          ['ready', ready / all],
          ['pause', pause / all],
        ]}
      />
      {guests.length > 0 && (
        <p className="small ink2 cut">
          {guests.map((one) => t(`company.tile_${one.role}`, { name: one.name })).join(', ')}
        </p>
      )}
      <div className="row g1">
        {enters && <Enter agent={agent} />}
        {may(session, 'agent.lead') && <Lead agent={agent} />}
      </div>
    </article>
  )
}

export function Tiles({ agents, now }: { agents: FloorAgent[]; now: number }) {
  const { t } = useWords()
  const session = useSession()
  const [writing, setWriting] = useState(false)
  const teams = useTeams().data ?? []
  const [team, setTeam] = useState('')
  const members = new Set(teams.find((one) => one.id === team)?.people.map((one) => one.id))
  const seen = team ? agents.filter((agent) => members.has(agent.id)) : agents
  const [filter, setFilter] = useState<Group | 'all' | 'need'>('all')
  const counts = countByGroup(seen)
  const need = seen.filter((agent) => agent.attention).length
  // A lost phone is already under "need you"; the group is for the others, if there are any.
  const unseen = seen.some((agent) => groupOf(agent.state) === 'bad' && !agent.attention)
  const shown = inOrder(seen).filter(
    (agent) =>
      filter === 'all' || (filter === 'need' ? agent.attention : groupOf(agent.state) === filter),
  )
  const button = (
    id: typeof filter,
    words: string,
    count: number,
    tone?: Tone,
    Icon?: LucideIcon,
  ) => (
    <button
      type="button"
      key={id}
      className={`btn s ${filter === id ? 'on' : ''}`}
      aria-pressed={filter === id}
      onClick={() => setFilter(id)}
    >
      {Icon && (
        <span className={`st ${tone}`}>
          <Icon className="s" aria-hidden />
        </span>
      )}
      {words} <b>{count}</b>
    </button>
  )
  return (
    <>
      <div className="legend">
        {teams.length > 0 && (
          <select
            className="input s team"
            aria-label={t('teams.title')}
            value={team}
            onChange={(event) => setTeam(event.target.value)}
          >
            <option value="">{t('teams.all')}</option>
            {teams.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        )}
        {button('all', t('floor.all'), seen.length)}
        {GROUPS.filter(([group]) => group !== 'bad' || unseen).map(([group, Icon]) =>
          button(group, t(`group.${group}`), counts[group], group, Icon),
        )}
        {need > 0 && button('need', t('floor.need_you'), need, 'bad', Hand)}
        {agents.length > 0 && may(session, 'agent.lead') && (
          <button type="button" className="btn s" onClick={() => setWriting(true)}>
            <MessageSquare className="s" aria-hidden />
            {t('message.write_all')}
          </button>
        )}
        <span className="push small ink3 hide-s">{t('floor.bar_says')}</span>
        {writing && <MessageForm to={null} close={() => setWriting(false)} />}
      </div>
      {agents.length === 0 ? (
        <section className="card">
          <Empty title={t('floor.nobody')}>
            <p>{t('floor.nobody_next')}</p>
          </Empty>
        </section>
      ) : (
        <div className="tiles">
          {shown.map((agent) => (
            <Tile key={agent.id} agent={agent} now={now} />
          ))}
          {shown.length === 0 && <p className="ink3">{t('floor.none_here')}</p>}
        </div>
      )}
    </>
  )
}
