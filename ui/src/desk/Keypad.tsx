/* Twelve keys for the menus of other companies; real digit keys work while it is open. */
import { useEffect, useState } from 'react'
import { useWords } from '../kit/prefs.ts'

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#']

/** The tone a key press stands for, by physical digit keys and by the two signs; null for others. */
export function toneOf(event: { code: string; key: string }): string | null {
  if (event.key === '*' || event.key === '#') return event.key
  return /^(?:Digit|Numpad)(\d)$/u.exec(event.code)?.[1] ?? null
}

export function Keypad({ send, close }: { send: (digit: string) => void; close: () => void }) {
  const { t } = useWords()
  const [sent, setSent] = useState('')
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const tone = toneOf(event)
      if (event.code === 'Escape') close()
      if (!tone || event.repeat || event.altKey || event.ctrlKey || event.metaKey) return
      // While the keypad is open digits are tones, not results.
      event.stopImmediatePropagation()
      event.preventDefault()
      setSent((before) => (before + tone).slice(-16))
      send(tone)
    }
    window.addEventListener('keydown', press, { capture: true })
    return () => window.removeEventListener('keydown', press, { capture: true })
  }, [send, close])
  const press = (digit: string) => {
    setSent((before) => (before + digit).slice(-16))
    send(digit)
  }
  return (
    <div className="pop keypad" role="group" aria-label={t('desk.keypad')}>
      <output className="num">{sent || t('desk.keypad_hint')}</output>
      <div className="keys">
        {KEYS.map((digit) => (
          <button type="button" key={digit} className="btn l" onClick={() => press(digit)}>
            {digit}
          </button>
        ))}
      </div>
    </div>
  )
}
