/* Numbers, times and telephone numbers as people of each language write them. Pure: the language,
   and where it matters the zone, are arguments. Sources: Unicode CLDR through `Intl`. */

export type Lang = 'ru' | 'en'
const NB = '\u00a0'
const LOCALE: Record<Lang, string> = { ru: 'ru-RU', en: 'en-GB' }

const cache = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>()
function numbers(lang: Lang, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `n${lang}${JSON.stringify(options)}`
  if (!cache.has(key)) cache.set(key, new Intl.NumberFormat(LOCALE[lang], options))
  return cache.get(key) as Intl.NumberFormat
}
function dates(lang: Lang, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `d${lang}${JSON.stringify(options)}`
  if (!cache.has(key)) cache.set(key, new Intl.DateTimeFormat(LOCALE[lang], options))
  return cache.get(key) as Intl.DateTimeFormat
}

export function formatNumber(lang: Lang, value: number, digits = 0): string {
  return numbers(lang, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value)
}

/** Share 0..1 as per cent: "31,4 %" and "31.4%". */
export function formatShare(lang: Lang, share: number, digits = 0): string {
  const text = formatNumber(lang, share * 100, digits)
  return lang === 'ru' ? `${text}${NB}%` : `${text}%`
}

const two = (value: number) => String(Math.floor(value)).padStart(2, '0')

/** A running timer: "02:47", from one hour on "1:02:47". Never negative. */
export function formatTimer(seconds: number): string {
  const all = Math.max(0, Math.floor(seconds))
  const hours = Math.floor(all / 3600)
  const rest = `${two((all % 3600) / 60)}:${two(all % 60)}`
  return hours > 0 ? `${hours}:${rest}` : rest
}

/** A talk in a table: "3:12". */
export function formatTalk(seconds: number): string {
  const all = Math.max(0, Math.round(seconds))
  if (all >= 3600) return formatTimer(all)
  return `${Math.floor(all / 60)}:${two(all % 60)}`
}

/** A span in prose: "4 ч 28 мин", "12 с", "4 h 28 min". */
export function formatSpan(lang: Lang, seconds: number): string {
  const unit =
    lang === 'ru' ? { h: 'ч', m: 'мин', s: 'с', d: 'дн.' } : { h: 'h', m: 'min', s: 's', d: 'd' }
  const all = Math.max(0, Math.round(seconds))
  if (all < 60) return `${all}${NB}${unit.s}`
  const minutes = Math.floor(all / 60)
  if (minutes < 60) return `${minutes}${NB}${unit.m}`
  const hours = Math.floor(minutes / 60)
  if (hours >= 48) return `${Math.floor(hours / 24)}${NB}${unit.d}`
  const rest = minutes % 60
  return rest ? `${hours}${NB}${unit.h} ${rest}${NB}${unit.m}` : `${hours}${NB}${unit.h}`
}

/** Hours for tables, one decimal: "36,2". */
export function formatHours(lang: Lang, seconds: number): string {
  return formatNumber(lang, seconds / 3600, 1)
}

export function formatClock(lang: Lang, at: Date, zone?: string, seconds = false): string {
  return dates(lang, {
    hour: '2-digit',
    minute: '2-digit',
    ...(seconds ? { second: '2-digit' as const } : {}),
    hourCycle: 'h23',
    timeZone: zone,
  }).format(at)
}

/** Day and month, with the weekday when asked: "чт, 19 ноября", "Thu 19 November". */
export function formatDay(lang: Lang, at: Date, zone?: string, weekday = false): string {
  return dates(lang, {
    day: 'numeric',
    month: weekday ? 'long' : 'short',
    ...(weekday ? { weekday: 'short' as const } : {}),
    timeZone: zone,
  })
    .format(at)
    .replace(/\.$/u, '')
}

/** "ср 18" for the heads of a week. */
export function formatWeekday(lang: Lang, at: Date, zone?: string): string {
  const name = dates(lang, { weekday: 'short', timeZone: zone }).format(at)
  const day = dates(lang, { day: 'numeric', timeZone: zone }).format(at)
  return `${name}${NB}${day}`
}

