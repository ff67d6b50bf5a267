/* What the wallboard takes from its address and how it groups what it is told. */
import { describe, expect, test } from 'vitest'
import { figureText, isShare } from '../../src/floor/alarms.ts'
import { wordsOf } from '../../src/kit/prefs.ts'
import { groupsOf, tokenOf, type WallCampaign, worstOf } from '../../src/wall/shapes.ts'

const campaign = (name: string, share: number | null, limit = 0.03) =>
  ({ name, lost: { share, limit } }) as WallCampaign

describe('the link', () => {
  test('its token stands behind the sign that no server sees', () => {
    expect(tokenOf('#vyzov_abcdefghijklmnopqrstuv')).toBe('vyzov_abcdefghijklmnopqrstuv')
  })
  test('anything else is no token, and the session is used', () => {
    expect(tokenOf('')).toBe('')
    expect(tokenOf('#vyzov_short')).toBe('')
    expect(tokenOf('#<script>vyzov_abcdefghijklmnopqrstuv')).toBe('')
  })
})

describe('people', () => {
  test('states are grouped, and nobody is counted twice', () => {
    const people = { talking: 2, hold: 1, ready: 4, wrap_up: 1, pause: 0 }
    expect(groupsOf(people)).toEqual([
      ['talking', 3],
      ['ready', 4],
      ['wrap_up', 1],
    ])
  })
  test('talks and those who wait are shown even when nobody does', () => {
    expect(groupsOf({})).toEqual([
      ['talking', 0],
      ['ready', 0],
    ])
  })
})

test('the campaign nearest to its limit stands on the wall', () => {
  const some = [campaign('a', 0.02), campaign('b', 0.02, 0.025), campaign('c', null)]
  expect(worstOf(some)?.name).toBe('b')
  expect(worstOf([])).toBeUndefined()
})

test('figures of alarms are written in their unit', () => {
  const words = wordsOf('en')
  expect(isShare('lost_share')).toBe(true)
  expect(figureText(words, 'lost_share', 0.0278)).toBe('2.8%')
  expect(figureText(words, 'wait', 2.5)).toBe('2.5\u00a0s')
  expect(figureText(words, 'list_low', 43)).toBe('43')
})
