import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Json } from '../../src/live/patch.ts'
import { type PhoneEvent, type PhoneState, step, TABLE } from '../../src/phone/machine.ts'
import { levelOf } from '../../src/phone/microphone.ts'
import { Phone } from '../../src/phone/phone.ts'
import { type DriverReport, inOurOrder, type PhoneDriver } from '../../src/phone/webrtc.ts'

const STATES = Object.keys(TABLE) as PhoneState[]
const EVENTS = Object.keys(TABLE.none) as PhoneEvent[]

const after = (events: PhoneEvent[], from: PhoneState = 'none') =>
  events.reduce<PhoneState>((state, event) => step(state, event)[0], from)

describe('the phone machine', () => {
  test('every state answers every event with a known state', () => {
    for (const state of STATES) {
      expect(Object.keys(TABLE[state])).toEqual(EVENTS)
      for (const event of EVENTS) expect(STATES).toContain(step(state, event)[0])
    }
  })

  test('going ready brings the phone up', () => {
    expect(after(['want', 'mic_given', 'answered', 'media_up'])).toBe('up')
  })

  test('closing leads to none from every state and frees the microphone where one may be open', () => {
    for (const state of STATES) {
      const [next, ...commands] = step(state, 'close')
      expect(next).toBe('none')
      if (['asking_mic', 'connecting', 'up', 'lost'].includes(state)) {
        expect(commands).toContain('hang')
      }
    }
  })

  test('a lost line is tried again, a refused microphone is not tried by itself', () => {
    for (const event of ['media_lost', 'refused', 'timed_out'] as const) {
      expect(step('connecting', event)).toContain('retry_later')
    }
    expect(step('up', 'media_lost')).toContain('retry_later')
    expect(step('asking_mic', 'mic_refused')).toEqual(['lost', 'hang'])
  })

  test('a lost headset comes back by itself when it is plugged in', () => {
    expect(after(['mic_gone', 'mic_back', 'mic_given', 'media_up'], 'up')).toBe('up')
  })

  test('a lost socket does not drop a talk, a half-made offer is made again', () => {
    expect(step('up', 'link_back')).toEqual(['up'])
    expect(step('connecting', 'link_back')).toEqual(['connecting', 'arm', 'offer'])
  })

  test('elsewhere is left only on purpose', () => {
    const ways = EVENTS.filter((event) => step('elsewhere', event)[0] !== 'elsewhere')
    expect(ways.toSorted()).toEqual(['close', 'take_over'])
  })

  test('another tab taking over lets go of the microphone at once', () => {
    for (const state of ['asking_mic', 'connecting', 'up'] as const) {
      const [next, ...commands] = step(state, 'taken')
      expect(next).toBe('elsewhere')
      expect(commands).toContain('hang')
    }
  })

  test('a timer that was armed is disarmed by whatever ends connecting', () => {
    for (const event of EVENTS) {
      const [next, ...commands] = step('connecting', event)
      if (next !== 'connecting' && event !== 'timed_out') expect(commands).toContain('disarm')
    }
  })
})

class FakeDriver implements PhoneDriver {
  report: DriverReport = () => undefined
  calls: string[] = []
  muted = false
  askMic = async () => void this.calls.push('ask')
  offer = async () => (this.calls.push('offer'), 'v=0 offer')
  accept = async (sdp: string) => void this.calls.push(`accept ${sdp}`)
  hang = () => void this.calls.push('hang')
  mute = (on: boolean) => void (this.muted = on)
  playBlocked = async () => true
  microphone = () => null
}

