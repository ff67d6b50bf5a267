/* The results people gave to their talks. */
import type { Report, ResultRow } from '../api/evidence.ts'
import { Bar } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { groupTone } from '../kit/states.ts'
import { CellButton, type Opening } from './CellButton.tsx'

export function ResultsTable({ report, ...opening }: Opening & { report: Report<ResultRow> }) {
  const words = useWords()
  const { t, share } = words
  const rows = report.rows
    .filter((row) => row.count.value > 0)
    .toSorted((a, b) => b.count.value - a.count.value)
  const largest = rows[0]?.count.value ?? 1
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th>{t('report.result')}</th>
            <th className="barcol" aria-hidden />
            <th className="r">{t('report.count')}</th>
            <th className="r">{t('report.share')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const title = words.pick(row.label) || words.id('result', row.result)
            return (
              <tr key={row.result}>
                <td className="m">{title}</td>
                <td className="barcol">
                  <Bar parts={[[groupTone(row.group), row.count.value / largest]]} />
                </td>
                <td className="r num m">
                  <CellButton {...opening} cell={row.count} title={title} />
                </td>
                <td className="r num">{row.share === null ? '–' : share(row.share, 1)}</td>
              </tr>
            )
          })}
          {rows.length === 0 && (
            <tr>
              <td colSpan={4} className="ink3">
                {t('report.no_results')}
              </td>
            </tr>
          )}
          {rows.length > 0 && (
            <tr className="total">
              <td>{t('report.all_results')}</td>
              <td className="barcol" />
              <td className="r num">
                <CellButton {...opening} cell={report.total} title={t('report.all_results')} />
              </td>
              <td className="r num">{share(1)}</td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  )
}
