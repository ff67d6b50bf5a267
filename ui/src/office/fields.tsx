/* Fields that save themselves: a number, a text, a span, sent when the person leaves them or presses Enter. */
import { type ReactNode, useEffect, useState } from 'react'
import { Field } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'

type Common = { label: ReactNode; wrong?: string | null; hint?: ReactNode; disabled?: boolean }

/** Reads "2,5" and "2.5"; null when it is no number within the limits. */
export function readNumber(text: string, least: number, most: number): number | null {
  const value = Number(text.trim().replace(/\s/gu, '').replace(',', '.'))
  return text.trim() !== '' && Number.isFinite(value) && value >= least && value <= most
    ? value
    : null
}

export function NumberField(
  props: Common & {
    value: number | null | undefined
    least?: number
    most?: number
    whole?: boolean
    save: (value: number) => void
    clear?: () => void
    empty?: string
    unit?: string
  },
) {
  const { t, lang } = useWords()
  const [text, setText] = useState('')
  const [bad, setBad] = useState(false)
  const { value, least = 0, most = 1_000_000, whole } = props
  useEffect(() => {
    setText(
      value === null || value === undefined
        ? ''
        : String(value).replace('.', lang === 'ru' ? ',' : '.'),
    )
    setBad(false)
  }, [value, lang])
  const leave = () => {
    if (props.clear && text.trim() === '') {
      setBad(false)
      if (value !== undefined && value !== null) props.clear()
      return
    }
    const read = readNumber(text, least, most)
    const fits = read !== null && (!whole || Number.isInteger(read))
    setBad(!fits)
    if (fits && read !== value) props.save(read)
  }
  return (
    <Field
      label={props.label}
      hint={props.hint}
      wrong={bad ? t('field.from_to', { least, most }) : props.wrong}
    >
      <span className="united">
        <input
          className="input num"
          inputMode="decimal"
          value={text}
          disabled={props.disabled}
          aria-invalid={bad || undefined}
          placeholder={props.empty}
          onChange={(event) => setText(event.target.value)}
          onBlur={leave}
          onKeyDown={(event) => event.key === 'Enter' && leave()}
        />
        {props.unit && <span className="unit small ink3">{props.unit}</span>}
      </span>
    </Field>
  )
}

export function TextField(
  props: Common & {
    value: string
    save: (value: string) => void
    placeholder?: string
    type?: string
  },
) {
  const [text, setText] = useState(props.value)
  useEffect(() => setText(props.value), [props.value])
  const leave = () => text.trim() !== props.value && props.save(text.trim())
  return (
    <Field label={props.label} hint={props.hint} wrong={props.wrong}>
      <input
        className="input"
        type={props.type ?? 'text'}
        value={text}
        placeholder={props.placeholder}
        disabled={props.disabled}
        onChange={(event) => setText(event.target.value)}
        onBlur={leave}
        onKeyDown={(event) => event.key === 'Enter' && leave()}
      />
    </Field>
  )
}

/** Boxes to tick, each with its name; the whole choice is saved at once. */
export function Ticks<T extends string>(props: {
  options: readonly { id: T; name: ReactNode }[]
  chosen: readonly T[]
  save: (chosen: T[]) => void
  disabled?: boolean
}) {
  const flip = (id: T) =>
    props.save(
      props.chosen.includes(id)
        ? props.chosen.filter((other) => other !== id)
        : [...props.chosen, id],
    )
  return (
    <div className="ticks">
      {props.options.map((option) => (
        <label key={option.id}>
          <input
            type="checkbox"
            checked={props.chosen.includes(option.id)}
            disabled={props.disabled}
            onChange={() => flip(option.id)}
          />
          <span className="cut" title={typeof option.name === 'string' ? option.name : undefined}>
            {option.name}
          </span>
        </label>
      ))}
    </div>
  )
}

/** Reads "9:00", "0900" and "9" as "09:00"; null when it is no time of day. */
export function readClock(text: string): string | null {
  const match = /^(\d{1,2})(?:[:.\s]?(\d{2}))?$/u.exec(text.trim())
  if (!match) return null
  const [hours, minutes] = [Number(match[1]), Number(match[2] ?? 0)]
  if (hours > 24 || minutes > 59 || (hours === 24 && minutes > 0)) return null
  return `${String(hours % 24).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`
}

/** A time of day, always written in 24 hours whatever the browser's own language is. */
export function ClockField(props: {
  label: string
  value: string
  disabled?: boolean
  save: (value: string) => void
}) {
  const [text, setText] = useState(props.value)
  useEffect(() => setText(props.value), [props.value])
  const leave = () => {
    const read = readClock(text)
    setText(read ?? props.value)
    if (read && read !== props.value) props.save(read)
  }
  return (
    <input
      className="input time num"
      inputMode="numeric"
      aria-label={props.label}
      value={text}
      disabled={props.disabled}
      onChange={(event) => setText(event.target.value)}
      onBlur={leave}
      onKeyDown={(event) => event.key === 'Enter' && leave()}
    />
  )
}
