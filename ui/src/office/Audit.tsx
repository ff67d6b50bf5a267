/* The log of changes: who changed what and when, each field before and after; filters and CSV. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { ArrowRight, Download } from 'lucide-react'
import { useState } from 'react'
import type { AuditEntry, AuditPage, FieldChange } from '../api/audit.ts'
import { api, query } from '../api/http.ts'
import { DayField } from '../kit/DayField.tsx'
import { useNow } from '../kit/live.ts'
import { Empty, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { fieldWords, valueWords } from './auditWords.ts'
import { useUsers } from './useOffice.ts'

const TONE = { create: 'ok', change: '', delete: 'bad', erase: 'warn' } as const
/** So many fields of a change are shown before the rest is asked for. */
const FEW = 6

type Filter = { kind: string; by: string; from: string; to: string; object: string }
const NONE: Filter = { kind: '', by: '', from: '', to: '', object: '' }

function asked(filter: Filter): Record<string, string> {
  const start = (day: string, more = 0) => {
    const at = new Date(`${day}T00:00`)
    at.setDate(at.getDate() + more)
    return at.toISOString()
  }
  return {
    ...filter,
    from: filter.from && start(filter.from),
    to: filter.to && start(filter.to, 1),
  }
}

function Change({ change, names }: { change: FieldChange; names: Record<string, string> }) {
  const words = useWords()
  const now = useNow()
  const said = (value: unknown) => valueWords(words, change.field, value, names, now)
  return (
    <div className="audit-field">
      <span className="ink3">{fieldWords(words, change.field)}</span>
      {change.secret ? (
        <span>{words.t('audit.secret')}</span>
      ) : (
        <span className="row wrap g1">
          {change.before !== null && <span className="ink2">{said(change.before)}</span>}
          {change.before !== null && <ArrowRight className="s ink3" aria-label="→" />}
          <span className="m">{said(change.after)}</span>
        </span>
      )}
    </div>
  )
}

function Changes({ entry, names }: { entry: AuditEntry; names: Record<string, string> }) {
  const { t } = useWords()
  const [all, setAll] = useState(false)
  const shown = all ? entry.changes : entry.changes.slice(0, FEW)
  return (
    <>
      {shown.map((change) => (
        <Change key={change.field} change={change} names={names} />
      ))}
      {entry.changes.length === 0 && <span className="ink3">{t('audit.no_fields')}</span>}
      {entry.changes.length > shown.length && (
        <button type="button" className="btn s quiet" onClick={() => setAll(true)}>
          {t('audit.more_fields', { n: entry.changes.length - shown.length })}
        </button>
      )}
    </>
  )
}

function Who({ entry }: { entry: AuditEntry }) {
  const { t } = useWords()
  if (entry.command) return <code>vyzov {entry.command}</code>
  if (!entry.by) return <span className="ink3">{t('audit.by_itself')}</span>
  return (
    <>
      {entry.by.name}
      {entry.token && <span className="ink3 block small">{t('audit.by_token')}</span>}
    </>
  )
}

function Filters(props: { filter: Filter; kinds: string[]; set: (part: Partial<Filter>) => void }) {
  const words = useWords()
  const { t } = words
  const users = useUsers()
  const { filter, set } = props
  return (
    <div className="row wrap">
      <select
        className="input which"
        aria-label={t('audit.kind')}
        value={filter.kind}
        onChange={(event) => set({ kind: event.target.value, object: '' })}
      >
        <option value="">{t('audit.all_kinds')}</option>
        {props.kinds.map((kind) => (
          <option key={kind} value={kind}>
            {words.id('audit_kind', kind)}
          </option>
        ))}
      </select>
      <select
        className="input which"
        aria-label={t('audit.by')}
        value={filter.by}
        onChange={(event) => set({ by: event.target.value })}
      >
        <option value="">{t('audit.everybody')}</option>
        {users.data?.map((user) => (
          <option key={user.id} value={user.id}>
            {user.name}
          </option>
        ))}
      </select>
      <DayField label={t('audit.from')} value={filter.from} pick={(from) => set({ from })} />
      <DayField label={t('audit.to')} value={filter.to} pick={(to) => set({ to })} />
      {Object.values(filter).some(Boolean) && (
        <button type="button" className="btn quiet" onClick={() => set(NONE)}>
          {t('audit.reset')}
        </button>
      )}
    </div>
  )
}

export function Audit() {
  const words = useWords()
  const { t } = words
  const now = useNow()
  const [filter, setFilter] = useState<Filter>(NONE)
  const parts = asked(filter)
  const log = useInfiniteQuery({
    queryKey: ['audit', filter],
    initialPageParam: '',
    queryFn: ({ pageParam }) =>
      api<AuditPage>(`/audit${query({ ...parts, cursor: pageParam, limit: 50 })}`),
    getNextPageParam: (page) => page.next_cursor,
  })
  const pages = log.data?.pages ?? []
  const entries = pages.flatMap((page) => page.items)
  const names = Object.assign({}, ...pages.map((page) => page.names)) as Record<string, string>
  return (
    <main className="page">
      <header>
        <h1>{t('nav.audit')}</h1>
        <Filters
          filter={filter}
          kinds={pages[0]?.kinds ?? []}
          set={(part) => setFilter({ ...filter, ...part })}
        />
        <a className="btn push" href={`/api/v1/audit.csv${query(parts)}`} download>
          <Download aria-hidden />
          CSV
        </a>
      </header>
      {log.error && (
        <div className="notes-above">
          <Note tone="bad" alert>
            {problemText(words, log.error)}
          </Note>
        </div>
      )}
      <section className="card scroll">
        {log.isPending && <p className="wait">{t('common.loading')}</p>}
        {log.data && entries.length === 0 && (
          <Empty title={t('audit.none')}>
            <p>{t('audit.none_why')}</p>
          </Empty>
        )}
        {entries.length > 0 && (
          <table className="audit">
            <thead>
              <tr>
                <th>{t('audit.when')}</th>
                <th>{t('audit.by')}</th>
                <th>{t('audit.what')}</th>
                <th>{t('audit.changes')}</th>
              </tr>
            </thead>
            <tbody>
              {entries.map((entry) => (
                <tr key={entry.id}>
                  <td className="num ink2">{words.moment(entry.at, now)}</td>
                  <td>
                    <Who entry={entry} />
                  </td>
                  <td>
                    <span className={`chip ${TONE[entry.action]}`}>
                      {t(`audit_action.${entry.action}`)}
                    </span>{' '}
                    <span className="ink2">{words.id('audit_kind', entry.kind)}</span>
                    {entry.object.id && (
                      <button
                        type="button"
                        className="cellbtn m block"
                        title={t('audit.only_this')}
                        onClick={() =>
                          setFilter({ ...filter, kind: entry.kind, object: entry.object.id })
                        }
                      >
                        {entry.object.name || t('audit.gone')}
                      </button>
                    )}
                  </td>
                  <td>
                    <Changes entry={entry} names={names} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {log.hasNextPage && (
          <button type="button" className="btn quiet" onClick={() => void log.fetchNextPage()}>
            {t('common.more')}
          </button>
        )}
      </section>
    </main>
  )
}
