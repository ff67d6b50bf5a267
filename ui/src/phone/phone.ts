/* Runs the phone machine: turns its commands into driver calls, signalling and timers.
   A plain store (subscribe, snapshot) so that any screen can show it; it survives every navigation. */
import type { Json } from '../live/patch.ts'
import { type PhoneCommand, type PhoneEvent, type PhoneState, step } from './machine.ts'
import type { DriverReport, PhoneDriver } from './webrtc.ts'

export type Signalling = {
  request(verb: string, args?: Record<string, Json>): Promise<Json>
  onSay(listener: (say: Record<string, Json>) => void): () => void
}
export type PhoneView = {
  state: PhoneState
  reason: string | null
  blocked: boolean
  retries: number
}

const CONNECT_WITHIN_MS = 12_000
const RETRY_MS = [500, 1_000, 2_000, 4_000]

export class Phone {
  private view: PhoneView = { state: 'none', reason: null, blocked: false, retries: 0 }
  private listeners = new Set<() => void>()
  private driver: PhoneDriver
  private timer = 0
  private sdp = ''

  constructor(
    makeDriver: (report: DriverReport, blocked: (on: boolean) => void) => PhoneDriver,
    private readonly signalling: Signalling,
  ) {
    this.driver = makeDriver(
      (event, detail) => this.tell(event, detail),
      (blocked) => this.show({ blocked }),
    )
    signalling.onSay((say) => this.heard(say))
  }

  snapshot = (): PhoneView => this.view

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Gives the machine an event; `reason` is kept to be shown while the phone is lost. */
  tell(event: PhoneEvent, reason?: string): void {
    const [state, ...commands] = step(this.view.state, event)
    const lost = state === 'lost' ? (reason ?? this.view.reason ?? 'line') : null
    const retries = state === 'up' || state === 'none' ? 0 : this.view.retries
    if (state !== this.view.state || lost !== this.view.reason)
      this.show({ state, reason: lost, retries })
    for (const command of commands) this.run(command)
  }

  async takeOver(): Promise<void> {
    await this.signalling.request('take_over')
    this.tell('take_over')
  }

  mute(on: boolean): void {
    this.driver.mute(on)
  }

  playBlocked(): Promise<boolean> {
    return this.driver.playBlocked()
  }

  microphone(): MediaStream | null {
    return this.driver.microphone()
  }

  private run(command: PhoneCommand): void {
    if (command === 'ask_mic') void this.driver.askMic()
    if (command === 'offer') void this.offer()
    if (command === 'accept') this.accept()
    if (command === 'hang') this.driver.hang()
    if (command === 'arm') this.after(CONNECT_WITHIN_MS, 'timed_out', 'network')
    if (command === 'disarm') window.clearTimeout(this.timer)
    if (command === 'retry_later') {
      const wait = RETRY_MS[Math.min(this.view.retries, RETRY_MS.length - 1)] ?? 4_000
      this.show({ retries: this.view.retries + 1 })
      this.after(wait, 'retry')
    }
  }

  private async offer(): Promise<void> {
    try {
      const sdp = await this.driver.offer()
      // Closed or taken over while the candidates were gathered: nobody wants this offer any more.
      if (this.view.state !== 'connecting') return
      await this.signalling.request('offer', { sdp })
    } catch {
      this.tell('refused', 'line')
    }
  }

  private accept(): void {
    this.driver.accept(this.sdp).catch(() => this.tell('refused', 'line'))
  }

  private heard(say: Record<string, Json>): void {
    if (say.taken_over) return this.tell('taken')
    const answer = say.device_answer as { sdp?: string } | undefined
    if (!answer?.sdp) return
    this.sdp = answer.sdp
    this.tell('answered')
  }

  private after(ms: number, event: PhoneEvent, reason?: string): void {
    window.clearTimeout(this.timer)
    this.timer = window.setTimeout(() => this.tell(event, reason), ms)
  }

  private show(change: Partial<PhoneView>): void {
    this.view = { ...this.view, ...change }
    for (const listener of this.listeners) listener()
  }
}
