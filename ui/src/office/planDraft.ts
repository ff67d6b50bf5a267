/* The planner's form as texts: what it begins with, and what it asks for once it is read. */
import type { PlanAsked, PlanBeginning, PlanMode } from '../api/plan.ts'
import type { Lang } from '../words/format.ts'
import { readNumber } from './fields.tsx'

export const GOALS = ['operators', 'hours', 'lines'] as const
export type Goal = (typeof GOALS)[number]

/** `of`: how many of the field's units make one of the API's (a share is shown in per cent). */
export type PlanField = { name: Name; least: number; most: number; whole?: boolean; of?: number }
type Name = Exclude<keyof PlanAsked, 'mode'>

export const PLAN_FIELDS: readonly PlanField[] = [
  { name: 'operators', least: 1, most: 2000, whole: true },
  { name: 'hours', least: 0.1, most: 100_000 },
  { name: 'lines', least: 1, most: 10_000, whole: true },
  { name: 'contacts', least: 1, most: 100_000_000, whole: true },
  { name: 'answered', least: 0.1, most: 100, of: 100 },
  { name: 'tries_most', least: 1, most: 50, whole: true },
  { name: 'talk_s', least: 1, most: 7200 },
  { name: 'wrap_up_s', least: 0, most: 7200 },
  { name: 'ring_answered_s', least: 0, most: 7200 },
  { name: 'ring_unanswered_s', least: 0, most: 7200 },
  { name: 'left_most', least: 0.1, most: 99, of: 100 },
  { name: 'wait_s', least: 0.1, most: 3600 },
  { name: 'blocked_most', least: 0.1, most: 99, of: 100 },
  { name: 'runs', least: 0, most: 20, whole: true },
]

export type PlanDraft = Record<Name, string> & { goal: Goal; mode: PlanMode }

const USUAL: PlanAsked = {
  contacts: 20_000,
  answered: 0.25,
  tries_most: 3,
  talk_s: 120,
  wrap_up_s: 15,
  ring_answered_s: 12,
  ring_unanswered_s: 25,
  left_most: 0.03,
  wait_s: 2,
  blocked_most: 0.01,
  operators: 20,
  hours: null,
  lines: null,
  mode: 'progressive',
  runs: 3,
}

const GOAL_TEXTS: Record<Goal, string> = { operators: '20', hours: '8', lines: '30' }

/** The form that asks for this. */
export function draftOf(asked: PlanAsked, lang: Lang): PlanDraft {
  const text = (value: number) =>
    String(Math.round(value * 100) / 100).replace('.', lang === 'ru' ? ',' : '.')
  const draft = Object.fromEntries(
    PLAN_FIELDS.map(({ name, of = 1 }) => {
      const value = asked[name]
      return [name, value === null ? GOAL_TEXTS[name as Goal] : text(value * of)]
    }),
  ) as Record<Name, string>
  const goal = GOALS.find((one) => asked[one] !== null) ?? 'operators'
  return { ...draft, goal, mode: asked.mode }
}

const within = (value: number, least: number, most: number) =>
  Math.min(most, Math.max(least, value))

/** What a campaign's past says, the usual where it says nothing. */
export function beginWith(from: PlanBeginning | undefined): PlanAsked {
  if (!from) return USUAL
  const operators = from.operators > 0 ? from.operators : null
  return {
    ...USUAL,
    contacts: Math.max(1, from.contacts),
    answered: from.answered === null ? USUAL.answered : within(from.answered, 0.001, 1),
    tries_most: from.tries_most,
    talk_s: from.talk_s === null ? USUAL.talk_s : within(from.talk_s, 1, 7200),
    wrap_up_s: from.wrap_up_s ?? USUAL.wrap_up_s,
    ring_answered_s: from.ring_answered_s ?? USUAL.ring_answered_s,
    ring_unanswered_s: from.ring_unanswered_s,
    left_most: within(from.left_most, 0.001, 0.99),
    wait_s: from.wait_s,
    mode: from.mode,
    operators,
    hours: operators === null ? 8 : null,
  }
}

/** The number a field holds in the API's unit, null where it is none or out of bounds. */
export function readField(draft: PlanDraft, field: PlanField): number | null {
  const read = readNumber(draft[field.name], field.least, field.most)
  if (read === null || (field.whole && !Number.isInteger(read))) return null
  return read / (field.of ?? 1)
}

const isGoal = (name: string): name is Goal => (GOALS as readonly string[]).includes(name)

/** What the form asks for; null while a number in it is none. */
export function planAsked(draft: PlanDraft): PlanAsked | null {
  const asked: PlanAsked = { ...USUAL, operators: null, mode: draft.mode }
  for (const field of PLAN_FIELDS) {
    if (isGoal(field.name) && field.name !== draft.goal) continue
    const value = readField(draft, field)
    if (value === null) return null
    asked[field.name] = value
  }
  return asked
}
