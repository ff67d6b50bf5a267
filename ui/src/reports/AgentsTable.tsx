/* Each agent's signed-in time by state; the states add up to the whole. */
import type { AgentRow, Report } from '../api/evidence.ts'
import { Bar, type Tone } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { formatTimer } from '../words/format.ts'
import { CellButton, type Opening } from './CellButton.tsx'

/* Fine states fold into the columns of the table; a state without a column counts as ready. */
const COLUMNS: [string, Tone, string[]][] = [
  ['talking', 'talk', ['talking', 'hold']],
  ['wrap_up', 'wrapup', ['wrap_up']],
  ['previewing', 'ready', ['previewing', 'dialing']],
  ['ready', 'ready', ['ready', 'reserved']],
  ['pause', 'pause', ['pause']],
  ['no_device', 'bad', ['no_device']],
]

const timer = (seconds: number) => (seconds > 0 ? formatTimer(seconds) : '–')
const secondsIn = (row: AgentRow, states: string[]) =>
  states.reduce((sum, state) => sum + (row.states[state]?.value ?? 0), 0)

export function AgentsTable({ report, ...opening }: Opening & { report: Report<AgentRow> }) {
  const words = useWords()
  const { t, num, share } = words
  const rows = report.rows.toSorted(
    (a, b) => b.results.value - a.results.value || b.talks.value - a.talks.value,
  )
  const all = { signed: 0, talks: 0, results: 0 }
  for (const row of rows) {
    all.signed += row.signed_in_s
    all.talks += row.talks.value
    all.results += row.results.value
  }
  return (
    <div className="scroll">
      <table className="tight">
        <thead>
          <tr>
            <th>{t('report.agent')}</th>
            <th className="r">{t('report.signed_in')}</th>
            {COLUMNS.map(([column, tone]) => (
              <th key={column} className="r">
                <i className={`sw ${tone}`} aria-hidden />{' '}
                {t(`report.in_${column}` as 'report.in_pause')}
              </th>
            ))}
            <th className="r">{t('desk.occupancy')}</th>
            <th className="r">{t('desk.talks')}</th>
            <th className="r">{t('desk.results')} ↓</th>
            <th className="daycol">{t('report.day')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const name = row.agent?.name ?? '–'
            const whole = Math.max(1, row.signed_in_s)
            return (
              <tr key={row.agent?.id ?? name}>
                <td className="m nowrap">{name}</td>
                <td className="r num">{formatTimer(row.signed_in_s)}</td>
                {COLUMNS.map(([column, , states]) => {
                  const cell = states.map((state) => row.states[state]).find((known) => known)
                  const seconds = secondsIn(row, states)
                  return (
                    <td key={column} className="r num">
                      <CellButton
                        {...opening}
                        cell={cell && { ...cell, value: seconds }}
                        say={timer(seconds)}
                        title={`${name}: ${t(`report.in_${column}` as 'report.in_pause')}`}
                      />
                    </td>
                  )
                })}
                <td className="r num">{row.occupancy === null ? '–' : share(row.occupancy)}</td>
                <td className="r num">
                  <CellButton {...opening} cell={row.talks} title={`${name}: ${t('desk.talks')}`} />
                </td>
                <td className="r num b">
                  <CellButton
                    {...opening}
                    cell={row.results}
                    title={`${name}: ${t('desk.results')}`}
                  />
                </td>
                <td className="daycol">
                  <Bar
                    parts={COLUMNS.map(
                      ([, tone, states]) => [tone, secondsIn(row, states) / whole] as const,
                    )}
                    label={t('report.day')}
                  />
                </td>
              </tr>
            )
          })}
          {rows.length === 0 && (
            <tr>
              <td colSpan={11} className="ink3">
                {t('report.no_agents')}
              </td>
            </tr>
          )}
          {rows.length > 0 && (
            <tr className="total">
              <td className="nowrap">{t('report.team', { n: rows.length })}</td>
              <td className="r num">{formatTimer(all.signed)}</td>
              {COLUMNS.map(([column, , states]) => (
                <td key={column} className="r num">
                  {timer(rows.reduce((sum, row) => sum + secondsIn(row, states), 0))}
                </td>
              ))}
              <td />
              <td className="r num">{num(all.talks)}</td>
              <td className="r num">{num(all.results)}</td>
              <td />
            </tr>
          )}
        </tbody>
      </table>
    </div>
  )
}
