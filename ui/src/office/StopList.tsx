/* Numbers never to be called: asking about one, adding one, lifting one with a right to. */
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api, idempotencyKey, query } from '../api/http.ts'
import { may, useSession } from '../api/session.ts'
import type { Page, Stop } from '../api/types.ts'
import { useNow } from '../kit/live.ts'
import { Empty, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { formatPhone } from '../words/format.ts'

/** What people type as a number, as E.164 where it can be only one; null while it is no number yet. */
export function e164Of(text: string): string | null {
  const digits = text.replace(/[\s().-]/gu, '')
  const plus = /^8\d{10}$/u.test(digits) ? `+7${digits.slice(1)}` : digits
  return /^\+[1-9]\d{6,14}$/u.test(plus) ? plus : null
}

export function StopList() {
  const words = useWords()
  const { t } = words
  const session = useSession()
  const queries = useQueryClient()
  const now = useNow()
  const [text, setText] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const number = e164Of(text)
  const { data } = useQuery({
    queryKey: ['stop-list', number],
    placeholderData: keepPreviousData,
    queryFn: () => api<Page<Stop>>(`/stop-list${query({ number, limit: 200 })}`),
  })
  const act = async (work: () => Promise<unknown>) => {
    try {
      await work()
      setProblem(null)
      await queries.invalidateQueries({ queryKey: ['stop-list'] })
    } catch (error) {
      setProblem(problemText(words, error))
    }
  }
  const add = (event: FormEvent) => {
    event.preventDefault()
    if (!number) return setProblem(t('stop.no_number'))
    void act(async () => {
      await api('/stop-list', {
        method: 'POST',
        body: { number, reason: 'asked' },
        key: idempotencyKey(),
      })
      setText('')
    })
  }
  return (
    <main className="page">
      <header>
        <h1>{t('nav.stop_list')}</h1>
        <form className="row" onSubmit={add}>
          <input
            className="input find"
            type="tel"
            value={text}
            aria-label={t('stop.number')}
            placeholder={t('stop.number')}
            onChange={(event) => setText(event.target.value)}
          />
          {may(session, 'stop.add') && (
            <button type="submit" className="btn" disabled={!text}>
              {t('stop.add')}
            </button>
          )}
        </form>
      </header>
      {problem && (
        <div className="notes-above">
          <Note tone="bad" alert>
            {problem}
          </Note>
        </div>
      )}
      <section className="card scroll">
        {data?.items.length === 0 && (
          <Empty title={number ? t('stop.not_there') : t('stop.none')}>
            <p>{t('stop.none_why')}</p>
          </Empty>
        )}
        {data && data.items.length > 0 && (
          <table>
            <thead>
              <tr>
                <th>{t('contacts.number')}</th>
                <th>{t('stop.reason')}</th>
                <th>{t('stop.source')}</th>
                <th>{t('stop.since')}</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {data.items.map((stop) => (
                <tr key={stop.id}>
                  <td className="m num">
                    {stop.number ? (
                      formatPhone(stop.number)
                    ) : number ? (
                      formatPhone(number)
                    ) : (
                      <span className="mono ink3">{stop.number_ref.slice(0, 12)}…</span>
                    )}
                  </td>
                  <td>{words.id('stop_reason', stop.reason)}</td>
                  <td className="ink2">{words.id('stop_source', stop.source, stop.args)}</td>
                  <td className="num ink2">{words.moment(stop.valid_from, now)}</td>
                  <td className="r">
                    {may(session, 'stop.lift') && (
                      <button
                        type="button"
                        className="btn s quiet"
                        onClick={() =>
                          void act(() => api(`/stop-list/${stop.id}`, { method: 'DELETE' }))
                        }
                      >
                        {t('stop.lift')}
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
    </main>
  )
}
