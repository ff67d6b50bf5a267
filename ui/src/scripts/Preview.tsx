/* The script as the operator sees it: walked through by the same rules as in a call, nothing is kept. */
import { useQuery } from '@tanstack/react-query'
import { RotateCcw } from 'lucide-react'
import { useEffect, useState } from 'react'
import { api } from '../api/http.ts'
import type { Move, Step, Walk } from '../api/scripts.ts'
import { answeredFacts } from '../desk/Filled.tsx'
import { StepView } from '../desk/StepView.tsx'
import '../desk/desk.css'
import { useWords } from '../kit/prefs.ts'
import { fieldProblem, problemText } from '../kit/problem.ts'

const ask = (body: object) => api<Walk>('/scripts/walk', { method: 'POST', body })

export function Preview({ steps, agent }: { steps: Step[]; agent: string }) {
  const words = useWords()
  const { t } = words
  const [walk, setWalk] = useState<Walk | null>(null)
  const [problem, setProblem] = useState<unknown>(null)
  const [round, setRound] = useState(0)
  const shape = JSON.stringify(steps)
  const { data } = useQuery({
    queryKey: ['script-begin', shape, round],
    queryFn: () => ask({ steps, do: 'begin' }),
    retry: false,
  })
  const gone = walk !== null && !walk.over && !steps.some((step) => step.id === walk.at)
  useEffect(() => {
    if (gone) setWalk(null)
  }, [gone])
  const shown = walk ?? data
  const move = async (asked: Move) => {
    if (!shown) return
    const { at, path, aside, answers } = shown
    try {
      setWalk(await ask({ steps, at, path, aside, answers, ...asked }))
      setProblem(null)
    } catch (failure) {
      setProblem(failure)
    }
  }
  const facts = {
    name: t('scripts.sample_name'),
    first_name: t('scripts.sample_name').split(' ')[0] ?? '',
    agent,
    ...(shown ? answeredFacts(steps, shown) : {}),
  }
  const wrong = problem
    ? (fieldProblem(words, problem, 'value') ?? problemText(words, problem))
    : null
  return (
    <section className="card preview">
      <header>
        <h2>{t('scripts.preview')}</h2>
        <button
          type="button"
          className="btn quiet s push"
          onClick={() => {
            setWalk(null)
            setProblem(null)
            setRound(round + 1)
          }}
        >
          <RotateCcw className="s" aria-hidden />
          {t('scripts.preview_again')}
        </button>
      </header>
      {shown && (
        <StepView
          steps={steps}
          walk={shown}
          facts={facts}
          busy={false}
          wrong={wrong}
          move={(asked) => void move(asked)}
          keys={false}
        />
      )}
    </section>
  )
}
