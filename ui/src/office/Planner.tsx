/* The planner: a list, how people answer and talk, one goal; formulas at once, then the simulation. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Calculator } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { api } from '../api/http.ts'
import { PLAN_MODES, type PlanAsked, type PlanBeginning, type PlanRun } from '../api/plan.ts'
import { Empty, Field, Note, Seg } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import {
  beginWith,
  draftOf,
  GOALS,
  PLAN_FIELDS,
  planAsked,
  type PlanDraft,
  type PlanField,
  readField,
} from './planDraft.ts'
import { PlanTable } from './PlanTable.tsx'
import { useCampaigns } from './useOffice.ts'

const LOOK_AGAIN_MS = 2_000

function usePlan() {
  return useQuery({
    queryKey: ['plan'],
    queryFn: () => api<PlanRun>('/plan'),
    refetchInterval: (query) => (query.state.data?.state === 'running' ? LOOK_AGAIN_MS : false),
  })
}

function useBeginning(campaign: string | undefined) {
  return useQuery({
    queryKey: ['plan', 'campaign', campaign],
    queryFn: () => api<PlanBeginning>(`/campaigns/${campaign}/plan`),
    enabled: campaign !== undefined,
  })
}

const UNITS: Partial<Record<PlanField['name'], 's' | '%'>> = {
  answered: '%',
  left_most: '%',
  blocked_most: '%',
  talk_s: 's',
  wrap_up_s: 's',
  ring_answered_s: 's',
  ring_unanswered_s: 's',
  wait_s: 's',
}

function PlanInput(props: {
  field: PlanField
  draft: PlanDraft
  set: (change: Partial<PlanDraft>) => void
}) {
  const { t } = useWords()
  const { field, draft, set } = props
  const bad = readField(draft, field) === null
  const unit = UNITS[field.name]
  return (
    <Field
      label={t(`plan.f_${field.name}`)}
      wrong={bad ? t('field.from_to', { least: field.least, most: field.most }) : null}
    >
      <span className="united">
        <input
          className="input num"
          inputMode="decimal"
          value={draft[field.name]}
          aria-invalid={bad || undefined}
          onChange={(event) => set({ [field.name]: event.target.value })}
        />
        {unit && <span className="unit small ink3">{unit === '%' ? '%' : t('unit.s')}</span>}
      </span>
    </Field>
  )
}

function PlanForm({ begin, busy }: { begin: PlanAsked; busy: boolean }) {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const [draft, setDraft] = useState(() => draftOf(begin, words.lang))
  const set = (change: Partial<PlanDraft>) => setDraft((before) => ({ ...before, ...change }))
  const start = useMutation({
    mutationFn: (body: PlanAsked) => api<PlanRun>('/plan', { method: 'POST', body }),
    onSuccess: (run) => queries.setQueryData(['plan'], run),
  })
  const asked = planAsked(draft)
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (asked) start.mutate(asked)
  }
  const fields = (...names: PlanField['name'][]) =>
    PLAN_FIELDS.filter((field) => names.includes(field.name)).map((field) => (
      <PlanInput key={field.name} field={field} draft={draft} set={set} />
    ))
  return (
    <form className="whatif-form" onSubmit={send}>
      <fieldset>
        <legend className="lab">{t('plan.goal')}</legend>
        <Seg
          label={t('plan.goal')}
          value={draft.goal}
          options={GOALS.map((goal) => [goal, t(`plan.goal_${goal}`)] as const)}
          set={(goal) => set({ goal })}
        />
        {fields(draft.goal)}
      </fieldset>
      <fieldset>
        <legend className="lab">{t('plan.list')}</legend>
        <div className="pairs">{fields('contacts', 'tries_most', 'answered')}</div>
      </fieldset>
      <fieldset>
        <legend className="lab">{t('plan.times')}</legend>
        <div className="pairs">
          {fields('talk_s', 'wrap_up_s', 'ring_answered_s', 'ring_unanswered_s')}
        </div>
      </fieldset>
      <fieldset>
        <legend className="lab">{t('plan.limits')}</legend>
        <div className="pairs">{fields('left_most', 'wait_s', 'blocked_most')}</div>
      </fieldset>
      <fieldset>
        <legend className="lab">{t('plan.simulation')}</legend>
        <div className="pairs">
          <Field label={t('whatif.mode')}>
            <select
              className="input"
              value={draft.mode}
              onChange={(event) => set({ mode: event.target.value as PlanDraft['mode'] })}
            >
              {PLAN_MODES.map((mode) => (
                <option key={mode} value={mode}>
                  {t(`mode.${mode}`)}
                </option>
              ))}
            </select>
          </Field>
          {fields('runs')}
        </div>
        <p className="small ink3">{t('plan.runs_says')}</p>
      </fieldset>
      <button
        type="submit"
        className="btn primary"
        disabled={start.isPending || !asked || (busy && asked.runs > 0)}
      >
        <Calculator className="s" aria-hidden />
        {t('plan.work_out')}
      </button>
      {start.error && (
        <Note tone="bad" alert>
          {problemText(words, start.error)}
        </Note>
      )}
    </form>
  )
}

/** From which campaign the figures are taken, and how much of them is its own. */
function From({ campaign, from }: { campaign: string; from: PlanBeginning | undefined }) {
  const words = useWords()
  const { t } = words
  const navigate = useNavigate()
  const campaigns = useCampaigns().data ?? []
  const stands = from?.stands_on
  const lacks = from && [from.answered, from.talk_s, from.ring_answered_s].includes(null)
  return (
    <div className="plan-from">
      <Field label={t('plan.from')}>
        <select
          className="input"
          value={campaign}
          onChange={(event) =>
            void navigate({
              to: '/plan',
              search: event.target.value ? { campaign: event.target.value } : {},
            })
          }
        >
          <option value="">{t('plan.from_none')}</option>
          {campaigns.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </select>
      </Field>
      {stands && (
        <p className="small ink2 pretty">
          {t('plan.stands_on', {
            calls: words.num(stands.calls),
            talks: words.num(stands.talks),
            days: stands.days,
          })}{' '}
          {lacks && t('plan.usual')}
        </p>
      )}
    </div>
  )
}

export function Planner() {
  const words = useWords()
  const { t } = words
  const { campaign } = useSearch({ from: '/inside/plan' })
  const plan = usePlan()
  const begun = useBeginning(campaign)
  const run = plan.data
  const wrong = plan.error ?? begun.error
  const ready = run !== undefined && (campaign === undefined || begun.data !== undefined)
  const begin = campaign === undefined && run?.asked ? run.asked : beginWith(begun.data)
  return (
    <main className="page">
      <header>
        <h1>{t('nav.plan')}</h1>
        <p className="small ink2 pretty">{t('plan.lead')}</p>
      </header>
      <div className="whatif-page planner">
        <section className="card">
          <header>
            <h2>{t('plan.asked')}</h2>
          </header>
          <From campaign={campaign ?? ''} from={begun.data} />
          {ready && <PlanForm key={campaign ?? ''} begin={begin} busy={run.state === 'running'} />}
        </section>
        <div className="stack g4">
          {wrong && (
            <Note tone="bad" alert>
              {problemText(words, wrong)}
            </Note>
          )}
          {run?.state === 'running' && <Note>{t('plan.running')}</Note>}
          {run?.state === 'failed' && <Note tone="warn">{`${t('plan.failed')}\n${run.said}`}</Note>}
          {run && !run.asked && (
            <section className="card">
              <Empty title={t('plan.none')}>
                <p>{t('plan.none_next')}</p>
              </Empty>
            </section>
          )}
          {run?.asked && <PlanTable run={run} />}
        </div>
      </div>
    </main>
  )
}
