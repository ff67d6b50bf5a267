/* Where the call is in its script: every move is kept by the server, which says what comes next. Without
   it (a colleague's call, a server that is away) the steps can still be read one after another. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { api, ApiProblem } from '../api/http.ts'
import { type CallScript, END, type Move, type Step, type Walk } from '../api/scripts.ts'
import type { LiveCall } from '../live/shapes.ts'

export type Walking = {
  steps: Step[]
  walk: Walk
  /** False where moves are not kept: only reading is possible. */
  kept: boolean
  busy: boolean
  problem: unknown
  move: (move: Move) => void
  again: (() => void) | null
}

const away = (error: unknown) =>
  !(error instanceof ApiProblem) || error.status === 0 || error.status >= 500

/** The step after one in the order of the list: all that can be said without the server. */
function below(steps: Step[], at: string): string {
  const plain = steps.filter((step) => !step.objection)
  const index = plain.findIndex((step) => step.id === at)
  return plain[index + 1]?.id ?? END
}

const start = (steps: Step[]): Walk => {
  const at = steps.find((step) => !step.objection)?.id ?? END
  const next = below(steps, at)
  return { at, over: at === END, path: [], aside: '', answers: {}, unanswered: [], next }
}

/** A move as it can be made without the server: no answer is taken, none decides. */
export function readOn(steps: Step[], walk: Walk, move: Move): Walk {
  const back = walk.path.at(-1)
  if (move.do === 'back' && back === undefined) return walk
  const to =
    move.do === 'back' ? (back ?? '') : move.do === 'go' ? (move.step ?? '') : below(steps, walk.at)
  const path = move.do === 'back' ? walk.path.slice(0, -1) : [...walk.path, walk.at]
  return { ...walk, at: to, over: to === END, path, aside: '', next: below(steps, to) }
}

export function useScript(call: LiveCall): Walking {
  const queries = useQueryClient()
  const key = ['call-script', call.attempt]
  const path = `/desk/script/${encodeURIComponent(call.attempt)}`
  const [read, setRead] = useState<Walk | null>(null)
  const [problem, setProblem] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState<Move | null>(null)
  const running = useRef(false)
  const { data, error } = useQuery({
    queryKey: key,
    queryFn: () => api<CallScript>(path),
    enabled: !call.as,
    retry: 1,
  })
  const steps = data?.steps ?? (call.script as Step[])
  const kept = data !== undefined
  const walk = read ?? data ?? start(steps)

  const send = async (move: Move) => {
    if (!data || running.current) return
    running.current = true
    setBusy(true)
    try {
      const body = { turn: data.turn, ...move }
      queries.setQueryData(key, await api<CallScript>(path, { method: 'POST', body }))
      setFailed(null)
      setProblem(null)
      setRead(null)
    } catch (refusal) {
      setProblem(refusal)
      // Moved in another window: what is there now is shown, and the move is the person's to repeat.
      if (refusal instanceof ApiProblem && refusal.status === 412)
        await queries.refetchQueries({ queryKey: key })
      if (away(refusal)) {
        setFailed(move)
        if (move.value === undefined) setRead(readOn(steps, walk, move))
      }
    } finally {
      running.current = false
      setBusy(false)
    }
  }
  return {
    steps,
    walk,
    kept,
    busy,
    problem: problem ?? (call.as || data ? null : error),
    move: (move) => (kept ? void send(move) : setRead(readOn(steps, walk, move))),
    again: failed && kept ? () => void send(failed) : null,
  }
}
