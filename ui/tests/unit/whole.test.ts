import { expect, test } from 'vitest'
import { lastWhole, whole } from '../../src/live/whole.ts'

const desk = {
  floor: 'here',
  agent: { id: 'a', state: 'ready' },
  device: { state: 'up' },
  today: { calls: 1 },
}

test('members the server left out are null again', () => {
  const state = whole('desk', desk)
  expect(state).toMatchObject({ call: null, wrap_up: null, empty: null })
  expect(state?.device).toEqual({
    state: 'up',
    codec: null,
    rtt_ms: null,
    loss_share: null,
    kind: 'browser',
    phone: null,
  })
  expect(state?.today).toEqual({ calls: 1, occupancy: null })
})

test('what the server sent is kept', () => {
  const state = whole('desk', {
    ...desk,
    call: { attempt: 'x', answered_at: 't', contact: { id: 'c', zone: 'Europe/Moscow' } },
  })
  expect(state?.call).toMatchObject({ attempt: 'x', answered_at: 't', ended_at: null })
  expect(state?.call).toMatchObject({ contact: { id: 'c', zone: 'Europe/Moscow', note: null } })
})

test('the same state is the same object, so that nothing is drawn twice', () => {
  expect(whole('desk', desk)).toBe(whole('desk', desk))
})

test('a state of which nothing is known yet is undefined', () => {
  expect(whole('desk', { floor: 'away' })).toBeUndefined()
  expect(whole('floor', { floor: 'away' })).toBeUndefined()
  expect(whole('campaign:1', { floor: 'away' })).toBeUndefined()
  expect(whole('desk', undefined)).toBeUndefined()
})

test('a campaign and the floor are given as they are, nulls back in place', () => {
  expect(whole('floor', { agents: [], floor: 'here' })).toEqual({ agents: [], floor: 'here' })
  const state = whole('campaign:1', { id: '1', pace: { lines: 2 }, abandon: { numerator: 0 } })
  expect(state?.pace).toEqual({ lines: 2, lines_per_agent: null, why: null, longest_wait_s: null })
  expect(state?.abandon).toEqual({ numerator: 0, share: null })
})

test('while the floor is away the last state stays on the screen and says so', () => {
  expect(lastWhole('desk', { floor: 'away' })).toBeUndefined()
  const here = lastWhole('desk', desk)
  expect(here).toMatchObject({ floor: 'here' })
  const gone = lastWhole('desk', { floor: 'away' })
  expect(gone).toMatchObject({ floor: 'away', agent: { id: 'a' } })
  expect(lastWhole('desk', { floor: 'away' })).toBe(gone)
  expect(lastWhole('desk', undefined)).toBeUndefined()
  expect(lastWhole('desk', { floor: 'away' })).toBeUndefined()
})
