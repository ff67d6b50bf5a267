/* If started now: every gate in the order the dialer asks, what it holds back, and what is left. */
import { useQuery } from '@tanstack/react-query'
import { api } from '../api/http.ts'
import type { Callable } from '../api/types.ts'
import { useNow } from '../kit/live.ts'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'

const WIDTH = 112
const TONE: Record<string, string> = {
  no_phone: 'bad',
  stop_listed: 'bad',
  suppressed: 'bad',
  no_consent: 'bad',
  closed: 'ok',
  in_call: 'talk',
  not_due: 'ready',
  outside_hours: 'ready',
  window: 'ready',
}

function Row(props: {
  says: string
  figure: string
  from: number
  size: number
  tone: string
  next: number | null
  sum?: boolean
}) {
  return (
    <div className={`wf ${props.sum ? 'sum' : ''}`}>
      <span className="says">{props.says}</span>
      <span className="num r">{props.figure}</span>
      <svg width={WIDTH} height="26" aria-hidden>
        <rect
          x={props.from}
          y="8"
          width={props.size > 0 ? Math.max(props.size, 1.5) : 0}
          height="10"
          rx="1"
          className={props.tone}
        />
        {props.next !== null && <path d={`M${props.next} 18V34`} className="axis" />}
      </svg>
    </div>
  )
}

export function Waterfall({ id }: { id: string }) {
  const words = useWords()
  const { t, num } = words
  const now = useNow()
  const { data, error } = useQuery({
    queryKey: ['callable', id],
    refetchInterval: 5_000,
    queryFn: () => api<Callable>(`/campaigns/${id}/callable`),
  })
  const scale = WIDTH / Math.max(1, data?.total ?? 1)
  const gates =
    data?.gates.filter(
      (gate) => gate.lost > 0 || ['stop_listed', 'outside_hours', 'not_due'].includes(gate.gate),
    ) ?? []
  return (
    <section className="card">
      <header>
        <h2>{t('waterfall.title')}</h2>
        {data && (
          <span className="push small ink3 num">
            {t('waterfall.counted', { at: words.clock(data.at, undefined, true) })}
          </span>
        )}
      </header>
      <div className="pad stack g3">
        {error && !data && <p className="ink2">{problemText(words, error)}</p>}
        {!data && !error && <p className="ink3">{t('common.loading')}</p>}
        {data && (
          <>
            <div className="row base wrap" style={{ gap: 10 }}>
              <b className="huge num">{num(data.callable)}</b>
              <span className="ink2">{t('waterfall.may_be', { total: num(data.total) })}</span>
            </div>
            <div>
              <Row
                says={t('waterfall.contacts')}
                figure={num(data.total)}
                from={0}
                size={data.total * scale}
                tone="base"
                next={data.total * scale}
              />
              {gates.map((gate) => (
                <Row
                  key={gate.gate}
                  says={words.id('gate', gate.gate)}
                  figure={gate.lost > 0 ? `\u2212${num(gate.lost)}` : '0'}
                  from={gate.remaining * scale}
                  size={gate.lost * scale}
                  tone={TONE[gate.gate] ?? 'pause'}
                  next={gate.remaining * scale}
                />
              ))}
              <Row
                says={t('waterfall.callable')}
                figure={num(data.callable)}
                from={0}
                size={data.callable * scale}
                tone="ok"
                next={null}
                sum
              />
            </div>
            {data.callable === 0 && data.total > 0 && (
              <p className="small ink2">
                {data.next_at
                  ? t('waterfall.next_at', { at: words.moment(data.next_at, now) })
                  : t('waterfall.never')}
              </p>
            )}
          </>
        )}
      </div>
    </section>
  )
}
