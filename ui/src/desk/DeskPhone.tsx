/* The agent's desk phone: choosing it, and in words what it needs of them right now. */
import { Phone, PhoneCall, PhoneOff } from 'lucide-react'
import { Note, Seg } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import type { DeskState } from '../live/shapes.ts'
import type { Ask } from './useDesk.ts'

type Props = { desk: DeskState; ask: Ask }

/** What the agent talks with; shown to those who have a desk phone, and kept for their next day. */
export function DeviceChoice({ desk, ask }: Props) {
  const { t } = useWords()
  const { kind, phone } = desk.device
  if (!phone) return null
  return (
    <div className="stack">
      <span className="lab">{t('deskphone.talk_with')}</span>
      <div className="row wrap g3">
        <Seg
          label={t('deskphone.talk_with')}
          value={kind}
          set={(chosen) => void ask('device', { kind: chosen })}
          options={[
            ['browser', t('deskphone.browser')],
            ['phone', t('deskphone.phone')],
          ]}
        />
        <span className="small ink3">{kind === 'phone' && t('deskphone.nailed_up')}</span>
      </div>
    </div>
  )
}

/** Says how the desk phone stands and what to do; nothing while it is connected or not wanted. */
export function PhoneNote({ desk, ask }: Props) {
  const words = useWords()
  const { t } = words
  const { phone } = desk.device
  const talking = desk.call !== null && desk.call.state !== 'ended'
  if (!phone || phone.state === 'connected') return null
  if (desk.agent.wish === 'offline' && !talking && phone.state !== 'not_registered') return null
  if (phone.state === 'not_registered') {
    const instead = (
      <button
        type="button"
        className="btn s"
        onClick={() => void ask('device', { kind: 'browser' })}
      >
        {t('deskphone.use_browser')}
      </button>
    )
    return (
      <Note tone="bad" icon={<PhoneOff aria-hidden />} alert action={talking ? null : instead}>
        <b>{t('deskphone.not_registered')}</b>{' '}
        {t('deskphone.not_registered_next', { name: phone.username })}
      </Note>
    )
  }
  if (phone.state !== 'registered') {
    return (
      <Note tone="ready" icon={<PhoneCall aria-hidden />} alert>
        <b>{t(phone.state === 'ringing' ? 'deskphone.ringing' : 'deskphone.calling')}</b>{' '}
        {t('deskphone.ringing_next')}
      </Note>
    )
  }
  const ring = (
    <button type="button" className="btn primary s" onClick={() => void ask('ring')}>
      {t('deskphone.ring')}
    </button>
  )
  return (
    <Note tone="warn" icon={<Phone aria-hidden />} alert action={ring}>
      <b>{words.id('deskphone_why', phone.why ?? 'idle')}</b>{' '}
      {t(talking ? 'deskphone.customer_waits' : 'deskphone.no_calls')}
    </Note>
  )
}
