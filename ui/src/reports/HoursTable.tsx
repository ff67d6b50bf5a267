/* When people answer: weekday by hour, the share of attempts in which a person was reached. */
import type { HourRow, Report } from '../api/evidence.ts'
import { useWords } from '../kit/prefs.ts'
import { formatDayName } from '../words/format.ts'
import type { Opening } from './CellButton.tsx'

const MONDAY = Date.UTC(2024, 0, 1)
const DAY_MS = 86_400_000
const STEPS = 7

export function HoursTable({ report, ...opening }: Opening & { report: Report<HourRow> }) {
  const words = useWords()
  const { t, num, share } = words
  if (report.rows.length === 0) return <p className="pad ink3">{t('report.no_calls')}</p>
  const at = new Map(report.rows.map((row) => [row.weekday * 24 + row.hour, row]))
  const best = Math.max(...report.rows.map((row) => row.share), 0.000001)
  const hours = report.rows.map((row) => row.hour)
  const first = Math.min(...hours, 9)
  const last = Math.max(...hours, 20)
  const columns = Array.from({ length: last - first + 1 }, (_, place) => first + place)
  return (
    <div className="scroll">
      <table className="heat opens">
        <thead>
          <tr>
            <th />
            {columns.map((hour) => (
              <th key={hour} className="num" scope="col">
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
                  const row = at.get(day * 24 + hour)
                  if (!row) return <td key={hour} className="h0" />
                  const step = Math.min(STEPS - 1, 1 + Math.floor((row.share / best) * (STEPS - 2)))
                  const title = t('kpi.hour_cell', {
                    day: name,
                    from: hour,
                    to: hour + 1,
                    reached: row.reached.value,
                    tried: row.tried.value,
                  })
                  return (
                    <td key={hour} className={`h${step}`}>
                      <button
                        type="button"
                        className="num"
                        title={title}
                        aria-label={`${num(Math.round(row.share * 100))} %, ${title}`}
                        aria-pressed={opening.opened === row.tried.facts}
                        onClick={() =>
                          opening.open({
                            title,
                            figure: share(row.share, 1),
                            facts: row.tried.facts,
                          })
                        }
                      >
                        {num(Math.round(row.share * 100))}
                      </button>
                    </td>
                  )
                })}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
