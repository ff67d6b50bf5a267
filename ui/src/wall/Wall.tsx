/* The wallboard: one number for each question, read from five metres; no names, no numbers of people. */
import { useQuery } from '@tanstack/react-query'
import {
  Check,
  Clock,
  Coffee,
  Hand,
  Headphones,
  type LucideIcon,
  OctagonX,
  PenLine,
  Phone,
  PhoneOff,
  TriangleAlert,
  Zap,
} from 'lucide-react'
import { type CSSProperties, useEffect, useState } from 'react'
import { api, query } from '../api/http.ts'
import { Brand } from '../kit/Brand.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { groupsOf, tokenOf, type WallCampaign, type WallState, worstOf } from './shapes.ts'
import './wall.css'

const EVERY_MS = 5_000
const LOOKS: Record<string, { icon: LucideIcon; tone: string }> = {
  talking: { icon: Phone, tone: 'talk' },
  ready: { icon: Headphones, tone: 'ready' },
  wrap_up: { icon: PenLine, tone: 'wrapup' },
  pause: { icon: Coffee, tone: 'pause' },
  no_device: { icon: PhoneOff, tone: 'warn' },
}

function useClock(): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 1_000)
    return () => window.clearInterval(timer)
  }, [])
  return now
}

function Results({ wall }: { wall: WallState }) {
  const { t, num } = useWords()
  const most = Math.max(...wall.hours.map((one) => one.results), 1)
  const hours = wall.hours.map((one) => one.hour)
  const first = Math.min(...hours, 9)
  const last = Math.max(...hours, 20)
  return (
    <section className="p wide">
      <h2>{t('wall.by_hour')}</h2>
      <ol className="bars">
        {Array.from({ length: last - first + 1 }, (_, place) => first + place).map((hour) => {
          const one = wall.hours.find((known) => known.hour === hour)
          return (
            <li key={hour}>
              <b>{one ? num(one.results) : ''}</b>
              <i style={{ '--share': (one?.results ?? 0) / most } as CSSProperties}>
                <i style={{ height: `${one ? (one.success / one.results) * 100 : 0}%` }} />
              </i>
              <span>{hour}</span>
            </li>
          )
        })}
      </ol>
    </section>
  )
}

function People({ wall }: { wall: WallState }) {
  const { t, num } = useWords()
  return (
    <section className="p">
      <h2>{t('wall.people')}</h2>
      {groupsOf(wall.people).map(([group, count]) => {
        const look = LOOKS[group] ?? { icon: Phone, tone: 'pause' }
        return (
          <div key={group} className="s">
            <look.icon className={`fg ${look.tone}`} aria-hidden />
            <span>{t(`wall.${group}` as 'wall.talking')}</span>
            <b className={`num fg ${look.tone}`}>{num(count)}</b>
          </div>
        )
      })}
      {wall.need_help > 0 && (
        <div className="s">
          <Hand className="fg bad" aria-hidden />
          <span>{t('wall.need_help')}</span>
          <b className="num fg bad">{num(wall.need_help)}</b>
        </div>
      )}
    </section>
  )
}

function Lost({ campaign }: { campaign: WallCampaign | undefined }) {
  const { t, num } = useWords()
  if (!campaign) return <section className="p" />
  const { share, limit, numerator, denominator, window_days } = campaign.lost
  const near = (share ?? 0) / limit
  const tone = near >= 1 ? 'bad' : near >= 0.75 ? 'warn' : 'ok'
  const scale = Math.max(limit * 1.34, share ?? 0)
  return (
    <section className="p">
      <h2>{t('wall.lost')}</h2>
      <div className="big mid">
        <b className="num">{share === null ? '–' : num(share * 100, 2)}</b>
        <span>%</span>
        {tone === 'ok' ? null : <TriangleAlert className={`fg ${tone}`} aria-hidden />}
      </div>
      <div className="gauge">
        <i className={tone} style={{ width: `${((share ?? 0) / scale) * 100}%` }} />
        <u style={{ left: `${(limit / scale) * 100}%` }} />
      </div>
      <p>
        {t('wall.lost_of', { lost: numerator, n: denominator, days: window_days })}{' '}
        {t('wall.limit', { limit: num(limit * 100, 1) })}
      </p>
      <p className="name">{campaign.name}</p>
    </section>
  )
}

function Promises({ wall }: { wall: WallState }) {
  const { t, num } = useWords()
  const { due_today, kept_today, next_hour, late_now } = wall.promises
  return (
    <section className="p">
      <h2>{t('wall.promises')}</h2>
      <div className="big low">
        <b className="num">{num(next_hour)}</b>
        <span>{t('wall.next_hour')}</span>
      </div>
      <div className="s">
        <Check className="fg ok" aria-hidden />
        <span>{t('wall.kept')}</span>
        <b className="num">{t('wall.of', { n: num(kept_today), all: num(due_today) })}</b>
      </div>
      <div className="s">
        <Clock className={`fg ${late_now ? 'bad' : 'pause'}`} aria-hidden />
        <span>{t('wall.late')}</span>
        <b className="num">{num(late_now)}</b>
      </div>
    </section>
  )
}

function State({ wall }: { wall: WallState }) {
  const { t } = useWords()
  const running = wall.campaigns.some((one) => one.state === 'running')
  const [icon, tone, words] = wall.stopped
    ? ([OctagonX, 'bad', 'wall.stopped'] as const)
    : wall.floor === 'away'
      ? ([TriangleAlert, 'warn', 'wall.away'] as const)
      : running
        ? ([Zap, 'ok', 'wall.dialling'] as const)
        : ([Coffee, 'pause', 'wall.resting'] as const)
  const Icon = icon
  return (
    <span className={`now fg ${tone}`}>
      <Icon aria-hidden />
      {t(words)}
    </span>
  )
}

export function Wall() {
  const words = useWords()
  const { t, num } = words
  const now = useClock()
  const token = tokenOf(window.location.hash)
  const { data: wall, error } = useQuery({
    queryKey: ['wall', token],
    refetchInterval: EVERY_MS,
    queryFn: () => {
      const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
      return api<WallState>(`/wall${query({ zone })}`, { token: token || undefined })
    },
  })
  const names = wall?.campaigns.map((one) => one.name) ?? []
  const total = wall?.campaigns.reduce((sum, one) => sum + one.total, 0) ?? 0
  const closed = wall?.campaigns.reduce((sum, one) => sum + one.closed, 0) ?? 0
  return (
    <main className="wall">
      <header>
        <Brand />
        <h1>{names.length === 1 ? names[0] : t('wall.title')}</h1>
        {wall && <State wall={wall} />}
        <time className="num">{words.clock(now)}</time>
      </header>
      {error && (
        <p className="wrong" role="alert">
          {problemText(words, error)}
        </p>
      )}
      {!wall && !error && <p>{t('common.loading')}</p>}
      {wall && (
        <>
          <section className="p">
            <h2>{t('wall.today')}</h2>
            <div className="big">
              <b className="num">{num(wall.success)}</b>
              <span>{t('wall.of_results', { n: wall.results })}</span>
            </div>
            <div className="gauge">
              <i className="ok" style={{ width: `${total ? (closed / total) * 100 : 0}%` }} />
            </div>
            <p>{t('wall.list', { done: closed, n: total })}</p>
          </section>
          <People wall={wall} />
          <Lost campaign={worstOf(wall.campaigns)} />
          <Results wall={wall} />
          <Promises wall={wall} />
        </>
      )}
    </main>
  )
}
