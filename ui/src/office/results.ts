/* Results of a campaign being edited: what follows from one, and their order on the desk's keys. */
import type { ResultDef } from '../api/types.ts'

export const KEYS_MAX = 9

/** Outcomes whose redial rule a result may name. */
export const AGAIN = ['answered_machine', 'busy', 'no_answer', 'congestion', 'unreachable'] as const

export const GROUPS = ['success', 'later', 'no', 'technical', 'stop'] as const

/** What follows from a result, as one word: close, callback, stop, or again:OUTCOME. */
export function followsOf(result: ResultDef): string {
  if (result.needs === 'callback') return 'callback'
  if (result.group === 'stop') return 'stop'
  if (result.redial_as || result.closes === false) return `again:${result.redial_as ?? 'no_answer'}`
  return 'close'
}

/** The result with something else following from it; its group goes along where it must. */
export function withFollows(result: ResultDef, follows: string): ResultDef {
  const [kind, outcome] = follows.split(':')
  const callback = kind === 'callback'
  const stop = kind === 'stop'
  const group = stop ? 'stop' : result.group === 'stop' ? 'no' : result.group
  return {
    ...result,
    group: callback && group !== 'success' ? 'later' : group,
    needs: callback ? 'callback' : 'none',
    closes: kind === 'close' || stop,
    redial_as: outcome ?? null,
  }
}

/** Offered results stand on keys 1 to 9 in their order; hidden ones come after them. */
export function renumbered(results: readonly ResultDef[]): ResultDef[] {
  const offered = results.filter((result) => !result.hidden)
  const hidden = results.filter((result) => result.hidden)
  return [...offered.map((result, index) => ({ ...result, key: index + 1 })), ...hidden]
}

/** A code nobody of these has. */
export function freshCode(results: readonly ResultDef[]): string {
  for (let n = results.length + 1; ; n++) {
    const code = `result_${n}`
    if (!results.some((result) => result.code === code)) return code
  }
}
