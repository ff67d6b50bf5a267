/* A refusal speaks the language of the screen; what has no words in it is small print. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ApiProblem, problemIn } from '../../src/api/http.ts'
import { wordsOf } from '../../src/kit/prefs.ts'
import { fieldName, fieldProblem, problemText } from '../../src/kit/problem.ts'
import { Refused } from '../../src/live/socket.ts'
import { isKey } from '../../src/words/words.ts'

const ru = wordsOf('ru')
const en = wordsOf('en')
const plain = (text: string | null) => text?.replaceAll('\u00a0', ' ') ?? null
const source = (path: string) =>
  readFileSync(new URL(`../../../src/vyzov/${path}`, import.meta.url), 'utf8')

const wrong = (...fields: ApiProblem['fields']) =>
  new ApiProblem(422, 'invalid_request', 'It is wrong.', 'Mend it.', {}, fields)
const LINES = {
  field: 'settings.lines_max',
  detail: 'must be from 1 to 10000',
  reason: 'between',
  args: { least: 1, most: 10_000 },
}

describe('wrong fields', () => {
  test('are named with their bounds in the language of the screen', () => {
    expect(plain(problemText(ru, wrong(LINES)))).toBe('Поправьте: Линий, не больше: от 1 до 10 000')
    expect(plain(problemText(en, wrong(LINES)))).toBe('Please mend: Lines, up to: from 1 to 10,000')
  })

  test('are all named', () => {
    const text = problemText(ru, wrong(LINES, { field: 'caller_id', reason: 'phone' }))
    expect(text).toContain('Линий, не\u00a0больше')
    expect(plain(text)).toContain('Номер, который увидят люди: номер вида')
  })

  test('of which only the server has words stand in small print', () => {
    const fault = { field: 'host', detail: 'must be reachable', reason: '', args: {} }
    expect(plain(problemText(ru, wrong(fault)))).toBe('Поправьте: Адрес\nhost: must be reachable')
    expect(plain(problemText(en, wrong(fault)))).toBe('Please mend: Address: must be reachable')
  })

  test('say their reason under the field itself', () => {
    expect(plain(fieldProblem(ru, wrong(LINES), 'lines_max'))).toBe('от 1 до 10 000')
    expect(fieldProblem(ru, wrong(LINES), 'port')).toBeNull()
    expect(fieldProblem(ru, wrong({ field: 'port', detail: 'As written.' }), 'port')).toBe(
      'As written.',
    )
  })

  test('deep in the settings have the name of the nearest part we know', () => {
    expect(plain(fieldName(ru, 'window.days'))).toBe('Дни недели')
    expect(plain(fieldName(ru, 'redial.rules.busy.after_s'))).toBe('Повторы (rules.busy.after_s)')
    expect(plain(fieldName(ru, 'results[2].code'))).toBe('Итоги (2.code)')
    expect(fieldName(ru, 'nobody.knows')).toBe('nobody.knows')
  })
})

describe('other refusals', () => {
  test('leave the English of the server to the small print of a Russian screen', () => {
    const problem = new ApiProblem(409, 'conflict', 'It is running.', 'Pause it.')
    expect(plain(problemText(ru, problem))).toBe('Сейчас это невозможно.\nIt is running. Pause it.')
    expect(plain(problemText(en, problem))).toBe('Not possible right now. It is running. Pause it.')
  })

  test('with words of their own need no small print', () => {
    const problem = new ApiProblem(409, 'login_taken', 'Taken.', 'Choose.')
    expect(problemText(ru, problem)).not.toContain('\n')
  })

  test('nobody has words for are told as they came, below a word of ours', () => {
    const problem = new Refused({ code: 'no_such_code', what: 'As written.' })
    expect(problemText(ru, problem)).toBe(`${ru.t('problem.unknown')}\nAs written.`)
    expect(problemText(en, problem)).toBe('As written.')
  })

  test('of the live link carry their fields as well', () => {
    const problem = new Refused({ code: 'invalid_request', fields: [LINES] })
    expect(plain(problemText(ru, problem))).toContain('от 1 до 10 000')
  })

  test('that are no refusals at all say that it did not work', () => {
    expect(problemText(ru, new Error('boom'))).toBe(ru.t('problem.unknown'))
  })

  test('kept in an answer are read like those that came as one', () => {
    expect(plain(problemText(ru, problemIn({ code: 'invalid_request', fields: [LINES] })))).toBe(
      'Поправьте: Линий, не больше: от 1 до 10 000',
    )
  })
})

describe('ids of the server', () => {
  test('every reason of a wrong field has words', () => {
    const block = /Reason = Literal\[([\s\S]*?)\]/u.exec(source('core/errors.py'))?.[1] ?? ''
    const ids = [...block.matchAll(/"([a-z_]+)"/gu)].map((match) => match[1] ?? '')
    expect(ids.length).toBeGreaterThan(30)
    expect(ids.filter((id) => !isKey(`fault.${id}`))).toEqual([])
  })

  test('every refusal of the floor has words', () => {
    const files = ['dialer/desk.py', 'dialer/office.py', 'dialer/floor.py'].map(source).join('')
    const ids = [...files.matchAll(/refuse\(\s*[\w.]+, "([a-z_]+)"/gu)].map((m) => m[1] ?? '')
    expect(new Set(ids).size).toBeGreaterThan(10)
    expect(ids.filter((id) => !isKey(`problem.${id}`))).toEqual([])
  })

  test('every setting of a campaign has the name it has on its page', () => {
    const page = readFileSync(
      new URL('../../../docs/reference/settings.md', import.meta.url),
      'utf8',
    )
    const table = page.slice(page.indexOf('## A campaign'), page.indexOf('## Hours'))
    const names = [...table.matchAll(/^\| `([a-z_]+)` \|/gmu)].map((match) => match[1] ?? '')
    expect(names.length).toBeGreaterThan(20)
    expect(names.filter((name) => !isKey(`form.${name}`))).toEqual([])
  })
})
