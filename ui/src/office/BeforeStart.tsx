/* What is still to decide before a start, said as sentences; what counts is decided by the server. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Check, TriangleAlert } from 'lucide-react'
import { api } from '../api/http.ts'
import type { Campaign, Readiness } from '../api/types.ts'
import { useWords } from '../kit/prefs.ts'
import type { Key } from '../words/words.ts'

/** What the server says of a campaign as it stands now; read again with every change of it. */
export function useReadiness(campaign: Campaign): Readiness | undefined {
  return useQuery({
    queryKey: ['readiness', campaign.id, campaign.version, campaign.list?.id],
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
    queryFn: () => api<Readiness>(`/campaigns/${campaign.id}/readiness`),
  }).data
}

export function BeforeStart({ campaign }: { campaign: Campaign }) {
  const { t } = useWords()
  const checks = useReadiness(campaign)?.checks
  if (!checks || !['draft', 'ready', 'scheduled', 'paused'].includes(campaign.state)) return null
  const open = checks.filter((check) => !check.ok)
  return (
    <section className="card">
      <header>
        <h2>{t('before.title')}</h2>
        <span className="push small ink3">
          {open.length > 0
            ? t('before.count', { n: open.length, fine: checks.length - open.length })
            : t('before.all_fine')}
        </span>
      </header>
      {open.map((check) => (
        <div key={check.id} className="alrt">
          <TriangleAlert className={`fg ${check.must ? 'bad' : 'warn'}`} aria-hidden />
          <span>
            <b className="m">{t(`before.${check.id}` as Key)}</b>
            <span className="small ink2 block">{t(`before.${check.id}_next` as Key)}</span>
          </span>
          <span />
        </div>
      ))}
      {checks.length > open.length && (
        <div className="alrt">
          <Check className="fg ok" aria-hidden />
          <span className="ink2">
            {checks
              .filter((check) => check.ok)
              .map((check) => t(`before.${check.id}_ok` as Key))
              .join(', ')}
          </span>
          <span />
        </div>
      )}
    </section>
  )
}
