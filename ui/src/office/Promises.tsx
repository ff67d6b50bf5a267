/* Call-backs of everybody: a list or a week, narrowed by agent, campaign and lateness; each can be moved. */
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useState } from 'react'
import type { Promised, PromiseTotals } from '../api/contacts.ts'
import { api, query } from '../api/http.ts'
import { may, useSession } from '../api/session.ts'
import type { Page } from '../api/types.ts'
import { useNow } from '../kit/live.ts'
import { Empty, Seg } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { PromiseDialog } from './PromiseDialog.tsx'
import { PromiseWeek } from './PromiseWeek.tsx'
import { useCampaigns, useUsers } from './useOffice.ts'
import { daysAfter, mondayOf } from './week.ts'

const MOST = 200
const SHARE_DAYS = 30

type Shown = { items: Promised[]; open: ((one: Promised) => void) | null }

function Totals({ agent, campaign }: { agent: string; campaign: string }) {
  const { t, num, share } = useWords()
  const now = useNow()
  const day = Math.floor(now / 86_400_000)
  const all = useQuery({
    queryKey: ['callbacks', 'totals', agent, campaign],
    refetchInterval: 30_000,
    queryFn: () => api<PromiseTotals>(`/callbacks/summary${query({ agent, campaign })}`),
  }).data
  const lately = useQuery({
    queryKey: ['callbacks', 'lately', agent, campaign, day],
    queryFn: () => {
      const from = new Date((day - SHARE_DAYS) * 86_400_000).toISOString()
      return api<PromiseTotals>(`/callbacks/summary${query({ agent, campaign, from })}`)
    },
  }).data
  if (!all) return null
  return (
    <span className="row wrap small ink2">
      <span>
        <b className="num">{num(all.open)}</b> {t('promise.open')}
      </span>
      <span className={all.late > 0 ? 'fg warn' : ''}>
        <b className="num">{num(all.late)}</b> {t('promise.late')}
      </span>
      {lately?.kept_share !== null && lately?.kept_share !== undefined && (
        <span>
          <b className="num">{share(lately.kept_share)}</b> {t('promise.share')}
        </span>
      )}
    </span>
  )
}

function List({ items, open }: Shown) {
  const words = useWords()
  const { t } = words
  const now = useNow()
  return (
    <table>
      <thead>
        <tr>
          <th>{t('callbacks.when')}</th>
          <th>{t('callbacks.who')}</th>
          <th>{t('callbacks.campaign')}</th>
          <th>{t('callbacks.caller')}</th>
          <th />
        </tr>
      </thead>
      <tbody>
        {items.map((one) => (
          <tr key={one.id}>
            <td className={`num m ${one.late ? 'fg warn' : ''}`}>
              {words.moment(one.due_at, now)}
              {one.late && <span className="small"> {t('promise.late')}</span>}
            </td>
            <td>{one.contact.name || t('contacts.no_name')}</td>
            <td>{one.campaign?.name ?? '–'}</td>
            <td className="ink2">{one.agent?.name ?? t('promise.anyone')}</td>
            <td className="r">
              {open && (
                <button type="button" className="btn s quiet" onClick={() => open(one)}>
                  {t('promise.change')}
                </button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Pick(props: {
  label: string
  all: string
  value: string
  options: { id: string; name: string }[]
  set: (value: string) => void
}) {
  return (
    <select
      className="input which"
      aria-label={props.label}
      value={props.value}
      onChange={(event) => props.set(event.target.value)}
    >
      <option value="">{props.all}</option>
      {props.options.map((one) => (
        <option key={one.id} value={one.id}>
          {one.name}
        </option>
      ))}
    </select>
  )
}

export function Promises() {
  const { t } = useWords()
  const session = useSession()
  const queries = useQueryClient()
  const now = useNow()
  const [view, setView] = useState<'list' | 'week'>('list')
  const [agent, setAgent] = useState('')
  const [campaign, setCampaign] = useState('')
  const [late, setLate] = useState(false)
  const [weeks, setWeeks] = useState(0)
  const [chosen, setChosen] = useState<Promised | null>(null)
  const monday = daysAfter(mondayOf(now), weeks * 7)
  const week = view === 'week'
  const span = week
    ? { from: monday.toISOString(), to: daysAfter(monday, 7).toISOString() }
    : { late: late ? 'true' : '' }
  const asked = query({ state: 'open', agent, campaign, limit: MOST, ...span })
  const { data } = useQuery({
    queryKey: ['callbacks', 'office', asked],
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
    queryFn: () => api<Page<Promised>>(`/callbacks${asked}`),
  })
  const agents = (useUsers().data ?? []).filter((user) => !user.disabled)
  const campaigns = useCampaigns().data ?? []
  const open = may(session, 'callback.edit') ? setChosen : null
  const done = () => {
    setChosen(null)
    void queries.invalidateQueries({ queryKey: ['callbacks'] })
  }
  return (
    <main className="page">
      <header>
        <h1>{t('nav.promises')}</h1>
        <Totals agent={agent} campaign={campaign} />
        <span className="push row wrap">
          <Pick
            label={t('promise.who')}
            all={t('promise.all_agents')}
            value={agent}
            options={agents}
            set={setAgent}
          />
          <Pick
            label={t('callbacks.campaign')}
            all={t('promise.all_campaigns')}
            value={campaign}
            options={campaigns}
            set={setCampaign}
          />
          {!week && (
            <button
              type="button"
              className="btn"
              aria-pressed={late}
              onClick={() => setLate(!late)}
            >
              {t('promise.late_only')}
            </button>
          )}
          <Seg
            label={t('promise.view')}
            value={view}
            set={setView}
            options={[
              ['list', t('promise.list')],
              ['week', t('promise.week')],
            ]}
          />
        </span>
      </header>
      <section className="card scroll">
        {week && (
          <header>
            <button
              type="button"
              className="btn quiet icon"
              aria-label={t('promise.before')}
              onClick={() => setWeeks(weeks - 1)}
            >
              <ChevronLeft aria-hidden />
            </button>
            <button type="button" className="btn quiet" onClick={() => setWeeks(0)}>
              {t('promise.this_week')}
            </button>
            <button
              type="button"
              className="btn quiet icon"
              aria-label={t('promise.after')}
              onClick={() => setWeeks(weeks + 1)}
            >
              <ChevronRight aria-hidden />
            </button>
          </header>
        )}
        {!data && <p className="wait">{t('common.loading')}</p>}
        {data && !week && data.items.length === 0 && (
          <Empty title={t('promise.none')}>
            <p>{t('promise.none_why')}</p>
          </Empty>
        )}
        {data && week && <PromiseWeek items={data.items} open={open} monday={monday} />}
        {data && !week && data.items.length > 0 && <List items={data.items} open={open} />}
        {data?.next_cursor && <p className="wait small">{t('promise.most', { n: MOST })}</p>}
      </section>
      {chosen && <PromiseDialog one={chosen} done={done} close={() => setChosen(null)} />}
    </main>
  )
}
