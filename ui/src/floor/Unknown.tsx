/* Attempts of which nobody can tell the end: they count as made, and a person decides what to do. */
import { useQuery } from '@tanstack/react-query'
import { api } from '../api/http.ts'
import type { Attempt } from '../api/evidence.ts'
import type { Page } from '../api/types.ts'
import { useWords } from '../kit/prefs.ts'
import { AttemptLine } from '../reports/AttemptLine.tsx'

const SHOWN = 10
const AGAIN_MS = 30_000

export function Unknown() {
  const { t, num } = useWords()
  const { data } = useQuery({
    queryKey: ['attempts', 'unknown'],
    queryFn: () => api<Page<Attempt>>(`/attempts?state=unknown&limit=${SHOWN}`),
    refetchInterval: AGAIN_MS,
  })
  if (!data || data.items.length === 0) return null
  const more = data.next_cursor !== null
  return (
    <section className="card">
      <header>
        <h2>{t('floor.unknown')}</h2>
        <span className="chip warn push">{more ? `${num(SHOWN)}+` : num(data.items.length)}</span>
      </header>
      <p className="small ink2 inside">{t('floor.unknown_next')}</p>
      {data.items.map((attempt) => (
        <AttemptLine key={attempt.id} attempt={attempt} />
      ))}
    </section>
  )
}
