/* What a filled-in form asks for, and which differences are said to be no chance. */
import { describe, expect, test } from 'vitest'
import { askedBy } from '../../src/reports/WhatIf.tsx'
import { isBeyondChance } from '../../src/reports/WhatIfTable.tsx'

const empty = {
  campaign: '',
  operators: '',
  mode: '',
  lines: '',
  ring: '',
  attempts: '',
  days: '',
}
const gap = (low: number | null, high: number | null) => ({ mean: 1, low, high, runs: 3 })

describe('what if', () => {
  test('what is left empty stays as it is', () => {
    expect(askedBy(empty, 'k1')).toEqual({
      campaign: 'k1',
      operators: null,
      settings: {},
      days: 30,
    })
  })

  test('every field finds its setting', () => {
    const draft = {
      ...empty,
      operators: '12',
      mode: 'power',
      lines: '20',
      ring: '30',
      attempts: '4',
      days: '7',
    }
    expect(askedBy(draft, 'k1')).toEqual({
      campaign: 'k1',
      operators: 12,
      settings: {
        mode: 'power',
        lines_max: 20,
        ring_timeout_s: 30,
        'redial.attempts_max': 4,
      },
      days: 7,
    })
  })

  test('a number that is none, broken or out of bounds asks for nothing', () => {
    for (const operators of ['0', '301', '2.5', 'many'])
      expect(askedBy({ ...empty, operators }, 'k1')).toBeNull()
  })

  test('a difference whose interval holds zero may be chance', () => {
    expect(isBeyondChance(gap(-1, 3))).toBe(false)
    expect(isBeyondChance(gap(null, null))).toBe(false)
    expect(isBeyondChance(undefined)).toBe(false)
    expect(isBeyondChance(gap(0.1, 3))).toBe(true)
    expect(isBeyondChance(gap(-3, -0.1))).toBe(true)
  })
})
