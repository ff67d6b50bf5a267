/* The question of a step and its answer: chosen with the arrows, typed, or clicked. */
import type { RefObject } from 'react'
import type { Answer, Question as Asked } from '../api/scripts.ts'
import { DayField } from '../kit/DayField.tsx'
import { Kbd } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'

export type Choice = { key: string; words: string }
type Words = ReturnType<typeof useWords>

/** What can be chosen: the question's own answers, or yes and no. */
export function choicesOf(question: Asked | undefined, words: Words): Choice[] {
  if (!question) return []
  const own = (question.options ?? []).map((one) => ({
    key: one.key,
    words: words.pick(one.label) || one.key,
  }))
  if (question.kind !== 'yes_no') return own
  return ['yes', 'no'].map((key) => ({
    key,
    words:
      own.find((one) => one.key === key && one.words !== key)?.words ?? words.id('answer', key),
  }))
}

export const chosenIn = (answer: Answer | undefined): string[] =>
  answer === undefined ? [] : Array.isArray(answer) ? answer : [answer]

/** One answer more or less; where one is asked for, it takes the place of the other. */
export function chosenWith(kind: Asked['kind'], answer: Answer | undefined, key: string): Answer {
  if (kind !== 'several') return key
  const now = chosenIn(answer)
  return now.includes(key) ? now.filter((one) => one !== key) : [...now, key]
}

type Props = {
  question: Asked
  answer: Answer | undefined
  set: (answer: Answer) => void
  go: () => void
  at: number
  box: RefObject<HTMLDivElement | null>
  wrong: string | null
  busy: boolean
}

export function Question({ question, answer, set, go, at, box, wrong, busy }: Props) {
  const words = useWords()
  const { t } = words
  const { kind } = question
  const choices = choicesOf(question, words)
  const asked = words.pick(question.words)
  const typed = typeof answer === 'string' ? answer : ''
  return (
    <div ref={box} className="ask" role="group" aria-label={asked || t('script.answer')}>
      <div className="row wrap base">
        {asked && <b className="asked">{asked}</b>}
        <span className="small ink3">
          {question.required ? t('script.needed') : t('script.may_skip')}
        </span>
      </div>
      {choices.length > 0 ? (
        <div className="answers" role={kind === 'several' ? 'group' : 'radiogroup'}>
          {choices.map((one, index) => {
            const on = chosenIn(answer).includes(one.key)
            return (
              <button
                type="button"
                key={one.key}
                ref={index === at ? (one) => one?.scrollIntoView({ block: 'nearest' }) : undefined}
                role={kind === 'several' ? 'checkbox' : 'radio'}
                aria-checked={on}
                data-enter="pass"
                className={`answer ${index === at ? 'marked' : ''}`}
                disabled={busy}
                onClick={() => set(chosenWith(kind, answer, one.key))}
              >
                <i aria-hidden />
                {one.words}
              </button>
            )
          })}
        </div>
      ) : kind === 'date' ? (
        <div className="row">
          <DayField label={asked || t('script.answer')} value={typed} pick={set} />
        </div>
      ) : (
        <input
          className="input l typed"
          inputMode={kind === 'number' ? 'decimal' : undefined}
          maxLength={2000}
          value={typed}
          aria-label={asked || t('script.answer')}
          aria-invalid={wrong ? true : undefined}
          onChange={(event) => set(event.target.value)}
          onKeyDown={(event) => (event.code === 'Enter' || event.code === 'NumpadEnter') && go()}
        />
      )}
      {wrong && (
        <p className="small fg bad" role="alert">
          {wrong}
        </p>
      )}
      <p className="small ink3 hide-xs">
        <Kbd>↑</Kbd> <Kbd>↓</Kbd>{' '}
        {choices.length > 0 ? t('script.key_choose') : t('script.key_type')}
        {kind === 'several' && (
          <>
            {' '}
            <Kbd>{t('script.space')}</Kbd> {t('script.key_tick')}
          </>
        )}
      </p>
    </div>
  )
}
