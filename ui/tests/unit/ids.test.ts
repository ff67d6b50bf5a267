/* Every id the server may send has words: the lists are read from the code that sends them. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { USES } from '../../src/office/uses.ts'
import { isKey } from '../../src/words/words.ts'

const source = (path: string) =>
  readFileSync(new URL(`../../../src/vyzov/${path}`, import.meta.url), 'utf8')

/** The values of one StrEnum of a Python file. */
function enumOf(path: string, name: string): string[] {
  const body = new RegExp(`class ${name}\\(StrEnum\\):\\n([\\s\\S]*?)(?=\\n\\S|$)`, 'u').exec(
    source(path),
  )
  const values = [...(body?.[1] ?? '').matchAll(/^ {4}[A-Z_0-9]+ = "([^"]+)"/gmu)].map(
    (m) => m[1] ?? '',
  )
  if (values.length === 0) throw new Error(`${name} was not found in ${path}.`)
  return values
}

const ROOMS: [string, string, string][] = [
  ['outcome', 'core/outcome.py', 'Outcome'],
  ['fact', 'core/facts.py', 'FactKind'],
  ['why', 'core/pacing/reasons.py', 'PaceReason'],
  ['gate_name', 'core/eligibility.py', 'Gate'],
  ['campaign_state', 'core/campaign.py', 'CampaignState'],
  ['purpose', 'core/campaign.py', 'Purpose'],
  ['mode', 'core/campaign.py', 'DialMode'],
  ['agent', 'core/agent.py', 'AgentState'],
  ['entry', 'core/contact.py', 'EntryState'],
  ['stop_source', 'dialer/office_records.py', 'StopSource'],
  ['use', 'dialer/columns.py', 'Meaning'],
  ['cause', 'core/diagnosis.py', 'Cause'],
]

describe('server ids', () => {
  test.each(ROOMS)('every %s has words', (room, path, name) => {
    const missing = enumOf(path, name).filter((value) => !isKey(`${room}.${value}`))
    expect(missing).toEqual([])
  })

  test('every fault, health, step and finding of a trunk has words', () => {
    const called = new Set([
      'call', 'sound', 'not_answered', 'call_failed', 'one_way', 'silent',
    ]) // prettier-ignore
    const check = 'telephony/native/trunk_check.py'
    const ids = [
      ...enumOf('core/trunk.py', 'TrunkFault').map((id) => `trunk_fault.${id}`),
      ...['ok', 'failing', 'unknown', 'trial', 'paused', 'open', 'down'].map(
        (id) => `trunk_state.${id}`,
      ),
      ...enumOf(check, 'Step')
        .filter((id) => !called.has(id))
        .map((id) => `check_step.${id}`),
      ...enumOf(check, 'Finding')
        .filter((id) => !called.has(id))
        .map((id) => `check.${id}`),
    ]
    expect(ids.filter((id) => !isKey(id))).toEqual([])
  })

  test('every reason of no trunk has words', () => {
    const missing = enumOf('core/routing.py', 'NoTrunk').filter((id) => !isKey(`why.trunk_${id}`))
    expect(missing).toEqual([])
  })

  test('every verdict of a row has words', () => {
    const block = /REASONS = \(([\s\S]*?)\)/u.exec(source('dialer/lists.py'))?.[1] ?? ''
    const ids = [...block.matchAll(/"([a-z_]+)"/gu)].map((match) => match[1] ?? '')
    expect(ids.length).toBeGreaterThan(10)
    expect(ids.filter((id) => !isKey(`row.${id}`))).toEqual([])
  })

  test('a column may be said to be all that the server knows, and nothing else', () => {
    expect([...USES].toSorted()).toEqual(enumOf('dialer/columns.py', 'Meaning').toSorted())
  })

  test('every problem the web process knows has words', () => {
    const block = /KINDS: [^=]*= \{([\s\S]*?)\n\}/u.exec(source('web/problems.py'))?.[1] ?? ''
    const ids = [...block.matchAll(/^ {4}"([a-z_]+)": Kind\(/gmu)].map((match) => match[1] ?? '')
    expect(ids.length).toBeGreaterThan(10)
    expect(ids.filter((id) => !isKey(`problem.${id}`))).toEqual([])
  })

  test('every default result has words for lists that know only its code', () => {
    const body = /def default_results[\s\S]*?\n\n\n/u.exec(source('core/disposition.py'))?.[0] ?? ''
    const codes = [...body.matchAll(/result\(\d, "([a-z_]+)"/gu)].map((match) => match[1] ?? '')
    expect(codes).toHaveLength(9)
    expect(codes.filter((code) => !isKey(`result.${code}`))).toEqual([])
  })
})
