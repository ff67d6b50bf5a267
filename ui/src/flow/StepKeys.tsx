/* The ways out of an announcement: each key and silence, with the step it leads to. */
import { X } from 'lucide-react'
import type { Step } from '../api/prompts.ts'
import { useWords } from '../kit/prefs.ts'
import { changed, KEYS, waysOf } from './flowEdit.ts'
import type { FlowEditing } from './useFlow.ts'

type Props = {
  own: FlowEditing
  name: string
  off: boolean
  say: (field: string) => string | null
}

function Target(props: {
  label: string
  value: string
  names: string[]
  off: boolean
  set: (name: string) => void
}) {
  const { t } = useWords()
  const known = props.names.includes(props.value)
  return (
    <select
      className="input s mono"
      aria-label={props.label}
      aria-invalid={known ? undefined : true}
      value={props.value}
      disabled={props.off}
      onChange={(event) => props.set(event.target.value)}
    >
      {!known && <option value={props.value}>{props.value || t('flow.choose_step')}</option>}
      {props.names.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  )
}

export function StepKeys({ own, name, off, say }: Props) {
  const { t } = useWords()
  const step = own.flow.steps[name] as Step
  const names = Object.keys(own.flow.steps)
  const keys = step.keys ?? {}
  const free = KEYS.filter((key) => !(key in keys))
  const set = (next: Record<string, string>) => own.change(changed(own.flow, name, { keys: next }))
  return (
    <div className="stack">
      <span className="lab">{t('flow.keys')}</span>
      {waysOf(step).map(([key, to]) => (
        <div key={key || 'silence'}>
          <div className="flowway">
            {key ? (
              <kbd className="kbd keep">{key}</kbd>
            ) : (
              <span className="small ink2">{t('flow.silence')}</span>
            )}
            <Target
              label={key ? t('flow.key_leads', { key }) : t('flow.silence_leads')}
              value={to}
              names={names.filter((other) => key || other !== name)}
              off={off}
              set={(next) =>
                key
                  ? set({ ...keys, [key]: next })
                  : own.change(changed(own.flow, name, { on_silence: next }))
              }
            />
            {key && !off && (
              <button
                type="button"
                className="btn quiet s icon"
                aria-label={t('flow.key_remove', { key })}
                onClick={() =>
                  set(Object.fromEntries(Object.entries(keys).filter(([one]) => one !== key)))
                }
              >
                <X className="s" aria-hidden />
              </button>
            )}
          </div>
          {say(key ? `keys.${key}` : 'on_silence') && (
            <div className="small fg bad" role="alert">
              {say(key ? `keys.${key}` : 'on_silence')}
            </div>
          )}
        </div>
      ))}
      {!off && free.length > 0 && (
        <select
          className="input s which"
          value=""
          aria-label={t('flow.key_add')}
          onChange={(event) =>
            set({ ...keys, [event.target.value]: names.find((other) => other !== name) ?? '' })
          }
        >
          <option value="" disabled>
            {t('flow.key_add')}
          </option>
          {free.map((key) => (
            <option key={key} value={key}>
              {key}
            </option>
          ))}
        </select>
      )}
    </div>
  )
}
