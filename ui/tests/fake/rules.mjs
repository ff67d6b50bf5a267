/* Invented rules of pace, what they did, and the floor's word of it. */
import { at, pick } from './desk.mjs'

const lost = { when: 'abandonment', is: 'above', value: 0.03, for_s: 300, do: 'pause' }
const evening = { when: 'time_of_day', is: 'above', clock: '18:30', zone: 'Europe/Moscow' }

export const rules = [
  { ...lost, do: 'switch', mode: 'progressive' },
  { when: 'wait', is: 'above', value: 4.5, for_s: 60, do: 'pause' },
  { ...evening, for_s: 0, do: 'tell' },
]

const told = (seconds, state, seen) => ({
  seq: 9000 - seconds,
  kind: 'pace_rule',
  at: at(-seconds),
  campaign: 'k1',
  contact: null,
  attempt: null,
  agent: null,
  data: { ...lost, do: 'switch', mode: 'progressive', zone: 'UTC', state, seen },
})

export const ruleFacts = {
  items: [
    told(90_000, 'applied', 0.0412),
    told(86_000, 'cleared', 0.0271),
    told(700, 'applied', 0.0333),
  ],
  next_cursor: null,
}

export const ruleAlert = (lang) => ({
  id: 'rule:k1:abandonment',
  kind: 'rule_switch',
  args: {
    campaign: pick(lang, 'Семейный тариф, ноябрь', 'Family plan, November'),
    ...lost,
    do: 'switch',
    mode: 'progressive',
    zone: 'UTC',
  },
  since: at(-700),
})
