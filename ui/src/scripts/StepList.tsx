/* The steps of a script in order, its objections under them; what is wrong stands beside each. */
import { MessageCircleQuestion, Plus, TriangleAlert } from 'lucide-react'
import type { Step, StepProblem } from '../api/scripts.ts'
import { useWords } from '../kit/prefs.ts'
import { objectionsOf, plainOf } from './draft.ts'

type Props = {
  steps: Step[]
  chosen: string | null
  wrong: (step: string) => StepProblem[]
  faulty: Set<string>
  choose: (step: string) => void
  add?: (objection: boolean) => void
}

export function StepList({ steps, chosen, wrong, faulty, choose, add }: Props) {
  const words = useWords()
  const { t, pick } = words
  const line = (step: Step, n: number) => {
    const found = wrong(step.id)
    const stops = faulty.has(step.id) || found.some((one) => one.stops)
    const kind = step.question?.kind
    return (
      <li key={step.id}>
        <button
          type="button"
          className="stepline"
          aria-current={step.id === chosen ? 'step' : undefined}
          onClick={() => choose(step.id)}
        >
          <span className="num small ink3">
            {step.objection ? <MessageCircleQuestion className="s" aria-hidden /> : n}
          </span>
          <span className="cut m">{pick(step.title) || '…'}</span>
          {(stops || found.length > 0) && (
            <span className={`fg ${stops ? 'bad' : 'warn'}`} title={t('scripts.problems')}>
              <TriangleAlert className="s" aria-label={t('scripts.problems')} />
            </span>
          )}
          <span className="small ink3 cut says">
            {kind ? words.id('script_kind', kind) : pick(step.text)}
          </span>
        </button>
      </li>
    )
  }
  const group = (title: string, own: Step[], objection: boolean) => (
    <>
      <header>
        <h2>{title}</h2>
        {add && (
          <button type="button" className="btn s push" onClick={() => add(objection)}>
            <Plus className="s" aria-hidden />
            {t(objection ? 'scripts.add_objection' : 'scripts.add_step')}
          </button>
        )}
      </header>
      <ol className="steplist">{own.map((step, index) => line(step, index + 1))}</ol>
    </>
  )
  return (
    <nav className="card stepcard sticky" aria-label={t('scripts.list')}>
      {group(t('scripts.list'), plainOf(steps), false)}
      {group(t('scripts.objections'), objectionsOf(steps), true)}
    </nav>
  )
}
