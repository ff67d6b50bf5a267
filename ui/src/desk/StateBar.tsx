/* The bar that never scrolls away: state and its timer, campaign, line quality, today, pause. */
import { Clock3, Coffee, Headphones, HelpCircle, History, Signal, Unplug } from 'lucide-react'
import { useNow, usePhone } from '../kit/live.ts'
import { Kbd, type Tone } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { AGENT } from '../kit/states.ts'
import type { DeskState } from '../live/shapes.ts'
import { formatTimer } from '../words/format.ts'

const GOOD_LOSS = 0.02
const GOOD_RTT_MS = 250

function Quality({ desk }: { desk: DeskState }) {
  const { t, num, share } = useWords()
  const { state } = usePhone()
  const { rtt_ms: rtt, loss_share: loss, state: device } = desk.device
  const halfWay = desk.device.kind === 'browser' && device === 'up' && state !== 'up'
  const shown = halfWay ? 'connecting' : device
  const shaky = (loss ?? 0) > GOOD_LOSS || (rtt ?? 0) > GOOD_RTT_MS
  const tone: Tone = shown === 'up' ? (shaky ? 'warn' : 'ok') : shown === 'lost' ? 'bad' : 'pause'
  const word = shown === 'up' ? (shaky ? t('line.shaky') : t('line.good')) : t(`line.${shown}`)
  const facts = [
    rtt === null ? '' : t('line.rtt', { ms: num(rtt) }),
    loss === null ? '' : loss === 0 ? t('line.no_loss') : t('line.loss', { share: share(loss, 1) }),
  ]
  return (
    <div className="cell hide-s">
      <span>{t(desk.device.kind === 'phone' ? 'deskphone.line' : 'desk.line')}</span>
      <span className={`st ${tone}`}>
        {shown === 'up' || shown === 'connecting' ? (
          <Signal className="s" aria-hidden />
        ) : (
          <Unplug className="s" aria-hidden />
        )}
        {word}
        {shown === 'up' && (
          <span className="ink3 num quality">{facts.filter(Boolean).join(' · ')}</span>
        )}
      </span>
    </div>
  )
}

function Counts({ today }: { today: DeskState['today'] }) {
  const { t, num, share } = useWords()
  return (
    <div className="counts">
      <div>
        <span>{t('desk.calls')}</span>
        <b>{num(today.calls)}</b>
      </div>
      <div>
        <span>{t('desk.talks')}</span>
        <b>{num(today.talks)}</b>
      </div>
      <div>
        <span>{t('desk.results')}</span>
        <b>{num(today.results)}</b>
      </div>
      <div className="hide-s">
        <span>{t('desk.occupancy')}</span>
        <b>{today.occupancy === null ? '–' : share(today.occupancy)}</b>
      </div>
    </div>
  )
}

export function StateBar(props: {
  desk: DeskState
  pause: () => void
  help: () => void
  history?: () => void
}) {
  const { t } = useWords()
  const now = useNow()
  const { agent, campaigns } = props.desk
  const look = AGENT[agent.state]
  const Icon = look.icon
  const calling = props.desk.call?.campaign.id
  const campaign = campaigns.find((known) => known.id === calling) ?? campaigns[0]
  // Who reads a card is in no call: a pause begins at once.
  const working = !['offline', 'pause', 'no_device', 'ready', 'previewing'].includes(agent.state)
  const idle = agent.wish !== 'ready' && !working
  return (
    <header className="statebar" aria-label={t('desk.state')}>
      <div className={`now ${look.tone}`} role="status">
        <Icon className="l" aria-hidden />
        <b>{t(`agent.${agent.state}`)}</b>
        <span className="tm" role="timer" aria-live="off">
          {formatTimer((now - Date.parse(agent.since)) / 1000)}
        </span>
      </div>
      <div className="cell campaign">
        <span>
          {campaign
            ? t('desk.campaign_mode', {
                mode: t(`mode.${campaign.mode}` as 'mode.progressive').toLowerCase(),
              })
            : t('desk.campaign')}
        </span>
        <span className="cut" title={campaign?.name}>
          {campaign?.name ?? t('desk.no_campaign')}
          {campaigns.length > 1 && (
            <span className="ink3"> {t('desk.and_more', { n: campaigns.length - 1 })}</span>
          )}
        </span>
      </div>
      <Quality desk={props.desk} />
      <Counts today={props.desk.today} />
      <div className="acts">
        {props.history && (
          <button type="button" className="btn only-s" onClick={props.history}>
            <History aria-hidden />
            <span className="hide-xs">{t('desk.history')}</span>
            <Kbd>G</Kbd>
          </button>
        )}
        {idle ? (
          <button type="button" className="btn primary" onClick={props.pause}>
            <Headphones aria-hidden />
            {t('desk.go_ready')}
            <Kbd>P</Kbd>
          </button>
        ) : (
          <button
            type="button"
            className={`btn ${agent.pause_after ? 'on' : ''}`}
            aria-pressed={agent.pause_after}
            onClick={props.pause}
          >
            {agent.pause_after ? <Clock3 aria-hidden /> : <Coffee aria-hidden />}
            {working
              ? agent.pause_after
                ? t('desk.pause_set')
                : t('desk.pause_after')
              : t('desk.pause')}
            <Kbd>P</Kbd>
          </button>
        )}
        <button
          type="button"
          className="btn quiet icon"
          onClick={props.help}
          aria-label={t('desk.help')}
          title={t('desk.help')}
        >
          <HelpCircle aria-hidden />
        </button>
      </div>
    </header>
  )
}
