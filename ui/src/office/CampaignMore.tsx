/* What can be done with a campaign as a whole: a copy, its file, the archive. */
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Archive, Copy, FileDown } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { api, idempotencyKey } from '../api/http.ts'
import type { Campaign } from '../api/types.ts'
import { Dialog, Field, Note, Switch } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'

function CopyDialog({ campaign, close }: { campaign: Campaign; close: () => void }) {
  const words = useWords()
  const { t } = words
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [name, setName] = useState(t('campaign.copy_of', { name: campaign.name }))
  const [list, setList] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const make = async (event: FormEvent) => {
    event.preventDefault()
    try {
      const body = { name, list }
      const path = `/campaigns/${campaign.id}/copy`
      const made = await api<Campaign>(path, { method: 'POST', body, key: idempotencyKey() })
      close()
      void queries.invalidateQueries({ queryKey: ['campaigns'] })
      await navigate({ to: '/campaigns/$id', params: { id: made.id } })
    } catch (failure) {
      setProblem(failure)
    }
  }
  return (
    <Dialog title={t('campaign.copy_title')} close={close}>
      <form className="stack g4" onSubmit={(event) => void make(event)}>
        <Field label={t('campaign.name')} hint={t('campaign.copy_says')}>
          <input
            className="input"
            required
            maxLength={200}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        {campaign.list && (
          <Switch on={list} set={setList}>
            {t('campaign.copy_list', { list: campaign.list.name })}
          </Switch>
        )}
        {problem !== null && (
          <Note tone="bad" alert>
            {problemText(words, problem)}
          </Note>
        )}
        <div className="row">
          <button type="submit" className="btn primary">
            <Copy aria-hidden />
            {t('campaign.copy')}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

function ArchiveDialog(props: { go: () => void; close: () => void }) {
  const { t } = useWords()
  return (
    <Dialog title={t('campaign.archive_title')} close={props.close}>
      <p>{t('campaign.archive_says')}</p>
      <div className="row">
        <button type="button" className="btn danger" onClick={props.go}>
          <Archive aria-hidden />
          {t('campaign.archive')}
        </button>
        <button type="button" className="btn" onClick={props.close}>
          {t('common.cancel')}
        </button>
      </div>
    </Dialog>
  )
}

/** The buttons beside start and pause: they change nothing of what is being called. */
export function More({
  campaign,
  tell,
}: {
  campaign: Campaign
  tell: (problem: string | null) => void
}) {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const [asking, setAsking] = useState<'copy' | 'archive' | null>(null)
  const archive = async () => {
    setAsking(null)
    try {
      await api(`/campaigns/${campaign.id}/archive`, { method: 'POST', key: idempotencyKey() })
      tell(null)
    } catch (error) {
      tell(problemText(words, error))
    }
    await queries.invalidateQueries({ queryKey: ['campaign', campaign.id] })
  }
  if (!campaign.allowed.includes('copy')) return null
  return (
    <>
      <a
        className="btn quiet icon"
        href={`/api/v1/campaigns/${campaign.id}/toml`}
        download
        aria-label={t('campaign.file')}
        title={t('campaign.file')}
      >
        <FileDown aria-hidden />
      </a>
      <button type="button" className="btn quiet" onClick={() => setAsking('copy')}>
        <Copy aria-hidden />
        {t('campaign.copy')}
      </button>
      {campaign.allowed.includes('archive') && (
        <button type="button" className="btn quiet" onClick={() => setAsking('archive')}>
          <Archive aria-hidden />
          {t('campaign.archive')}
        </button>
      )}
      {asking === 'copy' && <CopyDialog campaign={campaign} close={() => setAsking(null)} />}
      {asking === 'archive' && (
        <ArchiveDialog go={() => void archive()} close={() => setAsking(null)} />
      )}
    </>
  )
}
