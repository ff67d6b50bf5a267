/* When people answer, what each list brought, and what became of promised calls. */
import { useQuery } from '@tanstack/react-query'
import { api } from '../api/http.ts'
import type { HourRow, ListRow, PromiseRow, Report } from '../api/evidence.ts'
import { may, useSession } from '../api/session.ts'
import { Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import type { Opening } from './CellButton.tsx'
import { Files } from './Files.tsx'
import { HoursTable } from './HoursTable.tsx'
import { ListsTable } from './ListsTable.tsx'
import { PromisesTable } from './PromisesTable.tsx'

const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone

function useTable<Row>(name: string, asked: string, on = true) {
  return useQuery({
    queryKey: ['report', name, asked],
    enabled: on,
    refetchInterval: 60_000,
    queryFn: () => api<Report<Row>>(`/reports/${name}${asked}`),
  })
}

export function MoreTables({ asked, ...shared }: Opening & { asked: string }) {
  const words = useWords()
  const { t } = words
  const session = useSession()
  const leads = may(session, 'list.see')
  const local = `${asked}${asked ? '&' : '?'}zone=${encodeURIComponent(zone())}`
  const hours = useTable<HourRow>('hours', local)
  const lists = useTable<ListRow>('lists', asked, leads)
  const promises = useTable<PromiseRow>('callbacks', asked)
  const failed = hours.error ?? lists.error ?? promises.error
  return (
    <>
      {failed && (
        <Note tone="bad" alert>
          {problemText(words, failed)}
        </Note>
      )}
      <section className="card">
        <header>
          <h2>{t('report.hours')}</h2>
          <span className="small ink3">{t('report.hours_of')}</span>
          <Files name="hours" asked={local} />
        </header>
        {hours.data && <HoursTable report={hours.data} {...shared} />}
      </section>
      {leads && (
        <section className="card">
          <header>
            <h2>{t('report.lists')}</h2>
            <span className="small ink3">{t('report.lists_of')}</span>
            <Files name="lists" asked={asked} />
          </header>
          {lists.data && <ListsTable report={lists.data} {...shared} />}
        </section>
      )}
      <section className="card">
        <header>
          <h2>{t('report.promises')}</h2>
          <span className="small ink3">{t('report.promises_of')}</span>
          <Files name="callbacks" asked={asked} />
        </header>
        {promises.data && <PromisesTable report={promises.data} {...shared} />}
      </section>
    </>
  )
}
