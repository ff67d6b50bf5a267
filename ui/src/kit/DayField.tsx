/* A day, or a day with a time: written in the language of the screens, picked in the browser's own calendar. */
import { CalendarDays } from 'lucide-react'
import type { MouseEvent } from 'react'
import { useWords } from './prefs.ts'

type Props = {
  label: string
  type?: 'date' | 'datetime-local'
  value: string
  min?: string
  max?: string
  empty?: string
  pick: (value: string) => void
}

export function DayField({ label, type = 'date', value, min, max, empty = '…', pick }: Props) {
  const words = useWords()
  const at = value ? new Date(type === 'date' ? `${value}T12:00` : value) : null
  const shown = at
    ? type === 'date'
      ? words.date(at)
      : `${words.day(at, undefined, true)}, ${words.clock(at)}`
    : empty
  const open = (event: MouseEvent<HTMLInputElement>) => {
    try {
      event.currentTarget.showPicker()
    } catch {
      // A browser without a picker of its own lets the person type into the field.
    }
  }
  return (
    <span className="btn dayfield num">
      <CalendarDays className="s" aria-hidden />
      <span aria-hidden>{shown}</span>
      <input
        type={type}
        aria-label={label}
        value={value}
        min={min}
        max={max}
        onClick={open}
        onChange={(event) => event.target.value && pick(event.target.value)}
      />
    </span>
  )
}
