/* Key figures: each with its value, what was divided by what, formula, window and what is left out. */
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { Download } from 'lucide-react'
import { useState } from 'react'
import { api, query } from '../api/http.ts'
import type { KeyFigures } from '../api/kpi.ts'
import { may, useSession } from '../api/session.ts'
import { useNow } from '../kit/live.ts'
import { Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { AttemptsCurve, HoursOfWeek } from './Curves.tsx'
import { FactsPanel } from './FactsPanel.tsx'
import { Group } from './FigureRows.tsx'
import { Filters } from './Filters.tsx'
import { dayOf, instants } from './period.ts'
import type { Opened } from './Reports.tsx'

const GROUPS = {
  time: ['occupancy', 'utilisation', 'shrinkage', 'plan_kept', 'handling_time'],
  calls: [
    'answer_rate',
    'contact_rate',
    'right_party',
    'right_party_of_attempts',
    'conversion',
    'conversion_of_reached',
    'machine_wrong',
    'callbacks_kept',
  ],
  list: [
    'penetration',
    'completion',
    'reach',
    'conversion_of_list',
    'attempts_per_closed',
    'calls_per_closed',
  ],
  delays: [
    'answer_to_agent',
    'answer_to_agent_p95',
    'ring_to_connect',
    'ring_to_connect_p95',
    'idle',
    'idle_p95',
  ],
  hour: ['dials_per_hour', 'contacts_per_hour', 'results_per_hour', 'revenue_per_hour'],
  money: [
    'revenue',
    'cost',
    'roi',
    'revenue_per_attempt',
    'cost_per_attempt',
    'cost_per_contact',
    'cost_per_client',
  ],
} as const

export function KeyFiguresPage() {
  const words = useWords()
  const { t } = words
  const session = useSession()
  const search = useSearch({ from: '/inside/reports/figures' })
  const navigate = useNavigate({ from: '/reports/figures' })
  const today = dayOf(useNow())
  const [opened, setOpened] = useState<Opened | null>(null)
  const period = instants({ from: search.from ?? today, to: search.to ?? today })
  const offset = Math.round(-new Date(period.from).getTimezoneOffset() / 30) * 30
  const asked = query({ ...period, campaign: search.campaign })
  const { data, error } = useQuery({
    queryKey: ['kpis', asked, offset],
    refetchInterval: 15_000,
    queryFn: () => api<KeyFigures>(`/reports/kpis${asked}&offset=${offset}`),
  })
  const named = new Map(data?.figures.map((one) => [one.id, one]))
  const rows = (ids: readonly string[]) => ids.flatMap((id) => named.get(id) ?? [])
  const lost = data?.figures.filter((one) => one.id.startsWith('abandoned_')) ?? []
  const shared = { open: setOpened, opened: opened?.facts ?? null }
  const priced = named.get('cost')?.currency !== ''
  return (
    <main className="page">
      <header>
        <h1>{t('kpi.title')}</h1>
        <Link to="/reports" search={search} className="btn">
          {t('kpi.back')}
        </Link>
        <Filters
          search={search}
          set={(change) => void navigate({ search: (before) => ({ ...before, ...change }) })}
        />
      </header>
      {(error || data?.behind) && (
        <div className="notes-above">
          <Note tone={error ? 'bad' : 'warn'} alert>
            {error ? problemText(words, error) : t('kpi.behind')}
          </Note>
        </div>
      )}
      <div className={`report ${opened ? 'with-facts' : ''}`}>
        {data && (
          <div className="stack g4">
            <div className="row">
              <a className="push row g1 small" href={`/api/v1/reports/kpis.csv${asked}`} download>
                <Download className="s" aria-hidden />
                CSV
              </a>
            </div>
            <div className="pair">
              <Group title={t('kpi.time')} rows={rows(GROUPS.time)} {...shared} />
              <Group title={t('kpi.hour')} rows={rows(GROUPS.hour)} {...shared} />
              <Group title={t('kpi.calls')} rows={rows(GROUPS.calls)} {...shared} />
              <Group title={t('kpi.list')} rows={rows(GROUPS.list)} {...shared} />
              <Group title={t('kpi.delays')} rows={rows(GROUPS.delays)} {...shared} />
              <Group
                title={t('kpi.money')}
                rows={rows(GROUPS.money)}
                note={
                  !priced && (
                    <p className="small ink3 kpi-note">
                      {t('kpi.no_prices')}{' '}
                      {may(session, 'price.edit') && (
                        <Link to="/prices">{t('kpi.enter_prices')}</Link>
                      )}
                    </p>
                  )
                }
                {...shared}
              />
            </div>
            <Group title={t('kpi.lost')} rows={lost} {...shared} />
            <div className="pair">
              <AttemptsCurve points={data.attempts} />
              <HoursOfWeek points={data.hours} />
            </div>
          </div>
        )}
        {opened && <FactsPanel key={opened.facts} opened={opened} close={() => setOpened(null)} />}
      </div>
    </main>
  )
}
