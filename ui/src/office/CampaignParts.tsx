/* The numbered parts of a campaign: how, whom, who talks, from which numbers, results. */
import type { ReactNode } from 'react'
import type { Campaign } from '../api/types.ts'
import { may, useSession } from '../api/session.ts'
import { FlowEditor } from '../flow/FlowEditor.tsx'
import { Field, Kbd, Switch } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { fieldProblem } from '../kit/problem.ts'
import type { Key } from '../words/words.ts'
import { NumberField, TextField, Ticks } from './fields.tsx'
import { FIRST_FLOW, keysOf } from './flow.ts'
import { ListPart } from './ListPart.tsx'
import { ModeCards } from './ModeCards.tsx'
import { Guards, ShareFields } from './PaceFields.tsx'
import { PreviewFields } from './PreviewFields.tsx'
import type { Editing } from './useCampaign.ts'
import { useTrunks, useUsers } from './useOffice.ts'

export type PartProps = { editing: Editing; campaign: Campaign }

export function Part({ n, title, children }: { n: number; title: Key; children: ReactNode }) {
  const { t } = useWords()
  return (
    <section className="part">
      <h2>
        <span className="n">{n}</span>
        {t(title)}
      </h2>
      <div className="stack g3">{children}</div>
    </section>
  )
}

export const mayEdit = (campaign: Campaign) => campaign.allowed.includes('edit')

export function How({ editing, campaign }: PartProps) {
  const words = useWords()
  const { t } = words
  const settings = campaign.settings ?? {}
  const off = !mayEdit(campaign)
  const draft = campaign.state === 'draft'
  const set = editing.change
  const edits = may(useSession(), 'prompt.see')
  const keys = campaign.mode === 'agentless' && !edits ? keysOf(settings.flow) : []
  const pick = (mode: string) =>
    set({
      settings: { mode, ...(mode === 'agentless' && !settings.flow ? { flow: FIRST_FLOW } : {}) },
    })
  return (
    <Part n={1} title="campaign.how">
      <ModeCards mode={campaign.mode} pick={draft && !off ? pick : undefined} />
      {keys.length > 0 && (
        <div className="row wrap">
          {keys.map(([key, leads]) => (
            <span key={key} className="chip line">
              <Kbd>{key}</Kbd> {words.id('flow_step', leads)}
            </span>
          ))}
        </div>
      )}
      {campaign.mode === 'agentless' && edits && (
        <FlowEditor editing={editing} campaign={campaign} />
      )}
      <div className="fields">
        <NumberField
          label={t('campaign.lines_max')}
          value={settings.lines_max}
          least={1}
          most={10_000}
          whole
          disabled={off}
          save={(lines_max) => set({ settings: { lines_max } })}
        />
        <NumberField
          label={t('campaign.per_second')}
          value={settings.calls_per_second}
          least={0.1}
          most={1000}
          disabled={off}
          save={(calls_per_second) => set({ settings: { calls_per_second } })}
        />
        <NumberField
          label={t('campaign.ring')}
          unit={t('unit.s')}
          value={settings.ring_timeout_s}
          least={1}
          most={180}
          disabled={off}
          wrong={fieldProblem(words, editing.problem, 'ring_timeout_s')}
          save={(ring_timeout_s) => set({ settings: { ring_timeout_s } })}
        />
        {campaign.mode !== 'agentless' && (
          <NumberField
            label={t('campaign.wrap_up')}
            unit={t('unit.s')}
            value={settings.wrap_up_s}
            most={3600}
            disabled={off}
            save={(wrap_up_s) => set({ settings: { wrap_up_s } })}
          />
        )}
        {campaign.mode === 'preview' && <PreviewFields editing={editing} campaign={campaign} />}
        <NumberField
          label={t('campaign.connect_limit')}
          unit={t('unit.s')}
          hint={t('campaign.connect_hint')}
          value={settings.connect_limit_s}
          least={0.1}
          most={60}
          disabled={off}
          save={(connect_limit_s) => set({ settings: { connect_limit_s } })}
        />
        <NumberField
          label={t('campaign.abandon_limit', { n: settings.abandon_window_days ?? 30 })}
          unit="%"
          value={
            settings.abandon_limit === undefined
              ? undefined
              : Math.round(settings.abandon_limit * 1000) / 10
          }
          most={100}
          disabled={off}
          save={(share) => set({ settings: { abandon_limit: share / 100 } })}
        />
        <ShareFields editing={editing} campaign={campaign} />
      </div>
      {campaign.mode === 'predictive' && <Guards editing={editing} campaign={campaign} />}
      <Switch
        on={settings.recording ?? true}
        set={(recording) => !off && set({ settings: { recording } })}
      >
        {t('campaign.recording')}
      </Switch>
      <Switch
        on={settings.listening_shown ?? true}
        set={(shown) => !off && set({ settings: { listening_shown: shown } })}
      >
        {t('campaign.listening_shown')}
      </Switch>
    </Part>
  )
}

export function Whom({ editing, campaign }: PartProps) {
  return (
    <Part n={2} title="campaign.whom">
      <ListPart editing={editing} campaign={campaign} />
    </Part>
  )
}

export function Who({ editing, campaign }: PartProps) {
  const { t } = useWords()
  const users = (useUsers().data ?? []).filter(
    (user) => !user.disabled && (user.role === 'operator' || user.role === 'supervisor'),
  )
  const chosen = campaign.settings?.agents ?? []
  const off = !mayEdit(campaign)
  return (
    <Part n={3} title="campaign.who">
      <div className="row">
        <span className="ink2">{t('campaign.agents_n', { n: chosen.length })}</span>
        {!off && users.length > chosen.length && (
          <button
            type="button"
            className="btn s"
            onClick={() => editing.change({ settings: { agents: users.map((user) => user.id) } })}
          >
            {t('campaign.all_agents')}
          </button>
        )}
      </div>
      {users.length === 0 ? (
        <p className="ink3">{t('campaign.no_agents')}</p>
      ) : (
        <Ticks
          options={users}
          chosen={chosen}
          disabled={off}
          save={(agents) => editing.change({ settings: { agents } })}
        />
      )}
    </Part>
  )
}

export function Numbers({ editing, campaign }: PartProps) {
  const words = useWords()
  const { t } = words
  const trunks = useTrunks().data ?? []
  const settings = campaign.settings ?? {}
  const off = !mayEdit(campaign)
  return (
    <Part n={4} title="campaign.numbers">
      <div className="fields two">
        <TextField
          label={t('campaign.caller_id')}
          value={settings.caller_id ?? ''}
          placeholder="+70005550180"
          disabled={off}
          hint={t('campaign.caller_hint')}
          wrong={fieldProblem(words, editing.problem, 'caller_id')}
          save={(caller_id) =>
            editing.change({ settings: { caller_id: caller_id.replace(/[\s()-]/gu, '') } })
          }
        />
        <Field label={t('nav.trunks')} wrong={fieldProblem(words, editing.problem, 'trunks')}>
          <Ticks
            options={trunks.map((trunk) => ({ id: trunk.id, name: trunk.name }))}
            chosen={settings.trunks ?? []}
            disabled={off}
            save={(chosen) => editing.change({ settings: { trunks: chosen } })}
          />
        </Field>
      </div>
    </Part>
  )
}
