/* A database put back from a backup: what it may be missing, what to do, and a manager's decision. */
import { useQuery } from '@tanstack/react-query'
import { History } from 'lucide-react'
import { useState } from 'react'
import { api } from '../api/http.ts'
import { may, useSession } from '../api/session.ts'
import { useNow } from '../kit/live.ts'
import { Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'

type Stands = {
  stands: boolean
  backup_at: string | null
  attempts: number
  stops: number
  left_out: number
  until: string | null
  gaps: string[]
}

const REASON_MIN = 3

function Decide({ tell }: { tell: (problem: string | null) => void }) {
  const words = useWords()
  const { t } = words
  const [reason, setReason] = useState('')
  const [busy, setBusy] = useState(false)
  const lift = async () => {
    setBusy(true)
    try {
      await api('/floor/quarantine/lift', { method: 'POST', body: { reason } })
      tell(null)
    } catch (error) {
      tell(problemText(words, error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form
      className="row wrap g2"
      onSubmit={(event) => {
        event.preventDefault()
        void lift()
      }}
    >
      <label className="row g2">
        <span className="small">{t('quarantine.reason')}</span>
        <input value={reason} onChange={(event) => setReason(event.target.value)} maxLength={500} />
      </label>
      <button
        type="submit"
        className="btn danger"
        disabled={busy || reason.trim().length < REASON_MIN}
      >
        {t('quarantine.lift')}
      </button>
    </form>
  )
}

export function Quarantine() {
  const words = useWords()
  const { t } = words
  const session = useSession()
  const now = useNow()
  const [problem, setProblem] = useState<string | null>(null)
  const { data } = useQuery({
    queryKey: ['quarantine'],
    queryFn: () => api<Stands>('/floor/quarantine'),
    refetchInterval: 5_000,
  })
  if (!data?.stands || !data.backup_at) return null
  const { attempts, stops, until, left_out: n, gaps } = data
  return (
    <Note tone="bad" alert icon={<History aria-hidden />}>
      <b>{t('quarantine.title')}</b>{' '}
      {t('quarantine.about', { at: words.moment(data.backup_at, now) })}
      <span className="block">
        {until
          ? t('quarantine.found', { attempts, stops, until: words.moment(until, now) })
          : t('quarantine.found_nothing')}{' '}
        {n > 0 && t('quarantine.left_out', { n })}
      </span>
      {gaps.length > 0 && (
        <span className="block small">
          {t('quarantine.gaps')} {gaps.join('; ')}
        </span>
      )}
      <span className="block">{t('quarantine.what_to_do')}</span>
      {may(session, 'quarantine.lift') ? (
        <Decide tell={setProblem} />
      ) : (
        <span className="block small">{t('quarantine.only_manager')}</span>
      )}
      {problem && <span className="block fg bad">{problem}</span>}
    </Note>
  )
}
