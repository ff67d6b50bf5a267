/* The floor: who needs me, are we safe. Live; every figure with what it is made of. */
import { OctagonX, Play, Zap } from 'lucide-react'
import { useState } from 'react'
import { api } from '../api/http.ts'
import { may, useSession } from '../api/session.ts'
import { live, useLink, useNow, useTopic } from '../kit/live.ts'
import { HoldButton, Kbd, Note, Seg } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import type { FloorCampaign, FloorState } from '../live/shapes.ts'
import { Alarms } from './Alarms.tsx'
import { Alerts } from './Alerts.tsx'
import { Pace } from './Pace.tsx'
import { Progress } from './Progress.tsx'
import { Quarantine } from './Quarantine.tsx'
import { Tiles } from './Tiles.tsx'
import { Trunks } from './Trunks.tsx'
import { Unknown } from './Unknown.tsx'
import { WallLink } from './WallLink.tsx'

const HOLD_MS = 2_000
const FRESH_MS = 3_000

/** Stops all dialling: held for two seconds, and says meanwhile what will happen to live calls. */
function Stop({ floor, tell }: { floor: FloorState; tell: (problem: string | null) => void }) {
  const words = useWords()
  const { t } = words
  const send = async (method: 'POST' | 'DELETE') => {
    try {
      await api('/floor/emergency-stop', { method })
      tell(null)
    } catch (error) {
      tell(problemText(words, error))
    }
  }
  const ringing = floor.campaigns.reduce((sum, campaign) => sum + campaign.pace.ringing, 0)
  const talking = floor.campaigns.reduce((sum, campaign) => sum + campaign.pace.talking, 0)
  if (floor.stopped) {
    return (
      <button type="button" className="btn primary" onClick={() => void send('DELETE')}>
        <Play aria-hidden />
        {t('floor.resume')}
      </button>
    )
  }
  return (
    <span className="stop">
      <span className="says small ink2" role="note">
        {t('floor.stop_ringing', { n: ringing })} {t('floor.stop_talking', { n: talking })}
      </span>
      <HoldButton className="danger" ms={HOLD_MS} act={() => void send('POST')}>
        <OctagonX aria-hidden />
        <span>{t('floor.stop')}</span>
        <Kbd>{t('floor.hold_2_s')}</Kbd>
      </HoldButton>
    </span>
  )
}

/** Says how fresh the picture is; silence longer than three seconds is told. */
function Freshness() {
  const { t, num } = useWords()
  const link = useLink()
  const now = useNow()
  const behind = Math.max(0, now - live.store.lastAt('floor'))
  const fresh = link === 'open' && behind < FRESH_MS
  return (
    <span className={`st small hide-s ${fresh ? 'ok' : 'warn'}`}>
      <Zap className="s" aria-hidden />
      {fresh ? t('floor.live') : t('floor.behind', { s: num(behind / 1000) })}
    </span>
  )
}

/** This machine's UTC stepped: it stays so until it was steady for a minute, or somebody says it is right. */
function ClockNote({ may, tell }: { may: boolean; tell: (problem: string | null) => void }) {
  const words = useWords()
  const confirm = async () => {
    try {
      await api('/floor/clock', { method: 'POST' })
      tell(null)
    } catch (error) {
      tell(problemText(words, error))
    }
  }
  return (
    <Note tone="warn" alert>
      <b>{words.t('floor.clock')}</b> {words.t('floor.clock_next')}{' '}
      {may && (
        <button type="button" className="btn s" onClick={() => void confirm()}>
          {words.t('floor.clock_right')}
        </button>
      )}
    </Note>
  )
}

function firstOf(campaigns: FloorCampaign[]): FloorCampaign | undefined {
  return campaigns.find((campaign) => campaign.state === 'running') ?? campaigns[0]
}

export function Floor() {
  const { t } = useWords()
  const floor = useTopic<FloorState>('floor')
  if (!floor) return <p className="wait">{t('common.loading')}</p>
  return <Wall floor={floor} />
}

function Wall({ floor }: { floor: FloorState }) {
  const words = useWords()
  const { t } = words
  const session = useSession()
  const now = useNow()
  const [chosen, setChosen] = useState<string | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const campaign = floor.campaigns.find((known) => known.id === chosen) ?? firstOf(floor.campaigns)
  return (
    <main className="page">
      <header>
        <h1>{t('nav.floor')}</h1>
        {floor.campaigns.length > 1 && campaign && (
          <Seg
            label={t('nav.campaigns')}
            value={campaign.id}
            set={setChosen}
            options={floor.campaigns.map((known) => [known.id, known.name] as const)}
          />
        )}
        <Freshness />
        <WallLink />
        <span className="push row g3">
          <span className="num ink2 hide-s">
            {words.day(now, undefined, true)}, {words.clock(now)}
          </span>
          {may(session, 'floor.stop') && <Stop floor={floor} tell={setProblem} />}
        </span>
      </header>
      <div className="stack notes-above">
        {floor.stopped && (
          <Note tone="bad" alert icon={<OctagonX aria-hidden />}>
            <b>{t('floor.stopped')}</b> {t('floor.stopped_next')}
          </Note>
        )}
        {floor.alerts.some((alert) => alert.kind === 'quarantine') && <Quarantine />}
        {floor.alerts.some((alert) => alert.kind === 'clock_unsteady') && (
          <ClockNote may={may(session, 'clock.confirm')} tell={setProblem} />
        )}
        {floor.floor === 'away' && (
          <Note tone="warn" alert>
            <b>{t('desk.floor_away')}</b> {t('floor.away_next')}
          </Note>
        )}
        {problem && (
          <Note tone="bad" alert>
            {problem}
          </Note>
        )}
      </div>
      <div className="floor">
        <div className="stack g3">
          <Tiles agents={floor.agents} now={now} />
          {campaign?.progress && <Progress campaign={campaign} progress={campaign.progress} />}
        </div>
        <div className="stack g3">
          {campaign ? <Pace campaign={campaign} tell={setProblem} /> : <NoCampaign />}
          <Trunks trunks={floor.trunks} />
          <Alerts floor={floor} now={now} />
          <Alarms now={now} />
          <Unknown />
        </div>
      </div>
    </main>
  )
}

function NoCampaign() {
  const { t } = useWords()
  return (
    <section className="card pad stack">
      <h2>{t('floor.no_campaign')}</h2>
      <p className="ink2">{t('floor.no_campaign_next')}</p>
      <div>
        <a className="btn primary" href="/campaigns">
          {t('floor.open_campaigns')}
        </a>
      </div>
    </section>
  )
}
