/* What to say and ask now: the step the call is at; answers are kept at once and there after a reload. */
import { RotateCw } from 'lucide-react'
import { ApiProblem } from '../api/http.ts'
import { Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { fieldProblem, problemText } from '../kit/problem.ts'
import type { LiveCall } from '../live/shapes.ts'
import { answeredFacts, factsOf } from './Filled.tsx'
import { StepView } from './StepView.tsx'
import { useScript } from './useScript.ts'

export function Script({ call, agent }: { call: LiveCall; agent: string }) {
  const words = useWords()
  const { t } = words
  const script = useScript(call)
  const { steps, walk, problem } = script
  if (steps.length === 0) {
    return (
      <div className="say-box">
        <p className="ink2">{t('desk.no_script')}</p>
      </div>
    )
  }
  const facts = { ...factsOf(call, agent), ...answeredFacts(steps, walk) }
  const refused = problem instanceof ApiProblem && problem.status === 422
  const asks = steps.some((step) => step.question)
  return (
    <>
      {!refused && problem !== null && problem !== undefined && asks && (
        <Note
          tone="warn"
          alert
          action={
            script.again && (
              <button type="button" className="btn s" onClick={script.again}>
                <RotateCw className="s" aria-hidden />
                {t('script.again')}
              </button>
            )
          }
        >
          {script.kept ? problemText(words, problem) : t('script.not_kept')}
        </Note>
      )}
      <StepView
        steps={steps}
        walk={walk}
        facts={facts}
        busy={script.busy}
        wrong={
          refused ? (fieldProblem(words, problem, 'value') ?? problemText(words, problem)) : null
        }
        move={script.move}
        keys
      />
    </>
  )
}
