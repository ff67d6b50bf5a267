/* A rule of pace in words: its condition, its figure, what it did. */
import type { PaceRule, RuleWhen, ToldRule } from '../api/rules.ts'
import { formatSpan } from '../words/format.ts'
import type { Words } from './prefs.ts'

export function minutesOf(clock: string): number {
  const [hours, minutes] = clock.split(':').map(Number)
  return 60 * (hours ?? 0) + (minutes ?? 0)
}

export function clockOf(minutes: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(Math.floor(minutes / 60))}:${two(Math.floor(minutes % 60))}`
}

/** The rule as facts tell it. */
export function toldOf(rule: PaceRule): ToldRule {
  return {
    ...rule,
    value: rule.when === 'time_of_day' ? minutesOf(rule.clock ?? '') : (rule.value ?? 0),
    mode: rule.mode ?? '',
    zone: rule.zone ?? 'UTC',
  }
}

export function ruleFigure(words: Words, when: RuleWhen, value: number): string {
  if (when === 'time_of_day') return clockOf(value)
  if (when === 'wait') {
    const digits = Number.isInteger(value) ? 0 : 1
    return `${words.num(value, digits)} ${words.t('unit.s')}`
  }
  const percent = value * 100
  return words.share(value, Math.abs(percent - Math.round(percent)) < 0.01 ? 0 : 1)
}

/** "Lost today above 3% for 5 min". */
export function ruleText(words: Words, rule: ToldRule): string {
  const room = rule.when === 'time_of_day' ? 'rule_clock' : 'rule_is'
  const args = {
    figure: words.id('rule_when', rule.when),
    side: words.id(room, rule.is),
    value: ruleFigure(words, rule.when, rule.value),
    span: formatSpan(words.lang, rule.for_s),
  }
  const text = words.t(rule.for_s > 0 ? 'rule.lasting' : 'rule.at_once', args)
  return rule.when === 'time_of_day' ? `${text} (${rule.zone})` : text
}

/** "paused", "changed the mode to Power". */
export function ruleDid(words: Words, rule: ToldRule): string {
  return words.id('rule_did', rule.do, { mode: words.id('mode', rule.mode, {}, rule.mode) })
}
