/* One campaign on one page: what is set at the left, what would happen at the right; start, pause, finish. */
import { Link, useParams } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import { Calculator, Check, Flag, Pause, Pen, Play } from 'lucide-react'
import { useState } from 'react'
import { api, idempotencyKey } from '../api/http.ts'
import { may, useSession } from '../api/session.ts'
import type { Campaign } from '../api/types.ts'
import { useTopic } from '../kit/live.ts'
import { Dialog, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { campaignLook } from '../kit/states.ts'
import type { FloorCampaign } from '../live/shapes.ts'
import { Progress } from '../floor/Progress.tsx'
import { BeforeStart, useReadiness } from './BeforeStart.tsx'
import { More } from './CampaignMore.tsx'
import { How, Numbers, Who, Whom } from './CampaignParts.tsx'
import { Hours, Redials } from './CampaignTimes.tsx'
import { RulesPart } from './PaceRules.tsx'
import { ResultsPart } from './ResultsPart.tsx'
import { ScriptPart } from './ScriptPart.tsx'
import { type Editing, useCampaign } from './useCampaign.ts'
import { Waterfall } from './Waterfall.tsx'

type Verb = 'start' | 'pause' | 'finish'
const LOOK = { start: Play, pause: Pause, finish: Flag }

/** What finishing does to live calls is said before it is done. */
function Finish(props: { live: FloorCampaign | undefined; go: () => void; close: () => void }) {
  const { t } = useWords()
  return (
    <Dialog title={t('campaign.finish_title')} close={props.close}>
      <p>
        {t('floor.stop_ringing', { n: props.live?.pace.ringing ?? 0 })}{' '}
        {t('floor.stop_talking', { n: props.live?.pace.talking ?? 0 })} {t('campaign.finish_says')}
      </p>
      <div className="row">
        <button type="button" className="btn danger" onClick={props.go}>
          <Flag aria-hidden />
          {t('campaign.finish')}
        </button>
        <button type="button" className="btn" onClick={props.close}>
          {t('common.cancel')}
        </button>
      </div>
    </Dialog>
  )
}

function Acts({
  campaign,
  live,
  tell,
}: {
  campaign: Campaign
  live: FloorCampaign | undefined
  tell: (problem: string | null) => void
}) {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const [busy, setBusy] = useState(false)
  const [asking, setAsking] = useState(false)
  const lacks = useReadiness(campaign)?.ready === false
  const go = async (verb: Verb) => {
    setBusy(true)
    setAsking(false)
    try {
      await api(`/campaigns/${campaign.id}/${verb}`, { method: 'POST', key: idempotencyKey() })
      tell(null)
    } catch (error) {
      tell(problemText(words, error))
    }
    await queries.invalidateQueries({ queryKey: ['campaign', campaign.id] })
    setBusy(false)
  }
  const verbs = (['finish', 'pause', 'start'] as Verb[]).filter((verb) =>
    campaign.allowed.includes(verb),
  )
  return (
    <span className="push row wrap">
      <More campaign={campaign} tell={tell} />
      {verbs.map((verb) => {
        const Icon = LOOK[verb]
        return (
          <button
            type="button"
            key={verb}
            className={`btn ${verb === 'start' ? 'primary' : verb === 'finish' ? 'quiet' : ''}`}
            disabled={busy || (verb === 'start' && lacks)}
            title={verb === 'start' && lacks ? t('before.must') : undefined}
            onClick={() => (verb === 'finish' ? setAsking(true) : void go(verb))}
          >
            <Icon aria-hidden />
            {verb === 'start' && campaign.state !== 'draft' && campaign.state !== 'ready'
              ? t('campaign.go_on')
              : t(`campaign.${verb}`)}
          </button>
        )
      })}
      {asking && <Finish live={live} go={() => void go('finish')} close={() => setAsking(false)} />}
    </span>
  )
}

function SavedChip({ editing }: { editing: Editing }) {
  const { t, clock } = useWords()
  if (editing.saving) return <span className="chip line">{t('common.saving')}</span>
  if (!editing.savedAt) return null
  return (
    <span className="chip line">
      <Check aria-hidden />
      {t('campaign.saved_at', { at: clock(editing.savedAt) })}
    </span>
  )
}

export function CampaignPage() {
  const { id } = useParams({ from: '/inside/campaigns/$id' })
  const words = useWords()
  const { t } = words
  const session = useSession()
  const editing = useCampaign(id)
  const live = useTopic<FloorCampaign>(`campaign:${id}`)
  const [problem, setProblem] = useState<string | null>(null)
  const { campaign } = editing
  if (!campaign) {
    return editing.problem ? (
      <main className="page">
        <Note tone="bad">{problemText(words, editing.problem)}</Note>
      </main>
    ) : (
      <p className="wait">{t('common.loading')}</p>
    )
  }
  const state = live?.state ?? campaign.state
  const look = campaignLook(state)
  const said = problem ?? (editing.problem ? problemText(words, editing.problem) : null)
  return (
    <main className="page">
      <header>
        <span className="crumb">
          <Link to="/campaigns">{t('nav.campaigns')}</Link> /
        </span>
        <h1>{campaign.name}</h1>
        <span className={`chip ${state === 'draft' ? 'line' : look.tone}`}>
          {state === 'draft' ? <Pen aria-hidden /> : <look.icon aria-hidden />}
          {words.id('campaign_state', state)}
        </span>
        <SavedChip editing={editing} />
        <Acts campaign={campaign} live={live} tell={setProblem} />
      </header>
      {said && (
        <div className="notes-above">
          <Note tone="bad" alert>
            {said}
          </Note>
        </div>
      )}
      <div className="build">
        <div className="card">
          <How editing={editing} campaign={campaign} />
          <Whom editing={editing} campaign={campaign} />
          <Who editing={editing} campaign={campaign} />
          <Numbers editing={editing} campaign={campaign} />
          <Hours editing={editing} campaign={campaign} />
          <Redials editing={editing} campaign={campaign} />
          <ScriptPart editing={editing} campaign={campaign} />
          <ResultsPart editing={editing} campaign={campaign} />
          <RulesPart editing={editing} campaign={campaign} />
        </div>
        <aside className="stack g3 sticky">
          {live?.progress && live.progress.attempts > 0 && (
            <Progress campaign={live} progress={live.progress} />
          )}
          <Waterfall id={id} />
          <BeforeStart campaign={campaign} />
          {may(session, 'whatif.ask') && (
            <Link to="/plan" search={{ campaign: id }} className="btn">
              <Calculator aria-hidden />
              {t('plan.this_campaign')}
            </Link>
          )}
        </aside>
      </div>
    </main>
  )
}
