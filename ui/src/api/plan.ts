/* What the API tells of plans of lists. */
import type { Estimate } from './whatif.ts'

export const PLAN_MODES = ['progressive', 'power', 'predictive'] as const
export type PlanMode = (typeof PLAN_MODES)[number]
export type PlanModel = 'one_by_one' | 'erlang_b' | 'erlang_a' | 'erlang_c' | 'simulation'

export type PlanAsked = {
  contacts: number
  answered: number
  tries_most: number
  talk_s: number
  wrap_up_s: number
  ring_answered_s: number
  ring_unanswered_s: number
  left_most: number
  wait_s: number
  blocked_most: number
  operators: number | null
  hours: number | null
  lines: number | null
  mode: PlanMode
  runs: number
}

export type OnePlan = {
  model: PlanModel
  operators: number
  busy: number
  left: number
  calls_per_s: number
  erlangs: number
  lines: number
  talks_per_hour: number
  hours: number
}

export type PlanRun = {
  state: 'none' | 'running' | 'done' | 'failed'
  asked: PlanAsked | null
  since: string | null
  talks: number | null
  calls: number | null
  plans: OnePlan[]
  simulation: { mode: PlanMode; runs: number; span_s: number; busy: Estimate } | null
  said: string
}

/** A campaign's settings and past; what too few calls say is null. */
export type PlanBeginning = {
  campaign: string
  name: string
  contacts: number
  operators: number
  mode: PlanMode
  tries_most: number
  left_most: number
  wait_s: number
  ring_unanswered_s: number
  answered: number | null
  talk_s: number | null
  wrap_up_s: number | null
  ring_answered_s: number | null
  stands_on: { calls: number; talks: number; days: number }
}
