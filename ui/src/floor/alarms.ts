/* Alarms of the floor as the server gives them, and how their figures are written. */
import type { Named } from '../api/types.ts'
import type { Words } from '../kit/prefs.ts'

export type AlarmKind =
  'lost_share' | 'wait' | 'trunk_failures' | 'occupancy' | 'no_operators' | 'list_low'
export type Alarm = {
  id: string
  kind: AlarmKind
  subject: string
  name: string
  value: number
  threshold: number
  raised_at: string
  cleared_at: string | null
  acknowledged_at: string | null
  acknowledged_by: Named | null
}
export type Threshold = {
  kind: AlarmKind
  raise_at: number
  clear_at: number
  hold_s: number
  active: boolean
}
export type Alarms = { items: Alarm[]; thresholds: Threshold[] }

const SHARES = new Set<AlarmKind>(['lost_share', 'trunk_failures', 'occupancy'])

export const isShare = (kind: AlarmKind) => SHARES.has(kind)

/** A figure of this kind as people write it: a share in percent, a wait in seconds, people as a number. */
export function figureText(words: Words, kind: AlarmKind, value: number): string {
  if (isShare(kind)) return words.share(value, 1)
  const said = words.num(value, Number.isInteger(value) ? 0 : 1)
  return kind === 'wait' ? words.t('alarm.seconds', { s: said }) : said
}
