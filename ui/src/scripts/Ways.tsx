/* Where an answer or a step leads: the usual way, another step, or the end. */
import { END, type Step } from '../api/scripts.ts'
import { useWords } from '../kit/prefs.ts'
import { targets } from './draft.ts'

type Props = {
  steps: Step[]
  from: string
  to: string
  usual: string | null
  label: string
  off: boolean
  set: (to: string) => void
}

export function Way({ steps, from, to, usual, label, off, set }: Props) {
  const { t, pick } = useWords()
  const known = targets(steps, from)
  const lost = to !== '' && to !== END && !known.some((step) => step.id === to)
  return (
    <select
      className="input"
      aria-label={label}
      aria-invalid={lost || undefined}
      value={to}
      disabled={off}
      onChange={(event) => set(event.target.value)}
    >
      {usual !== null && <option value="">{usual}</option>}
      {lost && <option value={to}>?</option>}
      {known.map((step) => (
        <option key={step.id} value={step.id}>
          {pick(step.title) || '…'}
        </option>
      ))}
      <option value={END}>{t('scripts.end')}</option>
    </select>
  )
}
