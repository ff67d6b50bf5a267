/* The outline of a recording, and where keys lead in it. */
import { describe, expect, test } from 'vitest'
import { outline, placeAfter, SPEEDS } from '../../src/reports/Player.tsx'

describe('a recording', () => {
  test('each side is drawn away from the middle, silence as a hair', () => {
    expect(outline([100, 0], false)).toBe('M0 20v-20h.7v20zM1 20v-0.5h.7v0.5z')
    expect(outline([50], true)).toBe('M0 20v10h.7v-10z')
  })

  test('keys lead five seconds either way and never out of it', () => {
    expect(placeAfter('ArrowRight', 10, 60)).toBe(15)
    expect(placeAfter('ArrowLeft', 3, 60)).toBe(0)
    expect(placeAfter('ArrowRight', 58, 60)).toBe(60)
    expect([placeAfter('Home', 30, 60), placeAfter('End', 30, 60)]).toEqual([0, 60])
    expect(placeAfter('KeyA', 30, 60)).toBeNull()
  })

  test('it is heard from three quarters to twice as fast', () => {
    expect([Math.min(...SPEEDS), Math.max(...SPEEDS)]).toEqual([0.75, 2])
  })
})
