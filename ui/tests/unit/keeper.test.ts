import { describe, expect, test } from 'vitest'
import { keep, type Seen } from '../../src/phone/keeper.ts'

const seen = (more: Partial<Seen> = {}): Seen => ({
  device: 'none',
  owner: 'nobody',
  wish: 'offline',
  calling: false,
  kind: 'browser',
  ...more,
})

describe('the keeper of the phone', () => {
  test('a page that comes back while ready or in a call stands up by itself', () => {
    expect(keep(seen({ wish: 'ready', device: 'lost' }), null, 'none')).toBe('want')
    expect(keep(seen({ calling: true }), null, 'none')).toBe('want')
    expect(keep(seen(), null, 'none')).toBeNull()
    expect(keep(seen({ wish: 'pause' }), null, 'none')).toBeNull()
  })

  test('going ready is not undone by the wish that has not arrived yet', () => {
    expect(keep(seen(), seen(), 'asking_mic')).toBeNull()
    expect(keep(seen({ wish: 'ready' }), seen(), 'asking_mic')).toBeNull()
  })

  test('going offline lets go of the phone once the call is over', () => {
    const ready = seen({ wish: 'ready', device: 'up', owner: 'mine' })
    expect(keep(seen({ device: 'up', owner: 'mine' }), ready, 'up')).toBe('close')
    expect(keep(seen({ device: 'up', owner: 'mine', calling: true }), ready, 'up')).toBeNull()
  })

  test('a pause keeps the phone up', () => {
    const ready = seen({ wish: 'ready', device: 'up', owner: 'mine' })
    expect(keep(seen({ wish: 'pause', device: 'up', owner: 'mine' }), ready, 'up')).toBeNull()
  })

  test('with a desk phone the browser wants nothing and lets go of what it has', () => {
    const desk = seen({ kind: 'phone', wish: 'ready', calling: true })
    expect(keep(desk, null, 'none')).toBeNull()
    expect(keep(desk, null, 'up')).toBe('release')
    expect(keep(seen({ kind: 'phone', device: 'lost' }), null, 'lost')).toBe('release')
  })

  test('a second tab steps aside', () => {
    const other = seen({ device: 'elsewhere', owner: 'other', wish: 'ready' })
    expect(keep(other, null, 'none')).toBe('taken')
    expect(keep(other, other, 'elsewhere')).toBeNull()
  })

  test('a tab that was taken over does not snatch the phone back while the other one connects', () => {
    const between = seen({ device: 'none', owner: 'other', wish: 'ready', calling: true })
    expect(keep(between, null, 'elsewhere')).toBeNull()
    expect(keep(between, null, 'none')).toBeNull()
  })

  test('when the other tab is gone this one stands up again', () => {
    const free = seen({ device: 'lost', owner: 'nobody', wish: 'ready' })
    expect(keep(free, null, 'elsewhere')).toBe('release')
    expect(keep(free, free, 'none')).toBe('want')
  })

  test('a socket that broke and came back claims the phone it held, the talk goes on', () => {
    const back = seen({ device: 'elsewhere', owner: 'mine', wish: 'ready', calling: true })
    expect(keep(back, null, 'up')).toBe('reclaim')
  })

  test('a leg the engine has lost is noticed although the browser thinks it is up', () => {
    const gone = seen({ device: 'lost', owner: 'mine', wish: 'ready' })
    expect(keep(gone, null, 'up')).toBe('gone')
    expect(keep({ ...gone, device: 'connecting' }, null, 'up')).toBeNull()
  })
})
