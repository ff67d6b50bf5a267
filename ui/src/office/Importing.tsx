/* A file on its way in: how it would be read, what each column is, a verdict for the first rows; then import. */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { api, idempotencyKey, problemIn } from '../api/http.ts'
import type { ContactList, Preview } from '../api/types.ts'
import { Bar, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { encodingName } from './encoding.ts'
import { ImportColumns } from './ImportColumns.tsx'
import { type How, ImportHow } from './ImportHow.tsx'

const POLL_MS = 400

type Mapping = Record<string, string>

function formOf(file: File, how: How, mapping: Mapping): FormData {
  const form = new FormData()
  form.set('file', file)
  form.set('default_region', how.region)
  form.set('duplicates', how.duplicates)
  form.set('encoding', how.encoding)
  form.set('sheet', how.sheet)
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
  const [how, setHow] = useState<How>({
    region: words.lang === 'ru' ? 'RU' : 'US',
    duplicates: 'keep',
    encoding: '',
    sheet: '',
  })
  const [mapping, setMapping] = useState<Mapping>({})
  const [started, setStarted] = useState<string | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const key = useRef(idempotencyKey())
  const preview = useQuery({
    queryKey: ['preview', file.name, file.size, file.lastModified, how, mapping],
    placeholderData: (before) => before,
    queryFn: () =>
      api<Preview>('/lists?preview=true', { method: 'POST', form: formOf(file, how, mapping) }),
  })
  const going = useImport(started, done)
  const set = (column: string, use: string) => {
    const now = Object.fromEntries(
      (preview.data?.columns ?? []).map((known) => [known.name, known.use]),
    )
    key.current = idempotencyKey()
    setMapping({ ...now, [column]: use })
  }
  const say = (change: Partial<How>) => {
    key.current = idempotencyKey()
    // Another encoding or sheet has other titles: what was said of the old ones is forgotten.
    if ('encoding' in change || 'sheet' in change) setMapping({})
    setHow({ ...how, ...change })
  }
  const start = async () => {
    try {
      const list = await api<ContactList>('/lists', {
        method: 'POST',
        form: formOf(file, how, mapping),
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
        <b className="cut" title={file.name}>
          {file.name}
        </b>
        {shown && (
          <span className="small ink3 num">
            {t('list.rows_n', { n: shown.rows_total })} ·{' '}
            {shown.format === 'xlsx'
              ? t('list.of_sheet', { sheet: shown.sheet })
              : `${t('list.encoding', { encoding: encodingName(shown.encoding) })} · ${t(
                  'list.delimiter',
                  { delimiter: shown.delimiter === '\t' ? t('list.tab') : shown.delimiter },
                )}`}
          </span>
        )}
      </div>
      <ImportHow how={how} preview={shown} set={say} />
      {shown?.notes.map((note) => (
        <Note key={note.id + JSON.stringify(note.args)} tone="warn">
          {words.id('note', note.id, note.args)}
        </Note>
      ))}
      {!shown && !told && <p className="ink3">{t('list.reading')}</p>}
      {shown && <ImportColumns preview={shown} set={set} />}
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
