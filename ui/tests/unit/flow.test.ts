/* Changes of a flow, the patch that saves them, and the WAV a recording becomes. */
import { describe, expect, test } from 'vitest'
import type { Flow, Step } from '../../src/api/prompts.ts'
import {
  added,
  changed,
  inOrder,
  isName,
  isSame,
  KINDS,
  ofKind,
  patchOf,
  renamed,
  waysOf,
  without,
  wrongWith,
} from '../../src/flow/flowEdit.ts'
import { wavOf } from '../../src/flow/recorder.ts'
import { FIRST_FLOW } from '../../src/office/flow.ts'
import { WORDS } from '../../src/words/words.ts'

const FLOW = FIRST_FLOW as Flow

/** Applies a merge patch as the server does (RFC 7386). */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const result: Record<string, unknown> =
    typeof target === 'object' && target !== null ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name]
    else result[name] = merged(result[name], value)
  }
  return result
}

describe('a flow being edited', () => {
  test('stands in the order a callee comes to its steps, lost ones last', () => {
    expect(inOrder(FLOW)).toEqual(['offer', 'operator', 'later', 'stop', 'bye'])
    const lost = added(FLOW, 'hang_up')
    expect(inOrder(lost.flow).at(-1)).toBe(lost.name)
    expect(inOrder({ start: 'nowhere', steps: FLOW.steps })).toHaveLength(5)
  })

  test('has keys in the order of a telephone, silence last', () => {
    const step: Step = { do: 'announce', keys: { '#': 'a', '0': 'b', '9': 'c', '1': 'd' } }
    expect(waysOf(step).map(([key]) => key)).toEqual(['1', '9', '0', '#', ''])
    expect(waysOf({ do: 'hang_up' })).toEqual([])
  })

  test('takes a new name wherever the old one was meant', () => {
    const flow = renamed(renamed(FLOW, 'bye', 'farewell'), 'offer', 'hello')
    expect(flow.start).toBe('hello')
    expect(flow.steps.hello?.on_silence).toBe('farewell')
    expect(Object.keys(flow.steps)).toContain('farewell')
    expect(FLOW.steps.offer?.on_silence).toBe('bye')
  })

  test('loses a step with the keys that led there; silence there leads nowhere yet', () => {
    const flow = without(without(FLOW, 'stop'), 'bye')
    expect(flow.steps.offer?.keys).toEqual({ '1': 'operator', '2': 'later' })
    expect(flow.steps.offer?.on_silence).toBe('')
    expect(without(FLOW, 'offer').start).toBe('')
  })

  test('gets steps of every kind with names that are free', () => {
    let flow = FLOW
    for (const kind of KINDS) {
      const first = added(flow, kind)
      const second = added(first.flow, kind)
      expect(isName(first.name) && first.name !== second.name).toBe(true)
      expect(second.flow.steps[second.name]?.do).toBe(kind)
      flow = second.flow
    }
    expect(flow.steps.announce_1?.on_silence).toBe('bye')
    const kept = ofKind(changed(FLOW, 'bye', { prompt: 'thanks' }), 'bye', 'suppress')
    expect(kept.steps.bye).toEqual({ do: 'suppress', prompt: 'thanks' })
  })

  test('knows what is wrong with each step and nothing of steps whose name begins alike', () => {
    const fault = (field: string) => ({ field, reason: 'no_step' })
    const wrong = wrongWith(
      [fault('steps.offer.keys.1'), fault('steps.offer'), fault('steps.offer_2.prompt')],
      'offer',
    )
    expect(Object.keys(wrong).toSorted()).toEqual(['', 'keys.1'])
  })
})

describe('the patch that saves a flow', () => {
  const plain = (flow: unknown) => JSON.parse(JSON.stringify(flow)) as Record<string, unknown>

  test.each([
    ['a removed step and its keys', without(FLOW, 'stop')],
    ['another kind', ofKind(FLOW, 'later', 'connect')],
    ['a message for machines', { ...FLOW, on_machine: { leave: 'offer', beep_wait_s: 5 } }],
    ['a new name', renamed(FLOW, 'offer', 'hello')],
  ])('makes of the saved one: %s', (_, after) => {
    expect(merged(plain(FLOW), patchOf(plain(FLOW), plain(after)))).toEqual(plain(after))
    expect(merged(plain(after), patchOf(plain(after), plain(FLOW)))).toEqual(plain(FLOW))
  })

  test('says nothing of what stays', () => {
    const patch = patchOf(plain(FLOW), plain(changed(FLOW, 'bye', { result: 'done' })))
    expect(merged({}, patch)).toEqual({ steps: { bye: { result: 'done' }, ...emptySteps() } })
  })

  test('is not needed where only the order or a null differs', () => {
    const { steps, ...rest } = plain(FLOW)
    expect(isSame(plain(FLOW), { steps, ...rest })).toBe(true)
    const quiet = changed(FLOW, 'bye', { prompt: null })
    expect(isSame(plain(FLOW), plain(quiet))).toBe(false)
    const without_prompt = plain({
      ...quiet,
      steps: { ...quiet.steps, bye: { do: 'hang_up', result: 'no_key' } },
    })
    expect(isSame(without_prompt, plain(quiet))).toBe(true)
    expect(isSame(null, plain(FLOW))).toBe(false)
  })

  const emptySteps = () => ({ offer: { keys: {} }, operator: {}, later: {}, stop: {} })
})

test('a recording becomes 16-bit PCM, and what is too loud is cut', async () => {
  const blob = wavOf(new Float32Array([0, 0.5, -1, 2]), 16_000)
  const view = new DataView(await blob.arrayBuffer())
  const text = (at: number) =>
    String.fromCharCode(...[0, 1, 2, 3].map((place) => view.getUint8(at + place)))
  expect([text(0), text(8), text(36)]).toEqual(['RIFF', 'WAVE', 'data'])
  expect([view.getUint16(22, true), view.getUint32(24, true)]).toEqual([1, 16_000])
  expect([view.getUint32(40, true), view.byteLength]).toEqual([8, 52])
  expect([0, 1, 2, 3].map((place) => view.getInt16(44 + 2 * place, true))).toEqual([
    0, 16_384, -32_767, 32_767,
  ])
})

test('every line a trial can tell has words', () => {
  const told = ['key', 'step', 'say', 'listen', 'stop_list', 'promise', 'hand_over', 'agent']
  for (const lang of ['ru', 'en'] as const) {
    for (const did of [...told, 'nobody', 'hang_up']) {
      expect(WORDS[lang][`trial.${did}`]).toBeTruthy()
    }
  }
})
