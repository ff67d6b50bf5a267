/* The question of a step: its kind, where its answer is kept, the answers to choose and where they lead. */
import { Plus, X } from 'lucide-react'
import type { Kind, Option, Question, Range, Step } from '../api/scripts.ts'
import { Field, Switch } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { freeKey, KINDS, ofKind, say, yesNo } from './draft.ts'
import { Way } from './Ways.tsx'

type Props = {
  steps: Step[]
  step: Step
  lang: 'ru' | 'en'
  fields: string[]
  off: boolean
  set: (question: Question | undefined) => void
}

export function QuestionFields({ steps, step, lang, fields, off, set }: Props) {
  const words = useWords()
  const { t } = words
  const { question } = step
  const change = (part: Partial<Question>) => question && set({ ...question, ...part })
  return (
    <fieldset className="stack g3" disabled={off}>
      <div className="fields">
        <Field label={t('scripts.question')}>
          <select
            className="input"
            value={question?.kind ?? ''}
            onChange={(event) => set(ofKind(question, event.target.value as Kind | ''))}
          >
            <option value="">{t('scripts.no_question')}</option>
            {KINDS.map((kind) => (
              <option key={kind} value={kind}>
                {words.id('script_kind', kind)}
              </option>
            ))}
          </select>
        </Field>
        {question && (
          <>
            <Field label={t('scripts.asked')}>
              <input
                className="input"
                value={question.words?.[lang] ?? ''}
                maxLength={500}
                onChange={(event) =>
                  change({ words: say(question.words, lang, event.target.value) })
                }
              />
            </Field>
            <Field label={t('scripts.field')} hint={t('scripts.field_hint')}>
              <input
                className="input"
                list="script-fields"
                value={question.field ?? ''}
                maxLength={100}
                onChange={(event) => change({ field: event.target.value })}
              />
              <datalist id="script-fields">
                {fields.map((name) => (
                  <option key={name} value={name} />
                ))}
              </datalist>
            </Field>
          </>
        )}
      </div>
      {question && (
        <Switch on={question.required ?? false} set={(required) => change({ required })}>
          {t('scripts.required')}
        </Switch>
      )}
      {question?.kind === 'yes_no' && <YesNo {...{ steps, step, question, off, set }} />}
      {(question?.kind === 'one' || question?.kind === 'several') && (
        <Options {...{ steps, step, question, lang, off, set }} />
      )}
      {question?.kind === 'number' && <Ranges {...{ steps, step, question, off, set }} />}
    </fieldset>
  )
}

type Part = {
  steps: Step[]
  step: Step
  question: Question
  off: boolean
  set: (question: Question) => void
}

function YesNo({ steps, step, question, off, set }: Part) {
  const words = useWords()
  return (
    <div className="fields two">
      {['yes', 'no'].map((key) => (
        <Field
          key={key}
          label={`${words.id('answer', key)}: ${words.t('scripts.to').toLowerCase()}`}
        >
          <Way
            steps={steps}
            from={step.id}
            to={question.options?.find((one) => one.key === key)?.to ?? ''}
            usual={words.t('scripts.next_usual')}
            label={words.id('answer', key)}
            off={off}
            set={(to) => set(yesNo(question, key, to))}
          />
        </Field>
      ))}
    </div>
  )
}

function Options({ steps, step, question, lang, off, set }: Part & { lang: 'ru' | 'en' }) {
  const { t } = useWords()
  const options = question.options ?? []
  const put = (index: number, change: Partial<Option>) =>
    set({
      ...question,
      options: options.map((one, at) => (at === index ? { ...one, ...change } : one)),
    })
  return (
    <div className="stack">
      <div className="ways head lab" aria-hidden>
        <span>{t('scripts.label')}</span>
        <span>{t('scripts.key')}</span>
        <span>{t('scripts.to')}</span>
      </div>
      {options.map((one, index) => (
        <div key={index} className="ways">
          <input
            className="input"
            aria-label={t('scripts.label')}
            value={one.label[lang] ?? ''}
            maxLength={200}
            onChange={(event) => put(index, { label: say(one.label, lang, event.target.value) })}
          />
          <input
            className="input"
            aria-label={t('scripts.key')}
            value={one.key}
            maxLength={100}
            onChange={(event) => put(index, { key: event.target.value })}
          />
          <Way
            steps={steps}
            from={step.id}
            to={one.to}
            usual={t('scripts.next_usual')}
            label={t('scripts.to')}
            off={off}
            set={(to) => put(index, { to })}
          />
          <button
            type="button"
            className="btn quiet icon"
            aria-label={t('scripts.remove_option')}
            onClick={() => set({ ...question, options: options.filter((_, at) => at !== index) })}
          >
            <X className="s" aria-hidden />
          </button>
        </div>
      ))}
      <div className="row">
        <button
          type="button"
          className="btn s"
          onClick={() =>
            set({
              ...question,
              options: [...options, { key: freeKey(options), label: {}, to: '' }],
            })
          }
        >
          <Plus className="s" aria-hidden />
          {t('scripts.add_option')}
        </button>
      </div>
    </div>
  )
}

const bound = (text: string) => (text.trim() === '' ? null : Number(text.replace(',', '.')))

function Ranges({ steps, step, question, off, set }: Part) {
  const { t } = useWords()
  const ranges = question.ranges ?? []
  const write = (next: Range[]) => set({ ...question, ranges: next })
  const put = (index: number, change: Partial<Range>) =>
    write(ranges.map((one, at) => (at === index ? { ...one, ...change } : one)))
  const first = steps.find((one) => one.id !== step.id)?.id ?? '$end'
  return (
    <div className="stack">
      {ranges.length > 0 && <span className="lab">{t('scripts.ranges')}</span>}
      {ranges.map((one, index) => (
        <div key={index} className="ways ranges">
          {(['least', 'most'] as const).map((side) => (
            <input
              key={side}
              className="input num"
              type="number"
              step="any"
              placeholder={t(`scripts.${side}`)}
              aria-label={t(`scripts.${side}`)}
              value={one[side] ?? ''}
              onChange={(event) => put(index, { [side]: bound(event.target.value) })}
            />
          ))}
          <Way
            steps={steps}
            from={step.id}
            to={one.to}
            usual={null}
            label={t('scripts.to')}
            off={off}
            set={(to) => put(index, { to })}
          />
          <button
            type="button"
            className="btn quiet icon"
            aria-label={t('scripts.remove_range')}
            onClick={() => write(ranges.filter((_, at) => at !== index))}
          >
            <X className="s" aria-hidden />
          </button>
        </div>
      ))}
      <div className="row">
        <button
          type="button"
          className="btn s"
          onClick={() => write([...ranges, { least: null, most: null, to: first }])}
        >
          <Plus className="s" aria-hidden />
          {t('scripts.add_range')}
        </button>
      </div>
    </div>
  )
}
