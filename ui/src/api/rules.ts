/* Rules of pace as the API tells them, and as facts and alerts do: those are flat. */
export const RULE_WHENS = ['abandonment', 'wait', 'answer_rate', 'progress', 'time_of_day'] as const
export type RuleWhen = (typeof RULE_WHENS)[number]
export type RuleDo = 'pause' | 'switch' | 'tell'
export const SWITCH_MODES = ['progressive', 'power', 'predictive'] as const
export type SwitchMode = (typeof SWITCH_MODES)[number]

export type PaceRule = {
  when: RuleWhen
  is: 'above' | 'below'
  value?: number
  clock?: string
  zone?: string
  for_s: number
  do: RuleDo
  mode?: SwitchMode
}

/** A rule as a fact or an alert tells it; `value` of a time of day is minutes after midnight. */
export type ToldRule = {
  when: RuleWhen
  is: 'above' | 'below'
  value: number
  for_s: number
  do: RuleDo
  mode: string
  zone: string
  seen?: number
}
