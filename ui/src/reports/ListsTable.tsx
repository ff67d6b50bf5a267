/* What was done with the contacts of each list. */
import type { ListRow, Report } from '../api/evidence.ts'
import { useWords } from '../kit/prefs.ts'
import { CellButton, type Opening } from './CellButton.tsx'

const PARTS = ['contacts', 'attempts', 'reached', 'success', 'abandoned'] as const

export function ListsTable({ report, ...opening }: Opening & { report: Report<ListRow> }) {
  const { t, num, share } = useWords()
  if (report.rows.length === 0) return <p className="pad ink3">{t('report.no_calls')}</p>
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th>{t('report.list')}</th>
            <th className="r">{t('report.whole')}</th>
            {PARTS.map((part) => (
              <th key={part} className="r">
                {t(`report.list_${part}`)}
              </th>
            ))}
            <th className="r">{t('report.reached_share')}</th>
          </tr>
        </thead>
        <tbody>
          {report.rows.map((row) => {
            const name = row.list?.name ?? t('report.list_gone')
            return (
              <tr key={row.list?.id ?? ''}>
                <td className="m">{name}</td>
                <td className="r num ink2">{row.whole === null ? '–' : num(row.whole)}</td>
                {PARTS.map((part) => (
                  <td key={part} className="r num">
                    <CellButton
                      {...opening}
                      cell={row[part]}
                      title={`${name}: ${t(`report.list_${part}`)}`}
                    />
                  </td>
                ))}
                <td className="r num">
                  {row.reached_share === null ? '–' : share(row.reached_share, 1)}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
