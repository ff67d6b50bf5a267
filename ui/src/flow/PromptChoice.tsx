/* Chooses what is said: any prompt there is, heard at once in both languages, or a new one made in place. */
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { audioOf, type FlowChecked, type PromptLanguage } from '../api/prompts.ts'
import { may, useSession } from '../api/session.ts'
import { useWords } from '../kit/prefs.ts'
import { Listen } from './Listen.tsx'
import { PromptForm } from './PromptForm.tsx'
import { usePrompts } from './usePrompts.ts'

const LANGUAGES: readonly PromptLanguage[] = ['ru', 'en']

export function PromptChoice(props: {
  label: string
  value: string | null | undefined
  needed?: boolean
  off: boolean
  wrong: string | null
  checked: FlowChecked
  set: (name: string | null) => void
  made: () => void
}) {
  const { t } = useWords()
  const edit = may(useSession(), 'prompt.edit')
  const { data } = usePrompts()
  const [making, setMaking] = useState<{ name: string; language?: PromptLanguage } | null>(null)
  const value = props.value ?? ''
  const names = [...new Set([...(data?.items ?? []).map((one) => one.name), value])]
    .filter(Boolean)
    .toSorted()
  const told = props.checked.prompts.find((one) => one.name === value)
  const missing = told ? LANGUAGES.filter((one) => !told.languages.includes(one)) : []
  const version = (language: string) =>
    data?.items.find((one) => one.name === value && one.language === language)?.sha256 ?? ''
  return (
    <div className="field">
      <span className="lab">{props.label}</span>
      <div className="row wrap">
        <select
          className="input which mono"
          aria-label={props.label}
          aria-invalid={props.wrong ? true : undefined}
          value={value}
          disabled={props.off}
          onChange={(event) => props.set(event.target.value || null)}
        >
          {(!props.needed || !value) && <option value="">{t('flow.says_nothing')}</option>}
          {names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
        {value &&
          LANGUAGES.filter((one) => !missing.includes(one)).map((one) => (
            <span key={one} className="row g1">
              <Listen
                url={audioOf(one, value, version(one))}
                name={`${value}, ${t(`lang.${one}`)}`}
              />
              <span className="small ink3">{one.toUpperCase()}</span>
            </span>
          ))}
        {edit && !props.off && (
          <button type="button" className="btn s" onClick={() => setMaking({ name: '' })}>
            <Plus className="s" aria-hidden />
            {t('prompts.new')}
          </button>
        )}
      </div>
      {props.wrong && (
        <div className="said small fg bad" role="alert">
          {props.wrong}
        </div>
      )}
      {missing.map((one) => (
        <div key={one} className="said small fg warn row g1">
          {t(one === 'ru' ? 'flow.missing_ru' : 'flow.missing_en')}
          {edit && (
            <button
              type="button"
              className="btn s"
              onClick={() => setMaking({ name: value, language: one })}
            >
              {t('flow.make_it')}
            </button>
          )}
        </div>
      ))}
      {making && (
        <PromptForm
          name={making.name}
          language={making.language}
          fixed={making.name !== ''}
          saved={(prompt) => {
            if (prompt.name !== value) props.set(prompt.name)
            props.made()
          }}
          close={() => setMaking(null)}
        />
      )}
    </div>
  )
}
