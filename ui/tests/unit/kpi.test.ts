/* Key figures as people read them. */
import { describe, expect, test } from 'vitest'
import type { KeyFigure } from '../../src/api/kpi.ts'
import { wordsOf } from '../../src/kit/prefs.ts'
import { isTime, valueOf } from '../../src/reports/FigureRows.tsx'
import { formatDayName, formatMoney } from '../../src/words/format.ts'

const said = { en: '', ru: '' }
const figure = (change: Partial<KeyFigure>): KeyFigure => ({
  id: 'answer_rate',
  name: said,
  formula: said,
  without: said,
  window: 'asked',
  window_name: said,
  window_from: '',
  window_to: '',
  unit: 'share',
  scale: 1,
  currency: '',
  numerator: 1,
  denominator: 2,
  value: 0.5,
  why_not: null,
  facts: '',
  ...change,
})
const plain = (text: string | null) => text?.replaceAll(/\s/gu, ' ')

describe('a key figure', () => {
  test('is read by its unit, in each language', () => {
    const ru = wordsOf('ru')
    expect(plain(valueOf(ru, figure({})))).toBe('50,0 %')
    expect(plain(valueOf(ru, figure({ unit: 'ms', value: 2100 })))).toBe('2,1 с')
    expect(plain(valueOf(ru, figure({ unit: 'ms', value: 240_000 })))).toBe('4 мин')
    expect(plain(valueOf(ru, figure({ unit: 'per_hour', value: 21.55 })))).toBe('21,6')
    const money = figure({ unit: 'money', value: 77_419, currency: 'RUB' })
    expect(plain(valueOf(ru, money))).toBe('774,19 ₽')
    expect(plain(valueOf(wordsOf('en'), money))).toBe('₽774.19')
  })

  test('that cannot be had has no value', () => {
    expect(valueOf(wordsOf('en'), figure({ value: null }))).toBeNull()
  })

  test('shows milliseconds as a time and counts as counts', () => {
    expect(isTime(figure({ id: 'occupancy' }), 'denominator')).toBe(true)
    expect(isTime(figure({ unit: 'ms' }), 'numerator')).toBe(true)
    expect(isTime(figure({ unit: 'ms' }), 'denominator')).toBe(false)
    expect(isTime(figure({ unit: 'per_hour' }), 'denominator')).toBe(true)
    expect(isTime(figure({}), 'numerator')).toBe(false)
  })
})

test('days of the week are short and bear no date', () => {
  expect(formatDayName('ru', new Date(Date.UTC(2024, 0, 1)))).toBe('пн')
  expect(formatMoney('en', 100, 'GBP')).toBe('£1.00')
})
