/* The log of changes in words: names of fields, values before and after. */
import { describe, expect, it } from 'vitest'
import { deviceWords, pauseWords } from '../../src/api/people.ts'
import { wordsOf } from '../../src/kit/prefs.ts'
import { fieldWords, valueWords } from '../../src/office/auditWords.ts'

const ru = wordsOf('ru')
const en = wordsOf('en')
const NOW = Date.parse('2026-11-19T12:00:00Z')
const said = (field: string, value: unknown, names: Record<string, string> = {}) =>
  valueWords(en, field, value, names, NOW)

describe('the log of changes', () => {
  it('names a field by its words, with the rest of its path, or as it is written', () => {
    expect(fieldWords(ru, 'role')).toBe('Роль')
    expect(fieldWords(en, 'window.start')).toBe('Hours · start')
    expect(fieldWords(en, 'something_new.deep')).toBe('something_new.deep')
  })

  it('words values: nothing, flags, known words, names of ids, lists', () => {
    expect(said('note', null)).toBe('–')
    expect(said('active', 0)).toBe('no')
    expect(said('role', 'supervisor')).toBe('supervisor')
    expect(said('list_id', 'l1', { l1: 'clients' })).toBe('clients')
    expect(said('codecs', ['PCMA', 'PCMU'])).toBe('PCMA, PCMU')
    expect(said('ring_timeout_s', 17.5)).toBe('17.50')
    expect(said('results', [{ code: 'sale' }])).toContain('"sale"')
    expect(said('number', '+12025550143')).toContain('202')
  })

  it('cuts what is too long for a row', () => {
    expect(said('note', 'x'.repeat(1_000)).length).toBeLessThan(200)
  })
})

describe('people', () => {
  it('says a browser in a few words', () => {
    const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
    expect(deviceWords(firefox)).toBe('Firefox · Linux')
    expect(deviceWords('')).toBe('–')
  })

  it('says a pause by the name of its reason, or as it was written', () => {
    const one = { id: 'break', name_ru: 'Перерыв', name_en: 'Break' }
    const known = { items: [{ ...one, paid: true, limit_s: 900, in_use: true }], free_text: true }
    expect(pauseWords('ru', 'break', known)).toBe('Перерыв')
    expect(pauseWords('en', 'dentist', known)).toBe('dentist')
  })
})
