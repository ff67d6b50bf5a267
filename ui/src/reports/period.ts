/* The days a report covers, as people choose them and as the server takes them. Pure. */

export type Period = { from: string; to: string }
const DAY_MS = 86_400_000

/** The calendar day of a moment on this clock: "2026-11-19". */
export function dayOf(ms: number): string {
  const at = new Date(ms)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
}

export function midnight(day: string): number {
  const [year = 1970, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date).getTime()
}

export type Quick = 'today' | 'yesterday' | 'week' | 'month'

/** The usual choices; both days are included. */
export function quickPeriod(choice: Quick, now: number): Period {
  const today = dayOf(now)
  const back = (days: number) => dayOf(midnight(today) - days * DAY_MS + DAY_MS / 2)
  if (choice === 'today') return { from: today, to: today }
  if (choice === 'yesterday') return { from: back(1), to: back(1) }
  return { from: back(choice === 'week' ? 6 : 29), to: today }
}

/** Both days included becomes half-open instants: from its midnight to the midnight after the last day. */
export function instants(period: Period): Period {
  const end = new Date(midnight(period.to))
  end.setDate(end.getDate() + 1)
  return { from: new Date(midnight(period.from)).toISOString(), to: end.toISOString() }
}
