/* All campaigns, and the way to a first one. */
import { Link, useNavigate } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { api, idempotencyKey } from '../api/http.ts'
import { may, useSession } from '../api/session.ts'
import type { Campaign } from '../api/types.ts'
import { Dialog, Field, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { fieldProblem, problemText } from '../kit/problem.ts'
import { campaignLook } from '../kit/states.ts'
import { FromFile } from './CampaignFile.tsx'
import { FirstSteps } from './FirstSteps.tsx'
import { FIRST_FLOW } from './flow.ts'
import { MODES, ModeCards } from './ModeCards.tsx'
import { useCampaigns, useTrunks } from './useOffice.ts'

const PURPOSES = ['service', 'advertising', 'survey', 'debt', 'political'] as const

function NewCampaign({ close }: { close: () => void }) {
  const words = useWords()
  const { t } = words
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [purpose, setPurpose] = useState<string>('service')
  const [mode, setMode] = useState<string>(MODES[0]?.id ?? 'progressive')
  const [caller, setCaller] = useState('')
  const [error, setError] = useState<unknown>(null)
  // A campaign is stored only with a way out and a number to show; a new one gets all trunks that are on.
  const trunks = useTrunks().data
  const noTrunk = trunks !== undefined && !trunks.some((trunk) => trunk.active)
  const [busy, setBusy] = useState(false)
  const create = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    try {
      const caller_id = caller.replace(/[\s()-]/gu, '')
      const settings = { caller_id, ...(mode === 'agentless' ? { flow: FIRST_FLOW } : {}) }
      const body = { name, purpose, mode, settings }
      const made = await api<Campaign>('/campaigns', {
        method: 'POST',
        body,
        key: idempotencyKey(),
      })
      void queries.invalidateQueries({ queryKey: ['campaigns'] })
      await navigate({ to: '/campaigns/$id', params: { id: made.id } })
    } catch (failure) {
      setError(failure)
      setBusy(false)
    }
  }
  return (
    <Dialog title={t('campaign.new')} close={close}>
      <form className="stack g4" onSubmit={(event) => void create(event)}>
        <Field label={t('campaign.name')}>
          <input
            className="input"
            required
            maxLength={200}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <div>
          <div className="lab gap">{t('campaign.how')}</div>
          <ModeCards mode={mode} pick={setMode} />
        </div>
        <Field label={t('campaign.purpose')} hint={t('campaign.purpose_hint')}>
          <select
            className="input"
            value={purpose}
            onChange={(event) => setPurpose(event.target.value)}
          >
            {PURPOSES.map((known) => (
              <option key={known} value={known}>
                {t(`purpose.${known}`)}
              </option>
            ))}
          </select>
        </Field>
        <Field
          label={t('campaign.caller_id')}
          hint={t('campaign.caller_hint')}
          wrong={fieldProblem(words, error, 'caller_id')}
        >
          <input
            className="input"
            type="tel"
            name="caller_id"
            required
            maxLength={32}
            placeholder="+70005550180"
            value={caller}
            onChange={(event) => setCaller(event.target.value)}
          />
        </Field>
        {noTrunk && (
          <Note tone="warn">
            {t('before.trunk')}. {t('before.trunk_next')}
          </Note>
        )}
        {error !== null && (
          <Note tone="bad" alert>
            {problemText(words, error)}
          </Note>
        )}
        <div className="row">
          <button type="submit" className="btn primary" disabled={busy || noTrunk}>
            {t('campaign.create')}
          </button>
          <span className="small ink3">{t('campaign.create_hint')}</span>
        </div>
      </form>
    </Dialog>
  )
}

export function Campaigns() {
  const words = useWords()
  const { t } = words
  const session = useSession()
  const navigate = useNavigate()
  const { data } = useCampaigns()
  const [making, setMaking] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const [archive, setArchive] = useState(false)
  const put = data?.filter((one) => one.state === 'archived').length ?? 0
  const shown = archive ? data : data?.filter((one) => one.state !== 'archived')
  const edit = may(session, 'campaign.edit')
  return (
    <main className="page">
      <header>
        <h1>{t('nav.campaigns')}</h1>
        {edit && (
          <span className="push row wrap">
            <FromFile tell={setProblem} />
            <button type="button" className="btn primary" onClick={() => setMaking(true)}>
              <Plus aria-hidden />
              {t('campaign.new')}
            </button>
          </span>
        )}
      </header>
      {problem && (
        <div className="notes-above">
          <Note tone="bad" alert>
            {problem}
          </Note>
        </div>
      )}
      {!data && <p className="wait">{t('common.loading')}</p>}
      {data?.length === 0 && <FirstSteps make={() => setMaking(true)} />}
      {data && data.length > 0 && (
        <section className="card scroll">
          <table>
            <thead>
              <tr>
                <th>{t('campaign.name')}</th>
                <th>{t('campaign.state')}</th>
                <th>{t('campaign.how')}</th>
                <th>{t('campaign.purpose')}</th>
                <th>{t('campaign.list')}</th>
                <th className="r">{t('campaign.created')}</th>
              </tr>
            </thead>
            <tbody>
              {shown?.map((campaign) => {
                const look = campaignLook(campaign.state)
                return (
                  <tr
                    key={campaign.id}
                    className="press"
                    onClick={() =>
                      void navigate({ to: '/campaigns/$id', params: { id: campaign.id } })
                    }
                  >
                    <td className="m">
                      <Link to="/campaigns/$id" params={{ id: campaign.id }}>
                        {campaign.name}
                      </Link>
                    </td>
                    <td>
                      <span className={`st ${look.tone}`}>
                        <look.icon className="s" aria-hidden />
                        {words.id('campaign_state', campaign.state)}
                      </span>
                    </td>
                    <td>{words.id('mode', campaign.mode)}</td>
                    <td>{words.id('purpose', campaign.purpose)}</td>
                    <td className="ink2">{campaign.list?.name ?? t('campaign.no_list')}</td>
                    <td className="r num ink2">{words.date(campaign.created_at)}</td>
                  </tr>
                )
              })}
            </tbody>
          </table>
          {put > 0 && (
            <button type="button" className="btn quiet s" onClick={() => setArchive(!archive)}>
              {archive ? t('campaign.archived_hide') : t('campaign.archived_n', { n: put })}
            </button>
          )}
        </section>
      )}
      {making && <NewCampaign close={() => setMaking(false)} />}
    </main>
  )
}
