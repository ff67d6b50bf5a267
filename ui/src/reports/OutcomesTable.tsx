/* What came of the attempts, from the most frequent outcome down. */
import type { OutcomeRow, Report } from '../api/evidence.ts'
import { Bar } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { outcomeLook } from '../kit/states.ts'
import { formatTalk } from '../words/format.ts'
import { CellButton, type Opening } from './CellButton.tsx'

export function OutcomesTable({ report, ...opening }: Opening & { report: Report<OutcomeRow> }) {
  const words = useWords()
  const { t, share } = words
  const rows = report.rows
    .filter((row) => row.attempts.value > 0)
    .toSorted((a, b) => b.attempts.value - a.attempts.value)
  const largest = rows[0]?.attempts.value ?? 1
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th>{t('report.outcome')}</th>
            <th className="barcol" aria-hidden />
            <th className="r">{t('report.attempts')}</th>
            <th className="r">{t('report.share')}</th>
            <th className="r">{t('report.talk')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const look = outcomeLook(row.outcome)
            const title = words.id('outcome', row.outcome)
            return (
              <tr key={row.outcome}>
                <td>
                  <span className={`st ${look.tone}`}>
                    <look.icon className="s" aria-hidden />
                    {title}
                  </span>
                </td>
                <td className="barcol">
                  <Bar parts={[[look.tone, row.attempts.value / largest]]} />
                </td>
                <td className="r num m">
                  <CellButton {...opening} cell={row.attempts} title={title} />
                </td>
                <td className="r num">{row.share === null ? '–' : share(row.share, 1)}</td>
                <td className="r num ink2">{row.talk_s > 0 ? formatTalk(row.talk_s) : '–'}</td>
              </tr>
            )
          })}
          <tr className="total">
            <td>{t('report.all_attempts')}</td>
            <td className="barcol" />
            <td className="r num">
              <CellButton {...opening} cell={report.total} title={t('report.all_attempts')} />
            </td>
            <td className="r num">{rows.length > 0 ? share(1) : '–'}</td>
            <td className="r num">{formatTalk(rows.reduce((sum, row) => sum + row.talk_s, 0))}</td>
          </tr>
        </tbody>
      </table>
    </div>
  )
}
