import { describe, expect, test } from 'vitest'
import { fieldId } from '../../src/words/words.ts'
import {
  momentThere,
  quickChoices,
  slotGrid,
  wallClock,
  withinWindow,
} from '../../src/desk/hours.ts'
import { pieces, plainText } from '../../src/desk/script.ts'
import { ceiling } from '../../src/floor/Minutes.tsx'
import { countByGroup, inOrder } from '../../src/floor/order.ts'
import type { FloorAgent } from '../../src/live/shapes.ts'
import { readClock, readNumber } from '../../src/office/fields.tsx'
import { FIRST_FLOW, keysOf } from '../../src/office/flow.ts'
import { encodingName } from '../../src/office/encoding.ts'
import { rolesFor } from '../../src/office/PersonForm.tsx'
import { e164Of } from '../../src/office/StopList.tsx'
import { pathOf } from '../../src/reports/FactsPanel.tsx'
import { dayOf, instants, midnight, quickPeriod } from '../../src/reports/period.ts'

const NOW = Date.parse('2026-11-19T12:34:00Z')
const SAMARA = 240
const WINDOW = { from: '09:00', to: '21:00' }

describe('the customer’s hours', () => {
  test('a moment is judged on the customer’s clock', () => {
    expect(withinWindow(NOW, SAMARA, WINDOW)).toBe(true)
    expect(withinWindow(Date.parse('2026-11-19T17:00:00Z'), SAMARA, WINDOW)).toBe(false)
    expect(withinWindow(Date.parse('2026-11-19T04:59:00Z'), SAMARA, WINDOW)).toBe(false)
    expect(withinWindow(NOW, SAMARA, null)).toBe(true)
  })

  test('a wall-clock time there is the right instant, also west of Greenwich', () => {
    expect(new Date(momentThere(NOW, SAMARA, 1, 600)).toISOString()).toBe(
      '2026-11-20T06:00:00.000Z',
    )
    expect(new Date(momentThere(NOW, -420, 0, 540)).toISOString()).toBe('2026-11-19T16:00:00.000Z')
  })

  test('quick choices are never in the past and never outside the hours', () => {
    for (let hour = 0; hour < 48; hour++) {
      const now = NOW + hour * 3_600_000
      for (const choice of quickChoices(now, SAMARA, WINDOW)) {
        expect(choice.at).toBeGreaterThan(now)
        expect(withinWindow(choice.at, SAMARA, WINDOW)).toBe(true)
      }
    }
  })

  test('next Monday is never today', () => {
    const monday = Date.parse('2026-11-23T06:00:00Z')
    const choice = quickChoices(monday, 0, null).find((one) => one.id === 'monday')
    expect(new Date(choice?.at ?? 0).toISOString()).toBe('2026-11-30T18:30:00.000Z')
  })

  test('the grid has one column a day, half an hour a row, and closed slots are marked', () => {
    const grid = slotGrid(NOW, SAMARA, WINDOW, {
      days: 5,
      rows: 5,
      around: 20 * 60 + 30,
      firstDay: 0,
    })
    expect(grid).toHaveLength(5)
    expect(
      wallClock(grid[0]?.[0]?.at ?? 0, SAMARA)
        .toISOString()
        .slice(11, 16),
    ).toBe('19:30')
    expect(grid[4]?.map((slot) => slot.open)).toEqual([false, false, false, false, false])
    expect((grid[1]?.[1]?.at ?? 0) - (grid[1]?.[0]?.at ?? 0)).toBe(86_400_000)
  })
})

describe('the script', () => {
  test('variables are filled whatever the case, unknown ones are marked', () => {
    expect(pieces('Hi {{ Name }}, {{plan}} till {{end}}.', { name: 'Nora', PLAN: 'Home' })).toEqual(
      [
        { text: 'Hi ', kind: 'plain' },
        { text: 'Nora', kind: 'filled' },
        { text: ', ', kind: 'plain' },
        { text: 'Home', kind: 'filled' },
        { text: ' till ', kind: 'plain' },
        { text: 'end', kind: 'missing' },
        { text: '.', kind: 'plain' },
      ],
    )
  })

  test('broken braces stay as they are', () => {
    expect(plainText('a {{b', {})).toBe('a {{b')
    expect(plainText('{{x}}', {})).toBe('…')
  })

  test('a value is never read as a variable again', () => {
    expect(plainText('{{a}}', { a: '{{b}}', b: 'no' })).toBe('{{b}}')
  })
})

