/* What became of promised calls: kept to the quarter of an hour, late, missed, or still to come. */
import type { PromiseRow, Report } from '../api/evidence.ts'
import { useWords } from '../kit/prefs.ts'
import { CellButton, type Opening } from './CellButton.tsx'

const PARTS = ['due', 'kept', 'late', 'missed', 'waiting'] as const

export function PromisesTable({ report, ...opening }: Opening & { report: Report<PromiseRow> }) {
  const { t, share } = useWords()
  if (report.rows.length === 0) return <p className="pad ink3">{t('report.no_promises')}</p>
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th>{t('desk.campaign')}</th>
            <th>{t('report.agent')}</th>
            {PARTS.map((part) => (
              <th key={part} className="r">
                {t(`report.promise_${part}`)}
              </th>
            ))}
            <th className="r">{t('report.kept_share')}</th>
          </tr>
        </thead>
        <tbody>
          {report.rows.map((row) => {
            const who = row.agent?.name ?? t('report.anybody')
            return (
              <tr key={`${row.campaign?.id}/${row.agent?.id}`}>
                <td className="m">{row.campaign?.name ?? '–'}</td>
                <td>{who}</td>
                {PARTS.map((part) => (
                  <td key={part} className="r num">
                    <CellButton
                      {...opening}
                      cell={row[part]}
                      title={`${who}: ${t(`report.promise_${part}`)}`}
                    />
                  </td>
                ))}
                <td className="r num">{row.share === null ? '–' : share(row.share, 0)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
