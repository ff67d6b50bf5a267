/* What if: choose a campaign, change something, and see what it would bring. Always said to be an estimate. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { FlaskConical } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { api } from '../api/http.ts'
import type { SettingValue, WhatIfAsked, WhatIfRun } from '../api/whatif.ts'
import { Empty, Field, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { readNumber } from '../office/fields.tsx'
import { useCampaigns } from '../office/useOffice.ts'
import { WhatIfTable } from './WhatIfTable.tsx'

const MODES = ['progressive', 'power', 'predictive', 'agentless'] as const
const LOOK_AGAIN_MS = 2_000

type Draft = {
  campaign: string
  operators: string
  mode: string
  lines: string
  ring: string
  attempts: string
  days: string
}
const EMPTY: Draft = {
  campaign: '',
  operators: '',
  mode: '',
  lines: '',
  ring: '',
  attempts: '',
  days: '30',
}

type Part = { name: keyof Draft; path?: string; least: number; most: number }
const PARTS: Part[] = [
  { name: 'operators', least: 1, most: 300 },
  { name: 'lines', path: 'lines_max', least: 1, most: 10_000 },
  { name: 'ring', path: 'ring_timeout_s', least: 1, most: 180 },
  { name: 'attempts', path: 'redial.attempts_max', least: 1, most: 10 },
  { name: 'days', least: 1, most: 366 },
]

/** A whole number of the form, null where it is empty, NaN where it is none or out of bounds. */
function whole(draft: Draft, part: Part): number | null {
  const text = draft[part.name]
  if (text.trim() === '') return null
  const read = readNumber(text, part.least, part.most)
  return read === null || !Number.isInteger(read) ? Number.NaN : read
}

/** What the draft asks for; null while a number in it is none. */
export function askedBy(draft: Draft, campaign: string): WhatIfAsked | null {
  const settings: Record<string, SettingValue> = draft.mode ? { mode: draft.mode } : {}
  const read = new Map(PARTS.map((part) => [part.name, whole(draft, part)]))
  if ([...read.values()].some((value) => Number.isNaN(value))) return null
  for (const part of PARTS) {
    const value = read.get(part.name)
    if (part.path && typeof value === 'number') settings[part.path] = value
  }
  return {
    campaign,
    operators: read.get('operators') ?? null,
    settings,
    days: read.get('days') ?? 30,
  }
}

function useRun() {
  return useQuery({
    queryKey: ['whatif'],
    queryFn: () => api<WhatIfRun>('/whatif'),
    refetchInterval: (query) => (query.state.data?.state === 'running' ? LOOK_AGAIN_MS : false),
  })
}

function Form({ busy }: { busy: boolean }) {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const campaigns = useCampaigns().data ?? []
  const [draft, setDraft] = useState(EMPTY)
  const campaign = draft.campaign || (campaigns[0]?.id ?? '')
  const set = (change: Partial<Draft>) => setDraft((before) => ({ ...before, ...change }))
  const start = useMutation({
    mutationFn: (body: WhatIfAsked) => api<WhatIfRun>('/whatif', { method: 'POST', body }),
    onSuccess: (run) => queries.setQueryData(['whatif'], run),
  })
  const asked = askedBy(draft, campaign)
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (asked && campaign) start.mutate(asked)
  }
  const number = (part: Part, label: string, unit?: string) => (
    <Field
      key={part.name}
      label={label}
      wrong={
        Number.isNaN(whole(draft, part))
          ? t('field.from_to', { least: part.least, most: part.most })
          : null
      }
    >
      <span className="united">
        <input
          className="input num"
          inputMode="numeric"
          value={draft[part.name]}
          placeholder={part.name === 'days' ? '30' : t('whatif.as_now')}
          onChange={(event) => set({ [part.name]: event.target.value })}
        />
        {unit && <span className="unit small ink3">{unit}</span>}
      </span>
    </Field>
  )
  const [operators, lines, ring, attempts, days] = PARTS as [Part, Part, Part, Part, Part]
  return (
    <section className="card">
      <header>
        <h2>{t('whatif.change')}</h2>
      </header>
      <form className="whatif-form" onSubmit={send}>
        <Field label={t('desk.campaign')}>
          <select
            className="input"
            value={campaign}
            onChange={(event) => set({ campaign: event.target.value })}
          >
            {campaigns.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </Field>
        {number(operators, t('whatif.operators'))}
        <Field label={t('whatif.mode')}>
          <select
            className="input"
            value={draft.mode}
            onChange={(event) => set({ mode: event.target.value })}
          >
            <option value="">{t('whatif.as_now')}</option>
            {MODES.map((mode) => (
              <option key={mode} value={mode}>
                {t(`mode.${mode}`)}
              </option>
            ))}
          </select>
        </Field>
        {number(lines, t('whatif.lines'))}
        {number(ring, t('whatif.ring'), words.lang === 'ru' ? 'с' : 's')}
        {number(attempts, t('whatif.attempts'))}
        {number(days, t('whatif.days'))}
        <button
          type="submit"
          className="btn primary"
          disabled={busy || start.isPending || !asked || !campaign}
        >
          <FlaskConical className="s" aria-hidden />
          {t('whatif.start')}
        </button>
        {start.error && (
          <Note tone="bad" alert>
            {problemText(words, start.error)}
          </Note>
        )}
      </form>
    </section>
  )
}

export function WhatIf() {
  const words = useWords()
  const { t } = words
  const asked = useRun()
  const run = asked.data
  return (
    <main className="page">
      <header>
        <h1>{t('nav.whatif')}</h1>
        <p className="small ink2 pretty">{t('whatif.lead')}</p>
      </header>
      <div className="whatif-page">
        <Form busy={run?.state === 'running'} />
        <div className="stack g4">
          {asked.error && (
            <Note tone="bad" alert>
              {problemText(words, asked.error)}
            </Note>
          )}
          {run?.state === 'running' && (
            <Note>
              <p>
                <b>{run.asked.campaign_name}</b>{' '}
                {run.since && t('whatif.since', { at: words.clock(run.since) })}
              </p>
              <p>{t('whatif.running')}</p>
            </Note>
          )}
          {run?.state === 'failed' && (
            <Note tone="warn">{`${t('whatif.failed')}\n${run.said}`}</Note>
          )}
          {run?.state === 'none' && (
            <section className="card">
              <Empty title={t('whatif.none')}>
                <p>{t('whatif.none_next')}</p>
              </Empty>
            </section>
          )}
          {run?.estimate && <WhatIfTable result={run.estimate} />}
        </div>
      </div>
    </main>
  )
}
