/* Choosing, saving and undoing the result of a talk. One key per save, so a repeated press or a lost
   answer never saves twice; a chosen result saves itself just before the wrap-up runs out. */
import { useEffect, useRef, useState } from 'react'
import { api, ApiProblem, idempotencyKey } from '../api/http.ts'
import type { ResultDef } from '../api/types.ts'
import { live } from '../kit/live.ts'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import type { DeskState, LiveCall } from '../live/shapes.ts'

const SAVE_BEFORE_END_MS = 1_500
const TRIES = 3

export type Chosen = {
  attempt: string
  code: string
  callbackAt: number | null
  mine: boolean
  key: string
}
export type Saved = {
  call: LiveCall
  code: string
  undoUntil: number
  undone: boolean
  /* The database is away: the result is safe in the floor's journal and not saved yet. */
  kept?: boolean
}
export type Results = {
  call: LiveCall | null
  chosen: ResultDef | null
  callbackAt: number | null
  mine: boolean
  saving: boolean
  saved: Saved | null
  problem: string | null
  choose: (code: string, target?: LiveCall) => void
  pickTime: (at: number) => void
  pickWho: (mine: boolean) => void
  /* The call whose result was undone while the next one is in hand already. */
  undone: LiveCall | null
  save: () => void
  undo: () => void
  forget: () => void
}

type Body = {
  attempt: string
  result: string
  note: string
  callback_at: string | null
  callback_mine: boolean
  fields: object
}

async function post(body: Body, key: string): Promise<{ undo_until: string; kept: boolean }> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await api('/desk/result', { method: 'POST', body, key })
    } catch (error) {
      const passing = error instanceof ApiProblem && (error.status === 0 || error.status === 503)
      if (!passing || attempt >= TRIES) throw error
      await new Promise((resolve) => window.setTimeout(resolve, 700 * attempt))
    }
  }
}

export function useResult(desk: DeskState | undefined, noteNow: () => string): Results {
  const words = useWords()
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const [saved, setSaved] = useState<Saved | null>(null)
  const [saving, setSaving] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)

  // The call under the hands: the live one, or one whose result was undone.
  const undone = saved?.undone ? saved.call : null
  const done = desk?.wrap_up?.result ? desk.wrap_up : null
  const shown = desk?.call && desk.call.attempt !== done?.attempt ? desk.call : null
  const call = shown ?? undone
  const mine = chosen && chosen.attempt === call?.attempt ? chosen : null
  const definition = call?.results.find((result) => result.code === mine?.code) ?? null
  const save = async (what: Chosen | null) => {
    const target = [call, undone].find((known) => known?.attempt === what?.attempt)
    if (!what || saving || !target) return
    const needed = target.results.find((result) => result.code === what.code)?.needs
    if (needed === 'callback' && what.callbackAt === null) return
    setSaving(true)
    setProblem(null)
    try {
      const callback = what.callbackAt === null ? null : new Date(what.callbackAt).toISOString()
      const body = {
        attempt: what.attempt,
        result: what.code,
        note: target === call ? noteNow() : '',
        callback_at: callback,
        callback_mine: callback !== null && what.mine,
        fields: {},
      }
      const answer = await post(body, what.key)
      setSaved({
        call: target,
        code: what.code,
        undoUntil: Date.parse(answer.undo_until),
        undone: false,
        kept: answer.kept,
      })
      setChosen(null)
    } catch (error) {
      setProblem(problemText(words, error))
    } finally {
      setSaving(false)
    }
  }

  const choose = (code: string, target: LiveCall | null = call) => {
    const result = target?.results.find((known) => known.code === code)
    if (!target || !result || saving) return
    setProblem(null)
    const next = {
      attempt: target.attempt,
      code,
      callbackAt: null,
      mine: true,
      key: idempotencyKey(),
    }
    const complete = !result.needs || result.needs === 'none'
    // What is chosen while the customer is on the line is only marked: saving would end the talk.
    if (target === call) setChosen(next)
    if (target.state === 'ended' && complete) void save(next)
  }

  const until = desk?.wrap_up?.until
  const latest = useRef({ mine, save })
  useEffect(() => {
    latest.current = { mine, save }
  })
  useEffect(() => {
    if (!until) return
    const wait = Date.parse(until) - live.clock.now() - SAVE_BEFORE_END_MS
    const timer = window.setTimeout(
      () => void latest.current.save(latest.current.mine),
      Math.max(0, wait),
    )
    return () => window.clearTimeout(timer)
  }, [until])

  // After a reload the server still knows what was saved a moment ago.
  const known =
    saved ??
    (done?.result && done.undo_until && desk?.call?.attempt === done.attempt
      ? {
          call: desk.call,
          code: done.result,
          undoUntil: Date.parse(done.undo_until),
          undone: false,
        }
      : null)

  const undo = async () => {
    if (!known || known.undone || known.undoUntil <= live.clock.now()) return
    try {
      await api('/desk/undo', { method: 'POST', body: { attempt: known.call.attempt } })
      setSaved({ ...known, call: { ...known.call, state: 'ended' }, undone: true })
    } catch (error) {
      setProblem(problemText(words, error))
    }
  }

  return {
    call,
    chosen: definition,
    callbackAt: mine?.callbackAt ?? null,
    mine: mine?.mine ?? true,
    saving,
    saved: known,
    undone: undone && undone !== call ? undone : null,
    problem,
    choose,
    // A changed time is another request: it gets a key of its own.
    pickTime: (at) => mine && setChosen({ ...mine, callbackAt: at, key: idempotencyKey() }),
    pickWho: (own) => mine && setChosen({ ...mine, mine: own, key: idempotencyKey() }),
    save: () => void save(mine),
    undo: () => void undo(),
    forget: () => setSaved(null),
  }
}
