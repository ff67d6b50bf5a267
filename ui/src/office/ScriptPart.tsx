/* The script, step by step, in the language of the screen; {{name}} is a field of the contact. */
import { ArrowDown, ArrowUp, Plus, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { Step } from '../api/scripts.ts'
import type { ScriptStep } from '../api/types.ts'
import { useWords } from '../kit/prefs.ts'
import { mayEdit, Part, type PartProps } from './CampaignParts.tsx'
import { KeptSteps, originOf, ScriptChoice } from './ScriptChoice.tsx'

const both = (text: ScriptStep['title'], lang: string, value: string) => {
  const known = typeof text === 'string' ? { [lang]: text } : { ...text }
  return { ...known, [lang]: value }
}

export function ScriptPart({ editing, campaign }: PartProps) {
  const { t, pick, lang } = useWords()
  const saved = campaign.settings?.script
  const [steps, setSteps] = useState<ScriptStep[]>(saved ?? [])
  useEffect(() => setSteps(saved ?? []), [saved])
  const off = !mayEdit(campaign)
  const save = (next: ScriptStep[]) => {
    setSteps(next)
    const whole = next.filter((step) => pick(step.title).trim() && pick(step.text).trim())
    if (JSON.stringify(whole) !== JSON.stringify(saved ?? []))
      editing.change({ settings: { script: whole } })
  }
  const write = (index: number, part: 'title' | 'text', value: string) =>
    setSteps(
      steps.map((step, at) =>
        at === index ? { ...step, [part]: both(step[part], lang, value) } : step,
      ),
    )
  const move = (index: number, by: number) => {
    const next = [...steps]
    const [taken] = next.splice(index, 1)
    if (taken) next.splice(index + by, 0, taken)
    save(next)
  }
  const add = () =>
    setSteps([...steps, { id: `step_${crypto.randomUUID().slice(0, 8)}`, title: {}, text: {} }])
  if (campaign.mode === 'agentless') return null
  const choice = <ScriptChoice editing={editing} campaign={campaign} off={off} />
  if (originOf(campaign)) {
    return (
      <Part n={7} title="campaign.script">
        {choice}
        <KeptSteps steps={steps as Step[]} />
      </Part>
    )
  }
  return (
    <Part n={7} title="campaign.script">
      {choice}
      {steps.map((step, index) => (
        <div key={step.id} className="scriptstep">
          <span className="num ink3">{index + 1}</span>
          <div className="stack g1">
            <input
              className="input s m"
              value={pick(step.title)}
              disabled={off}
              placeholder={t('script.title')}
              aria-label={t('script.title')}
              onChange={(event) => write(index, 'title', event.target.value)}
              onBlur={() => save(steps)}
            />
            <textarea
              className="input"
              rows={2}
              value={pick(step.text)}
              disabled={off}
              placeholder={t('script.text')}
              aria-label={t('script.text')}
              onChange={(event) => write(index, 'text', event.target.value)}
              onBlur={() => save(steps)}
            />
          </div>
          {!off && (
            <div className="row g1">
              <button
                type="button"
                className="btn quiet s icon"
                disabled={index === 0}
                onClick={() => move(index, -1)}
                aria-label={t('script.up')}
              >
                <ArrowUp className="s" aria-hidden />
              </button>
              <button
                type="button"
                className="btn quiet s icon"
                disabled={index === steps.length - 1}
                onClick={() => move(index, 1)}
                aria-label={t('script.down')}
              >
                <ArrowDown className="s" aria-hidden />
              </button>
              <button
                type="button"
                className="btn quiet s icon"
                onClick={() => save(steps.filter((_, at) => at !== index))}
                aria-label={t('script.remove')}
              >
                <X className="s" aria-hidden />
              </button>
            </div>
          )}
        </div>
      ))}
      <div className="row wrap">
        {!off && (
          <button type="button" className="btn s" onClick={add}>
            <Plus className="s" aria-hidden />
            {t('script.add')}
          </button>
        )}
        <span className="small ink3">{t('script.hint')}</span>
      </div>
    </Part>
  )
}
