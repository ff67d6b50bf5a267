/* All scripts: which are finished, which campaigns use them, and a new one. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Check, CircleDashed, Plus } from 'lucide-react'
import { useState } from 'react'
import { api, idempotencyKey } from '../api/http.ts'
import type { Script, ScriptShort } from '../api/scripts.ts'
import { may, useSession } from '../api/session.ts'
import type { Page } from '../api/types.ts'
import { useNow } from '../kit/live.ts'
import { Empty, Note, Seg } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { newStep } from './draft.ts'

export function Scripts() {
  const words = useWords()
  const { t, lang } = words
  const now = useNow()
  const session = useSession()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [which, setWhich] = useState<'in_use' | 'away'>('in_use')
  const [problem, setProblem] = useState<unknown>(null)
  const { data, error } = useQuery({
    queryKey: ['scripts', which],
    queryFn: () => api<Page<ScriptShort>>(`/scripts?limit=200&archived=${which === 'away'}`),
  })
  const edit = may(session, 'script.edit')
  const make = async () => {
    const first = newStep(
      { [lang]: t('scripts.new_step', { n: 1 }) },
      { [lang]: t('scripts.first_text') },
    )
    try {
      const made = await api<Script>('/scripts', {
        method: 'POST',
        key: idempotencyKey(),
        body: { name: t('scripts.first'), steps: [first] },
      })
      void queries.invalidateQueries({ queryKey: ['scripts'] })
      await navigate({ to: '/scripts/$id', params: { id: made.id } })
    } catch (failure) {
      setProblem(failure)
    }
  }
  const wrong = problem ?? error
  return (
    <main className="page">
      <header>
        <h1>{t('nav.scripts')}</h1>
        <Seg
          label={t('scripts.shown')}
          value={which}
          options={[
            ['in_use', t('scripts.in_use')],
            ['away', t('scripts.away')],
          ]}
          set={setWhich}
        />
        {edit && (
          <button type="button" className="btn primary push" onClick={() => void make()}>
            <Plus aria-hidden />
            {t('scripts.new')}
          </button>
        )}
      </header>
      {wrong !== null && wrong !== undefined && (
        <div className="notes-above">
          <Note tone="bad" alert>
            {problemText(words, wrong)}
          </Note>
        </div>
      )}
      <section className="card scroll">
        {!data && !error && <p className="wait">{t('common.loading')}</p>}
        {data?.items.length === 0 && (
          <Empty title={t('scripts.none')}>
            <p>{t('scripts.none_why')}</p>
          </Empty>
        )}
        {data && data.items.length > 0 && (
          <table>
            <thead>
              <tr>
                <th>{t('scripts.name')}</th>
                <th className="r">{t('scripts.steps')}</th>
                <th />
                <th className="r">{t('scripts.version')}</th>
                <th>{t('scripts.saved')}</th>
                <th>{t('scripts.used')}</th>
              </tr>
            </thead>
            <tbody>
              {data.items.map((one) => (
                <tr key={one.id}>
                  <td className="m">
                    <Link to="/scripts/$id" params={{ id: one.id }}>
                      {one.name}
                    </Link>
                  </td>
                  <td className="r num">{words.num(one.steps_count)}</td>
                  <td>
                    <span className={`st ${one.ready ? 'fg ok' : 'fg warn'}`}>
                      {one.ready ? <Check aria-hidden /> : <CircleDashed aria-hidden />}
                      {t(one.ready ? 'scripts.ready' : 'scripts.not_ready')}
                    </span>
                  </td>
                  <td className="r num">{one.latest}</td>
                  <td className="ink2">
                    {words.moment(one.saved_at, now)}
                    {one.saved_by && ` · ${one.saved_by.name}`}
                  </td>
                  <td className="ink2 pretty">
                    {one.campaigns.length === 0
                      ? t('scripts.unused')
                      : one.campaigns.map((campaign) => campaign.name).join(', ')}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
    </main>
  )
}