export function formatDate(lang: Lang, at: Date, zone?: string): string {
  const style: Intl.DateTimeFormatOptions =
    lang === 'ru'
      ? { day: '2-digit', month: '2-digit', year: 'numeric' }
      : { day: 'numeric', month: 'short', year: 'numeric' }
  return dates(lang, { ...style, timeZone: zone }).format(at)
}

/** True when both moments fall on one calendar day of the zone. */
export function sameDay(a: Date, b: Date, zone?: string): boolean {
  return formatDate('en', a, zone) === formatDate('en', b, zone)
}

/** "16:29" today, otherwise "17 ноя 12:10". */
export function formatMoment(lang: Lang, at: Date, now: Date, zone?: string): string {
  const clock = formatClock(lang, at, zone)
  return sameDay(at, now, zone) ? clock : `${formatDay(lang, at, zone)} ${clock}`
}

/** "UTC+4", "UTC−3:30". */
export function formatOffset(minutes: number): string {
  const sign = minutes < 0 ? '\u2212' : '+'
  const abs = Math.abs(minutes)
  return abs % 60 ? `UTC${sign}${Math.floor(abs / 60)}:${two(abs % 60)}` : `UTC${sign}${abs / 60}`
}

/** E.164 in groups people can read aloud: "+7 000 555-01-43", "+1 202-555-0143", "+44 20 7946 0123". */
export function formatPhone(e164: string): string {
  const ru = /^\+7(\d{3})(\d{3})(\d{2})(\d{2})$/u.exec(e164)
  if (ru) return `+7${NB}${ru[1]}${NB}${ru[2]}-${ru[3]}-${ru[4]}`
  const us = /^\+1(\d{3})(\d{3})(\d{4})$/u.exec(e164)
  if (us) return `+1${NB}${us[1]}-${us[2]}-${us[3]}`
  const london = /^\+44(20)(\d{4})(\d{4})$/u.exec(e164)
  if (london) return `+44${NB}${london[1]}${NB}${london[2]}${NB}${london[3]}`
  const any = /^\+(\d{2})(\d{3})(\d{3})(\d+)$/u.exec(e164)
  return any ? `+${any[1]}${NB}${any[2]}${NB}${any[3]}${NB}${any[4]}` : e164
}

const SHORT_RU = 'в|к|с|о|у|и|а|я|во|не|на|по|до|из|за|от|об|со|их|но|ни|же'
const AFTER_SHORT = new RegExp(`(^|[\\s(«„])(${SHORT_RU}) (?=\\S)`, 'giu')
const BEFORE_UNIT =
  /(\d) (?=(?:с|ч|мин|мс|дн|дня|дней|день|раз|раза|линий|h|s|ms|min|days?)(?!\p{L}))/gu

/** Keeps a number with its unit and, in Russian, a short word with the next one on the same line. */
export function knit(lang: Lang, text: string): string {
  const units = text.replace(BEFORE_UNIT, `$1${NB}`)
  if (lang !== 'ru') return units
  // Twice: of two short words in a row the first pass can only join every other pair.
  const once = units.replace(AFTER_SHORT, `$1$2${NB}`)
  return once.replace(AFTER_SHORT, `$1$2${NB}`).replace(/ (?=[—–])/gu, NB)
}

/** Money of whole minor units: "1 234,50 ₽", "€1,234.50". */
export function formatMoney(lang: Lang, minor: number, currency: string): string {
  return numbers(lang, {
    style: 'currency',
    currency: currency || 'RUB',
    currencyDisplay: 'narrowSymbol',
  }).format(minor / 100)
}

/** A day of the week by its UTC date, short: "пн", "Mon". */
export function formatDayName(lang: Lang, at: Date): string {
  return dates(lang, { weekday: 'short', timeZone: 'UTC' }).format(at)
}
