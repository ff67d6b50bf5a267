/* One threshold: from which figure on, after how long, and where it is well again. */
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api } from '../api/http.ts'
import { Field, Note, Switch } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { fieldProblem, problemText } from '../kit/problem.ts'
import { isShare, type Threshold } from './alarms.ts'

const FIELDS = ['raise_at', 'clear_at', 'hold_s'] as const

export function ThresholdForm({ threshold }: { threshold: Threshold }) {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const { kind } = threshold
  const scale = isShare(kind) ? 100 : 1
  const shown = (name: (typeof FIELDS)[number]) => {
    const value = threshold[name] * (name === 'hold_s' ? 1 : scale)
    return String(Math.round(value * 100) / 100)
  }
  const [draft, setDraft] = useState(() => ({
    raise_at: shown('raise_at'),
    clear_at: shown('clear_at'),
    hold_s: shown('hold_s'),
  }))
  const [active, setActive] = useState(threshold.active)
  const [saved, setSaved] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const body = {
      kind,
      active,
      raise_at: Number(draft.raise_at) / scale,
      clear_at: Number(draft.clear_at) / scale,
      hold_s: Number(draft.hold_s),
    }
    try {
      await api('/alarms', { method: 'PATCH', body })
      setError(null)
      setSaved(true)
    } catch (failure) {
      setError(failure)
      setSaved(false)
    }
    await queries.invalidateQueries({ queryKey: ['alarms'] })
  }
  return (
    <form className="threshold" onSubmit={(event) => void submit(event)}>
      <Switch on={active} set={setActive}>
        {words.id('alarm_kind', kind)}
      </Switch>
      <div className="fields">
        {FIELDS.map((name) => (
          <Field key={name} label={t(`alarm.${name}`)} wrong={fieldProblem(words, error, name)}>
            <input
              className="input num"
              type="number"
              step="any"
              min={0}
              required
              name={`${kind}.${name}`}
              value={draft[name]}
              onChange={(event) => {
                setSaved(false)
                setDraft({ ...draft, [name]: event.target.value })
              }}
            />
          </Field>
        ))}
        <button type="submit" className="btn">
          {saved ? t('alarm.saved') : t('alarm.save')}
        </button>
      </div>
      {error !== null && (
        <Note tone="bad" alert>
          {problemText(words, error)}
        </Note>
      )}
    </form>
  )
}
