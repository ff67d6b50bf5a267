/* Changes of a flow as plain functions: each gives a new flow and leaves the old one alone. */
import type { FieldProblem } from '../api/http.ts'
import type { Flow, Kind, Step } from '../api/prompts.ts'

export const KINDS: readonly Kind[] = ['announce', 'connect', 'callback', 'suppress', 'hang_up']
export const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '*', '#'] as const

const FRESH: Record<Kind, Omit<Step, 'do'>> = {
  announce: { prompt: 'offer', keys: {}, wait_s: 5, repeats: 0, on_silence: '' },
  connect: { prompt: 'please_wait', wait_s: 10 },
  callback: { prompt: 'will_call_back', after_s: 3600 },
  suppress: { prompt: 'removed' },
  hang_up: { prompt: 'goodbye' },
}

/** The ways out of a step: key or silence to the step it leads to. */
export function waysOf(step: Step): [string, string][] {
  if (step.do !== 'announce') return []
  const keys = Object.entries(step.keys ?? {}).toSorted(
    ([a], [b]) => KEYS.indexOf(a as '1') - KEYS.indexOf(b as '1'),
  )
  return [...keys, ['', step.on_silence ?? '']]
}

/** Steps in the order a callee comes to them; those nobody comes to stand last. */
export function inOrder(flow: Flow): string[] {
  const found: string[] = []
  const ahead = [flow.start]
  while (ahead.length > 0) {
    const name = ahead.shift() as string
    const step = flow.steps[name]
    if (!step || found.includes(name)) continue
    found.push(name)
    ahead.push(...waysOf(step).map(([, to]) => to))
  }
  return [...found, ...Object.keys(flow.steps).filter((name) => !found.includes(name))]
}

const withStep = (flow: Flow, name: string, step: Step): Flow => ({
  ...flow,
  steps: { ...flow.steps, [name]: step },
})

export const changed = (flow: Flow, name: string, part: Partial<Step>): Flow =>
  withStep(flow, name, { ...(flow.steps[name] as Step), ...part })

/** The same step of another kind; what both kinds have stays. */
export function ofKind(flow: Flow, name: string, kind: Kind): Flow {
  const before = flow.steps[name]
  const silent = Object.keys(flow.steps).find((other) => flow.steps[other]?.do === 'hang_up')
  const fresh: Step = { do: kind, ...FRESH[kind] }
  if (kind === 'announce') fresh.on_silence = silent ?? ''
  if (before?.prompt) fresh.prompt = before.prompt
  return withStep(flow, name, fresh)
}

/** A new step under a name that is free. */
export function added(flow: Flow, kind: Kind): { flow: Flow; name: string } {
  let count = 1
  while (flow.steps[`${kind}_${count}`]) count += 1
  const name = `${kind}_${count}`
  return { flow: ofKind(flow, name, kind), name }
}

const turned = (step: Step, turn: (name: string) => string): Step =>
  step.do === 'announce'
    ? {
        ...step,
        on_silence: turn(step.on_silence ?? ''),
        keys: Object.fromEntries(
          Object.entries(step.keys ?? {})
            .map(([key, to]) => [key, turn(to)])
            .filter(([, to]) => to !== ''),
        ),
      }
    : step

/** Another name for a step, wherever the flow names it. */
export function renamed(flow: Flow, from: string, to: string): Flow {
  const turn = (name: string) => (name === from ? to : name)
  const steps = Object.entries(flow.steps).map(([name, step]) => [turn(name), turned(step, turn)])
  return { ...flow, start: turn(flow.start), steps: Object.fromEntries(steps) }
}

/** The flow without a step; keys that led there are gone, silence there leads nowhere yet. */
export function without(flow: Flow, name: string): Flow {
  const turn = (to: string) => (to === name ? '' : to)
  const steps = Object.entries(flow.steps)
    .filter(([other]) => other !== name)
    .map(([other, step]) => [other, turned(step, turn)])
  return { ...flow, start: turn(flow.start), steps: Object.fromEntries(steps) }
}

export const isName = (text: string) => /^[a-z][a-z0-9_]{0,47}$/u.test(text)

/** What is wrong with one step, by the rest of the field's name ("prompt", "keys.1", ""). */
export function wrongWith(problems: FieldProblem[], name: string): Record<string, FieldProblem> {
  const own = problems.filter(
    ({ field }) => field === `steps.${name}` || field.startsWith(`steps.${name}.`),
  )
  return Object.fromEntries(own.map((one) => [one.field.slice(`steps.${name}.`.length), one]))
}

type Json = Record<string, unknown>
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The merge patch (RFC 7386) that makes `after` of `before`: what is gone is null. */
export function patchOf(before: unknown, after: Json): Json {
  const was = isObject(before) ? before : {}
  const patch: Json = {}
  for (const name of new Set([...Object.keys(was), ...Object.keys(after)])) {
    const value = after[name]
    if (value === undefined || value === null) {
      if (was[name] !== undefined && was[name] !== null) patch[name] = null
    } else if (isObject(value)) patch[name] = patchOf(was[name], value)
    else if (JSON.stringify(value) !== JSON.stringify(was[name])) patch[name] = value
  }
  return patch
}

const isEmpty = (patch: unknown): boolean =>
  isObject(patch) && Object.values(patch).every((part) => isEmpty(part))

/** True where both say the same, whatever the order of their fields; null is what is not there. */
export const isSame = (before: unknown, after: Json): boolean =>
  isObject(before) && isEmpty(patchOf(before, after))
