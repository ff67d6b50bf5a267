import { describe, expect, test } from 'vitest'
import { toneOf } from '../../src/desk/Keypad.tsx'
import { isTyping, type KeyLike, keyName } from '../../src/kit/keys.ts'

const press = (code: string, more: Partial<KeyLike> = {}): KeyLike => ({
  code,
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  repeat: false,
  target: { tagName: 'BODY' },
  ...more,
})

describe('keys by physical key', () => {
  test('M is KeyM whatever letter the layout puts there', () => {
    expect(keyName({ ...press('KeyM'), key: 'ь' } as KeyLike)).toBe('KeyM')
  })

  test('digits of both rows choose a result', () => {
    expect(keyName(press('Digit3'))).toBe('Digit3')
    expect(keyName(press('Numpad3'))).toBe('Digit3')
    expect(keyName(press('NumpadEnter'))).toBe('Enter')
  })

  test('a held key counts once', () => {
    expect(keyName(press('KeyE', { repeat: true }))).toBeNull()
  })

  test('combinations of the browser are left alone, Alt is ours', () => {
    expect(keyName(press('KeyE', { ctrlKey: true }))).toBeNull()
    expect(keyName(press('KeyH', { metaKey: true }))).toBeNull()
    expect(keyName(press('Digit2', { altKey: true }))).toBe('Alt+Digit2')
  })

  test('single keys rest while somebody types', () => {
    for (const tagName of ['INPUT', 'TEXTAREA', 'SELECT']) {
      expect(keyName(press('Digit1', { target: { tagName, type: 'text' } }))).toBeNull()
    }
    expect(
      keyName(press('Digit1', { target: { tagName: 'DIV', isContentEditable: true } })),
    ).toBeNull()
    expect(keyName(press('Digit1', { target: { tagName: 'BUTTON' } }))).toBe('Digit1')
    expect(keyName(press('Digit1', { target: { tagName: 'INPUT', type: 'checkbox' } }))).toBe(
      'Digit1',
    )
  })

  test('letters being composed do nothing', () => {
    expect(keyName(press('KeyE', { isComposing: true }))).toBeNull()
  })

  test('a dialog keeps its keys', () => {
    const inDialog = {
      tagName: 'BUTTON',
      closest: (selector: string) => selector === 'dialog[open]',
    }
    expect(isTyping(inDialog)).toBe(true)
    expect(keyName(press('KeyE', { target: inDialog }))).toBeNull()
    expect(keyName(press('Escape', { target: inDialog }))).toBe('Escape')
  })
})

test('the keypad takes digits by place and the two signs by meaning', () => {
  expect(toneOf({ code: 'Digit7', key: '7' })).toBe('7')
  expect(toneOf({ code: 'Numpad0', key: '0' })).toBe('0')
  expect(toneOf({ code: 'Digit8', key: '*' })).toBe('*')
  expect(toneOf({ code: 'Digit3', key: '#' })).toBe('#')
  expect(toneOf({ code: 'KeyA', key: 'a' })).toBeNull()
})
