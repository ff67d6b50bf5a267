/* What is still to decide before a start: facts from the campaign itself, said as sentences. */
import { Check, TriangleAlert } from 'lucide-react'
import type { Campaign } from '../api/types.ts'
import { useWords } from '../kit/prefs.ts'
import type { Key } from '../words/words.ts'
import { useTrunks } from './useOffice.ts'

type Check = { id: string; ok: boolean; must: boolean }

/** What a start needs (`must`) and what only deserves a second look. */
export function checksOf(campaign: Campaign, trunksUp: number): Check[] {
  const settings = campaign.settings ?? {}
  const people = campaign.mode !== 'agentless'
  return [
    { id: 'list', ok: campaign.list !== null, must: true },
    { id: 'agents', ok: !people || (settings.agents ?? []).length > 0, must: true },
    { id: 'trunk', ok: trunksUp > 0, must: true },
    { id: 'caller', ok: Boolean(settings.caller_id), must: false },
    { id: 'script', ok: !people || (settings.script ?? []).length > 0, must: false },
    { id: 'recording', ok: settings.recording ?? true, must: false },
  ]
}

export function BeforeStart({ campaign }: { campaign: Campaign }) {
  const { t } = useWords()
  const trunks = useTrunks().data ?? []
  const named = new Set(campaign.settings?.trunks ?? [])
  const checks = checksOf(
    campaign,
    trunks.filter((trunk) => trunk.active && named.has(trunk.id)).length,
  )
  const open = checks.filter((check) => !check.ok)
  if (!['draft', 'ready', 'scheduled', 'paused'].includes(campaign.state)) return null
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
