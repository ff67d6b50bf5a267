/* oxlint-disable unicorn/no-thenable -- the interface names what was and what would be "now" and "then". */
/* An invented estimate. */
import { at, pick } from './desk.mjs'

const one = (mean, half) => ({ mean, low: Math.max(0, mean - half), high: mean + half, runs: 5 })
const gap = (mean, half) => ({ mean, low: mean - half, high: mean + half, runs: 5 })

export const whatIf = (lang) => ({
  state: 'done',
  asked: { campaign: 'k1', campaign_name: pick(lang, 'Продление тарифа', 'Plan renewal') },
  since: at(-400),
  ended: at(-190),
  said: '',
  estimate: {
    is: 'estimate',
    campaign: {
      id: 'k1',
      name: pick(lang, 'Продление тарифа', 'Plan renewal'),
      mode: 'progressive',
    },
    stands_on: { calls: 6214, talks: 1388, from: at(-2_400_000), to: at(-3600) },
    lived: { begin: at(64_800), span_s: 14_400, contacts: 2180, runs: 5, seconds: 96.4 },
    change: {
      operators: { now: 8, then: 12 },
      settings: { lines_max: 30, 'redial.attempts_max': 4 },
    },
    now: {
      attempts: one(1412, 31),
      contacts: one(331.4, 14),
      talks: one(329.2, 14.1),
      answer_rate: one(0.2347, 0.008),
      abandoned: one(2.2, 1.4),
      abandonment: one(0.0066, 0.004),
      occupancy: one(0.662, 0.011),
      talk_mean_s: one(148, 6),
      wait_median_s: one(0.21, 0.01),
      talks_per_operator_hour: one(10.3, 0.4),
      penetration: one(0.512, 0.012),
    },
    then: {
      attempts: one(2066, 44),
      contacts: one(472.8, 18),
      talks: one(470.4, 18.2),
      answer_rate: one(0.2289, 0.007),
      abandoned: one(2.4, 1.6),
      abandonment: one(0.0051, 0.0035),
      occupancy: one(0.631, 0.012),
      talk_mean_s: one(149, 6),
      wait_median_s: one(0.2, 0.01),
      talks_per_operator_hour: one(9.8, 0.4),
      penetration: one(0.741, 0.014),
    },
    difference: {
      attempts: gap(654, 40),
      contacts: gap(141.4, 16),
      talks: gap(141.2, 16.4),
      answer_rate: gap(-0.0058, 0.009),
      abandoned: gap(0.2, 2),
      abandonment: gap(-0.0015, 0.005),
      occupancy: gap(-0.031, 0.012),
      talk_mean_s: gap(1, 7),
      wait_median_s: gap(-0.01, 0.02),
      talks_per_operator_hour: gap(-0.5, 0.6),
      penetration: gap(0.229, 0.016),
    },
  },
})
