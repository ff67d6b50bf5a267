/* What a figure is made of: its attempts or facts, newest first; each opens to its call and recording. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { api } from '../api/http.ts'
import type { Attempt, Fact } from '../api/evidence.ts'
import type { Page } from '../api/types.ts'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { AttemptLine, AttemptOpen } from './AttemptLine.tsx'
import type { Opened } from './Reports.tsx'

const isFact = (item: Attempt | Fact): item is Fact => 'kind' in item

/** The address without the part every call of ours begins with, and with a cursor. */
export function pathOf(address: string, cursor: string | null): string {
  const path = address.replace(/^\/api\/v1/u, '')
  return cursor
    ? `${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`
    : path
}

function FactLine({ fact }: { fact: Fact }) {
  const words = useWords()
  const [open, setOpen] = useState(false)
  const state = typeof fact.data.state === 'string' ? words.id('agent', fact.data.state) : null
  const outcome =
    typeof fact.data.outcome === 'string' ? words.id('outcome', fact.data.outcome) : null
  const told = state ?? outcome ?? ''
  return (
    <div className={`fact ${open ? 'is-open' : ''}`}>
      <button
        type="button"
        className="line"
        aria-expanded={open}
        disabled={!fact.attempt}
        onClick={() => setOpen(!open)}
      >
        <span className="num small ink2">{words.clock(fact.at, undefined, true)}</span>
        <span className="cut" title={words.id('fact', fact.kind)}>
          {words.id('fact', fact.kind)}
        </span>
        <span className="small ink2 cut" title={told}>
          {told}
        </span>
      </button>
      {open && fact.attempt && <AttemptOpen id={fact.attempt} />}
    </div>
  )
}

export function FactsPanel({ opened, close }: { opened: Opened; close: () => void }) {
  const words = useWords()
  const { t } = words
  const { data, error, hasNextPage, fetchNextPage, isFetching } = useInfiniteQuery({
    queryKey: ['evidence', opened.facts],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => api<Page<Attempt | Fact>>(pathOf(opened.facts, pageParam)),
    getNextPageParam: (page) => page.next_cursor,
  })
  useEffect(() => {
    const leave = (event: KeyboardEvent) => event.code === 'Escape' && close()
    window.addEventListener('keydown', leave)
    return () => window.removeEventListener('keydown', leave)
  }, [close])
  const items = data?.pages.flatMap((page) => page.items) ?? []
  return (
    <aside className="card facts sticky" aria-label={t('report.facts')}>
      <header>
        <h2>{opened.title}</h2>
        <button
          type="button"
          className="btn quiet s icon push"
          onClick={close}
          aria-label={t('common.close')}
        >
          <X className="s" aria-hidden />
        </button>
      </header>
      <div className="row base figure">
        <b className="huge num">{opened.figure}</b>
        <span className="ink2">{t('report.made_of')}</span>
      </div>
      <div className="lines">
        {error && <p className="wait">{problemText(words, error)}</p>}
        {!data && !error && <p className="wait">{t('common.loading')}</p>}
        {items.map((item) =>
          isFact(item) ? (
            <FactLine key={item.seq} fact={item} />
          ) : (
            <AttemptLine key={item.id} attempt={item} />
          ),
        )}
        {data && items.length === 0 && <p className="wait">{t('report.no_facts')}</p>}
      </div>
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
    </aside>
  )
}
