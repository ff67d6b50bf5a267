/* What has to be decided before a campaign starts, and what deserves a second look. */
import { describe, expect, test } from 'vitest'
import { checksOf } from '../../src/office/BeforeStart.tsx'
import { FIRST_FLOW } from '../../src/office/flow.ts'
import { isKey } from '../../src/words/words.ts'

describe('before start', () => {
  test('a campaign without list, people and trunk says so', () => {
    const campaign = { mode: 'progressive', list: null, settings: {} } as never
    const open = checksOf(campaign, 0).filter((check) => check.must && !check.ok)
    expect(open.map((check) => check.id)).toEqual(['list', 'agents', 'trunk'])
    const robot = { mode: 'agentless', list: { id: 'l', name: 'l' }, settings: {} } as never
    expect(checksOf(robot, 1).filter((check) => check.must && !check.ok)).toEqual([])
  })

  const robotWith = (steps: Record<string, unknown>, more: object = {}) =>
    ({
      mode: 'agentless',
      list: { id: 'l', name: 'l' },
      settings: { flow: { start: 'offer', steps }, ...more },
    }) as never
  const openOf = (campaign: never) =>
    checksOf(campaign, 1)
      .filter((check) => !check.ok)
      .map((check) => check.id)

  test('an offer that promises a person needs agents', () => {
    for (const promise of ['connect', 'callback']) {
      const steps = { offer: { do: 'announce', prompt: 'ours' }, person: { do: promise } }
      const open = checksOf(robotWith(steps), 1).filter((check) => check.must && !check.ok)
      expect(open.map((check) => check.id)).toEqual(['agents_keys'])
      expect(openOf(robotWith(steps, { agents: ['a'] }))).not.toContain('agents_keys')
    }
    expect(openOf(robotWith({ bye: { do: 'hang_up' } }))).not.toContain('agents_keys')
    expect(openOf(robotWith(FIRST_FLOW.steps))).toContain('agents_keys')
  })

  test('prompts that name a made-up company are spoken of, one’s own are not', () => {
    const own = { safe_harbour_prompt: 'sorry' }
    expect(openOf(robotWith({ offer: { do: 'announce', prompt: 'ours' } }))).toContain('samples')
    expect(openOf(robotWith({ offer: { do: 'announce', prompt: 'offer' } }, own))).toContain(
      'samples',
    )
    expect(openOf(robotWith({ offer: { do: 'announce', prompt: 'ours' } }, own))).not.toContain(
      'samples',
    )
    expect(
      openOf({
        mode: 'progressive',
        list: null,
        settings: { flow: { on_machine: { leave: 'offer' }, steps: {} }, ...own },
      } as never),
    ).toContain('samples')
  })

  test('trunks that are not known yet hold nothing up', () => {
    expect(checksOf(robotWith({}), null).find((check) => check.id === 'trunk')?.ok).toBe(true)
  })

  test('every check has its words', () => {
    const people = { mode: 'progressive', list: null, settings: {} } as never
    for (const { id } of [...checksOf(people, 0), ...checksOf(robotWith({}), 0)]) {
      for (const key of [`before.${id}`, `before.${id}_next`, `before.${id}_ok`])
        expect({ key, known: isKey(key) }).toEqual({ key, known: true })
    }
  })
})
