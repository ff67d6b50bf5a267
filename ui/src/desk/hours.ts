/* The customer's clock: what time it is there and where in the permitted hours we are. Pure. */

export const DAY_MIN = 24 * 60

/** Minutes from midnight of "09:30"; 24:00 is the end of the day. */
export function minutesOf(clock: string): number {
  const [hours = '0', minutes = '0'] = clock.split(':')
  return Number(hours) * 60 + Number(minutes)
}

/** A date whose UTC fields read as the wall clock at an offset of so many minutes. */
export function wallClock(ms: number, offsetMinutes: number): Date {
  return new Date(ms + offsetMinutes * 60_000)
}

/** Minutes since midnight on the customer's wall clock. */
export function minuteOfDay(ms: number, offsetMinutes: number): number {
  const wall = wallClock(ms, offsetMinutes)
  return wall.getUTCHours() * 60 + wall.getUTCMinutes()
}

export type Slot = { at: number; open: boolean; past: boolean }

/** Whether a moment falls into the permitted hours on the customer's clock. */
export function withinWindow(
  ms: number,
  offsetMinutes: number,
  window: { from: string; to: string } | null,
): boolean {
  if (!window) return true
  const minute = minuteOfDay(ms, offsetMinutes)
  return minute >= minutesOf(window.from) && minute < minutesOf(window.to)
}

/** The moment of a wall-clock time `days` after today there. */
export function momentThere(
  now: number,
  offsetMinutes: number,
  days: number,
  minute: number,
): number {
  const wall = wallClock(now, offsetMinutes)
  const midnight = Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate())
  return midnight + (days * DAY_MIN + minute - offsetMinutes) * 60_000
}

/** Quick choices in the order people use them: in an hour, tonight, tomorrow morning, next Monday evening. */
export function quickChoices(
  now: number,
  offsetMinutes: number,
  window: { from: string; to: string } | null,
): { id: 'hour' | 'tonight' | 'tomorrow' | 'monday'; at: number }[] {
  const roundTo = 5 * 60_000
  const weekday = wallClock(now, offsetMinutes).getUTCDay()
  const toMonday = (8 - weekday) % 7 || 7
  const all = [
    { id: 'hour' as const, at: Math.ceil((now + 3_600_000) / roundTo) * roundTo },
    { id: 'tonight' as const, at: momentThere(now, offsetMinutes, 0, 19 * 60) },
    { id: 'tomorrow' as const, at: momentThere(now, offsetMinutes, 1, 10 * 60) },
    { id: 'monday' as const, at: momentThere(now, offsetMinutes, toMonday, 18 * 60 + 30) },
  ]
  return all.filter(({ at }) => at > now + 10 * 60_000 && withinWindow(at, offsetMinutes, window))
}

/** A week grid around a minute of the day: `days` columns of `rows` half-hour slots. */
export function slotGrid(
  now: number,
  offsetMinutes: number,
  window: { from: string; to: string } | null,
  shape: { days: number; rows: number; around: number; firstDay: number },
): Slot[][] {
  const first = Math.max(
    0,
    Math.min(DAY_MIN - shape.rows * 30, shape.around - Math.floor(shape.rows / 2) * 30),
  )
  const start = Math.floor(first / 30) * 30
  return Array.from({ length: shape.rows }, (_, row) =>
    Array.from({ length: shape.days }, (_, day) => {
      const at = momentThere(now, offsetMinutes, shape.firstDay + day, start + row * 30)
      return { at, open: withinWindow(at, offsetMinutes, window), past: at <= now }
    }),
  )
}
