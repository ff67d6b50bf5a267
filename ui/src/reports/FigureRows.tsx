/* One key figure as a row: value, what was divided by what; open: formula, window, what is left out. */
import { ChevronRight } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { KeyFigure } from '../api/kpi.ts'
import { useWords, type Words } from '../kit/prefs.ts'
import { formatMoney, formatTimer } from '../words/format.ts'
import type { Opening } from './CellButton.tsx'

/** The value as people read it; null where there is none. */
export function valueOf(words: Words, one: KeyFigure): string | null {
  if (one.value === null) return null
  switch (one.unit) {
    case 'share':
      return words.share(one.value, 1)
    case 'ms':
      return one.value < 60_000
        ? words.t('kpi.seconds', { s: words.num(one.value / 1000, 1) })
        : words.span(one.value / 1000)
    case 'money':
    case 'money_per_hour':
      return formatMoney(words.lang, one.value, one.currency)
    default:
      return words.num(one.value, one.value < 10 ? 2 : 1)
  }
}

type Part = 'numerator' | 'denominator'
const TIMES = new Set(['occupancy', 'utilisation', 'shrinkage', 'plan_kept'])

/** True where a part of a figure is a time in milliseconds, not a count. */
export function isTime(one: KeyFigure, part: Part): boolean {
  if (TIMES.has(one.id)) return true
  return part === 'numerator' ? one.unit === 'ms' : one.unit === 'per_hour'
}

/** Money is divided by money or in a finer unit, and a percentile by nothing: only their facts help. */
const hasParts = (one: KeyFigure) =>
  one.numerator !== null &&
  !one.unit.startsWith('money') &&
  one.id !== 'roi' &&
  !one.id.endsWith('_p95')

function Row({ one, open, opened }: Opening & { one: KeyFigure }) {
  const words = useWords()
  const { t, num } = words
  const [shown, setShown] = useState(false)
  const value = valueOf(words, one)
  const name = words.pick(one.name)
  const part = (which: Part, figure: number | null) => {
    const said = isTime(one, which) ? formatTimer((figure ?? 0) / 1000) : num(figure ?? 0)
    const facts = `${one.facts}&part=${which}`
    return (
      <button
        type="button"
        className="cellbtn"
        aria-pressed={opened === facts}
        title={t(`kpi.${which}`)}
        onClick={() => open({ title: name, figure: said, facts })}
      >
        {said}
      </button>
    )
  }
  return (
    <>
      <tr>
        <td>
          <button
            type="button"
            className="kpi-name"
            aria-expanded={shown}
            onClick={() => setShown(!shown)}
          >
            <ChevronRight className="s ink3" aria-hidden />
            {name}
          </button>
        </td>
        <td className="r num m nowrap">
          {value ?? (
            <span className="small ink3 plain" title={words.id('kpi_why_not', one.why_not ?? '')}>
              {one.why_not === 'nothing_to_divide_by'
                ? '–'
                : words.id('kpi_why_not', one.why_not ?? '')}
            </span>
          )}
        </td>
        <td className="r num ink2 nowrap kpi-parts">
          {hasParts(one) && (
            <>
              {part('numerator', one.numerator)} / {part('denominator', one.denominator)}
            </>
          )}
        </td>
      </tr>
      {shown && (
        <tr className="kpi-how">
          <td colSpan={3}>
            <dl className="small">
              <dt>{t('kpi.formula')}</dt>
              <dd>{words.pick(one.formula)}</dd>
              <dt>{t('kpi.window')}</dt>
              <dd>
                {words.pick(one.window_name)}
                {one.window !== 'to_date' && (
                  <span className="ink3 num">
                    {': '}
                    {words.day(one.window_from)} {words.clock(one.window_from)} –{' '}
                    {words.day(one.window_to)} {words.clock(one.window_to)}
                  </span>
                )}
              </dd>
              <dt>{t('kpi.without')}</dt>
              <dd>{words.pick(one.without)}</dd>
            </dl>
            {one.numerator !== null && (
              <div className="row wrap">
                {(['numerator', 'denominator'] as const).map((which) => (
                  <button
                    type="button"
                    key={which}
                    className="btn s"
                    aria-pressed={opened === `${one.facts}&part=${which}`}
                    onClick={() =>
                      open({
                        title: name,
                        figure: value ?? '–',
                        facts: `${one.facts}&part=${which}`,
                      })
                    }
                  >
                    {t(`kpi.${which}`)}
                  </button>
                ))}
              </div>
            )}
          </td>
        </tr>
      )}
    </>
  )
}

export function Group(props: Opening & { title: string; rows: KeyFigure[]; note?: ReactNode }) {
  const { t } = useWords()
  return (
    <section className="card">
      <header>
        <h2>{props.title}</h2>
      </header>
      {props.note}
      <table className="kpis">
        <thead className="away">
          <tr>
            <th>{t('kpi.how')}</th>
            <th>{t('kpi.value')}</th>
            <th>{t('kpi.divided')}</th>
          </tr>
        </thead>
        <tbody>
          {props.rows.map((one) => (
            <Row key={one.id} one={one} open={props.open} opened={props.opened} />
          ))}
        </tbody>
      </table>
    </section>
  )
}
