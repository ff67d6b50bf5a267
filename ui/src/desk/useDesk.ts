/* The desk's state and what an agent may ask of the floor; a refusal is kept to be said in words. */
import { useCallback, useState } from 'react'
import { live, phone, useTopic } from '../kit/live.ts'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import type { Json } from '../live/patch.ts'
import type { DeskState, LiveContact } from '../live/shapes.ts'

const PROBLEM_FOR_MS = 6_000
const NOBODY: LiveContact = {
  id: '',
  name: '',
  phone: '',
  zone: null,
  utc_offset_minutes: null,
  window: null,
  may_call_until: null,
  fields: {},
  attempt_number: 1,
  list: null,
  note: null,
}

export type Ask = (verb: string, args?: Record<string, Json>) => Promise<void>
export type Asking = { ask: Ask; problem: string | null; tell: (problem: string | null) => void }

export function useAsk(): Asking {
  const words = useWords()
  const [problem, tell] = useState<string | null>(null)
  const ask = useCallback<Ask>(
    async (verb, args) => {
      try {
        await live.request(verb, args)
        tell(null)
      } catch (error) {
        const text = problemText(words, error)
        tell(text)
        window.setTimeout(() => tell((shown) => (shown === text ? null : shown)), PROBLEM_FOR_MS)
      }
    },
    [words],
  )
  return { ask, problem, tell }
}

/** The desk's state; a call whose contact is not read yet has an empty one. */
export function useDeskState(): DeskState | undefined {
  const desk = useTopic<DeskState>('desk')
  if (!desk?.call || desk.call.contact.fields) return desk
  return { ...desk, call: { ...desk.call, contact: { ...NOBODY, ...desk.call.contact } } }
}

/** Goes ready: the wish first, the phone at once beside it, so that the gesture allows sound.
    A desk phone is rung by the floor. */
export function goReady(ask: Ask, kind: DeskState['device']['kind']): void {
  if (kind === 'browser') {
    void phone.playBlocked()
    phone.tell('want')
  }
  void ask('ready')
}
