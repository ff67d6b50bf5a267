/* Somebody's sessions and second factor, for those who may edit them. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../api/http.ts'
import type { Factor, OneSession } from '../api/people.ts'
import type { User } from '../api/types.ts'
import { HoldButton, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { SessionRows } from './SessionRows.tsx'

export function PersonSecurity({ user }: { user: User }) {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const [error, setError] = useState<unknown>(null)
  const path = `/users/${user.id}`
  const sessions = useQuery({
    queryKey: ['sessions-of', user.id],
    queryFn: () => api<{ items: OneSession[] }>(`${path}/sessions`).then((told) => told.items),
  })
  const factor = useQuery({
    queryKey: ['factor-of', user.id],
    queryFn: () => api<Factor>(`${path}/second-factor`),
  })
  const act = async (what: string) => {
    try {
      await api(`${path}/${what}`, { method: 'DELETE' })
      setError(null)
    } catch (failure) {
      setError(failure)
    }
    await queries.invalidateQueries({ queryKey: ['sessions-of', user.id] })
    await queries.invalidateQueries({ queryKey: ['factor-of', user.id] })
  }
  return (
    <section className="stack g3 topline">
      <div className="row between">
        <h2>{t('sessions.of')}</h2>
        {(sessions.data?.length ?? 0) > 0 && (
          <HoldButton ms={1_000} className="s" act={() => void act('sessions')}>
            {t('sessions.end_all')}
          </HoldButton>
        )}
      </div>
      {sessions.data?.length === 0 && <p className="ink3">{t('sessions.none')}</p>}
      {sessions.data && sessions.data.length > 0 && (
        <div className="scroll">
          <SessionRows sessions={sessions.data} />
        </div>
      )}
      <div className="row between">
        <span className="ink2">
          {t(factor.data?.on ? 'factor.theirs_on' : 'factor.theirs_off')}
        </span>
        {factor.data?.on && (
          <HoldButton ms={1_000} className="s" act={() => void act('second-factor')}>
            {t('factor.reset')}
          </HoldButton>
        )}
      </div>
      {error !== null && (
        <Note tone="bad" alert>
          {problemText(words, error)}
        </Note>
      )}
    </section>
  )
}
