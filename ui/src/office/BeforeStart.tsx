/* What is still to decide before a start: facts from the campaign itself, said as sentences. */
import { Check, TriangleAlert } from 'lucide-react'
import type { Campaign } from '../api/types.ts'
import { useWords } from '../kit/prefs.ts'
import type { Key } from '../words/words.ts'
import { promptsOf, wantsAgent } from './flow.ts'
import { useTrunks } from './useOffice.ts'

type Check = { id: string; ok: boolean; must: boolean }

/** Prompts that come with the product and name a company that is made up. */
const SAMPLES = new Set(['offer', 'safe_harbour'])

/** What a start needs (`must`) and what only deserves a second look; null trunks are not known yet. */
export function checksOf(campaign: Campaign, trunksUp: number | null): Check[] {
  const settings = campaign.settings ?? {}
  const people = campaign.mode !== 'agentless'
  const agents = (settings.agents ?? []).length > 0
  const heard = [settings.safe_harbour_prompt ?? 'safe_harbour', ...promptsOf(settings.flow)]
  return [
    { id: 'list', ok: campaign.list !== null, must: true },
    people
      ? { id: 'agents', ok: agents, must: true }
      : { id: 'agents_keys', ok: agents || !wantsAgent(settings.flow), must: true },
    { id: 'trunk', ok: trunksUp !== 0, must: true },
    { id: 'samples', ok: !heard.some((prompt) => SAMPLES.has(prompt)), must: false },
    { id: 'script', ok: !people || (settings.script ?? []).length > 0, must: false },
    { id: 'recording', ok: settings.recording ?? true, must: false },
  ]
}

/** All checks of a campaign as it stands now. */
export function useChecks(campaign: Campaign | undefined): Check[] {
  const { data: trunks } = useTrunks()
  if (!campaign) return []
  const named = new Set(campaign.settings?.trunks ?? [])
  const up = trunks?.filter((trunk) => trunk.active && named.has(trunk.id)).length ?? null
  return checksOf(campaign, up)
}

export function BeforeStart({ campaign }: { campaign: Campaign }) {
  const { t } = useWords()
  const checks = useChecks(campaign)
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