describe('the phone', () => {
  let driver: FakeDriver
  let say: (what: Record<string, Json>) => void
  const request = vi.fn(async (_verb: string, _args?: Record<string, Json>): Promise<Json> => ({}))
  let phone: Phone

  beforeEach(() => {
    vi.useFakeTimers()
    vi.stubGlobal('window', globalThis)
    request.mockReset()
    request.mockResolvedValue({})
    driver = new FakeDriver()
    phone = new Phone(
      (report) => {
        driver.report = report
        return driver
      },
      { request, onSay: (listener) => ((say = listener), () => undefined) },
    )
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })
  const settle = () => vi.advanceTimersByTimeAsync(0)

  test('it offers over the socket and accepts the answer said to it', async () => {
    phone.tell('want')
    expect(driver.calls).toEqual(['ask'])
    driver.report('mic_given')
    await settle()
    expect(request).toHaveBeenCalledWith('offer', { sdp: 'v=0 offer' })
    say({ device_answer: { sdp: 'v=0 answer', leg: 'l1' } })
    driver.report('media_up')
    expect(phone.snapshot()).toMatchObject({ state: 'up', reason: null })
    expect(driver.calls).toContain('accept v=0 answer')
  })

  test('a refused offer is made again, later each time', async () => {
    request.mockRejectedValue(new Error('refused'))
    phone.tell('want')
    driver.report('mic_given')
    await settle()
    expect(phone.snapshot()).toMatchObject({ state: 'lost', reason: 'line', retries: 1 })
    await vi.advanceTimersByTimeAsync(499)
    expect(phone.snapshot().state).toBe('lost')
    await vi.advanceTimersByTimeAsync(1)
    expect(phone.snapshot().state).toBe('asking_mic')
    driver.report('mic_given')
    await settle()
    expect(phone.snapshot().retries).toBe(2)
    await vi.advanceTimersByTimeAsync(999)
    expect(phone.snapshot().state).toBe('lost')
    await vi.advanceTimersByTimeAsync(1)
    expect(phone.snapshot().state).toBe('asking_mic')
  })

  test('an answer that never comes ends in lost, not in waiting for ever', async () => {
    phone.tell('want')
    driver.report('mic_given')
    await vi.advanceTimersByTimeAsync(12_000)
    expect(phone.snapshot()).toMatchObject({ state: 'lost', reason: 'network' })
  })

  test('closing stops a retry that was on its way', async () => {
    request.mockRejectedValue(new Error('refused'))
    phone.tell('want')
    driver.report('mic_given')
    await settle()
    phone.tell('close')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(phone.snapshot().state).toBe('none')
    expect(driver.calls.filter((call) => call === 'ask')).toHaveLength(1)
  })

  test('an answer after closing changes nothing', async () => {
    phone.tell('want')
    driver.report('mic_given')
    await settle()
    phone.tell('close')
    say({ device_answer: { sdp: 'late' } })
    expect(phone.snapshot().state).toBe('none')
    expect(driver.calls).not.toContain('accept late')
  })

  test('an offer gathered after a close is not sent', async () => {
    phone.tell('want')
    driver.report('mic_given')
    phone.tell('close')
    await settle()
    expect(request).not.toHaveBeenCalled()
  })

  test('being taken over is told by the server', async () => {
    phone.tell('want')
    driver.report('mic_given')
    await settle()
    driver.report('media_up')
    say({ taken_over: true })
    expect(phone.snapshot().state).toBe('elsewhere')
    await phone.takeOver()
    expect(request).toHaveBeenLastCalledWith('take_over')
    expect(phone.snapshot().state).toBe('asking_mic')
  })

  test('the reason of a loss is kept until the phone is up again', () => {
    phone.tell('want')
    driver.report('mic_refused', 'mic_missing')
    expect(phone.snapshot()).toMatchObject({ state: 'lost', reason: 'mic_missing' })
    phone.tell('mic_back')
    expect(phone.snapshot()).toMatchObject({ state: 'asking_mic', reason: null })
  })
})

test('G.711 is asked for first, Opus stays as a way out, the rest is left out', () => {
  const known = ['audio/opus', 'audio/red', 'audio/G722', 'audio/PCMU', 'audio/PCMA', 'audio/CN']
  const order = inOurOrder(known.map((mimeType) => ({ mimeType })))
  expect(order.map((codec) => codec.mimeType)).toEqual(['audio/PCMA', 'audio/PCMU', 'audio/opus'])
})

test('the level is zero in silence, one at full scale, and grows with the voice', () => {
  const wave = (peak: number) => Float32Array.from({ length: 1024 }, (_, i) => peak * Math.sin(i))
  expect(levelOf(new Float32Array(1024))).toBe(0)
  expect(levelOf(new Float32Array(1024).fill(1))).toBe(1)
  expect(levelOf(wave(0.1))).toBeGreaterThan(levelOf(wave(0.01)))
  expect(levelOf(wave(0.0001))).toBe(0)
})
