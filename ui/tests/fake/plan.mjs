/* An invented plan, and what a campaign's past would have it begin with. */
import { at, pick } from './desk.mjs'

const row = (model, operators, busy, left, calls_per_s, lines, talks_per_hour, hours) => ({
  model,
  operators,
  busy,
  left,
  calls_per_s,
  erlangs: lines * 0.8,
  lines,
  talks_per_hour,
  hours,
})

export const plan = () => ({
  state: 'done',
  asked: {
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
    mode: 'predictive',
    runs: 5,
  },
  since: at(-160),
  ended: at(-60),
  talks: 11_562.5,
  calls: 46_250,
  plans: [
    row('one_by_one', 20, 0.6081, 0, 0.36, 31, 324.3, 35.7),
    row('erlang_b', 20, 0.6794, 0.03, 0.42, 34, 362.4, 31.9),
    row('erlang_a', 20, 0.6893, 0.03, 0.42, 35, 367.6, 31.5),
    row('erlang_c', 20, 0.5622, 0.03, 0.33, 29, 299.8, 38.6),
    row('simulation', 20, 0.8723, 0.0204, 0.53, 42, 465.2, 24.9),
  ],
  simulation: {
    mode: 'predictive',
    runs: 5,
    span_s: 14_400,
    busy: { mean: 0.8723, low: 0.861, high: 0.8836, runs: 5 },
    left: { mean: 0.0204, low: 0.018, high: 0.0228, runs: 5 },
  },
  said: '',
})

export const planBeginning = (lang) => ({
  campaign: 'k1',
  name: pick(lang, 'Продление тарифа', 'Plan renewal'),
  contacts: 3120,
  operators: 8,
  mode: 'progressive',
  tries_most: 3,
  left_most: 0.03,
  wait_s: 2,
  ring_unanswered_s: 25,
  answered: 0.2234,
  talk_s: 147.62,
  wrap_up_s: 21.3,
  ring_answered_s: 11.87,
  stands_on: { calls: 6214, talks: 1388, days: 30 },
})
