/* Keeps the last known state of each subscribed topic from a snapshot and numbered diffs.
   Decides when a diff cannot be applied (a gap) and asks for a fresh snapshot; knows no socket and no React. */
import { applyPatch, type Json } from './patch.ts'

export type Frame =
  { topic: string; n: number; snapshot: Json } | { topic: string; n: number; diff: Json }

export type Verdict = 'applied' | 'ignored' | 'resync'

type Topic = { n: number; state: Json; waiting: boolean; at: number }

export class TopicStore {
  private topics = new Map<string, Topic>()
  private listeners = new Map<string, Set<() => void>>()

  /** Takes one frame; `resync` means a number was skipped and a new snapshot must be asked for. */
  take(frame: Frame, at = 0): Verdict {
    const known = this.topics.get(frame.topic)
    if ('snapshot' in frame) {
      this.set(frame.topic, { n: frame.n, state: frame.snapshot, waiting: false, at })
      return 'applied'
    }
    if (!known) return 'resync'
    if (known.waiting || frame.n <= known.n) return 'ignored'
    if (frame.n !== known.n + 1) {
      this.topics.set(frame.topic, { ...known, waiting: true })
      return 'resync'
    }
    const state = applyPatch(known.state, frame.diff)
    this.set(frame.topic, { n: frame.n, state, waiting: false, at })
    return 'applied'
  }

  /** Forgets the numbering of every topic (the socket is gone) but keeps showing the last state. */
  disconnect(): void {
    for (const [name, topic] of this.topics) this.topics.set(name, { ...topic, waiting: true })
  }

  /** Forgets everything: somebody else may sign in next. */
  clear(): void {
    const names = [...this.topics.keys()]
    this.topics.clear()
    for (const name of names) this.tell(name)
  }

  /** Drops a topic nobody looks at. */
  drop(topic: string): void {
    this.topics.delete(topic)
    this.tell(topic)
  }

  state(topic: string): Json | undefined {
    return this.topics.get(topic)?.state
  }

  /** Milliseconds of the last frame of a topic, by the caller's clock; 0 when none came. */
  lastAt(topic: string): number {
    return this.topics.get(topic)?.at ?? 0
  }

  subscribe(topic: string, listener: () => void): () => void {
    const set = this.listeners.get(topic) ?? new Set()
    set.add(listener)
    this.listeners.set(topic, set)
    return () => set.delete(listener)
  }

  private set(name: string, topic: Topic): void {
    this.topics.set(name, topic)
    this.tell(name)
  }

  private tell(topic: string): void {
    for (const listener of this.listeners.get(topic) ?? []) listener()
  }
}
