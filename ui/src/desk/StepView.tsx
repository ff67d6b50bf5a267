/* One step of a script as the operator sees it: the way taken, the words, the question, the objections. */
import { ArrowLeft, ArrowRight, Check, CornerDownLeft, MessageCircleQuestion } from 'lucide-react'
import { useRef, useState } from 'react'
import { type Answer, END, type Move, type Step, type Walk } from '../api/scripts.ts'
import { useKeys } from '../kit/keys.ts'
import { Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { Filled } from './Filled.tsx'
import { choicesOf, chosenIn, chosenWith, Question } from './Question.tsx'
import { plainText } from './script.ts'

type Props = {
  steps: Step[]
  walk: Walk
  facts: Record<string, string>
  busy: boolean
  wrong: string | null
  move: (move: Move) => void
  /** Keys are the desk's; a preview in the office leaves them alone. */
  keys: boolean
}

/** The steps along the top: all of a plain script, else the way taken and the step that follows. */
export function trail(steps: Step[], walk: Walk): Step[] {
  const plain = steps.every((step) => !step.question && !step.objection && !step.next)
  if (plain) return steps
  const ids = [...walk.path, walk.at, walk.next ?? ''].filter((id) => id !== END)
  const ends = ids.filter((id, index) => ids.lastIndexOf(id) === index || id === walk.at)
  return [...new Set(ends)].flatMap((id) => steps.find((step) => step.id === id) ?? [])
}

export function StepView({ steps, walk, facts, busy, wrong, move, keys }: Props) {
  const words = useWords()
  const { t, pick } = words
  const step = steps.find((one) => one.id === walk.at)
  const question = step?.question
  const [draft, setDraft] = useState<{ step: string; answer: Answer } | null>(null)
  const [cursor, setCursor] = useState({ step: '', at: -1 })
  const marked = cursor.step === walk.at ? cursor.at : -1
  const box = useRef<HTMLDivElement>(null)
  const answer = draft && draft.step === walk.at ? draft.answer : walk.answers[walk.at]
  const set = (value: Answer) => setDraft({ step: walk.at, answer: value })
  const choices = choicesOf(question, words)
  const go = () =>
    !walk.over &&
    move({ do: 'next', ...(question && answer !== undefined ? { value: answer } : {}) })
  const mark = (by: number) => {
    if (!question) return
    if (choices.length === 0) return box.current?.querySelector('input')?.focus()
    const from =
      marked < 0 ? choices.findIndex((one) => chosenIn(answer).includes(one.key)) : marked
    const at = Math.max(0, Math.min(choices.length - 1, from < 0 && by < 0 ? 0 : from + by))
    setCursor({ step: walk.at, at })
    const key = choices[at]?.key
    if (key && question.kind !== 'several') set(key)
  }
  const tick = () => {
    const key = choices[marked]?.key
    if (question && key) set(chosenWith(question.kind, answer, key))
  }
  const objections = steps.filter((one) => one.objection)
  const shown = trail(steps, walk)
  const jumps = objections.length > 0 ? objections : shown
  useKeys(
    keys
      ? {
          ArrowRight: go,
          ArrowLeft: () => move({ do: 'back' }),
          ArrowDown: () => mark(1),
          ArrowUp: () => mark(-1),
          Escape: () => box.current?.querySelector('input')?.blur(),
          Space: question?.kind === 'several' ? tick : undefined,
          ...Object.fromEntries(
            jumps
              .slice(0, 9)
              .map((one, index) => [
                `Alt+Digit${index + 1}`,
                () => move({ do: 'go', step: one.id }),
              ]),
          ),
        }
      : {},
  )
  const next = steps.find((one) => one.id === walk.next)
  const home = steps.find((one) => one.id === walk.aside)
  const here = shown.findIndex((one) => one.id === walk.at)
  return (
    <>
      <div className="steps" role="tablist" aria-label={t('desk.script')}>
        {shown.map((known, index) => {
          const past = walk.over || (here >= 0 ? index < here : walk.path.includes(known.id))
          return (
            <button
              type="button"
              role="tab"
              key={known.id}
              aria-selected={known.id === walk.at}
              className={known.id === walk.at ? 'here' : past ? 'done' : ''}
              onClick={() => move({ do: 'go', step: known.id })}
              title={objections.length === 0 ? `Alt ${index + 1}` : undefined}
            >
              {known.objection ? (
                <MessageCircleQuestion className="s" aria-hidden />
              ) : past ? (
                <Check className="s" aria-hidden />
              ) : (
                <span className="num">{index + 1}</span>
              )}
              {pick(known.title)}
            </button>
          )
        })}
      </div>
      <div className="say-box">
        {step ? (
          <>
            {home && (
              <p className="small ink2 row">
                <CornerDownLeft className="s" aria-hidden />
                {t('script.aside', { title: pick(home.title) })}
              </p>
            )}
            <p className="say" aria-live="polite">
              <Filled text={pick(step.text)} facts={facts} />
            </p>
            {question && (
              <Question
                key={step.id}
                question={question}
                answer={answer}
                set={set}
                go={go}
                at={marked}
                box={box}
                wrong={wrong}
                busy={busy}
              />
            )}
            {!question && wrong && <Note tone="bad">{wrong}</Note>}
          </>
        ) : (
          <Over steps={steps} walk={walk} move={move} />
        )}
        <div className="say-foot">
          {objections.length > 0 && (
            <div className="row wrap" role="group" aria-label={t('script.objections')}>
              <span className="small ink3">{t('script.objections')}</span>
              {objections.map((one, index) => (
                <button
                  type="button"
                  key={one.id}
                  className={`btn s ${one.id === walk.at ? 'on' : ''}`}
                  onClick={() => move({ do: 'go', step: one.id })}
                >
                  {pick(one.title)}
                  {keys && index < 9 && <span className="kbd">Alt {index + 1}</span>}
                </button>
              ))}
            </div>
          )}
          <div className="row">
            {walk.path.length > 0 && (
              <button type="button" className="btn quiet s" onClick={() => move({ do: 'back' })}>
                <ArrowLeft className="s" aria-hidden />
                {t('script.back')}
                {keys && <span className="kbd">←</span>}
              </button>
            )}
            {step && (next || question) && (
              <button type="button" className="next small push" disabled={busy} onClick={go}>
                <ArrowRight className="s" aria-hidden />
                <span className="cut">
                  {next && (!question || answer === undefined)
                    ? `${t('desk.next_step', { title: pick(next.title) })} ${plainText(pick(next.text), facts)}`
                    : t('script.go_on')}
                </span>
                {keys && <span className="kbd">→</span>}
              </button>
            )}
            {step && !next && !question && walk.next === END && (
              <button type="button" className="btn quiet s push" onClick={go}>
                {t('script.finish')}
                {keys && <span className="kbd">→</span>}
              </button>
            )}
          </div>
        </div>
      </div>
    </>
  )
}

/** The end of a script: what was not asked, or that all was. */
function Over({ steps, walk, move }: Pick<Props, 'steps' | 'walk' | 'move'>) {
  const { t, pick } = useWords()
  const left = steps.filter((step) => walk.unanswered.includes(step.id))
  if (left.length === 0) return <p className="ink2">{t('script.over')}</p>
  return (
    <div className="stack g3">
      <Note tone="warn">{t('script.left', { n: left.length })}</Note>
      <div className="row wrap">
        {left.map((step) => (
          <button
            type="button"
            key={step.id}
            className="btn s"
            onClick={() => move({ do: 'go', step: step.id })}
          >
            {pick(step.title)}
          </button>
        ))}
      </div>
    </div>
  )
}
