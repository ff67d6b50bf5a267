/* Results being edited: what follows from one, their keys, and codes for new ones. */
import { describe, expect, test } from 'vitest'
import type { ResultDef } from '../../src/api/types.ts'
import { AGAIN, followsOf, freshCode, renumbered, withFollows } from '../../src/office/results.ts'

const yes: ResultDef = {
  key: 1,
  code: 'yes',
  label: { ru: 'Да', en: 'Yes' },
  group: 'success',
  needs: 'none',
  closes: true,
}

describe('results', () => {
  test('what was chosen to follow is what is read back', () => {
    for (const follows of ['close', 'callback', 'stop', ...AGAIN.map((one) => `again:${one}`)])
      expect(followsOf(withFollows(yes, follows))).toBe(follows)
  })

  test('the stop list and a call-back have their own kind, and leave it again', () => {
    const stop = withFollows(yes, 'stop')
    expect([stop.group, stop.closes]).toEqual(['stop', true])
    expect(withFollows(stop, 'close').group).toBe('no')
    expect(withFollows(stop, 'callback').group).toBe('later')
    expect(withFollows({ ...yes, group: 'technical' }, 'again:busy').group).toBe('technical')
  })

  test('one thing follows from a result', () => {
    const again = withFollows(withFollows(yes, 'callback'), 'again:busy')
    expect([again.needs, again.closes, again.redial_as]).toEqual(['none', false, 'busy'])
    const close = withFollows(again, 'close')
    expect([close.needs, close.closes, close.redial_as]).toEqual(['none', true, null])
  })

  test('offered results stand on the keys in their order, hidden ones after them', () => {
    const rows = [{ ...yes, code: 'a', hidden: true }, { ...yes, code: 'b', key: 7 }, yes]
    const made = renumbered(rows)
    expect(made.map((one) => one.code)).toEqual(['b', 'yes', 'a'])
    expect(made.filter((one) => !one.hidden).map((one) => one.key)).toEqual([1, 2])
  })

  test('a new result has a code nobody has', () => {
    expect(freshCode([yes, { ...yes, code: 'result_3' }])).toBe('result_4')
  })
})
