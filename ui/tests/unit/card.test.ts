/* A card being edited, and the week promises are shown in. */
import { describe, expect, test } from 'vitest'
import type { Contact } from '../../src/api/types.ts'
import { changesOf, draftOf } from '../../src/office/cardDraft.ts'
import { daysAfter, localMinute, mondayOf, weekFrom } from '../../src/office/week.ts'

const contact = {
  id: 'c1',
  name: 'Vera',
  note: null,
  phones: [{ e164: '+70005550101' }, { e164: '+70005550102' }],
  fields: { plan: 'M', city: 'Omsk' },
} as unknown as Contact

describe('a card', () => {
  test('what was not touched is no change', () => {
    expect(changesOf(contact, draftOf(contact))).toEqual({})
  })

  test('only what differs is sent, and a field that is gone is null', () => {
    const draft = draftOf(contact)
    draft.name = ' Vera New '
    draft.phones = ['+70005550102', '+70005550101', ' ']
    draft.fields = [
      { name: 'plan', value: 'L' },
      { name: 'age', value: '40' },
      { name: ' ', value: 'lost' },
    ]
    expect(changesOf(contact, draft)).toEqual({
      name: 'Vera New',
      phones: ['+70005550102', '+70005550101'],
      fields: { city: null, plan: 'L', age: '40' },
    })
  })
})

describe('a week', () => {
  test('begins on the Monday on or before a moment', () => {
    for (const day of [16, 18, 22])
      expect(mondayOf(+new Date(2026, 10, day, 15)).getDate()).toBe(16)
    expect(mondayOf(+new Date(2026, 10, 15)).getDate()).toBe(9)
  })

  test('has seven days, whatever their length', () => {
    const days = weekFrom(new Date(2026, 2, 23))
    expect(days.map((day) => [day.getDate(), day.getHours()]).at(-1)).toEqual([30, 0])
    expect(daysAfter(new Date(2026, 11, 31), 1).getFullYear()).toBe(2027)
  })

  test('a moment is written as the browser reads it', () => {
    expect(localMinute(new Date(2026, 0, 2, 3, 4))).toBe('2026-01-02T03:04')
  })
})
