/* Decides how the browser's phone follows what the floor says: when to stand up by itself, when to step aside
   for another tab, when to let go. Pure; `desk/PhoneKeeper.tsx` carries it out. */
import type { PhoneState } from './machine.ts'

export type Seen = {
  device: 'none' | 'connecting' | 'up' | 'lost' | 'elsewhere'
  /* Whose connection holds the phone: this page's own (now or before a reconnect), nobody's, another tab's. */
  owner: 'mine' | 'nobody' | 'other'
  wish: 'offline' | 'pause' | 'ready'
  calling: boolean
  /* What the agent talks with: a desk phone needs nothing of the browser. */
  kind: 'browser' | 'phone'
}

export type Keeping = 'reclaim' | 'taken' | 'release' | 'close' | 'want' | 'gone' | null

/** Returns the one thing to do now; `before` is what was seen last, null at first sight. */
export function keep(now: Seen, before: Seen | null, phone: PhoneState): Keeping {
  if (now.kind === 'phone') return phone === 'none' ? null : 'release'
  if (now.device === 'elsewhere') {
    // The socket broke and came back under a new name: what we held then is still ours.
    if (now.owner === 'mine') return 'reclaim'
    return phone === 'elsewhere' ? null : 'taken'
  }
  // Another tab that owns the phone is only connecting anew: do not snatch it away.
  if (phone === 'elsewhere') return now.owner === 'other' ? null : 'release'
  const wentOffline = before !== null && before.wish !== 'offline' && now.wish === 'offline'
  if (wentOffline && !now.calling && phone !== 'none') return 'close'
  const wanted = now.wish === 'ready' || now.calling
  if (wanted && phone === 'none' && now.owner !== 'other') return 'want'
  // The engine says that the leg is gone although the browser has not noticed yet.
  if ((now.device === 'lost' || now.device === 'none') && phone === 'up') return 'gone'
  return null
}
