/* The report of answers: each question of a campaign's script, what was said how often, and by whom. */
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { Download } from 'lucide-react'
import { useState } from 'react'
import { api, query } from '../api/http.ts'
import type { AnswersReport, QuestionRow } from '../api/scripts.ts'
import { useNow } from '../kit/live.ts'
import { Bar, Empty, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { CellButton, type Opening } from './CellButton.tsx'
import { FactsPanel } from './FactsPanel.tsx'
import { Filters } from './Filters.tsx'
import { dayOf, instants } from './period.ts'
import type { Opened } from './Reports.tsx'

function Row({ row, ...opening }: Opening & { row: QuestionRow }) {
  const words = useWords()
  const { t, pick, num, share } = words
  const title = pick(row.words) || pick(row.title) || row.step
  return (
    <tbody>
      <tr>
        <td className="m pretty">{title}</td>
        <td className="ink2">{words.id('script_kind', row.kind)}</td>
        <td className="barcol" aria-hidden />
        <td className="r num m">
          <CellButton {...opening} cell={row.answered} title={title} />
        </td>
        <td className="r num ink2">
          {row.mean !== null &&
            t('answers.numbers', {
              least: num(row.least ?? 0),
              most: num(row.most ?? 0),
              mean: num(row.mean, 2),
            })}
        </td>
      </tr>
      {row.choices.map((one) => {
        const label = pick(one.label) || words.id('answer', one.key, {}, one.key)
        return (
          <tr key={one.key} className="choice">
            <td colSpan={2}>{label}</td>
            <td className="barcol">
              <Bar parts={[['ready', one.share ?? 0]]} />
            </td>
            <td className="r num">
              <CellButton {...opening} cell={one.count} title={`${title} — ${label}`} />
            </td>
            <td className="r num">{one.share === null ? '–' : share(one.share, 1)}</td>
          </tr>
        )
      })}
    </tbody>
  )
}

export function AnswersPage() {
  const words = useWords()
  const { t } = words
  const search = useSearch({ from: '/inside/reports/answers' })
  const navigate = useNavigate({ from: '/reports/answers' })
  const today = dayOf(useNow())
  const [opened, setOpened] = useState<Opened | null>(null)
  const period = instants({ from: search.from ?? today, to: search.to ?? today })
  const asked = query({ ...period, campaign: search.campaign })
  const { data, error } = useQuery({
    queryKey: ['answers', asked],
    refetchInterval: 15_000,
    queryFn: () => api<AnswersReport>(`/reports/answers${asked}`),
  })
  const campaigns = [...new Map(data?.rows.map((row) => [row.campaign?.id, row.campaign])).values()]
  const shared = { open: setOpened, opened: opened?.facts ?? null }
  return (
    <main className="page">
      <header>
        <h1>{t('answers.title')}</h1>
        <Link to="/reports" search={search} className="btn">
          {t('kpi.back')}
        </Link>
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
      <div className={`report ${opened ? 'with-facts' : ''}`}>
        <div className="stack g4">
          {!data && !error && <p className="wait">{t('common.loading')}</p>}
          {data && (
            <div className="row">
              <a
                className="push row g1 small"
                href={`/api/v1/reports/answers.csv${asked}`}
                download
              >
                <Download className="s" aria-hidden />
                {t('answers.csv')}
              </a>
            </div>
          )}
          {data?.rows.length === 0 && (
            <section className="card">
              <Empty title={t('answers.none')}>
                <p>{t('answers.none_why')}</p>
              </Empty>
            </section>
          )}
          {campaigns.map((campaign) => (
            <section key={campaign?.id} className="card">
              <header>
                <h2>{campaign?.name}</h2>
              </header>
              <div className="scroll">
                <table className="answertable">
                  <thead>
                    <tr>
                      <th colSpan={2}>{t('answers.question')}</th>
                      <th className="barcol" aria-hidden />
                      <th className="r">{t('answers.answered')}</th>
                      <th className="r">{t('report.share')}</th>
                    </tr>
                  </thead>
                  {data?.rows
                    .filter((row) => row.campaign?.id === campaign?.id)
                    .map((row) => (
                      <Row key={row.step} row={row} {...shared} />
                    ))}
                </table>
              </div>
            </section>
          ))}
        </div>
        {opened && <FactsPanel opened={opened} close={() => setOpened(null)} />}
      </div>
    </main>
  )
}
