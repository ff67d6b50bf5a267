/* Keeps the browser's phone and the floor's idea of it together: reconnects by itself after a reload,
   steps aside for another tab, follows mute. Shows nothing. */
import { useEffect } from 'react'
import { live, phone, usePhone, useTopic } from '../kit/live.ts'
import type { DeskState } from '../live/shapes.ts'

export function PhoneKeeper() {
  const desk = useTopic<DeskState>('desk')
  const { state } = usePhone()
  const device = desk?.device.state
  const calling = Boolean(desk?.call && desk.call.state !== 'ended')
  const wanted = desk?.agent.wish === 'ready' || calling
  const muted = Boolean(desk?.call?.muted)

  useEffect(() => {
    if (!device) return
    if (device === 'elsewhere') return phone.tell('taken')
    // The other tab let go: this one may stand up again.
    if (phone.snapshot().state === 'elsewhere') return phone.tell('close')
    // The engine says the leg is gone although the browser has not noticed yet.
    if ((device === 'lost' || device === 'none') && phone.snapshot().state === 'up') {
      const timer = window.setTimeout(() => phone.tell('media_lost', 'line'), 1_500)
      return () => window.clearTimeout(timer)
    }
  }, [device])

  useEffect(() => {
    if (!device || device === 'elsewhere') return
    if (wanted && state === 'none') phone.tell('want')
    if (!wanted && desk?.agent.wish === 'offline' && state !== 'none') {
      phone.tell('close')
      live.request('close_device').catch(() => undefined)
    }
  }, [device, wanted, state, desk?.agent.wish])

  useEffect(() => phone.mute(muted), [muted])
  return null
}
