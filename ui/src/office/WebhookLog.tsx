/* The log of one webhook: what was told, what was answered, what waits; telling again. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../api/http.ts'
import type { Page } from '../api/types.ts'
import type { Delivery, Webhook } from '../api/webhooks.ts'
import { useNow } from '../kit/live.ts'
import { Empty, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'

const STATES = ['', 'waiting', 'delivered', 'given_up'] as const
const HOUR_MS = 3_600_000
const SPANS = ['1', '24', '168'] as const

function Answer({ one }: { one: Delivery }) {
  const words = useWords()
  const { t } = words
  const now = useNow()
  if (one.tries === 0) return <span className="ink3">{t('hooks.not_yet')}</span>
  const said = one.status !== null ? String(one.status) : words.id('hook_fault', one.error)
  return (
    <span className={one.state === 'delivered' ? 'num' : 'num fg bad'}>
      {said}
      {one.took_ms !== null && ` · ${t('hooks.ms', { n: one.took_ms })}`}
      {one.tries > 1 && ` · ${t('hooks.tries', { n: one.tries })}`}
      {one.next_at && ` · ${t('hooks.next', { at: words.moment(one.next_at, now) })}`}
    </span>
  )
}

export function WebhookLog({ webhook, edit }: { webhook: Webhook; edit: boolean }) {
  const words = useWords()
  const { t } = words
  const now = useNow()
  const queries = useQueryClient()
  const [state, setState] = useState('')
  const [hours, setHours] = useState<string>(SPANS[1])
  const [said, setSaid] = useState<{ tone: 'ok' | 'bad'; text: string } | null>(null)
  const path = `/webhooks/${webhook.id}`
  const { data } = useQuery({
    queryKey: ['deliveries', webhook.id, state],
    queryFn: () =>
      api<Page<Delivery>>(`${path}/deliveries?limit=50${state ? `&state=${state}` : ''}`),
    refetchInterval: 2_000,
  })
  const ask = async (what: string, body?: unknown) => {
    try {
      const told = await api<{ events?: number }>(`${path}/${what}`, { method: 'POST', body })
      const text =
        what === 'test' ? t('hooks.test_sent') : t('hooks.again_sent', { n: told.events ?? 0 })
      setSaid({ tone: 'ok', text })
    } catch (failure) {
      setSaid({ tone: 'bad', text: problemText(words, failure) })
    }
    await queries.invalidateQueries({ queryKey: ['deliveries', webhook.id] })
  }
  const since = () => new Date(Date.now() - Number(hours) * HOUR_MS).toISOString()
  return (
    <section className="card scroll" aria-label={t('hooks.log_of', { name: webhook.name })}>
      <div className="row wrap">
        <h2>{t('hooks.log_of', { name: webhook.name })}</h2>
        <select
          className="input"
          aria-label={t('hooks.state')}
          value={state}
          onChange={(event) => setState(event.target.value)}
        >
          {STATES.map((one) => (
            <option key={one} value={one}>
              {one ? words.id('hook_state', one) : t('hooks.all')}
            </option>
          ))}
        </select>
        {edit && (
          <>
            <button
              type="button"
              className="btn s push"
              disabled={!webhook.active}
              onClick={() => void ask('test')}
            >
              {t('hooks.test')}
            </button>
            <select
              className="input"
              aria-label={t('hooks.span')}
              value={hours}
              onChange={(event) => setHours(event.target.value)}
            >
              {SPANS.map((one) => (
                <option key={one} value={one}>
                  {t('hooks.last_hours', { n: Number(one) })}
                </option>
              ))}
            </select>
            <button
              type="button"
              className="btn s"
              onClick={() => void ask('replay', { from: since(), failed_only: true })}
            >
              {t('hooks.again_failed')}
            </button>
            <button
              type="button"
              className="btn s"
              onClick={() => void ask('replay', { from: since() })}
            >
              {t('hooks.again_all')}
            </button>
          </>
        )}
      </div>
      {said && <Note tone={said.tone}>{said.text}</Note>}
      {data?.items.length === 0 && (
        <Empty title={t('hooks.log_none')}>
          <p>{t('hooks.log_none_why')}</p>
        </Empty>
      )}
      {data && data.items.length > 0 && (
        <table>
          <thead>
            <tr>
              <th>{t('hooks.when')}</th>
              <th>{t('hooks.event')}</th>
              <th>{t('hooks.state')}</th>
              <th>{t('hooks.answer')}</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {data.items.map((one) => (
              <tr key={one.id}>
                <td className="num ink2">{words.moment(one.at, now)}</td>
                <td title={one.event_id}>{words.id('hook', one.event)}</td>
                <td>
                  <span className="chip">{words.id('hook_state', one.state)}</span>
                </td>
                <td>
                  <Answer one={one} />
                </td>
                <td className="r">
                  {edit && one.state !== 'waiting' && (
                    <button
                      type="button"
                      className="btn s"
                      onClick={() => void ask('replay', { delivery: one.id })}
                    >
                      {t('hooks.again')}
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
