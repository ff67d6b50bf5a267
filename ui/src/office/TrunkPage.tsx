/* One trunk: all its settings in groups, how it does now, and a look at it. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { api, apiTagged, idempotencyKey } from '../api/http.ts'
import { may, useSession } from '../api/session.ts'
import type { Trunk } from '../api/trunk.ts'
import { useNow, useTopic } from '../kit/live.ts'
import { Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import type { FloorState } from '../live/shapes.ts'
import { TrunkCheck, TrunkLive } from './TrunkLive.tsx'
import { Reach, SignIn } from './TrunkParts.tsx'
import { Limits, Numbers, Safety } from './TrunkRules.tsx'
import { bodyOf, type Draft, draftOf, NEW_TRUNK } from './trunkDraft.ts'

export function TrunkPage() {
  const { id } = useParams({ from: '/inside/trunks/$id' })
  const words = useWords()
  const isNew = id === 'new'
  const { data, error } = useQuery({
    queryKey: ['trunk', id],
    enabled: !isNew,
    queryFn: () => apiTagged<Trunk>(`/trunks/${id}`),
  })
  if (!isNew && !data) {
    return error ? (
      <main className="page">
        <Note tone="bad">{problemText(words, error)}</Note>
      </main>
    ) : (
      <p className="wait">{words.t('common.loading')}</p>
    )
  }
  return <Page key={id} trunk={data?.value ?? null} etag={data?.etag} />
}

function useSave(trunk: Trunk | null, etag: string | undefined) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [error, setError] = useState<unknown>(null)
  const [saved, setSaved] = useState(false)
  const save = async (draft: Draft) => {
    const body = bodyOf(draft)
    try {
      if (trunk) {
        await api(`/trunks/${trunk.id}`, { method: 'PATCH', body, etag })
        await queries.invalidateQueries({ queryKey: ['trunk', trunk.id] })
      } else {
        const made = await api<Trunk>('/trunks', { method: 'POST', body, key: idempotencyKey() })
        void navigate({ to: '/trunks/$id', params: { id: made.id } })
      }
      await queries.invalidateQueries({ queryKey: ['trunks'] })
      setError(null)
      setSaved(true)
    } catch (failure) {
      setSaved(false)
      setError(failure)
    }
  }
  return { error, saved, save, edited: () => setSaved(false) }
}

function Page({ trunk, etag }: { trunk: Trunk | null; etag: string | undefined }) {
  const words = useWords()
  const { t } = words
  const session = useSession()
  const now = useNow()
  const floor = useTopic<FloorState>('floor')
  const [draft, setDraft] = useState<Draft>(trunk ? draftOf(trunk) : NEW_TRUNK)
  const { error, saved, save, edited } = useSave(trunk, etag)
  const edit = may(session, 'trunk.edit')
  const editing = {
    draft,
    error,
    keepsPassword: trunk?.has_password ?? false,
    set: (part: Partial<Draft>) => {
      edited()
      setDraft((before) => ({ ...before, ...part }))
    },
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void save(draft)
  }
  return (
    <main className="page">
      <header>
        <span className="crumb">
          <Link to="/trunks">{t('nav.trunks')}</Link> /
        </span>
        <h1>{trunk ? trunk.name : t('trunk.new')}</h1>
      </header>
      <div className="build">
        <form className="card" onSubmit={submit}>
          <fieldset disabled={!edit}>
            <Reach {...editing} />
            <SignIn {...editing} />
            <Numbers {...editing} />
            <Limits {...editing} />
            <Safety {...editing} />
          </fieldset>
          {edit && (
            <div className="part">
              <span />
              <div className="stack g3">
                {error !== null && (
                  <Note tone="bad" alert>
                    {problemText(words, error)}
                  </Note>
                )}
                <div className="row">
                  <button type="submit" className="btn primary">
                    {t('common.save')}
                  </button>
                  {saved && <span className="small ink2">{t('trunk.saved')}</span>}
                </div>
              </div>
            </div>
          )}
        </form>
        <aside className="stack g3 sticky">
          {trunk && (
            <TrunkLive trunk={floor?.trunks.find((one) => one.id === trunk.id)} now={now} />
          )}
          {trunk && edit && <TrunkCheck id={trunk.id} />}
        </aside>
      </div>
    </main>
  )
}
