/* The promises: whom, when on both clocks where known, in which campaign. */
import { useQuery } from '@tanstack/react-query'
import { api, query } from '../api/http.ts'
import type { Callback, Page } from '../api/types.ts'
import { useNow } from '../kit/live.ts'
import { Empty } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'

export function Callbacks() {
  const words = useWords()
  const { t } = words
  const now = useNow()
  const { data } = useQuery({
    queryKey: ['callbacks', 'open'],
    queryFn: () => api<Page<Callback>>(`/callbacks${query({ state: 'open', limit: 200 })}`),
    refetchInterval: 30_000,
  })
  return (
    <main className="page">
      <header>
        <h1>{t('callbacks.title')}</h1>
        <span className="ink3">{t('callbacks.say')}</span>
      </header>
      <section className="card scroll">
        {!data && <p className="wait">{t('common.loading')}</p>}
        {data?.items.length === 0 && (
          <Empty title={t('callbacks.none')}>
            <p>{t('callbacks.none_why')}</p>
          </Empty>
        )}
        {data && data.items.length > 0 && (
          <table>
            <thead>
              <tr>
                <th>{t('callbacks.when')}</th>
                <th>{t('callbacks.who')}</th>
                <th>{t('callbacks.campaign')}</th>
                <th>{t('callbacks.caller')}</th>
              </tr>
            </thead>
            <tbody>
              {data.items.map((callback) => {
                const late = Date.parse(callback.due_at) < now
                return (
                  <tr key={callback.id}>
                    <td className={`num m ${late ? 'fg warn' : ''}`}>
                      {words.moment(callback.due_at, now)}
                      {late && <span className="small"> {t('callbacks.late')}</span>}
                    </td>
                    <td>{callback.contact.name}</td>
                    <td>{callback.campaign?.name ?? '–'}</td>
                    <td className="ink2">{callback.agent?.name ?? t('callbacks.anyone')}</td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        )}
      </section>
    </main>
  )
}
