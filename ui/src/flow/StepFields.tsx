/* One step of a flow, open: what it is, what it says, where it leads. Problems stand beside their field. */
import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { Kind, Step } from '../api/prompts.ts'
import { Field } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { NumberField, TextField } from '../office/fields.tsx'
import { changed, isName, KINDS, ofKind, renamed, without, wrongWith } from './flowEdit.ts'
import { PromptChoice } from './PromptChoice.tsx'
import { StepKeys } from './StepKeys.tsx'
import type { FlowEditing } from './useFlow.ts'

type Props = {
  own: FlowEditing
  name: string
  off: boolean
  show: (name: string) => void
  prompts: () => void
}

const HOUR = 3600

export function StepFields(props: Props) {
  const { own, name, off, show } = props
  const words = useWords()
  const { t } = words
  const [taken, setTaken] = useState(false)
  const step = own.flow.steps[name] as Step
  const wrong = wrongWith(own.checked.problems, name)
  const say = (field: string): string | null => {
    const fault = wrong[field]
    if (!fault) return null
    return words.id('fault', fault.reason ?? '', fault.args ?? {}, fault.detail ?? '')
  }
  const set = (part: Partial<Step>) => own.change(changed(own.flow, name, part))
  const rename = (to: string) => {
    const free = isName(to) && !own.flow.steps[to]
    setTaken(!free)
    if (!free) return
    own.change(renamed(own.flow, name, to))
    show(to)
  }
  return (
    <div className="flowfields stack g3">
      <div className="fields two">
        <TextField
          label={t('flow.name')}
          value={name}
          disabled={off}
          wrong={taken ? t('flow.name_wrong') : say('')}
          save={rename}
        />
        <Field label={t('flow.what')} wrong={say('do')}>
          <select
            className="input"
            value={step.do}
            disabled={off}
            onChange={(event) => own.change(ofKind(own.flow, name, event.target.value as Kind))}
          >
            {KINDS.map((kind) => (
              <option key={kind} value={kind}>
                {t(`flow_do.${kind}`)}
              </option>
            ))}
          </select>
        </Field>
      </div>
      <PromptChoice
        label={t(step.do === 'connect' ? 'flow.says_waiting' : 'flow.says')}
        value={step.prompt}
        needed={step.do === 'announce'}
        off={off}
        wrong={say('prompt')}
        checked={own.checked}
        set={(prompt) => set({ prompt })}
        made={props.prompts}
      />
      {step.do === 'announce' && <StepKeys own={own} name={name} off={off} say={say} />}
      <div className="fields two">
        {(step.do === 'announce' || step.do === 'connect') && (
          <NumberField
            label={t(step.do === 'announce' ? 'flow.wait_key' : 'flow.wait_agent')}
            unit={t('unit.s')}
            value={step.wait_s ?? (step.do === 'announce' ? 5 : 10)}
            least={1}
            most={step.do === 'announce' ? 60 : 300}
            disabled={off}
            wrong={say('wait_s')}
            save={(wait_s) => set({ wait_s })}
          />
        )}
        {step.do === 'announce' && (
          <NumberField
            label={t('flow.repeats')}
            value={step.repeats ?? 0}
            most={5}
            whole
            disabled={off}
            wrong={say('repeats')}
            save={(repeats) => set({ repeats })}
          />
        )}
        {step.do === 'callback' && (
          <NumberField
            label={t('flow.after')}
            unit={t('unit.h')}
            value={(step.after_s ?? HOUR) / HOUR}
            least={0.01}
            most={168}
            disabled={off}
            hint={t('flow.after_hint')}
            wrong={say('after_s')}
            save={(hours) => set({ after_s: Math.max(1, Math.round(hours * HOUR)) })}
          />
        )}
        {(step.do === 'hang_up' || step.do === 'suppress' || step.do === 'callback') && (
          <TextField
            label={t('flow.result')}
            value={step.result ?? ''}
            disabled={off}
            hint={t('flow.result_hint')}
            wrong={say('result')}
            save={(result) => set({ result: result || null })}
          />
        )}
      </div>
      {!off && (
        <div className="row wrap">
          {own.flow.start !== name && (
            <button
              type="button"
              className="btn s"
              onClick={() => own.change({ ...own.flow, start: name })}
            >
              {t('flow.make_start')}
            </button>
          )}
          {Object.keys(own.flow.steps).length > 1 && (
            <button
              type="button"
              className="btn s quiet push"
              onClick={() => own.change(without(own.flow, name))}
            >
              <Trash2 className="s" aria-hidden />
              {t('flow.remove')}
            </button>
          )}
        </div>
      )}
    </div>
  )
}
