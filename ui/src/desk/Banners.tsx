/* What is broken right now, in words, with the way out: states, not toasts. */
import { HeadphoneOff, PlugZap, VolumeX } from 'lucide-react'
import { phone, usePhone } from '../kit/live.ts'
import { Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import type { DeskState } from '../live/shapes.ts'
import { PhoneNote } from './DeskPhone.tsx'
import type { Ask } from './useDesk.ts'

const NO_MIC = new Set(['mic_refused', 'mic_missing', 'mic_gone'])

export function Banners({
  desk,
  problem,
  ask,
}: {
  desk: DeskState
  problem: string | null
  ask: Ask
}) {
  const { t } = useWords()
  const view = usePhone()
  const talking = desk.call !== null && desk.call.state !== 'ended'
  const browser = desk.device.kind === 'browser'
  const lost = browser && (view.state === 'lost' || desk.device.state === 'lost')
  const reason = view.reason ?? 'line'
  const lostMic = view.state === 'lost'
  const retry = (
    <button type="button" className="btn s" onClick={() => phone.tell('want')}>
      {t('phone.again')}
    </button>
  )
  return (
    <>
      {desk.floor === 'away' && (
        <Note tone="warn" icon={<PlugZap aria-hidden />} alert>
          <b>{t('desk.floor_away')}</b> {t('desk.floor_away_next')}
        </Note>
      )}
      {!browser && <PhoneNote desk={desk} ask={ask} />}
      {lost && (
        <Note tone="bad" icon={<HeadphoneOff aria-hidden />} alert action={retry}>
          <b>{NO_MIC.has(reason) ? t(`phone.${reason as 'mic_gone'}`) : t('phone.line_lost')}</b>{' '}
          {talking
            ? NO_MIC.has(reason) && lostMic
              ? t('phone.customer_waits')
              : t('phone.customer_waits_line')
            : NO_MIC.has(reason)
              ? t('phone.no_calls_without_mic')
              : t('phone.reconnecting')}
        </Note>
      )}
      {desk.call?.unheard && desk.call.state === 'talking' && !lost && (
        <Note tone="bad" icon={<VolumeX aria-hidden />} alert>
          <b>{t(`desk.unheard_${desk.call.unheard}`)}</b> {t('desk.unheard_next')}
        </Note>
      )}
      {view.blocked && (
        <Note
          tone="bad"
          icon={<VolumeX aria-hidden />}
          alert
          action={
            <button
              type="button"
              className="btn primary s"
              onClick={() => void phone.playBlocked()}
            >
              {t('phone.turn_on_sound')}
            </button>
          }
        >
          <b>{t('phone.blocked')}</b> {t('phone.blocked_next')}
        </Note>
      )}
      {problem && (
        <Note tone="bad" alert>
          {problem}
        </Note>
      )}
    </>
  )
}

/** The phone is up in another tab: this one shows who has it and can take over. */
export function Elsewhere({ take }: { take: () => void }) {
  const { t } = useWords()
  return (
    <section className="stage">
      <div className="inner" style={{ maxWidth: 560 }}>
        <div className="stack">
          <h1 className="big">{t('elsewhere.title')}</h1>
          <p className="lead">{t('elsewhere.why')}</p>
        </div>
        <div>
          <button type="button" className="btn primary l" onClick={take}>
            {t('elsewhere.take_over')}
          </button>
        </div>
      </div>
    </section>
  )
}
