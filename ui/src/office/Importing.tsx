/* A file on its way in: how it would be read, what each column is, a verdict for the first rows; then import. */
import { useQuery } from '@tanstack/react-query'
import { Check, TriangleAlert } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { api, idempotencyKey, problemIn } from '../api/http.ts'
import type { ContactList, Preview } from '../api/types.ts'
import { Bar, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { encodingName } from './encoding.ts'
import { USES } from './uses.ts'

const REGIONS = ['RU', 'US', 'GB'] as const
const SHOWN = 6
const POLL_MS = 400

type Mapping = Record<string, string>

function formOf(file: File, region: string, mapping: Mapping): FormData {
  const form = new FormData()
  form.set('file', file)
  form.set('default_region', region)
  if (Object.keys(mapping).length > 0) form.set('mapping', JSON.stringify(mapping))
  return form
}

/** Watches an import until it is a list or has failed. */
function useImport(id: string | null, done: (list: ContactList) => void): ContactList | undefined {
  const { data } = useQuery({
    queryKey: ['import', id],
    enabled: id !== null,
    refetchInterval: POLL_MS,
    queryFn: () => api<ContactList>(`/lists/${id}`),
  })
  const told = useRef(done)
  useEffect(() => {
    told.current = done
  })
  const ready = data?.state === 'ready' ? data : null
  useEffect(() => {
    if (ready) told.current(ready)
  }, [ready])
  return data
}

function Columns({
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
                <div className="cut ink2">{column.name}</div>
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

export function Importing({
  file,
  done,
  cancel,
}: {
  file: File
  done: (list: ContactList) => void
  cancel: () => void
}) {
  const words = useWords()
  const { t, num } = words
  const [region, setRegion] = useState<string>(words.lang === 'ru' ? 'RU' : 'US')
  const [mapping, setMapping] = useState<Mapping>({})
  const [started, setStarted] = useState<string | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const key = useRef(idempotencyKey())
  const preview = useQuery({
    queryKey: ['preview', file.name, file.size, file.lastModified, region, mapping],
    placeholderData: (before) => before,
    queryFn: () =>
      api<Preview>('/lists?preview=true', { method: 'POST', form: formOf(file, region, mapping) }),
  })
  const going = useImport(started, done)
  const set = (column: string, use: string) => {
    const now = Object.fromEntries(
      (preview.data?.columns ?? []).map((known) => [known.name, known.use]),
    )
    key.current = idempotencyKey()
    setMapping({ ...now, [column]: use })
  }
  const start = async () => {
    try {
      const list = await api<ContactList>('/lists', {
        method: 'POST',
        form: formOf(file, region, mapping),
        key: key.current,
      })
      setStarted(list.id)
      setProblem(null)
    } catch (error) {
      setProblem(problemText(words, error))
    }
  }
  const shown = preview.data
  const failed = going?.state === 'failed'
  const told = problem ?? (preview.error ? problemText(words, preview.error) : null)
  if (started && !failed) {
    const share = going ? going.rows_done / Math.max(1, going.rows_total) : 0
    return (
      <div className="stack" role="status">
        <span>
          {t('list.importing', { done: going?.rows_done ?? 0, total: going?.rows_total ?? 0 })}
        </span>
        <span className="accent-bar">
          <Bar parts={[['', share]]} label={t('list.importing_label')} />
        </span>
      </div>
    )
  }
  return (
    <div className="importing stack g3">
      <div className="row wrap">
        <b className="cut">{file.name}</b>
        {shown && (
          <span className="small ink3 num">
            {t('list.rows_n', { n: shown.rows_total })} ·{' '}
            {t('list.encoding', { encoding: encodingName(shown.encoding) })} ·{' '}
            {t('list.delimiter', {
              delimiter: shown.delimiter === '\t' ? t('list.tab') : shown.delimiter,
            })}
          </span>
        )}
        <label className="row push small">
          <span className="ink3">{t('list.region')}</span>
          <select
            className="input s"
            value={region}
            onChange={(event) => setRegion(event.target.value)}
          >
            {REGIONS.map((known) => (
              <option key={known} value={known}>
                {t(`region.${known}`)}
              </option>
            ))}
          </select>
        </label>
      </div>
      {!shown && !told && <p className="ink3">{t('list.reading')}</p>}
      {shown && <Columns preview={shown} set={set} />}
      {shown?.problems.map((id) => (
        <Note key={id} tone="bad" alert>
          {words.id('row', id)}
        </Note>
      ))}
      {failed && (
        <Note tone="bad" alert>
          {problemText(words, going?.problem ? problemIn(going.problem) : null)}
        </Note>
      )}
      {told && (
        <Note tone="bad" alert>
          {told}
        </Note>
      )}
      <div className="row wrap">
        <button
          type="button"
          className="btn primary"
          disabled={!shown || shown.problems.length > 0}
          onClick={() => void start()}
        >
          {shown
            ? t('list.import_n', { n: shown.rows_total, count: num(shown.rows_total) })
            : t('list.import')}
        </button>
        <button type="button" className="btn" onClick={cancel}>
          {t('common.cancel')}
        </button>
        {shown && (shown.verdicts.problem ?? 0) > 0 && (
          <span className="small fg warn">
            {t('list.will_skip', {
              n: shown.verdicts.problem ?? 0,
              judged: num(shown.rows_judged),
            })}
          </span>
        )}
      </div>
    </div>
  )
}
