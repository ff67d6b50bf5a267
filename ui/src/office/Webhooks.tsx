/* Webhooks: who is told of what, whether they listen, and the log of the one that is looked at. */
import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { api } from '../api/http.ts'
import { may, useSession } from '../api/session.ts'
import type { Webhook, Webhooks as Told } from '../api/webhooks.ts'
import { useNow } from '../kit/live.ts'
import { Empty, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { WebhookForm } from './WebhookForm.tsx'
import { WebhookLog } from './WebhookLog.tsx'

function State({ one }: { one: Webhook }) {
  const words = useWords()
  const { t } = words
  const now = useNow()
  if (one.off_reason) return <span className="fg bad">{words.id('hook_off', one.off_reason)}</span>
  if (!one.active) return <span className="chip">{t('hooks.off')}</span>
  if (one.failing_since) {
    return (
      <span className="fg bad">
        {t('hooks.failing', { since: words.moment(one.failing_since, now) })}
      </span>
    )
  }
  return <span className="ink2">{t('hooks.listens')}</span>
}

export function Webhooks() {
  const words = useWords()
  const { t } = words
  const session = useSession()
  const edit = may(session, 'webhook.edit')
  const [open, setOpen] = useState<Webhook | 'new' | null>(null)
  const [shown, setShown] = useState('')
  const { data } = useQuery({
    queryKey: ['webhooks'],
    queryFn: () => api<Told>('/webhooks?limit=200'),
    refetchInterval: 5_000,
  })
  const looked = data?.items.find((one) => one.id === shown) ?? data?.items[0]
  return (
    <main className="page">
      <header>
        <h1>{t('nav.webhooks')}</h1>
        {edit && (
          <button type="button" className="btn primary push" onClick={() => setOpen('new')}>
            <Plus aria-hidden />
            {t('hooks.new')}
          </button>
        )}
      </header>
      {data && data.items.length > 0 && !data.worker_lives && (
        <div className="notes-above">
          <Note tone="bad" alert>
            {t('hooks.no_worker')}
          </Note>
        </div>
      )}
      <section className="card scroll">
        {!data && <p className="wait">{t('common.loading')}</p>}
        {data?.items.length === 0 && (
          <Empty title={t('hooks.none')}>
            <p>{t('hooks.none_why')}</p>
          </Empty>
        )}
        {data && data.items.length > 0 && (
          <table>
            <thead>
              <tr>
                <th>{t('hooks.name')}</th>
                <th>{t('hooks.url')}</th>
                <th>{t('hooks.state')}</th>
                <th className="r">{t('hooks.waiting')}</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {data.items.map((one) => (
                <tr key={one.id}>
                  <td className={one.active ? 'm' : 'm ink3'}>{one.name}</td>
                  <td className="mono ink2 pretty">{one.url}</td>
                  <td>
                    <State one={one} />
                  </td>
                  <td className="r num">{words.num(one.waiting)}</td>
                  <td className="r">
                    <button
                      type="button"
                      className="btn s"
                      aria-pressed={one.id === looked?.id}
                      onClick={() => setShown(one.id)}
                    >
                      {t('hooks.log')}
                    </button>{' '}
                    {edit && (
                      <button type="button" className="btn s" onClick={() => setOpen(one)}>
                        {t('hooks.change')}
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
      {looked && <WebhookLog key={looked.id} webhook={looked} edit={edit} />}
      {open !== null && (
        <WebhookForm
          webhook={open === 'new' ? null : open}
          events={data?.events ?? []}
          close={() => setOpen(null)}
        />
      )}
    </main>
  )
}
