/* The pace of a campaign: the sentence why, four counts, calls by minute, lost calls against their limit. */
import { Gauge as GaugeIcon, Info, Pause, Play, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { Link } from '@tanstack/react-router'
import { api, idempotencyKey } from '../api/http.ts'
import { may, useSession } from '../api/session.ts'
import { Note, Rich } from '../kit/parts.tsx'
import { useWords, type Words } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { campaignLook } from '../kit/states.ts'
import type { Abandon, FloorCampaign } from '../live/shapes.ts'
import { LostGauge } from './LostGauge.tsx'
import { Minutes } from './Minutes.tsx'

const WARNS = new Set([
  'abandon_near',
  'abandon_limit',
  'over_limit',
  'emergency_stop',
  'stopped',
  'engine_away',
  'store_away',
  'no_trunk',
  'trunks_down',
  'clock_unsteady',
  'lease_over',
  'quarantine',
  'last_resort',
])

function whyText(words: Words, campaign: FloorCampaign): string {
  const why = campaign.pace.why
  if (!why) return words.t('why.none')
  return words.id('why', why.id, why.args ?? {}, words.t('why.other', { id: why.id }))
}

function StartPause({
  campaign,
  tell,
}: {
  campaign: FloorCampaign
  tell: (problem: string | null) => void
}) {
  const words = useWords()
  const { t } = words
  const [busy, setBusy] = useState(false)
  const running = campaign.state === 'running'
  const go = async (verb: 'start' | 'pause') => {
    setBusy(true)
    try {
      await api(`/campaigns/${campaign.id}/${verb}`, { method: 'POST', key: idempotencyKey() })
      tell(null)
    } catch (error) {
      tell(problemText(words, error))
    } finally {
      setBusy(false)
    }
  }
  if (running) {
    return (
      <button type="button" className="btn s" disabled={busy} onClick={() => void go('pause')}>
        <Pause className="s" aria-hidden />
        {t('floor.pause_campaign')}
      </button>
    )
  }
  if (campaign.state !== 'paused' && campaign.state !== 'pausing') return null
  return (
    <button type="button" className="btn s" disabled={busy} onClick={() => void go('start')}>
      <Play className="s" aria-hidden />
      {t('floor.go_on')}
    </button>
  )
}

function Lost({ abandon }: { abandon: Abandon }) {
  const words = useWords()
  const { t, num, share } = words
  return (
    <div>
      <div className="row between">
        <span className="m">{t('floor.lost_calls')}</span>
        <b className="num big-figure">
          {abandon.denominator > 0 ? share(abandon.share ?? 0, 2) : '–'}
        </b>
      </div>
      <LostGauge share={abandon.denominator > 0 ? (abandon.share ?? 0) : 0} limit={abandon.limit} />
      <div className="small ink2">
        {t('floor.lost_of', {
          n: abandon.numerator,
          lost: num(abandon.numerator),
          answered: num(abandon.denominator),
        })}{' '}
        · {t('floor.last_days', { n: abandon.window_days })} ·{' '}
        {t('floor.limit_rule', {
          limit: share(abandon.limit, Number.isInteger(abandon.limit * 100) ? 0 : 1),
          rule: abandon.rule,
        })}
      </div>
    </div>
  )
}

export function Pace({
  campaign,
  tell,
}: {
  campaign: FloorCampaign
  tell: (problem: string | null) => void
}) {
  const words = useWords()
  const { t, num } = words
  const session = useSession()
  const { pace } = campaign
  const warn = pace.why ? WARNS.has(pace.why.id) : false
  const look = campaignLook(campaign.state)
  const figures: [number, string][] = [
    [pace.lines, t('floor.lines_busy', { max: num(pace.lines_max) })],
    [pace.ringing, t('floor.ringing')],
    [pace.talking, t('floor.talking')],
    [
      pace.waiting,
      pace.waiting > 0 && pace.longest_wait_s
        ? t('floor.waits', { s: num(pace.longest_wait_s, 1) })
        : t('floor.waiting'),
    ],
  ]
  return (
    <section className="card pace">
      <header>
        <h2>{t('floor.pace')}</h2>
        <span className="chip accent">{words.id('mode', campaign.mode).toLowerCase()}</span>
        <span className={`chip ${look.tone}`}>
          <look.icon aria-hidden />
          {words.id('campaign_state', campaign.state).toLowerCase()}
        </span>
        <span className="push row">
          {may(session, 'campaign.run') && <StartPause campaign={campaign} tell={tell} />}
        </span>
      </header>
      <div className="stack g3 inside">
        <div className="row between">
          <Link
            to="/campaigns/$id"
            params={{ id: campaign.id }}
            className="m cut"
            title={campaign.name}
          >
            {campaign.name}
          </Link>
          {pace.lines_per_agent !== null && (
            <span className="row nowrap">
              <GaugeIcon className="s ink3" aria-hidden />
              <span className="small ink3">{t('floor.lines_per_agent')}</span>
              <b className="num big-figure">{num(pace.lines_per_agent, 1)}</b>
            </span>
          )}
        </div>
        <Note
          tone={warn ? 'warn' : undefined}
          icon={warn ? <TriangleAlert aria-hidden /> : <Info aria-hidden />}
        >
          <Rich text={whyText(words, campaign)} />
        </Note>
        <div className="strip">
          {figures.map(([value, says]) => (
            <div key={says} className="stat">
              <b>{num(value)}</b>
              <span>{says}</span>
            </div>
          ))}
        </div>
        <Minutes minutes={campaign.minutes} />
        {campaign.mode !== 'agentless' || campaign.abandon.denominator > 0 ? (
          <Lost abandon={campaign.abandon} />
        ) : null}
      </div>
    </section>
  )
}
