/* What the planner's form begins with, what it asks for, and which line it says to go by. */
import { describe, expect, test } from 'vitest'
import type { OnePlan, PlanBeginning, PlanRun } from '../../src/api/plan.ts'
import { beginWith, draftOf, planAsked } from '../../src/office/planDraft.ts'
import { trusted } from '../../src/office/PlanTable.tsx'

const from: PlanBeginning = {
  campaign: 'k1',
  name: 'Renewal',
  contacts: 3120,
  operators: 8,
  mode: 'power',
  tries_most: 2,
  left_most: 0.05,
  wait_s: 1.5,
  ring_unanswered_s: 30,
  answered: 0.2234,
  talk_s: 147.62,
  wrap_up_s: null,
  ring_answered_s: null,
  stands_on: { calls: 100, talks: 20, days: 30 },
}

const usual = beginWith(undefined)
const run = (mode: 'progressive' | 'power', models: string[]) =>
  ({
    state: 'done',
    asked: { ...usual, mode },
    plans: models.map((model) => ({ model }) as OnePlan),
  }) as PlanRun

describe('the planner', () => {
  test('the form asks for what it was filled with, in both languages', () => {
    for (const lang of ['ru', 'en'] as const)
      expect(planAsked(draftOf({ ...usual, answered: 0.125, wait_s: 2.5 }, lang))).toEqual({
        ...usual,
        answered: 0.125,
        wait_s: 2.5,
      })
  })

  test('a goal is one of three, whatever stands in the other fields', () => {
    const draft = draftOf(usual, 'en')
    expect(planAsked({ ...draft, goal: 'hours', hours: '8', operators: 'none' })).toMatchObject({
      operators: null,
      hours: 8,
      lines: null,
    })
    expect(draftOf({ ...usual, operators: null, lines: 60 }, 'en').goal).toBe('lines')
  })

  test('a number that is none or out of bounds asks for nothing', () => {
    const draft = draftOf(usual, 'en')
    for (const change of [{ contacts: '0' }, { answered: '101' }, { runs: '1.5' }, { talk_s: '' }])
      expect(planAsked({ ...draft, ...change })).toBeNull()
  })

  test('a campaign gives what it knows, and the usual stands in for the rest', () => {
    expect(beginWith(from)).toMatchObject({
      contacts: 3120,
      answered: 0.2234,
      tries_most: 2,
      talk_s: 147.62,
      wrap_up_s: usual.wrap_up_s,
      ring_answered_s: usual.ring_answered_s,
      mode: 'power',
      operators: 8,
      hours: null,
    })
    expect(beginWith({ ...from, operators: 0 })).toMatchObject({ operators: null, hours: 8 })
    expect(planAsked(draftOf(beginWith({ ...from, contacts: 0, left_most: 0 }), 'ru'))).toBeTruthy()
  })

  test('the simulation is gone by where there is one, else the formula of the mode', () => {
    expect(trusted(run('power', ['one_by_one', 'simulation']))).toBe('simulation')
    expect(trusted(run('power', ['one_by_one', 'erlang_b']))).toBe('erlang_b')
    expect(trusted(run('progressive', ['one_by_one', 'erlang_b']))).toBe('one_by_one')
  })
})
