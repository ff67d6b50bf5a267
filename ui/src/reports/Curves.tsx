/* At which attempt people are reached, and in which hours of the week. */
import type { Point } from '../api/kpi.ts'
import { Bar } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { formatDayName } from '../words/format.ts'

const MONDAY = Date.UTC(2024, 0, 1)
const DAY_MS = 86_400_000
const STEPS = 7

export function AttemptsCurve({ points }: { points: Point[] }) {
  const { t, num, share } = useWords()
  return (
    <section className="card">
      <header>
        <h2>{t('kpi.attempts')}</h2>
        <span className="small ink3">{t('kpi.attempts_of')}</span>
      </header>
      {points.length === 0 && <p className="small ink3 kpi-note">{t('kpi.no_calls')}</p>}
      <table>
        <tbody>
          {points.map((one) => (
            <tr key={one.place}>
              <td className="nowrap">{t('kpi.attempt_n', { n: one.place })}</td>
              <td className="barcol">
                <Bar parts={[['ready', one.numerator / one.denominator]]} />
              </td>
              <td className="r num m">{share(one.numerator / one.denominator, 1)}</td>
              <td className="r num ink2 nowrap">
                {num(one.numerator)} / {num(one.denominator)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

export function HoursOfWeek({ points }: { points: Point[] }) {
  const words = useWords()
  const { t, num } = words
  const at = new Map(points.map((one) => [one.place, one]))
  const best = Math.max(...points.map((one) => one.numerator / one.denominator), 0.000001)
  const hours = points.map((one) => one.place % 24)
  const first = Math.min(...hours, 8)
  const last = Math.max(...hours, 20)
  const columns = Array.from({ length: last - first + 1 }, (_, place) => first + place)
  return (
    <section className="card">
      <header>
        <h2>{t('kpi.hours')}</h2>
        <span className="small ink3">{t('kpi.hours_of')}</span>
      </header>
      {points.length === 0 && <p className="small ink3 kpi-note">{t('kpi.no_calls')}</p>}
      {points.length > 0 && (
        <div className="scroll">
          <table className="heat">
            <thead>
              <tr>
                <th />
                {columns.map((hour) => (
                  <th key={hour} className="num">
                    {hour}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {Array.from({ length: 7 }, (_, day) => {
                const name = formatDayName(words.lang, new Date(MONDAY + day * DAY_MS))
                return (
                  <tr key={name}>
                    <th scope="row">{name}</th>
                    {columns.map((hour) => {
                      const one = at.get(day * 24 + hour)
                      const share = one ? one.numerator / one.denominator : 0
                      const step = one
                        ? Math.min(STEPS - 1, 1 + Math.floor((share / best) * (STEPS - 2)))
                        : 0
                      const said = one
                        ? t('kpi.hour_cell', {
                            day: name,
                            from: hour,
                            to: hour + 1,
                            reached: one.numerator,
                            tried: one.denominator,
                          })
                        : undefined
                      return (
                        <td key={hour} className={`h${step}`} title={said}>
                          {one && <span className="num">{num(share * 100)}</span>}
                        </td>
                      )
                    })}
                  </tr>
                )
              })}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
