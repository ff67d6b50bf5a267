/* Changes to the steps of a script, as plain functions; nothing here decides what is wrong with them. */
import { END, type Kind, type Option, type Question, type Step } from '../api/scripts.ts'
import type { Two } from '../api/types.ts'

export const KINDS: Kind[] = ['yes_no', 'one', 'several', 'text', 'number', 'date']
const CHOSEN = new Set<Kind>(['yes_no', 'one', 'several'])

const fresh = (word: string) => `${word}_${crypto.randomUUID().slice(0, 8)}`

export const newStep = (title: Two, text: Two, objection = false): Step => ({
  id: fresh(objection ? 'objection' : 'step'),
  title,
  text,
  ...(objection ? { objection: true } : {}),
})

/** Words of one language put in; empty ones are taken out, so that the other language stands in. */
export function say(words: Two | undefined, lang: 'ru' | 'en', text: string): Two {
  const next = { ...words }
  if (text) next[lang] = text
  else delete next[lang]
  return next
}

export const replaced = (steps: Step[], id: string, change: Partial<Step>): Step[] =>
  steps.map((step) => (step.id === id ? { ...step, ...change } : step))

export const plainOf = (steps: Step[]): Step[] => steps.filter((step) => !step.objection)
export const objectionsOf = (steps: Step[]): Step[] => steps.filter((step) => step.objection)

/** A new step below another one of its kind; objections stand at the end. */
export function added(steps: Step[], step: Step, below: string | null): Step[] {
  const plain = plainOf(steps)
  const aside = objectionsOf(steps)
  if (step.objection) return [...plain, ...aside, step]
  const at = plain.findIndex((one) => one.id === below)
  const place = at < 0 ? plain.length : at + 1
  return [...plain.slice(0, place), step, ...plain.slice(place), ...aside]
}

/** Moves a step among those of its kind. */
export function moved(steps: Step[], id: string, by: number): Step[] {
  const shift = (group: Step[]) => {
    const from = group.findIndex((step) => step.id === id)
    const to = from + by
    if (from < 0 || to < 0 || to >= group.length) return group
    const next = [...group]
    const [taken] = next.splice(from, 1)
    if (taken) next.splice(to, 0, taken)
    return next
  }
  return [...shift(plainOf(steps)), ...shift(objectionsOf(steps))]
}

const aimed = (to: string | undefined, gone: string) => (to === gone ? '' : (to ?? ''))

/** Takes a step out; ways that led to it go on as usual. */
export function removed(steps: Step[], gone: string): Step[] {
  return steps
    .filter((step) => step.id !== gone)
    .map((step) => ({
      ...step,
      ...(step.next === gone ? { next: '' } : {}),
      ...(step.question
        ? {
            question: {
              ...step.question,
              ...(step.question.options && {
                options: step.question.options.map((one) => ({ ...one, to: aimed(one.to, gone) })),
              }),
              ...(step.question.ranges && {
                ranges: step.question.ranges.filter((one) => one.to !== gone),
              }),
            },
          }
        : {}),
    }))
}

/** A question of another kind: answers to choose are kept where the new kind has any of its own. */
export function ofKind(question: Question | undefined, kind: Kind | ''): Question | undefined {
  if (!kind) return undefined
  const { options, ranges, ...rest } = question ?? { kind }
  const keeps = (kind === 'one' || kind === 'several') && CHOSEN.has(rest.kind)
  const own = keeps && rest.kind !== 'yes_no' ? options : undefined
  return {
    ...rest,
    kind,
    ...(kind === 'one' || kind === 'several'
      ? { options: own ?? [newOption(1), newOption(2)] }
      : {}),
    ...(kind === 'number' && ranges ? { ranges } : {}),
  }
}

export const newOption = (n: number): Option => ({ key: String(n), label: {}, to: '' })

/** A key nobody of these has yet. */
export function freeKey(options: Option[]): string {
  let n = options.length + 1
  while (options.some((one) => one.key === String(n))) n += 1
  return String(n)
}

/** Where a yes or a no leads: written only where it leads somewhere of its own. */
export function yesNo(question: Question, key: string, to: string): Question {
  const rest = (question.options ?? []).filter((one) => one.key !== key)
  return { ...question, options: to ? [...rest, { key, label: {}, to }] : rest }
}

/** Places a way can lead to, beside the usual ones. */
export const targets = (steps: Step[], from: string): Step[] =>
  steps.filter((step) => step.id !== from)

export { END }
