/* The first rows of a file with a verdict for each, and above every column what it is for. */
import { Check, TriangleAlert } from 'lucide-react'
import type { Preview } from '../api/types.ts'
import { useWords } from '../kit/prefs.ts'
import { USES } from './uses.ts'

const SHOWN = 6

export function ImportColumns({
  preview,
  set,
}: {
  preview: Preview
  set: (column: string, use: string) => void
}) {
  const words = useWords()
  const { t } = words
  return (
    <div className="scroll">
      <table className="tight">
        <thead>
          <tr>
            <th className="r">{t('list.row')}</th>
            <th>{t('list.verdict')}</th>
            {preview.columns.map((column) => (
              <th key={column.name}>
                <div className="cut ink2" title={column.name}>
                  {column.name}
                </div>
                <select
                  className="input s"
                  aria-label={t('list.column_is', { name: column.name })}
                  value={column.use}
                  onChange={(event) => set(column.name, event.target.value)}
                >
                  {USES.map((use) => (
                    <option key={use} value={use}>
                      {t(`use.${use}`)}
                    </option>
                  ))}
                </select>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {preview.first_rows.slice(0, SHOWN).map((row) => {
            const bad = row.verdict === 'problem'
            return (
              <tr key={row.row}>
                <td className="r num ink3">{row.row}</td>
                <td className="verdict">
                  <span className={`st small ${bad ? 'bad' : 'ok'}`}>
                    {bad ? (
                      <TriangleAlert className="s" aria-hidden />
                    ) : (
                      <Check className="s" aria-hidden />
                    )}
                    {row.reason
                      ? words.id('row', row.reason, row.args)
                      : words.id('verdict', row.verdict)}
                  </span>
                </td>
                {preview.columns.map((column, index) => (
                  <td key={column.name} className={column.use === 'ignored' ? 'ink3' : ''}>
                    {row.cells[index] ?? ''}
                  </td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
