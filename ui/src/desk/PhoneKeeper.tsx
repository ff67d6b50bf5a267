/* Keeps the browser's phone and the floor's idea of it together; decided in `phone/keeper.ts`. Shows nothing. */
import { useEffect, useRef } from 'react'
import { live, phone, usePhone, useTopic } from '../kit/live.ts'
import type { DeskState } from '../live/shapes.ts'
import { keep, type Keeping, type Seen } from '../phone/keeper.ts'

/* The engine's word and the browser's own cross on the way: give the browser a moment to notice itself. */
const GONE_FOR_MS = 1_500

function seen(desk: DeskState): Seen {
  const { owner } = desk.device
  return {
    device: desk.device.state,
    owner: !owner ? 'nobody' : live.wasMine(owner) ? 'mine' : 'other',
    wish: desk.agent.wish,
    calling: Boolean(desk.call && desk.call.state !== 'ended'),
    kind: desk.device.kind,
  }
}

function act(keeping: Keeping): void {
  const ask = (verb: string) => void live.request(verb).catch(() => undefined)
  if (keeping === 'reclaim') ask('take_over')
  if (keeping === 'taken') phone.tell('taken')
  if (keeping === 'release') phone.tell('close')
  if (keeping === 'want') phone.tell('want')
  if (keeping === 'close') {
    phone.tell('close')
    ask('close_device')
  }
}

export function PhoneKeeper() {
  const desk = useTopic<DeskState>('desk')
  const { state } = usePhone()
  const muted = Boolean(desk?.call?.muted)
  const before = useRef<Seen | null>(null)
  const now = desk ? seen(desk) : null
  // One string stands for all that is decided on: the effect runs when any of it changes, and only then.
  const facts = now
    ? `${now.device} ${now.owner} ${now.wish} ${now.calling} ${now.kind} ${state}`
    : ''

  useEffect(() => {
    const [device, owner, wish, calling, kind] = facts.split(' ')
    if (!device) return
    const fresh = { device, owner, wish, calling: calling === 'true', kind } as Seen
    const keeping = keep(fresh, before.current, phone.snapshot().state)
    before.current = fresh
    if (keeping !== 'gone') return act(keeping)
    const timer = window.setTimeout(() => phone.tell('media_lost', 'line'), GONE_FOR_MS)
    return () => window.clearTimeout(timer)
  }, [facts])

  useEffect(() => phone.mute(muted), [muted])
  return null
}
