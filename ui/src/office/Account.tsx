/* One's own account: password, second factor, where one is signed in. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api } from '../api/http.ts'
import type { OneSession } from '../api/people.ts'
import { useSession } from '../api/session.ts'
import { Field, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { fieldProblem, problemText } from '../kit/problem.ts'
import { SecondFactor } from './SecondFactor.tsx'
import { SessionRows } from './SessionRows.tsx'

function Password() {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const [old, setOld] = useState('')
  const [fresh, setFresh] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [done, setDone] = useState(false)
  const change = async (event: FormEvent) => {
    event.preventDefault()
    try {
      await api('/session/password', { method: 'PUT', body: { old, new: fresh } })
      setError(null)
      setDone(true)
      setOld('')
      setFresh('')
      await queries.invalidateQueries({ queryKey: ['my-sessions'] })
    } catch (failure) {
      setDone(false)
      setError(failure)
    }
  }
  return (
    <section className="card pad">
      <form className="stack g3" onSubmit={(event) => void change(event)}>
        <h2>{t('account.password')}</h2>
        <Field label={t('account.own_password')}>
          <input
            className="input"
            name="old"
            type="password"
            autoComplete="current-password"
            required
            value={old}
            onChange={(event) => setOld(event.target.value)}
          />
        </Field>
        <Field label={t('account.new_password')} wrong={fieldProblem(words, error, 'new')}>
          <input
            className="input"
            name="new"
            type="password"
            autoComplete="new-password"
            required
            value={fresh}
            onChange={(event) => setFresh(event.target.value)}
          />
        </Field>
        {done && <Note tone="ok">{t('account.changed')}</Note>}
        {error !== null && (
          <Note tone="bad" alert>
            {problemText(words, error)}
          </Note>
        )}
        <div>
          <button type="submit" className="btn primary">
            {t('account.change')}
          </button>
        </div>
      </form>
    </section>
  )
}

function Sessions() {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const [error, setError] = useState<unknown>(null)
  const { data } = useQuery({
    queryKey: ['my-sessions'],
    queryFn: () => api<{ items: OneSession[] }>('/session/list').then((told) => told.items),
  })
  const others = data?.filter((one) => !one.current) ?? []
  const end = async (ids: string[]) => {
    try {
      for (const id of ids) await api(`/session/list/${id}`, { method: 'DELETE' })
      setError(null)
    } catch (failure) {
      setError(failure)
    }
    await queries.invalidateQueries({ queryKey: ['my-sessions'] })
  }
  return (
    <section className="card scroll">
      <header>
        <h2>{t('sessions.title')}</h2>
        {others.length > 0 && (
          <button
            type="button"
            className="btn s push"
            onClick={() => void end(others.map((one) => one.id))}
          >
            {t('sessions.end_others')}
          </button>
        )}
      </header>
      {error !== null && (
        <Note tone="bad" alert>
          {problemText(words, error)}
        </Note>
      )}
      {data && <SessionRows sessions={data} end={(id) => void end([id])} />}
    </section>
  )
}

export function Account() {
  const { t } = useWords()
  const session = useSession()
  return (
    <main className="page">
      <header>
        <h1>{t('nav.account')}</h1>
        <span className="ink2">{session.user.name}</span>
      </header>
      {session.needs_second_factor && (
        <div className="notes-above">
          <Note tone="warn" alert>
            {t('factor.must')}
          </Note>
        </div>
      )}
      <div className="fields two account">
        <SecondFactor />
        <Password />
      </div>
      <Sessions />
    </main>
  )
}
