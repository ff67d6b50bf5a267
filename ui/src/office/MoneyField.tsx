/* A sum of money: typed in whole units, kept in minor ones. */
import { useState } from 'react'
import { Field } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'

/** Money is typed in whole units with a comma or a point, and sent in minor ones. */
export function MoneyField(props: {
  label: string
  value: number
  set: (minor: number) => void
  bare?: boolean
}) {
  const { num } = useWords()
  const [text, setText] = useState<string | null>(null)
  const input = (
    <input
      className="input num r"
      inputMode="decimal"
      aria-label={props.label}
      value={text ?? num(props.value / 100, props.value % 100 ? 2 : 0)}
      onChange={(event) => {
        setText(event.target.value)
        const read = Number(event.target.value.replace(/[\s\u00a0\u202f]/gu, '').replace(',', '.'))
        if (Number.isFinite(read) && read >= 0) props.set(Math.round(read * 100))
      }}
      onBlur={() => setText(null)}
    />
  )
  return props.bare ? input : <Field label={props.label}>{input}</Field>
}
