/* Reports: outcomes, results, time in states, lost calls. Every figure opens what it is made of. */
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { ListTree, ListChecks, Sigma } from 'lucide-react'
import { useState } from 'react'
import { api, query } from '../api/http.ts'
import { may, useSession } from '../api/session.ts'
import type { AbandonRow, AgentRow, OutcomeRow, Report, ResultRow } from '../api/evidence.ts'
import { useNow } from '../kit/live.ts'
import { Empty, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { AgentsTable } from './AgentsTable.tsx'
import { FactsPanel } from './FactsPanel.tsx'
import { LostTable } from './LostTable.tsx'
import { OutcomesTable } from './OutcomesTable.tsx'
import { Files } from './Files.tsx'
import { Filters } from './Filters.tsx'
import { MoreTables } from './MoreTables.tsx'
import { dayOf, instants } from './period.ts'
import { ResultsTable } from './ResultsTable.tsx'

export type Opened = { title: string; figure: string; facts: string }

function useReport<Row>(name: string, asked: string, on = true) {
  return useQuery({
    queryKey: ['report', name, asked],
    enabled: on,
    refetchInterval: 15_000,
    queryFn: () => api<Report<Row>>(`/reports/${name}${asked}`),
  })
}

export function Reports() {
  const words = useWords()
  const { t } = words
  const session = useSession()
  const search = useSearch({ from: '/inside/reports' })
  const navigate = useNavigate({ from: '/reports' })
  const now = useNow()
  const [opened, setOpened] = useState<Opened | null>(null)
  const today = dayOf(now)
  const asked = query({
    ...instants({ from: search.from ?? today, to: search.to ?? today }),
    campaign: search.campaign,
  })
  const people = may(session, 'report.agents')
  const outcomes = useReport<OutcomeRow>('outcomes', asked)
  const results = useReport<ResultRow>('results', asked)
  const agents = useReport<AgentRow>('agents', asked, people)
  const lost = useReport<AbandonRow>('abandonment', asked)
  const failed = outcomes.error ?? results.error ?? agents.error ?? lost.error
  const nothing = outcomes.data && (outcomes.data.total?.value ?? 0) === 0
  const shared = { open: setOpened, opened: opened?.facts ?? null }
  return (
    <main className="page">
      <header>
        <h1>{t('nav.reports')}</h1>
        <Link to="/reports/attempts" search={search} className="btn">
          <ListTree className="s" aria-hidden />
          {t('report.all_calls')}
        </Link>
        {people && (
          <Link to="/reports/figures" search={search} className="btn">
            <Sigma className="s" aria-hidden />
            {t('kpi.title')}
          </Link>
        )}
        <Link to="/reports/answers" search={search} className="btn">
          <ListChecks className="s" aria-hidden />
          {t('answers.title')}
        </Link>
        <Filters
          search={search}
          set={(change) => void navigate({ search: (before) => ({ ...before, ...change }) })}
        />
      </header>
      {failed && (
        <div className="notes-above">
          <Note tone="bad" alert>
            {problemText(words, failed)}
          </Note>
        </div>
      )}
      <div className={`report ${opened ? 'with-facts' : ''}`}>
        <div className="stack g4">
          {nothing && (
            <section className="card">
              <Empty title={t('report.nothing')}>
                <p>{t('report.nothing_next')}</p>
              </Empty>
            </section>
          )}
          <div className="pair">
            <section className="card">
              <header>
                <h2>{t('report.outcomes')}</h2>
                <span className="small ink3">{t('report.outcomes_of')}</span>
                <Files name="outcomes" asked={asked} />
              </header>
              {outcomes.data && <OutcomesTable report={outcomes.data} {...shared} />}
            </section>
            <section className="card">
              <header>
                <h2>{t('report.results')}</h2>
                <span className="small ink3">{t('report.results_of')}</span>
                <Files name="results" asked={asked} />
              </header>
              {results.data && <ResultsTable report={results.data} {...shared} />}
            </section>
          </div>
          {people && (
            <section className="card">
              <header>
                <h2>{t('report.agents')}</h2>
                <span className="small ink3">{t('report.agents_of')}</span>
                <Files name="agents" asked={asked} />
              </header>
              {agents.data && <AgentsTable report={agents.data} {...shared} />}
            </section>
          )}
          <section className="card">
            <header>
              <h2>{t('report.lost')}</h2>
              <span className="small ink3">{t('report.lost_of')}</span>
              <Files name="abandonment" asked={asked} />
            </header>
            {lost.data && <LostTable report={lost.data} {...shared} />}
          </section>
          <MoreTables asked={asked} {...shared} />
        </div>
        {opened && <FactsPanel key={opened.facts} opened={opened} close={() => setOpened(null)} />}
      </div>
    </main>
  )
}
