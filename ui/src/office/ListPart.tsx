/* Whom to call: choose a list that is there, or drop a new file. Shows what became of the rows. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Download, FileUp } from 'lucide-react'
import { type DragEvent, useRef, useState } from 'react'
import { api } from '../api/http.ts'
import type { ContactList } from '../api/types.ts'
import { Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { mayEdit, type PartProps } from './CampaignParts.tsx'
import { Importing } from './Importing.tsx'
import { useLists } from './useOffice.ts'

/** Where files land: by dropping or by choosing. */
function Drop({ take }: { take: (file: File) => void }) {
  const { t } = useWords()
  const [over, setOver] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    const file = event.dataTransfer.files[0]
    if (file) take(file)
  }
  return (
    // The area is a bigger target for a mouse; the button inside does the same for keys.
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      className={`drop ${over ? 'over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <FileUp aria-hidden />
      <span className="grow">
        <span className="m">{t('list.drop')}</span>
        <span className="small ink3 block">{t('list.drop_says')}</span>
      </span>
      <button type="button" className="btn" onClick={() => input.current?.click()}>
        {t('list.choose_file')}
      </button>
      <input
        ref={input}
        type="file"
        name="list"
        accept=".csv,.txt,.tsv,.xlsx,.xlsm,text/csv"
        hidden
        onChange={(event) => {
          const file = event.target.files?.[0]
          if (file) take(file)
          event.target.value = ''
        }}
      />
    </div>
  )
}

/** The figures of a list and the rows that need a person. */
export function ListFigures({ list }: { list: ContactList }) {
  const { t, num } = useWords()
  const { merged = 0, duplicate = 0, problem = 0 } = list.verdicts
  return (
    <div className="row wrap g3 num">
      <span>
        {t('list.rows_n', { n: list.rows_total })},{' '}
        <b>{t('list.contacts_n', { n: list.contacts })}</b>
      </span>
      {merged > 0 && <span className="ink2">{t('list.merged_n', { n: merged })}</span>}
      {duplicate > 0 && <span className="ink2">{t('list.duplicate_n', { n: duplicate })}</span>}
      {problem > 0 && (
        <a href={`/api/v1/lists/${list.id}/problems.csv`} download className="row g1">
          <Download className="s" aria-hidden />
          {t('list.problem_n', { n: problem, count: num(problem) })}
        </a>
      )}
    </div>
  )
}

export function ListPart({ editing, campaign }: PartProps) {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const lists = (useLists().data ?? []).filter((list) => list.state === 'ready')
  const [file, setFile] = useState<File | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const off = !mayEdit(campaign)
  const { data: list } = useQuery({
    queryKey: ['list', campaign.list?.id],
    enabled: Boolean(campaign.list),
    queryFn: () => api<ContactList>(`/lists/${campaign.list?.id}`),
  })
  const undo = async () => {
    try {
      await api(`/lists/${campaign.list?.id}`, { method: 'DELETE' })
      setProblem(null)
      void queries.invalidateQueries()
    } catch (error) {
      setProblem(problemText(words, error))
    }
  }
  const done = (imported: ContactList) => {
    setFile(null)
    void queries.invalidateQueries({ queryKey: ['lists'] })
    editing.change({ list: imported.id })
  }
  return (
    <>
      {(lists.length > 0 || list) && (
        <div className="row wrap g3">
          <select
            className="input which"
            aria-label={t('campaign.list')}
            value={campaign.list?.id ?? ''}
            disabled={off}
            onChange={(event) => event.target.value && editing.change({ list: event.target.value })}
          >
            {!campaign.list && <option value="">{t('list.choose')}</option>}
            {lists.map((known) => (
              <option key={known.id} value={known.id}>
                {known.name} · {t('list.contacts_n', { n: known.contacts })}
              </option>
            ))}
          </select>
          {list && <ListFigures list={list} />}
          {list && !off && campaign.state === 'draft' && (
            <button type="button" className="btn quiet s" onClick={() => void undo()}>
              {t('list.undo')}
            </button>
          )}
        </div>
      )}
      {problem && (
        <Note tone="bad" alert>
          {problem}
        </Note>
      )}
      {!off &&
        (file ? (
          <Importing
            key={file.name + file.size}
            file={file}
            done={done}
            cancel={() => setFile(null)}
          />
        ) : (
          <Drop take={setFile} />
        ))}
    </>
  )
}
