/* Rules of pace: rows to rules and back, and how a rule is worded. */
import { describe, expect, test } from 'vitest'
import type { PaceRule } from '../../src/api/rules.ts'
import { wordsOf } from '../../src/kit/prefs.ts'
import { clockOf, ruleDid, ruleFigure, ruleText, toldOf } from '../../src/kit/rules.ts'
import { draftOfRule, newRule, ruleOf } from '../../src/office/ruleDraft.ts'

const RULES: PaceRule[] = [
  { when: 'abandonment', is: 'above', value: 0.025, for_s: 300, do: 'pause' },
  { when: 'wait', is: 'above', value: 4.5, for_s: 0, do: 'tell' },
  { when: 'progress', is: 'above', value: 0.9, for_s: 90, do: 'switch', mode: 'progressive' },
  { when: 'time_of_day', is: 'below', clock: '09:30', zone: 'Europe/Samara', for_s: 0, do: 'tell' },
]
const plain = (text: string) => text.replaceAll('\u00a0', ' ')

describe('rules of pace', () => {
  test('a row is the rule it was made of, in both languages', () => {
    for (const lang of ['ru', 'en'] as const)
      for (const rule of RULES) expect(ruleOf(draftOfRule(rule, 'r0', lang))).toEqual(rule)
  })

  test('a new row pauses at the campaign’s own limit', () => {
    expect(ruleOf(newRule('r0', 0.05, 'UTC', 'ru'))).toEqual({
      when: 'abandonment',
      is: 'above',
      value: 0.05,
      for_s: 300,
      do: 'pause',
    })
  })

  test('a row that is not filled in is no rule', () => {
    const row = draftOfRule(RULES[0] as PaceRule, 'r0', 'en')
    expect(ruleOf({ ...row, value: '' })).toBeNull()
    expect(ruleOf({ ...row, value: '101' })).toBeNull()
    expect(ruleOf({ ...row, minutes: '1441' })).toBeNull()
    expect(ruleOf({ ...row, when: 'time_of_day', value: '25:00' })).toBeNull()
    expect(ruleOf({ ...row, when: 'wait', value: '601' })).toBeNull()
  })

  test('a rule is one sentence with its figure’s own unit', () => {
    const [lost, wait, done, clock] = RULES.map(toldOf) as [never, never, never, never]
    const en = wordsOf('en')
    expect(plain(ruleText(en, lost))).toBe('Lost today above 2.5% for 5 min')
    expect(plain(ruleText(en, wait))).toBe('Wait for an agent above 4.5 s')
    expect(plain(ruleText(en, clock))).toBe('Time of day before 09:30 (Europe/Samara)')
    expect(plain(ruleDid(en, done))).toBe('Changed to Progressive')
    expect(plain(ruleText(wordsOf('ru'), lost))).toBe('Потеряно сегодня выше 2,5 % дольше 5 мин')
    expect(ruleFigure(en, 'progress', 0.333333)).toBe('33.3%')
    expect(clockOf(1110)).toBe('18:30')
  })
})