describe('fields of a list', () => {
  test('usual fields are known by their title in either language', () => {
    expect(fieldId('Тариф')).toBe('plan')
    expect(fieldId(' plan ')).toBe('plan')
    expect(fieldId('Договор до')).toBe('contract_end')
    expect(fieldId('Любимый цвет')).toBe('Любимый цвет')
  })
})

describe('the floor', () => {
  const agent = (name: string, state: string, attention: string | null = null) =>
    ({ name, state, attention, since: '' }) as FloorAgent
  test('those who need help come first, the rest by state and name', () => {
    const order = inOrder([
      agent('Zed', 'pause'),
      agent('Ann', 'talking'),
      agent('Bob', 'pause', 'pause_long'),
      agent('Abe', 'ready'),
      agent('Cat', 'talking', 'help'),
      agent('Aba', 'talking'),
    ]).map((one) => one.name)
    expect(order).toEqual(['Cat', 'Bob', 'Aba', 'Ann', 'Abe', 'Zed'])
  })

  test('groups add up to everybody', () => {
    const agents = ['talking', 'hold', 'ready', 'reserved', 'wrap_up', 'pause', 'no_device'].map(
      (s) => agent(s, s),
    )
    const counts = countByGroup(agents)
    expect(Object.values(counts).reduce((a, b) => a + b, 0)).toBe(agents.length)
    expect(counts.talk).toBe(2)
  })

  test('the scale of the chart is round and never below the largest bar', () => {
    for (const largest of [0, 3, 4, 5, 17, 61, 999, 1001])
      expect(ceiling(largest)).toBeGreaterThanOrEqual(largest)
    expect(ceiling(17)).toBe(20)
  })
})

describe('the office', () => {
  test('numbers are read with comma or point, within their limits', () => {
    expect(readNumber('2,5', 0, 10)).toBe(2.5)
    expect(readNumber(' 1 440 ', 0, 9999)).toBe(1440)
    expect(readNumber('11', 0, 10)).toBeNull()
    expect(readNumber('', 0, 10)).toBeNull()
    expect(readNumber('x', 0, 10)).toBeNull()
  })

  test('times of day are read as people type them', () => {
    expect(readClock('9')).toBe('09:00')
    expect(readClock('0930')).toBe('09:30')
    expect(readClock('21:00')).toBe('21:00')
    expect(readClock('24:00')).toBe('00:00')
    expect(readClock('25:00')).toBeNull()
    expect(readClock('9:75')).toBeNull()
  })

  test('a number is taken only whole', () => {
    expect(e164Of('+7 000 555-01-01')).toBe('+70005550101')
    expect(e164Of('8 (000) 555-01-01')).toBe('+70005550101')
    expect(e164Of('555')).toBeNull()
    expect(e164Of('+0123456789')).toBeNull()
  })

  test('encodings have the names people know', () => {
    expect(encodingName('cp1251')).toBe('Windows-1251')
    expect(encodingName('utf_8_sig')).toBe('UTF-8')
    expect(encodingName('cp866')).toBe('CP866')
  })

  test('the first flow offers an agent, a callback and the stop list', () => {
    expect(keysOf(FIRST_FLOW)).toEqual([
      ['1', 'connect'],
      ['2', 'callback'],
      ['9', 'suppress'],
    ])
    expect(keysOf(null)).toEqual([])
  })

  test('a manager cannot make managers', () => {
    expect(rolesFor('manager')).toEqual(['operator', 'supervisor', 'customer'])
    expect(rolesFor('administrator')).toContain('manager')
  })
})

describe('reports', () => {
  test('days include both ends and become half-open instants', () => {
    const { from, to } = instants({ from: '2026-11-13', to: '2026-11-19' })
    expect(Date.parse(from)).toBe(midnight('2026-11-13'))
    expect(Date.parse(to)).toBe(midnight('2026-11-20'))
  })

  test('quick choices end today, but yesterday', () => {
    const today = dayOf(NOW)
    expect(quickPeriod('today', NOW)).toEqual({ from: today, to: today })
    expect(quickPeriod('week', NOW).to).toBe(today)
    expect(midnight(today) - midnight(quickPeriod('yesterday', NOW).to)).toBe(86_400_000)
  })

  test('the address of a cell is followed with a cursor', () => {
    expect(pathOf('/api/v1/attempts?outcome=busy', null)).toBe('/attempts?outcome=busy')
    expect(pathOf('/api/v1/attempts?outcome=busy', 'a b')).toBe(
      '/attempts?outcome=busy&cursor=a%20b',
    )
    expect(pathOf('/api/v1/facts', 'n')).toBe('/facts?cursor=n')
  })
})
