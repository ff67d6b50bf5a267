/* Beside the steps: what is wrong, which campaigns use the script, and its versions. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Check } from 'lucide-react'
import { useState } from 'react'
import { api, apiTagged } from '../api/http.ts'
import type { Script, StepProblem, Version } from '../api/scripts.ts'
import { may, useSession } from '../api/session.ts'
import type { Campaign } from '../api/types.ts'
import { useNow } from '../kit/live.ts'
import { Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'

export function Wrong({ found, name }: { found: StepProblem[]; name: (step: string) => string }) {
  const words = useWords()
  const { t } = words
  if (found.length === 0) {
    return (
      <p className="st fg ok">
        <Check aria-hidden />
        {t('scripts.all_well')}
      </p>
    )
  }
  return (
    <div className="stack">
      {found.some((one) => one.stops) && <p className="small ink2">{t('scripts.stops')}</p>}
      <ul className="stack">
        {found.map((one) => (
          <li
            key={one.step + one.reason + one.about}
            className={`fg ${one.stops ? 'bad' : 'warn'}`}
          >
            {one.step && <b>{name(one.step)}: </b>}
            {words.id('script_problem', one.reason, { about: one.about })}
          </li>
        ))}
      </ul>
    </div>
  )
}

/** Campaigns that use it; each takes the newest version by a press, for nothing changes under a call. */
export function Uses({ script }: { script: Script }) {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const edit = may(useSession(), 'campaign.edit')
  const [problem, setProblem] = useState<unknown>(null)
  const take = async (campaign: string) => {
    try {
      const { etag } = await apiTagged<Campaign>(`/campaigns/${campaign}`)
      const origin = { id: script.id, version: script.latest }
      const body = { settings: { script_from: origin } }
      await api(`/campaigns/${campaign}`, { method: 'PATCH', body, etag })
      await queries.invalidateQueries({ queryKey: ['script', script.id] })
      void queries.invalidateQueries({ queryKey: ['campaign', campaign] })
      setProblem(null)
    } catch (failure) {
      setProblem(failure)
    }
  }
  return (
    <div className="stack">
      {script.campaigns.length === 0 && <p className="ink2">{t('scripts.uses_none')}</p>}
      {script.campaigns.map((one) => (
        <div key={one.id} className="row">
          <Link to="/campaigns/$id" params={{ id: one.id }} className="cut">
            {one.name}
          </Link>
          <span className="small ink3 nowrap">{t('scripts.use_version', { n: one.version })}</span>
          {edit && one.version < script.latest && script.ready && (
            <button type="button" className="btn s push" onClick={() => void take(one.id)}>
              {t('scripts.take', { n: script.latest })}
            </button>
          )}
        </div>
      ))}
      {script.campaigns.length > 0 && <p className="small ink3">{t('scripts.calls_keep')}</p>}
      {problem !== null && <Note tone="bad">{problemText(words, problem)}</Note>}
    </div>
  )
}

export function Versions({ script, show }: { script: Script; show: (version: number) => void }) {
  const words = useWords()
  const { t } = words
  const now = useNow()
  const { data } = useQuery({
    queryKey: ['script-versions', script.id],
    queryFn: () => api<{ items: Version[] }>(`/scripts/${script.id}/versions`),
  })
  return (
    <ol className="stack">
      {data?.items.map((one) => (
        <li key={one.version} className="row">
          <b className="num">{one.version}</b>
          <span className="small ink2 cut">
            {words.moment(one.saved_at, now)}
            {one.saved_by && ` · ${one.saved_by.name}`}
          </span>
          {one.version !== script.latest && (
            <button type="button" className="btn quiet s push" onClick={() => show(one.version)}>
              {t('scripts.see_version')}
            </button>
          )}
        </li>
      ))}
    </ol>
  )
}
