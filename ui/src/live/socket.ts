/* The one live WebSocket: subscribes, resyncs on a gap, reconnects with bounded back-off, carries requests.
   Decides nothing about calls; the desk and the phone listen. No React here. */
import type { ProblemBody } from '../api/http.ts'
import { ServerClock } from './clock.ts'
import type { Json } from './patch.ts'
import { type Frame, TopicStore } from './store.ts'

export type Problem = ProblemBody & { code: string; what?: string }
export type Link = 'connecting' | 'open' | 'away' | 'closed' | 'signed_out'
type Waiting = { done: (result: Json) => void; fail: (problem: Problem) => void; timer: number }
type Wire = Record<string, Json>

const FIRST_RETRY_MS = 250
const LONGEST_RETRY_MS = 5_000
const ANSWER_WITHIN_MS = 10_000
/* Closed for good: the session ended, or the page came from a foreign origin. */
const FINAL_CODES = new Set([4401, 4403])

/** Waiting time before reconnect number `attempt` (from 0): doubles, is spread by `dice` 0..1, has a ceiling. */
export function retryAfter(attempt: number, dice: number): number {
  const full = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 10))
  return Math.round(full / 2 + (full / 2) * dice)
}

/** A refused request: carries the server's problem code, which `words` knows how to say. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.what ?? problem.code)
  }
}

export class LiveSocket {
  readonly store = new TopicStore()
  readonly clock = new ServerClock()
  private socket: WebSocket | null = null
  private wanted = new Map<string, number>()
  private waiting = new Map<number, Waiting>()
  private linkListeners = new Set<() => void>()
  private sayListeners = new Set<(say: Record<string, Json>) => void>()
  private nextId = 1
  private names = new Set<string>()
  private attempts = 0
  private retry = 0
  private openedAt = 0
  private linkState: Link = 'closed'

  constructor(private readonly open: () => WebSocket) {}

  get link(): Link {
    return this.linkState
  }

  /** True for the name of this socket and of those it replaced while the page was open. */
  wasMine(connection: string): boolean {
    return this.names.has(connection)
  }

  start(): void {
    if (this.linkState !== 'closed' && this.linkState !== 'signed_out') return
    this.attempts = 0
    this.connect()
  }

  stop(): void {
    window.clearTimeout(this.retry)
    const socket = this.socket
    this.socket = null
    socket?.close(1000)
    this.setLink('closed')
    this.store.clear()
    this.failAll({ code: 'live_closed' })
  }

  /** Asks for a topic while somebody looks at it; the returned function stops looking. */
  want(topic: string): () => void {
    const count = this.wanted.get(topic) ?? 0
    this.wanted.set(topic, count + 1)
    if (count === 0) this.send({ subscribe: topic })
    return () => {
      const left = (this.wanted.get(topic) ?? 1) - 1
      if (left > 0) this.wanted.set(topic, left)
      else {
        this.wanted.delete(topic)
        this.send({ unsubscribe: topic })
      }
    }
  }

  /** Sends one request and resolves with its result; rejects with `Refused` carrying the problem. */
  request(verb: string, args: Record<string, Json> = {}): Promise<Json> {
    return new Promise((resolve, reject) => {
      const id = this.nextId++
      const fail = (problem: Problem) => reject(new Refused(problem))
      if (!this.send({ id, do: verb, ...args })) return fail({ code: 'live_away' })
      const timer = window.setTimeout(() => {
        this.waiting.delete(id)
        fail({ code: 'live_timeout' })
      }, ANSWER_WITHIN_MS)
      this.waiting.set(id, { done: resolve, fail, timer })
    })
  }

  onLink(listener: () => void): () => void {
    this.linkListeners.add(listener)
    return () => this.linkListeners.delete(listener)
  }

  /** Hears what the server says to this connection only (the answer to a device offer, for example). */
  onSay(listener: (say: Record<string, Json>) => void): () => void {
    this.sayListeners.add(listener)
    return () => this.sayListeners.delete(listener)
  }

  private connect(): void {
    this.setLink(this.linkState === 'away' ? 'away' : 'connecting')
    const socket = this.open()
    this.socket = socket
    socket.addEventListener('open', () => {
      this.openedAt = Date.now()
      this.clock.restart()
    })
    socket.addEventListener('message', (event) => this.hear(String(event.data)))
    socket.addEventListener('close', (event) => {
      if (this.socket === socket) this.lost(event.code)
    })
  }

  private lost(code: number): void {
    this.socket = null
    this.store.disconnect()
    this.failAll({ code: 'live_away' })
    if (FINAL_CODES.has(code)) return this.setLink('signed_out')
    this.setLink('away')
    const after = retryAfter(this.attempts++, Math.random())
    this.retry = window.setTimeout(() => this.connect(), after)
  }

  private hear(text: string): void {
    const frame = JSON.parse(text) as Wire
    if (frame.hello) return this.greeted(frame.hello as Wire)
    if (typeof frame.topic === 'string') return this.topic(frame as unknown as Frame)
    if (typeof frame.re === 'number') return this.answered(frame)
    if (frame.say) for (const listener of this.sayListeners) listener(frame.say as Wire)
  }

  private greeted(hello: Wire): void {
    if (typeof hello.connection === 'string') this.names.add(hello.connection)
    this.attempts = 0
    const trip = Math.min(Date.now() - this.openedAt, 2_000)
    this.clock.learn(Date.parse(String(hello.server_time)), trip)
    for (const topic of this.wanted.keys()) this.send({ subscribe: topic })
    this.setLink('open')
  }

  private topic(frame: Frame): void {
    const verdict = this.store.take(frame, this.clock.now())
    if (verdict === 'resync') this.send({ resync: frame.topic })
  }

  private answered(frame: Wire): void {
    const waiting = this.waiting.get(frame.re as number)
    if (!waiting) return
    this.waiting.delete(frame.re as number)
    window.clearTimeout(waiting.timer)
    if (frame.ok) waiting.done(frame.result ?? null)
    else waiting.fail((frame.problem ?? { code: 'unknown' }) as unknown as Problem)
  }

  private failAll(problem: Problem): void {
    for (const waiting of this.waiting.values()) {
      window.clearTimeout(waiting.timer)
      waiting.fail(problem)
    }
    this.waiting.clear()
  }

  private send(frame: Record<string, Json>): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false
    this.socket.send(JSON.stringify(frame))
    return true
  }

  private setLink(link: Link): void {
    if (this.linkState === link) return
    this.linkState = link
    for (const listener of this.linkListeners) listener()
  }
}
