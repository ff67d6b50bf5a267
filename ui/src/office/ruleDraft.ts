/* A rule of pace as the texts of its row, and back. */
import {
  type PaceRule,
  type RuleDo,
  type RuleWhen,
  SWITCH_MODES,
  type SwitchMode,
} from '../api/rules.ts'
import type { Lang } from '../words/format.ts'
import { readClock, readNumber } from './fields.tsx'

export type RuleDraft = {
  id: string
  when: RuleWhen
  is: 'above' | 'below'
  value: string
  minutes: string
  /** `pause`, `tell`, or the mode to change to. */
  act: Exclude<RuleDo, 'switch'> | SwitchMode
  zone: string
}

const shown = (value: number, lang: Lang) =>
  String(Math.round(value * 1000) / 1000).replace('.', lang === 'ru' ? ',' : '.')

const isMode = (act: RuleDraft['act']): act is SwitchMode =>
  (SWITCH_MODES as readonly string[]).includes(act)

export function draftOfRule(rule: PaceRule, id: string, lang: Lang): RuleDraft {
  const { when, value = 0 } = rule
  const text =
    when === 'time_of_day' ? (rule.clock ?? '') : shown(when === 'wait' ? value : value * 100, lang)
  return {
    id,
    when,
    is: rule.is,
    value: text,
    minutes: shown(rule.for_s / 60, lang),
    act: rule.do === 'switch' ? (rule.mode ?? 'progressive') : rule.do,
    zone: rule.zone ?? 'UTC',
  }
}

/** A new row: lost calls over the limit pause the campaign. */
export function newRule(id: string, limit: number, zone: string, lang: Lang): RuleDraft {
  const rule: PaceRule = { when: 'abandonment', is: 'above', value: limit, for_s: 300, do: 'pause' }
  return { ...draftOfRule(rule, id, lang), zone }
}

/** The rule of a row, null while something in it is none. */
export function ruleOf(draft: RuleDraft): PaceRule | null {
  const minutes = readNumber(draft.minutes, 0, 1440)
  if (minutes === null) return null
  const mode = isMode(draft.act) ? draft.act : undefined
  const rest = {
    for_s: Math.round(minutes * 60),
    do: mode ? ('switch' as const) : (draft.act as RuleDo),
    ...(mode && { mode }),
  }
  if (draft.when === 'time_of_day') {
    const clock = readClock(draft.value)
    return clock === null
      ? null
      : { when: draft.when, is: draft.is, clock, zone: draft.zone, ...rest }
  }
  const read = readNumber(draft.value, 0, draft.when === 'wait' ? 600 : 100)
  if (read === null) return null
  const value = draft.when === 'wait' ? read : Math.round(read * 1000) / 100_000
  return { when: draft.when, is: draft.is, value, ...rest }
}
