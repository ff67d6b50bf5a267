/* Steps of a script: the way shown, answers chosen by key, edits that leave no way into nothing. */
import { describe, expect, test } from 'vitest'
import type { Step, Walk } from '../../src/api/scripts.ts'
import { answeredFacts } from '../../src/desk/Filled.tsx'
import { chosenWith } from '../../src/desk/Question.tsx'
import { trail } from '../../src/desk/StepView.tsx'
import { readOn } from '../../src/desk/useScript.ts'
import {
  added,
  freeKey,
  moved,
  newStep,
  ofKind,
  removed,
  say,
  yesNo,
} from '../../src/scripts/draft.ts'

const step = (id: string, more: Partial<Step> = {}): Step => ({
  id,
  title: { en: id },
  text: { en: id },
  ...more,
})
const walk = (at: string, more: Partial<Walk> = {}): Walk => ({
  at,
  over: at === '$end',
  path: [],
  aside: '',
  answers: {},
  unanswered: [],
  next: null,
  ...more,
})
const ids = (steps: Step[]) => steps.map((one) => one.id)

describe('the way shown', () => {
  const plain = [step('a'), step('b'), step('c')]

  test('a plain script shows all its steps', () => {
    expect(ids(trail(plain, walk('b', { path: ['a'] })))).toEqual(['a', 'b', 'c'])
  })

  test('a script that branches shows the way taken, each step once, and what follows', () => {
    const steps = [step('a', { question: { kind: 'yes_no' } }), step('b'), step('c'), step('d')]
    const here = walk('c', { path: ['a', 'b', 'a'], next: 'd' })
    expect(ids(trail(steps, here))).toEqual(['b', 'a', 'c', 'd'])
    expect(ids(trail(steps, walk('$end', { path: ['a', 'c'], next: '$end' })))).toEqual(['a', 'c'])
  })

  test('without the server the steps are read one after another', () => {
    const second = readOn(plain, walk('a', { next: 'b' }), { do: 'next' })
    expect([second.at, second.path, second.next]).toEqual(['b', ['a'], 'c'])
    const over = readOn(plain, readOn(plain, second, { do: 'next' }), { do: 'next' })
    expect([over.at, over.over]).toEqual(['$end', true])
    expect(readOn(plain, over, { do: 'back' }).at).toBe('c')
    expect(readOn(plain, over, { do: 'go', step: 'a' }).at).toBe('a')
    expect(readOn(plain, walk('a'), { do: 'back' }).at).toBe('a')
  })
})

describe('answers', () => {
  test('one answer takes the place of the other, several stand together', () => {
    expect(chosenWith('one', 'a', 'b')).toBe('b')
    expect(chosenWith('several', ['a'], 'b')).toEqual(['a', 'b'])
    expect(chosenWith('several', ['a', 'b'], 'a')).toEqual(['b'])
    expect(chosenWith('several', undefined, 'a')).toEqual(['a'])
  })

  test('what was answered fills the words that come later', () => {
    const steps = [
      step('a', { question: { kind: 'several', field: 'uses' } }),
      step('b', { question: { kind: 'text' } }),
    ]
    const here = walk('b', { answers: { a: ['tv', 'games'], b: 'x' } })
    expect(answeredFacts(steps, here)).toEqual({ uses: 'tv, games' })
  })
})

describe('edits', () => {
  test('a step stands below the chosen one, an objection at the end', () => {
    const steps = [step('a'), step('b'), step('x', { objection: true })]
    expect(ids(added(steps, step('n'), 'a'))).toEqual(['a', 'n', 'b', 'x'])
    expect(ids(added(steps, step('n', { objection: true }), 'a'))).toEqual(['a', 'b', 'x', 'n'])
    expect(ids(moved(steps, 'b', -1))).toEqual(['b', 'a', 'x'])
    expect(ids(moved(steps, 'a', -1))).toEqual(['a', 'b', 'x'])
    expect(newStep({}, {}, true).objection).toBe(true)
  })

  test('a step taken out leaves no way to it', () => {
    const steps = [
      step('a', {
        next: 'b',
        question: { kind: 'one', options: [{ key: '1', label: {}, to: 'b' }] },
      }),
      step('c', { question: { kind: 'number', ranges: [{ least: 1, most: null, to: 'b' }] } }),
      step('b'),
    ]
    const left = removed(steps, 'b')
    expect(JSON.stringify(left)).not.toContain('"b"')
    expect(ids(left)).toEqual(['a', 'c'])
  })

  test('a question of another kind keeps its words and the answers that still make sense', () => {
    const one = ofKind(
      { kind: 'one', field: 'f', options: [{ key: 'x', label: {}, to: '' }] },
      'several',
    )
    expect(one).toEqual({ kind: 'several', field: 'f', options: [{ key: 'x', label: {}, to: '' }] })
    expect(ofKind(one, 'text')).toEqual({ kind: 'text', field: 'f' })
    expect(ofKind(undefined, 'one')?.options).toHaveLength(2)
    expect(ofKind(one, '')).toBeUndefined()
  })

  test('words of one language leave the other alone, empty ones are gone', () => {
    expect(say({ en: 'A' }, 'ru', 'Б')).toEqual({ en: 'A', ru: 'Б' })
    expect(say({ en: 'A', ru: 'Б' }, 'en', '')).toEqual({ ru: 'Б' })
  })

  test('a yes leads somewhere of its own, or as usual', () => {
    const set = yesNo({ kind: 'yes_no' }, 'no', 'later')
    expect(set.options).toEqual([{ key: 'no', label: {}, to: 'later' }])
    expect(yesNo(set, 'no', '').options).toEqual([])
    expect(freeKey([{ key: '2', label: {}, to: '' }])).toBe('3')
  })
})
