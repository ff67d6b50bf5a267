/* What an offer says and what keys do: the steps in their order, one of them open beside them. */
import { useQueryClient } from '@tanstack/react-query'
import {
  Ban,
  CalendarClock,
  Headphones,
  Megaphone,
  PhoneOff,
  Play,
  Plus,
  TriangleAlert,
} from 'lucide-react'
import { useState } from 'react'
import type { Flow, FlowChecked, Kind, Step } from '../api/prompts.ts'
import { Kbd, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { mayEdit, type PartProps } from '../office/CampaignParts.tsx'
import { FIRST_FLOW } from '../office/flow.ts'
import { added, inOrder, KINDS, waysOf, wrongWith } from './flowEdit.ts'
import { MachineFields } from './MachineFields.tsx'
import { StepFields } from './StepFields.tsx'
import { Trial } from './Trial.tsx'
import { useFlow } from './useFlow.ts'
import { PROMPTS } from './usePrompts.ts'

const ICON: Record<Kind, typeof Ban> = {
  announce: Megaphone,
  connect: Headphones,
  callback: CalendarClock,
  suppress: Ban,
  hang_up: PhoneOff,
}

function Ways({ flow, step }: { flow: Flow; step: Step }) {
  const { t } = useWords()
  const ways = waysOf(step)
  if (ways.length === 0) return null
  return (
    <span className="ways small ink2">
      {ways.map(([key, to]) => (
        <span key={key || 'silence'} className="nowrap">
          {key ? <Kbd>{key}</Kbd> : t('flow.silence')}
          {' → '}
          <span className={flow.steps[to] ? 'mono' : 'mono fg bad'}>{to || '?'}</span>
        </span>
      ))}
    </span>
  )
}

function StepRow(props: {
  flow: Flow
  name: string
  checked: FlowChecked
  on: boolean
  open: () => void
}) {
  const { t } = useWords()
  const step = props.flow.steps[props.name] as Step
  const Icon = ICON[step.do] ?? TriangleAlert
  const wrong = Object.keys(wrongWith(props.checked.problems, props.name)).length
  const missing = missingOf(props.checked, step.prompt)
  return (
    <button
      type="button"
      className={`flowstep ${props.on ? 'on' : ''}`}
      aria-pressed={props.on}
      onClick={props.open}
    >
      <Icon aria-hidden />
      <span className="stack g0">
        <span className="row">
          <b className="mono m cut">{props.name}</b>
          <span className="small ink3 cut">
            {t(`flow_do.${step.do}`)}
            {step.prompt ? ` · ${step.prompt}` : ''}
          </span>
        </span>
        <Ways flow={props.flow} step={step} />
      </span>
      {(wrong > 0 || missing) && (
        <span className={`chip ${wrong ? 'bad' : 'warn'}`}>
          <TriangleAlert aria-hidden />
          {wrong > 0 ? t('flow.wrong_n', { n: wrong }) : t('flow.no_sound')}
        </span>
      )}
    </button>
  )
}

/** True where a prompt cannot be heard in both languages. */
export const missingOf = (checked: FlowChecked, prompt: string | null | undefined): boolean => {
  const told = checked.prompts.find((one) => one.name === prompt)
  return told !== undefined && told.languages.length < 2
}

export function FlowEditor({ editing, campaign }: PartProps) {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const own = useFlow(campaign, editing, FIRST_FLOW as Flow)
  const { flow, checked } = own
  const [shown, setShown] = useState('')
  const [trial, setTrial] = useState(false)
  const off = !mayEdit(campaign)
  const order = inOrder(flow)
  const open = flow.steps[shown] ? shown : (order[0] ?? '')
  const add = (kind: Kind) => {
    const made = added(flow, kind)
    own.change(made.flow)
    setShown(made.name)
  }
  const wrong = checked.problems.length
  const start = checked.problems.find(({ field }) => field === 'start')
  return (
    <div className="stack g3">
      <div className="row wrap">
        <h3>{t('flow.title')}</h3>
        <span className="small ink3 grow">{t('flow.hint')}</span>
        <button type="button" className="btn s" disabled={wrong > 0} onClick={() => setTrial(true)}>
          <Play className="s" aria-hidden />
          {t('flow.try')}
        </button>
      </div>
      <div className="flowedit">
        <div className="flowlist" role="group" aria-label={t('flow.steps')}>
          {order.map((name) => (
            <StepRow
              key={name}
              flow={flow}
              name={name}
              checked={checked}
              on={name === open}
              open={() => setShown(name)}
            />
          ))}
          {!off && (
            <label className="addstep">
              <Plus className="s" aria-hidden />
              <select
                className="input s"
                value=""
                aria-label={t('flow.add')}
                onChange={(event) => add(event.target.value as Kind)}
              >
                <option value="" disabled>
                  {t('flow.add')}
                </option>
                {KINDS.map((kind) => (
                  <option key={kind} value={kind}>
                    {t(`flow_do.${kind}`)}
                  </option>
                ))}
              </select>
            </label>
          )}
        </div>
        {open && (
          <StepFields
            key={open}
            own={own}
            name={open}
            off={off}
            show={setShown}
            prompts={() => {
              void queries.invalidateQueries({ queryKey: PROMPTS })
              own.again()
            }}
          />
        )}
      </div>
      <MachineFields own={own} off={off} />
      {wrong > 0 && (
        <Note tone="warn">
          {start ? t('flow.start_needed') : t('flow.not_saved', { n: wrong })}
        </Note>
      )}
      {trial && (
        <Trial
          flow={flow}
          harbour={campaign.settings?.safe_harbour_prompt ?? 'safe_harbour'}
          close={() => setTrial(false)}
        />
      )}
    </div>
  )
}
