/* Keyboard by physical key: `event.code`, so that M mutes in the Russian layout too.
   Single keys do nothing while somebody types or a dialog is open, and can be switched off (WCAG 2.1.4). */
import { useEffect, useRef, useSyncExternalStore } from 'react'

export type KeyLike = {
  code: string
  altKey: boolean
  ctrlKey: boolean
  metaKey: boolean
  shiftKey?: boolean
  repeat: boolean
  isComposing?: boolean
  target: unknown
}
export type Bindings = Record<string, (() => void) | undefined>

const TYPING = new Set(['INPUT', 'TEXTAREA', 'SELECT'])
const NOT_TYPED = new Set(['checkbox', 'radio', 'button', 'submit', 'range'])

/** True when keys belong to the element in focus: a field, an editable text, anything in a dialog. */
export function isTyping(target: unknown): boolean {
  const element = target as {
    tagName?: string
    type?: string
    isContentEditable?: boolean
    closest?: (selector: string) => unknown
  } | null
  if (!element?.tagName) return false
  if (element.isContentEditable) return true
  if (element.closest?.('dialog[open]')) return true
  return TYPING.has(element.tagName) && !NOT_TYPED.has(element.type ?? '')
}

/** The name of a key press as bindings write it ("Digit1", "KeyM", "Alt+Digit2"); null when not ours. */
export function keyName(event: KeyLike, typing = isTyping(event.target)): string | null {
  if (event.repeat || event.isComposing || event.ctrlKey || event.metaKey) return null
  const code = event.code.replace(/^Numpad(?=\d$)/u, 'Digit').replace(/^NumpadEnter$/u, 'Enter')
  if (event.altKey) return `Alt+${code}`
  if (typing) return code === 'Escape' ? code : null
  return code
}

let single = localStorageSays()
const listeners = new Set<() => void>()

function localStorageSays(): boolean {
  return typeof localStorage === 'undefined' || localStorage.getItem('vyzov.keys') !== 'off'
}

export function setSingleKeys(on: boolean): void {
  single = on
  localStorage.setItem('vyzov.keys', on ? 'on' : 'off')
  for (const listener of listeners) listener()
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Whether single keys act, and a way to switch them. */
export function useSingleKeys(): [boolean, (on: boolean) => void] {
  return [useSyncExternalStore(subscribe, () => single), setSingleKeys]
}

/** Binds physical keys while the component is shown; Enter and Space stay with a focused button. */
export function useKeys(bindings: Bindings): void {
  const latest = useRef(bindings)
  useEffect(() => {
    latest.current = bindings
  })
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const name = keyName(event)
      if (!name) return
      const plain = !name.startsWith('Alt+') && name !== 'Escape'
      if (plain && !single) return
      const onButton = (event.target as HTMLElement | null)?.closest?.('button, a')
      // A choice that was just clicked keeps the focus, yet Enter means "save", not "choose again".
      const passes = name === 'Enter' && onButton?.closest('[data-enter="pass"]')
      if (onButton && !passes && (name === 'Enter' || name === 'Space')) return
      const action = latest.current[name]
      if (!action) return
      event.preventDefault()
      action()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [])
}
