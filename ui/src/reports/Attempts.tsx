/* Every attempt of some days: found by who, outcome, result or agent; recordings to be heard; as a file. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Search } from 'lucide-react'
import { useState } from 'react'
import { api, query } from '../api/http.ts'
import { may, useSession } from '../api/session.ts'
import type { Attempt } from '../api/evidence.ts'
import type { Page, User } from '../api/types.ts'
import { useNow } from '../kit/live.ts'
import { Empty, Note, Switch } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { AttemptLine } from './AttemptLine.tsx'
import { Files } from './Files.tsx'
import { Filters } from './Filters.tsx'
import { dayOf, instants } from './period.ts'

const OUTCOMES = [
  'answered_human',
  'answered_machine',
  'no_answer',
  'busy',
  'rejected',
  'unreachable',
  'invalid_number',
  'congestion',
  'trunk_error',
  'abandoned',
] as const

type Found = { q?: string; outcome?: string; agent?: string; recorded_s?: string }

function Choice(props: {
  label: string
  every: string
  value: string | undefined
  set: (value: string | undefined) => void
  options: (readonly [string, string])[]
}) {
  return (
    <select
      className="input which"
      aria-label={props.label}
      value={props.value ?? ''}
      onChange={(event) => props.set(event.target.value || undefined)}
    >
      <option value="">{props.every}</option>
      {props.options.map(([id, name]) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  )
}

function Narrow({ found, set }: { found: Found; set: (change: Found) => void }) {
  const words = useWords()
  const { t } = words
  const session = useSession()
  const people = useQuery({
    queryKey: ['users', 'operator'],
    enabled: may(session, 'user.see'),
    queryFn: () => api<Page<User>>('/users?limit=200'),
  })
  return (
    <div className="row wrap filters pad">
      <span className="row g1">
        <Search className="s ink3" aria-hidden />
        <input
          className="input"
          type="search"
          placeholder={t('report.who')}
          aria-label={t('report.who')}
          value={found.q ?? ''}
          onChange={(event) => set({ q: event.target.value || undefined })}
        />
      </span>
      <Choice
        label={t('report.outcome')}
        every={t('report.any_outcome')}
        value={found.outcome}
        set={(outcome) => set({ outcome })}
        options={OUTCOMES.map((one) => [one, words.id('outcome', one)] as const)}
      />
      {people.data && (
        <Choice
          label={t('report.agent')}
          every={t('report.any_agent')}
          value={found.agent}
          set={(agent) => set({ agent })}
          options={people.data.items.map((one) => [one.id, one.name] as const)}
        />
      )}
      <Switch
        on={found.recorded_s !== undefined}
        set={(on) => set({ recorded_s: on ? '0' : undefined })}
      >
        {t('report.with_recording')}
      </Switch>
    </div>
  )
}

export function AttemptsPage() {
  const words = useWords()
  const { t } = words
  const search = useSearch({ from: '/inside/reports/attempts' })
  const navigate = useNavigate({ from: '/reports/attempts' })
  const now = useNow()
  const [found, setFound] = useState<Found>({})
  const today = dayOf(now)
  const days = instants({ from: search.from ?? today, to: search.to ?? today })
  const asked = query({ ...days, campaign: search.campaign, ...found })
  const { data, error, hasNextPage, fetchNextPage, isFetching } = useInfiniteQuery({
    queryKey: ['attempts', asked],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      api<Page<Attempt>>(`/attempts${asked}${pageParam ? `&cursor=${pageParam}` : ''}`),
    getNextPageParam: (page) => page.next_cursor,
  })
  const items = data?.pages.flatMap((page) => page.items) ?? []
  return (
    <main className="page">
      <header>
        <h1>{t('report.all_calls')}</h1>
        <Filters
          search={search}
          set={(change) => void navigate({ search: (before) => ({ ...before, ...change }) })}
        />
      </header>
      {error && (
        <div className="notes-above">
          <Note tone="bad" alert>
            {problemText(words, error)}
          </Note>
        </div>
      )}
      <section className="card attempts">
        <header>
          <h2>{t('report.attempts')}</h2>
          <span className="small ink3">{t('report.attempts_of')}</span>
          <Files name="attempts" asked={asked} />
        </header>
        <Narrow found={found} set={(change) => setFound({ ...found, ...change })} />
        {items.map((item) => (
          <AttemptLine key={item.id} attempt={item} />
        ))}
        {data && items.length === 0 && (
          <Empty title={t('report.nothing_found')}>
            <p>{t('report.nothing_found_next')}</p>
          </Empty>
        )}
        {hasNextPage && (
          <div className="row pad">
            <button
              type="button"
              className="btn s"
              disabled={isFetching}
              onClick={() => void fetchNextPage()}
            >
              {t('common.more')}
            </button>
          </div>
        )}
      </section>
    </main>
  )
}
