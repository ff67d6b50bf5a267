/* The seven days of a week as they lie in this browser's zone, and which of them a moment is in. */

/** Midnight of the Monday on or before a moment. */
export function mondayOf(at: number): Date {
  const day = new Date(at)
  day.setHours(0, 0, 0, 0)
  day.setDate(day.getDate() - ((day.getDay() + 6) % 7))
  return day
}

/** Midnight so many days later; a day need not have 24 hours. */
export function daysAfter(day: Date, days: number): Date {
  const later = new Date(day)
  later.setDate(later.getDate() + days)
  return later
}

/** Midnights of the seven days, and of the day after them. */
export const weekFrom = (monday: Date): Date[] =>
  Array.from({ length: 8 }, (_, index) => daysAfter(monday, index))

/** A moment as an input of the browser writes it: local, to the minute. */
export function localMinute(at: string | number | Date): string {
  const moment = new Date(at)
  const part = (value: number) => String(value).padStart(2, '0')
  const day = `${moment.getFullYear()}-${part(moment.getMonth() + 1)}-${part(moment.getDate())}`
  return `${day}T${part(moment.getHours())}:${part(moment.getMinutes())}`
}
