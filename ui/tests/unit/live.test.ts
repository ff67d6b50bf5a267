import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ServerClock } from '../../src/live/clock.ts'
import { applyPatch } from '../../src/live/patch.ts'
import { LiveSocket, Refused, retryAfter } from '../../src/live/socket.ts'
import { TopicStore } from '../../src/live/store.ts'

describe('merge patches', () => {
  test('a member is replaced, added and removed', () => {
    const before = { a: 1, b: { c: 2, d: 3 } }
    expect(applyPatch(before, { a: 5, b: { d: null, e: 6 } })).toEqual({ a: 5, b: { c: 2, e: 6 } })
    expect(before).toEqual({ a: 1, b: { c: 2, d: 3 } })
  })

  test('the examples of RFC 7386 appendix A hold', () => {
    const cases: [unknown, unknown, unknown][] = [
      [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
      [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
      [{ a: 'b' }, { a: null }, {}],
      [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
      [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
      [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
      [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
      [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
      [
        ['a', 'b'],
        ['c', 'd'],
        ['c', 'd'],
      ],
      [{ a: 'b' }, ['c'], ['c']],
      [{ a: 'foo' }, null, null],
      [{ e: null }, { a: 1 }, { e: null, a: 1 }],
      [[1, 2], { a: 'b', c: null }, { a: 'b' }],
      [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    ]
    for (const [target, patch, result] of cases) {
      expect(applyPatch(target as never, patch as never)).toEqual(result)
    }
  })

  test('what did not change keeps its identity', () => {
    const before = { same: { deep: 1 }, other: { x: 1 } }
    const after = applyPatch(before, { other: { x: 2 } }) as typeof before
    expect(after.same).toBe(before.same)
    expect(after.other).not.toBe(before.other)
    expect(applyPatch(before, { other: { x: 1 } })).toBe(before)
  })

  test('a member named __proto__ stays a plain member', () => {
    const after = applyPatch({}, JSON.parse('{"__proto__":{"bad":1}}'))
    expect(Object.getPrototypeOf(after)).toBe(Object.prototype)
    expect(({} as Record<string, unknown>).bad).toBeUndefined()
  })
})

describe('topics', () => {
  test('diffs apply in order and each is told once', () => {
    const store = new TopicStore()
    const told = vi.fn()
    store.subscribe('desk', told)
    expect(store.take({ topic: 'desk', n: 0, snapshot: { a: 1 } })).toBe('applied')
    expect(store.take({ topic: 'desk', n: 1, diff: { a: 2 } })).toBe('applied')
    expect(store.take({ topic: 'desk', n: 1, diff: { a: 9 } })).toBe('ignored')
    expect(store.state('desk')).toEqual({ a: 2 })
    expect(told).toHaveBeenCalledTimes(2)
  })

  test('a gap asks once for a snapshot and shows the last state meanwhile', () => {
    const store = new TopicStore()
    store.take({ topic: 'desk', n: 0, snapshot: { a: 1 } })
    expect(store.take({ topic: 'desk', n: 2, diff: { a: 3 } })).toBe('resync')
    expect(store.take({ topic: 'desk', n: 3, diff: { a: 4 } })).toBe('ignored')
    expect(store.state('desk')).toEqual({ a: 1 })
    expect(store.take({ topic: 'desk', n: 0, snapshot: { a: 4 } })).toBe('applied')
    expect(store.take({ topic: 'desk', n: 1, diff: { b: 5 } })).toBe('applied')
    expect(store.state('desk')).toEqual({ a: 4, b: 5 })
  })

  test('after a lost socket old diffs do nothing until the new snapshot', () => {
    const store = new TopicStore()
    store.take({ topic: 'desk', n: 4, snapshot: { a: 1 } })
    store.disconnect()
    expect(store.take({ topic: 'desk', n: 5, diff: { a: 2 } })).toBe('ignored')
    expect(store.state('desk')).toEqual({ a: 1 })
  })

  test('a diff of a topic nobody has yet asks for a snapshot', () => {
    expect(new TopicStore().take({ topic: 'floor', n: 3, diff: {} })).toBe('resync')
  })
})

describe('the clock', () => {
  test('the offset of a wrong workstation clock is learnt', () => {
    let local = 1_000_000
    const clock = new ServerClock(() => local)
    clock.learn(1_300_000, 40)
    expect(clock.now()).toBe(1_300_020)
    local += 5_000
    expect(clock.now()).toBe(1_305_020)
  })

  test('a much slower measurement does not spoil a good one', () => {
    const clock = new ServerClock(() => 0)
    clock.learn(1_000, 20)
    clock.learn(9_000, 2_000)
    expect(clock.now()).toBe(1_010)
    clock.restart()
    clock.learn(9_000, 2_000)
    expect(clock.now()).toBe(10_000)
  })

  test('nonsense is not learnt', () => {
    const clock = new ServerClock(() => 7)
    clock.learn(Number.NaN, 1)
    expect(clock.now()).toBe(7)
  })
})

test('waiting before a reconnect grows and has a ceiling', () => {
  const waits = [0, 1, 2, 3, 4, 5, 50].map((attempt) => retryAfter(attempt, 1))
  expect(waits).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000])
  expect(retryAfter(3, 0)).toBe(1000)
})

class FakeSocket extends EventTarget {
  static all: FakeSocket[] = []
  readyState = 1
  sent: Record<string, unknown>[] = []
  constructor() {
    super()
    FakeSocket.all.push(this)
  }
  send(text: string) {
    this.sent.push(JSON.parse(text))
  }
  close() {
    this.drop(1000)
  }
  hear(frame: unknown) {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(frame) }))
  }
  drop(code: number) {
    this.readyState = 3
    this.dispatchEvent(Object.assign(new Event('close'), { code }))
  }
}

describe('the socket', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    FakeSocket.all = []
    vi.stubGlobal('window', globalThis)
    vi.stubGlobal('WebSocket', { OPEN: 1 })
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  const opened = () => {
    const live = new LiveSocket(() => new FakeSocket() as unknown as WebSocket)
    live.want('desk')
    live.start()
    const socket = FakeSocket.all[0] as FakeSocket
    socket.sent = []
    socket.hear({ hello: { server_time: '2026-11-19T12:00:00Z', version: 1 } })
    return { live, socket }
  }

  test('it subscribes after hello and resyncs on a gap', () => {
    const { live, socket } = opened()
    expect(live.link).toBe('open')
    expect(socket.sent).toEqual([{ subscribe: 'desk' }])
    socket.hear({ topic: 'desk', n: 0, snapshot: { a: 1 } })
    socket.hear({ topic: 'desk', n: 5, diff: { a: 2 } })
    expect(socket.sent.at(-1)).toEqual({ resync: 'desk' })
    socket.hear({ topic: 'desk', n: 0, snapshot: { a: 2 } })
    expect(live.store.state('desk')).toEqual({ a: 2 })
  })

  test('a request gets its own answer, a refusal carries its code', async () => {
    const { live, socket } = opened()
    const ready = live.request('ready')
    const muted = live.request('mute', { on: true })
    const [first, second] = socket.sent.slice(-2) as [{ id: number }, { id: number }]
    socket.hear({ re: second.id, ok: false, problem: { code: 'no_call', what: 'none' } })
    socket.hear({ re: first.id, ok: true, result: { state: 'ready' } })
    await expect(ready).resolves.toEqual({ state: 'ready' })
    await expect(muted).rejects.toBeInstanceOf(Refused)
    await expect(muted).rejects.toMatchObject({ problem: { code: 'no_call' } })
  })

  test('a request without an answer ends by itself', async () => {
    const { live } = opened()
    const asked = expect(live.request('ready')).rejects.toMatchObject({
      problem: { code: 'live_timeout' },
    })
    vi.advanceTimersByTime(10_000)
    await asked
  })

  test('a lost socket fails what waits, comes back and subscribes again', async () => {
    const { live, socket } = opened()
    const asked = expect(live.request('ready')).rejects.toMatchObject({
      problem: { code: 'live_away' },
    })
    socket.drop(1006)
    await asked
    expect(live.link).toBe('away')
    await expect(live.request('ready')).rejects.toMatchObject({ problem: { code: 'live_away' } })
    vi.advanceTimersByTime(300)
    expect(FakeSocket.all).toHaveLength(2)
    FakeSocket.all[1]?.hear({ hello: { server_time: '2026-11-19T12:00:01Z' } })
    expect(live.link).toBe('open')
    expect(FakeSocket.all[1]?.sent).toEqual([{ subscribe: 'desk' }])
  })

  test('a signed-out socket does not come back', () => {
    const { live, socket } = opened()
    socket.drop(4401)
    expect(live.link).toBe('signed_out')
    vi.advanceTimersByTime(60_000)
    expect(FakeSocket.all).toHaveLength(1)
  })

  test('a topic wanted twice is left only when both have left', () => {
    const { live, socket } = opened()
    const leave = live.want('floor')
    const leaveToo = live.want('floor')
    leave()
    expect(socket.sent).not.toContainEqual({ unsubscribe: 'floor' })
    leaveToo()
    expect(socket.sent.at(-1)).toEqual({ unsubscribe: 'floor' })
  })

  test('what is said to this connection is heard', () => {
    const { live, socket } = opened()
    const heard = vi.fn()
    live.onSay(heard)
    socket.hear({ say: { taken_over: true } })
    expect(heard).toHaveBeenCalledWith({ taken_over: true })
  })
})
