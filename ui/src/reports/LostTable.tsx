/* Lost calls of each campaign: the share with its limit, window, numerator and denominator. */
import { Check, TriangleAlert } from 'lucide-react'
import type { AbandonRow, Report } from '../api/evidence.ts'
import { useWords } from '../kit/prefs.ts'
import { CellButton, type Opening } from './CellButton.tsx'

export function LostTable({ report, ...opening }: Opening & { report: Report<AbandonRow> }) {
  const { t, share, num } = useWords()
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th>{t('desk.campaign')}</th>
            <th className="r">{t('report.lost_n')}</th>
            <th className="r">{t('report.answered_n')}</th>
            <th className="r">{t('report.share')}</th>
            <th className="r">{t('report.limit')}</th>
            <th>{t('report.window')}</th>
            <th>{t('report.rule')}</th>
          </tr>
        </thead>
        <tbody>
          {report.rows.map((row) => {
            const over = row.share !== null && row.share > row.limit
            const name = row.campaign?.name ?? '–'
            return (
              <tr key={row.campaign?.id ?? name}>
                <td className="m">{name}</td>
                <td className="r num">
                  <CellButton
                    {...opening}
                    cell={row.numerator}
                    title={`${name}: ${t('report.lost_n')}`}
                  />
                </td>
                <td className="r num">
                  <CellButton
                    {...opening}
                    cell={row.denominator}
                    title={`${name}: ${t('report.answered_n')}`}
                  />
                </td>
                <td className="r num">
                  {row.share === null ? (
                    '–'
                  ) : (
                    <span className={`st ${over ? 'bad' : 'ok'}`}>
                      {over ? (
                        <TriangleAlert className="s" aria-hidden />
                      ) : (
                        <Check className="s" aria-hidden />
                      )}
                      {share(row.share, 2)}
                    </span>
                  )}
                </td>
                <td className="r num">
                  {share(row.limit, Number.isInteger(Math.round(row.limit * 1000) / 10) ? 0 : 1)}
                </td>
                <td className="num ink2">
                  {t('floor.last_days', { n: row.window_days, days: num(row.window_days) })}
                </td>
                <td className="mono ink2">{row.rule}</td>
              </tr>
            )
          })}
          {report.rows.length === 0 && (
            <tr>
              <td colSpan={7} className="ink3">
                {t('report.no_lost')}
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  )
}
