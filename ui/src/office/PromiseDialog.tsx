/* One promise to call back: another hour, another agent, or taken back with a reason. */
import { Link } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { Ban, Check } from 'lucide-react'
import { useState } from 'react'
import { api } from '../api/http.ts'
import type { Promised } from '../api/contacts.ts'
import type { Campaign } from '../api/types.ts'
import { DayField } from '../kit/DayField.tsx'
import { Dialog, Field, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { useUsers } from './useOffice.ts'
import { localMinute } from './week.ts'

export const REASONS = ['asked', 'reached', 'mistake', 'other'] as const

export function PromiseDialog(props: { one: Promised; done: () => void; close: () => void }) {
  const { one } = props
  const words = useWords()
  const { t } = words
  const [due, setDue] = useState(() => localMinute(one.due_at))
  const [agent, setAgent] = useState(one.agent?.id ?? '')
  const [reason, setReason] = useState<string>('asked')
  const [problem, setProblem] = useState<unknown>(null)
  const campaign = useQuery({
    queryKey: ['campaign', one.campaign?.id, 'crew'],
    enabled: one.campaign !== null,
    queryFn: () => api<Campaign>(`/campaigns/${one.campaign?.id}`),
  }).data
  const crew = new Set(campaign?.settings?.agents ?? [])
  const agents = (useUsers().data ?? []).filter((user) => crew.has(user.id) && !user.disabled)
  const go = async (work: Promise<unknown>) => {
    try {
      await work
      props.done()
    } catch (failure) {
      setProblem(failure)
    }
  }
  const save = () => {
    const moved = due !== localMinute(one.due_at)
    const given = agent !== (one.agent?.id ?? '')
    if (!moved && !given) return props.close()
    const body = {
      ...(moved && { due_at: new Date(due).toISOString() }),
      ...(given && { agent }),
    }
    return go(api(`/callbacks/${one.id}`, { method: 'PATCH', body }))
  }
  const cancel = () => go(api(`/callbacks/${one.id}/cancel`, { method: 'POST', body: { reason } }))
  return (
    <Dialog title={t('promise.title')} close={props.close}>
      <div className="stack g4">
        <p>
          <Link to="/contacts/$id" params={{ id: one.contact.id }} className="m">
            {one.contact.name || t('contacts.no_name')}
          </Link>
          {one.campaign && <span className="ink2"> · {one.campaign.name}</span>}
        </p>
        <div className="stack g1">
          <span className="lab">{t('promise.when')}</span>
          <DayField label={t('promise.when')} type="datetime-local" value={due} pick={setDue} />
        </div>
        <Field label={t('promise.who')}>
          <select
            className="input"
            value={agent}
            onChange={(event) => setAgent(event.target.value)}
          >
            <option value="">{t('promise.anyone')}</option>
            {one.agent && !crew.has(one.agent.id) && (
              <option value={one.agent.id}>{one.agent.name}</option>
            )}
            {agents.map((user) => (
              <option key={user.id} value={user.id}>
                {user.name}
              </option>
            ))}
          </select>
        </Field>
        {problem !== null && (
          <Note tone="bad" alert>
            {problemText(words, problem)}
          </Note>
        )}
        <div className="row">
          <button type="button" className="btn primary" onClick={() => void save()}>
            <Check aria-hidden />
            {t('promise.save')}
          </button>
        </div>
        <hr />
        <Field label={t('promise.reason')} hint={t('promise.cancel_says')}>
          <select
            className="input"
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          >
            {REASONS.map((known) => (
              <option key={known} value={known}>
                {t(`promise_reason.${known}`)}
              </option>
            ))}
          </select>
        </Field>
        <div className="row">
          <button type="button" className="btn danger" onClick={() => void cancel()}>
            <Ban aria-hidden />
            {t('promise.cancel')}
          </button>
        </div>
      </div>
    </Dialog>
  )
}
