/* Which kept script a campaign uses, at which version; one is made here, or kept out of its own steps. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { ExternalLink, Plus } from 'lucide-react'
import { useState } from 'react'
import { api, apiTagged, idempotencyKey } from '../api/http.ts'
import type { Script, ScriptShort, Step } from '../api/scripts.ts'
import { may, useSession } from '../api/session.ts'
import type { Campaign, Page } from '../api/types.ts'
import { Field, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { newStep } from '../scripts/draft.ts'
import type { Editing } from './useCampaign.ts'

export type Origin = { id: string; version: number }
export const originOf = (campaign: Campaign): Origin | null =>
  (campaign.settings as { script_from?: Origin | null } | undefined)?.script_from ?? null

type Props = { editing: Editing; campaign: Campaign; off: boolean }

export function ScriptChoice({ editing, campaign, off }: Props) {
  const words = useWords()
  const { t, lang } = words
  const session = useSession()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [problem, setProblem] = useState<unknown>(null)
  const { data } = useQuery({
    queryKey: ['scripts', 'in_use'],
    queryFn: () => api<Page<ScriptShort>>('/scripts?limit=200&archived=false'),
    enabled: may(session, 'script.see'),
  })
  const origin = originOf(campaign)
  const own = (campaign.settings?.script ?? []) as Step[]
  const kept = data?.items.find((one) => one.id === origin?.id)
  const choose = (id: string) => {
    const script = data?.items.find((one) => one.id === id)
    const from = script ? { id, version: script.latest } : null
    editing.change({ settings: { script_from: from } })
  }
  const make = async () => {
    const first = newStep(
      { [lang]: t('scripts.new_step', { n: 1 }) },
      { [lang]: t('scripts.first_text') },
    )
    const steps = origin || own.length === 0 ? [first] : own
    try {
      const body = { name: campaign.name.slice(0, 100), steps }
      const made = await api<Script>('/scripts', { method: 'POST', key: idempotencyKey(), body })
      const { etag } = await apiTagged<Campaign>(`/campaigns/${campaign.id}`)
      await api(`/campaigns/${campaign.id}`, {
        method: 'PATCH',
        body: { settings: { script_from: { id: made.id, version: made.version } } },
        etag,
      })
      void queries.invalidateQueries({ queryKey: ['scripts'] })
      void queries.invalidateQueries({ queryKey: ['campaign', campaign.id] })
      await navigate({ to: '/scripts/$id', params: { id: made.id } })
    } catch (failure) {
      setProblem(failure)
    }
  }
  if (!may(session, 'script.see')) return null
  return (
    <div className="stack">
      <div className="row wrap">
        <Field label={<span className="hidden-words">{t('scripts.choose')}</span>}>
          <select
            className="input which"
            value={origin?.id ?? ''}
            disabled={off}
            onChange={(event) => choose(event.target.value)}
          >
            <option value="">{t('scripts.own')}</option>
            {origin && !kept && <option value={origin.id}>…</option>}
            {data?.items.map((one) => (
              <option key={one.id} value={one.id} disabled={!one.ready}>
                {one.ready ? one.name : `${one.name} (${t('scripts.not_ready')})`}
              </option>
            ))}
          </select>
        </Field>
        {origin && (
          <Link to="/scripts/$id" params={{ id: origin.id }} className="btn s">
            <ExternalLink className="s" aria-hidden />
            {t('scripts.open')}
          </Link>
        )}
        {!off && may(session, 'script.edit') && (
          <button type="button" className="btn s" onClick={() => void make()}>
            <Plus className="s" aria-hidden />
            {t(!origin && own.length > 0 ? 'scripts.keep_own' : 'scripts.make')}
          </button>
        )}
      </div>
      {origin && kept && kept.latest > origin.version && (
        <Note
          action={
            !off &&
            kept.ready && (
              <button type="button" className="btn s" onClick={() => choose(kept.id)}>
                {t('scripts.take', { n: kept.latest })}
              </button>
            )
          }
        >
          {t('scripts.older', { n: origin.version, latest: kept.latest })}
        </Note>
      )}
      {problem !== null && <Note tone="bad">{problemText(words, problem)}</Note>}
    </div>
  )
}

/** The steps of a kept script as a campaign has them: to be read here, changed where they are kept. */
export function KeptSteps({ steps }: { steps: Step[] }) {
  const { pick } = useWords()
  return (
    <ol className="stack g1">
      {steps.map((step, index) => (
        <li key={step.id} className="scriptstep">
          <span className="num ink3">{index + 1}</span>
          <span className="cut">
            <b className="m">{pick(step.title)}</b> <span className="ink2">{pick(step.text)}</span>
          </span>
        </li>
      ))}
    </ol>
  )
}
