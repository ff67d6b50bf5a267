/* What a machine gets that answers in a person's place: nothing, or a message after its beep. */
import type { Machine } from '../api/prompts.ts'
import { Field } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { NumberField } from '../office/fields.tsx'
import { PromptChoice } from './PromptChoice.tsx'
import type { FlowEditing } from './useFlow.ts'

export function MachineFields({ own, off }: { own: FlowEditing; off: boolean }) {
  const words = useWords()
  const { t } = words
  const machine: Machine = own.flow.on_machine ?? 'hang_up'
  const set = (on_machine: Machine) => own.change({ ...own.flow, on_machine })
  const fault = own.checked.problems.find(({ field }) => field.startsWith('on_machine'))
  return (
    <div className="fields two">
      <Field label={t('flow.machine')}>
        <select
          className="input"
          value={machine === 'hang_up' ? 'hang_up' : 'leave'}
          disabled={off}
          onChange={(event) =>
            set(event.target.value === 'leave' ? { leave: 'offer', beep_wait_s: 8 } : 'hang_up')
          }
        >
          <option value="hang_up">{t('flow.machine_hang_up')}</option>
          <option value="leave">{t('flow.machine_leave')}</option>
        </select>
      </Field>
      {machine !== 'hang_up' && (
        <>
          <NumberField
            label={t('flow.beep_wait')}
            unit={t('unit.s')}
            value={machine.beep_wait_s ?? 8}
            least={1}
            most={60}
            disabled={off}
            save={(beep_wait_s) => set({ ...machine, beep_wait_s })}
          />
          <PromptChoice
            label={t('flow.message')}
            value={machine.leave}
            needed
            off={off}
            wrong={
              fault ? words.id('fault', fault.reason ?? '', fault.args ?? {}, fault.detail) : null
            }
            checked={own.checked}
            set={(leave) => set({ ...machine, leave: leave ?? '' })}
            made={own.again}
          />
        </>
      )}
    </div>
  )
}
