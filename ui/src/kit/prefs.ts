/* Language and theme of this browser: one small store, remembered, applied to the document. */
import { useSyncExternalStore } from 'react'
import * as format from '../words/format.ts'
import type { Lang } from '../words/format.ts'
import { type Args, fieldId, type Key, say, sayId } from '../words/words.ts'

export type Theme = 'light' | 'dark' | 'system'
type Prefs = { lang: Lang; theme: Theme }

const listeners = new Set<() => void>()
const dark = window.matchMedia('(prefers-color-scheme: dark)')

function first(): Prefs {
  const lang = localStorage.getItem('vyzov.lang') ?? navigator.language.slice(0, 2)
  const theme = localStorage.getItem('vyzov.theme')
  return {
    lang: lang === 'ru' ? 'ru' : 'en',
    theme: theme === 'light' || theme === 'dark' ? theme : 'system',
  }
}

let prefs = first()

function apply(): void {
  const shown = prefs.theme === 'system' ? (dark.matches ? 'dark' : 'light') : prefs.theme
  document.documentElement.dataset.theme = shown
  document.documentElement.lang = prefs.lang
}

/** Changes language or theme at once and for the next visit. */
export function setPrefs(change: Partial<Prefs>): void {
  prefs = { ...prefs, ...change }
  localStorage.setItem('vyzov.lang', prefs.lang)
  localStorage.setItem('vyzov.theme', prefs.theme)
  apply()
  for (const listener of listeners) listener()
}

export function shownTheme(): 'light' | 'dark' {
  return document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light'
}

apply()
dark.addEventListener('change', () => setPrefs({}))

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function usePrefs(): Prefs {
  return useSyncExternalStore(subscribe, () => prefs)
}

/** The city of a time zone in words we have, otherwise the last part of its id. */
function placeOf(lang: Lang, zone: string): string {
  const city = zone.split('/').at(-1) ?? zone
  return sayId(lang, 'place', city, {}, city.replaceAll('_', ' '))
}

const made = new Map<Lang, Words>()

function makeWords(lang: Lang) {
  return {
    lang,
    t: (key: Key, args?: Args) => say(lang, key, args),
    id: (room: string, id: string, args?: Args, fallback?: string) =>
      sayId(lang, room, id, args, fallback),
    pick: (text: string | { ru?: string; en?: string } | null | undefined) =>
      typeof text === 'string' ? text : (text?.[lang] ?? text?.ru ?? text?.en ?? ''),
    num: (value: number, digits?: number) => format.formatNumber(lang, value, digits),
    share: (value: number, digits?: number) => format.formatShare(lang, value, digits),
    span: (seconds: number) => format.formatSpan(lang, seconds),
    clock: (at: string | number | Date, zone?: string, seconds?: boolean) =>
      format.formatClock(lang, new Date(at), zone, seconds),
    day: (at: string | number | Date, zone?: string, weekday?: boolean) =>
      format.formatDay(lang, new Date(at), zone, weekday),
    weekday: (at: string | number | Date, zone?: string) =>
      format.formatWeekday(lang, new Date(at), zone),
    date: (at: string | number | Date, zone?: string) =>
      format.formatDate(lang, new Date(at), zone),
    moment: (at: string | number | Date, now: number, zone?: string) =>
      format.formatMoment(lang, new Date(at), new Date(now), zone),
    field: (title: string) => sayId(lang, 'contact_field', fieldId(title), {}, title),
    place: (zone: string) => placeOf(lang, zone),
    hours: (seconds: number) => format.formatHours(lang, seconds),
  }
}

export type Words = ReturnType<typeof makeWords>

/** The words and formats of a language. */
export function wordsOf(lang: Lang): Words {
  const known = made.get(lang)
  if (known) return known
  const words = makeWords(lang)
  made.set(lang, words)
  return words
}

/** The words and formats of the chosen language. */
export function useWords(): Words {
  return wordsOf(usePrefs().lang)
}
