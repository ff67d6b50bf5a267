import { describe, expect, test } from 'vitest'
import {
  formatOffset,
  formatPhone,
  formatShare,
  formatSpan,
  formatTalk,
  formatTimer,
  knit,
} from '../../src/words/format.ts'
import { type Entry, say, sayId, WORDS } from '../../src/words/words.ts'

const holes = (entry: Entry): string[] => {
  const texts = typeof entry === 'string' ? [entry] : Object.values(entry)
  const found = texts.flatMap((text) =>
    [...text.matchAll(/(?<!\{)\{(\w+)\}(?!\})/gu)].map((m) => m[1]),
  )
  return [...new Set(found as string[])].toSorted()
}

describe('the words', () => {
  test('both languages have the same keys', () => {
    expect(Object.keys(WORDS.ru).toSorted()).toEqual(Object.keys(WORDS.en).toSorted())
  })

  test('both languages fill the same holes in each text', () => {
    for (const [key, entry] of Object.entries(WORDS.ru)) {
      expect({ key, holes: holes(entry) }).toEqual({ key, holes: holes(WORDS.en[key] as Entry) })
    }
  })

  test('no text is empty and none is left in the other language', () => {
    for (const lang of ['ru', 'en'] as const) {
      for (const [key, entry] of Object.entries(WORDS[lang])) {
        const texts = typeof entry === 'string' ? [entry] : Object.values(entry)
        for (const text of texts) {
          expect({ key, text: text.trim() }).not.toEqual({ key, text: '' })
          if (lang === 'en' && key !== 'nav.other_language') expect(text).not.toMatch(/[а-яё]/iu)
        }
      }
    }
  })

  test('a plural text has every form its language needs', () => {
    for (const lang of ['ru', 'en'] as const) {
      const needed = new Intl.PluralRules(lang).resolvedOptions().pluralCategories
      for (const [key, entry] of Object.entries(WORDS[lang])) {
        if (typeof entry === 'string') continue
        expect({ key, forms: Object.keys(entry).toSorted() }).toEqual({
          key,
          forms: [...needed].toSorted(),
        })
      }
    }
  })

  test('Russian plurals follow the number', () => {
    expect(say('ru', 'list.contacts_n', { n: 1 })).toBe('1 контакт')
    expect(say('ru', 'list.contacts_n', { n: 22 })).toBe('22 контакта')
    expect(say('ru', 'list.contacts_n', { n: 4812 })).toBe('4\u00a0812 контактов')
    expect(say('en', 'list.contacts_n', { n: 4812 })).toBe('4,812 contacts')
  })

  test('an id nobody has words for falls back to what the server wrote', () => {
    expect(sayId('ru', 'problem', 'no_such_code', {}, 'As written.')).toBe('As written.')
    expect(sayId('en', 'outcome', 'busy')).toBe('Busy')
  })
})

describe('numbers and times', () => {
  test('shares, spans and timers are written as each language does', () => {
    expect(formatShare('ru', 0.314, 1)).toBe('31,4\u00a0%')
    expect(formatShare('en', 0.314, 1)).toBe('31.4%')
    expect(formatSpan('ru', 4 * 3600 + 28 * 60)).toBe('4\u00a0ч 28\u00a0мин')
    expect(formatSpan('en', 12)).toBe('12\u00a0s')
    expect(formatSpan('en', 3 * 86400)).toBe('3\u00a0d')
    expect(formatTimer(167)).toBe('02:47')
    expect(formatTimer(3725)).toBe('1:02:05')
    expect(formatTimer(-5)).toBe('00:00')
    expect(formatTalk(192)).toBe('3:12')
  })

  test('telephone numbers are grouped as people read them', () => {
    const plain = (e164: string) => formatPhone(e164).replaceAll('\u00a0', ' ')
    expect(plain('+70005550143')).toBe('+7 000 555-01-43')
    expect(plain('+12025550143')).toBe('+1 202-555-0143')
    expect(plain('+442079460123')).toBe('+44 20 7946 0123')
    expect(plain('112')).toBe('112')
  })

  test('offsets west of Greenwich have a real minus', () => {
    expect(formatOffset(240)).toBe('UTC+4')
    expect(formatOffset(-210)).toBe('UTC\u22123:30')
  })

  test('a short Russian word stays with the next one, a number with its unit', () => {
    expect(knit('ru', 'Звонить можно до 21:00')).toBe('Звонить можно до\u00a021:00')
    expect(knit('ru', 'и в зале')).toBe('и\u00a0в\u00a0зале')
    expect(knit('en', 'in 12 min')).toBe('in 12\u00a0min')
    expect(knit('en', 'a cat')).toBe('a cat')
  })
})
