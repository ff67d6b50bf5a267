/* Tokens of programs: who has one, what it may do, making one whose secret is shown once. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { api } from '../api/http.ts'
import { may, useSession } from '../api/session.ts'
import type { ApiToken, ApiTokenMade } from '../api/tokens.ts'
import type { Page } from '../api/types.ts'
import { useNow } from '../kit/live.ts'
import { Dialog, Empty, Field, HoldButton, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { fieldProblem, problemText } from '../kit/problem.ts'

const DAYS = ['90', '365', '30', ''] as const
const DAY_MS = 86_400_000

type Tokens = Page<ApiToken> & { grantable: string[] }

function useTokens() {
  return useQuery({ queryKey: ['tokens'], queryFn: () => api<Tokens>('/tokens?limit=200') })
}

function Secret({ made }: { made: ApiTokenMade }) {
  const { t } = useWords()
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(made.secret)
    setCopied(true)
  }
  return (
    <div className="stack g3">
      <Note tone="warn" alert>
        {t('tokens.once')}
      </Note>
      <code className="mono m" style={{ overflowWrap: 'anywhere' }}>
        {made.secret}
      </code>
      <p className="small ink2">{t('tokens.how')}</p>
      <div>
        <button type="button" className="btn s" onClick={() => void copy()}>
          {copied ? t('tokens.copied') : t('tokens.copy')}
        </button>
      </div>
    </div>
  )
}

function NewToken({ grantable, close }: { grantable: string[]; close: () => void }) {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<string[]>(grantable.includes('lead.add') ? ['lead.add'] : [])
  const [days, setDays] = useState<string>(DAYS[0])
  const [made, setMade] = useState<ApiTokenMade | null>(null)
  const [error, setError] = useState<unknown>(null)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const ends = days ? new Date(Date.now() + Number(days) * DAY_MS).toISOString() : null
    try {
      const body = { name, scopes, expires_at: ends }
      setMade(await api<ApiTokenMade>('/tokens', { method: 'POST', body }))
      setError(null)
    } catch (failure) {
      setError(failure)
    }
    await queries.invalidateQueries({ queryKey: ['tokens'] })
  }
  const turn = (scope: string, on: boolean) =>
    setScopes(on ? [...scopes, scope] : scopes.filter((one) => one !== scope))
  return (
    <Dialog title={made ? made.name : t('tokens.new')} close={close} wide>
      {made ? (
        <Secret made={made} />
      ) : (
        <form className="stack g4" onSubmit={(event) => void submit(event)}>
          <div className="fields two">
            <Field label={t('tokens.name')} wrong={fieldProblem(words, error, 'name')}>
              <input
                className="input"
                name="name"
                required
                maxLength={100}
                autoComplete="off"
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            </Field>
            <Field label={t('tokens.ends')} wrong={fieldProblem(words, error, 'expires_at')}>
              <select
                className="input"
                name="days"
                value={days}
                onChange={(event) => setDays(event.target.value)}
              >
                {DAYS.map((one) => (
                  <option key={one} value={one}>
                    {one ? t('tokens.in_days', { n: Number(one) }) : t('tokens.never')}
                  </option>
                ))}
              </select>
            </Field>
          </div>
          <div className="stack g2" role="group" aria-label={t('tokens.scopes')}>
            <span className="lab">{t('tokens.scopes')}</span>
            <div className="ticks">
              {grantable.map((scope) => (
                <label key={scope} title={scope}>
                  <input
                    type="checkbox"
                    checked={scopes.includes(scope)}
                    onChange={(event) => turn(scope, event.target.checked)}
                  />
                  <span>{words.id('scope', scope)}</span>
                </label>
              ))}
            </div>
            <p className="small ink3">{t('tokens.scopes_why')}</p>
          </div>
          {error !== null && (
            <Note tone="bad" alert>
              {problemText(words, error)}
            </Note>
          )}
          <div className="row">
            <button type="submit" className="btn primary" disabled={scopes.length === 0}>
              {t('tokens.make')}
            </button>
            <button type="button" className="btn" onClick={close}>
              {t('common.cancel')}
            </button>
          </div>
        </form>
      )}
    </Dialog>
  )
}

function Ends({ token }: { token: ApiToken }) {
  const { t, date } = useWords()
  if (token.revoked_at) return <span className="chip">{t('tokens.revoked')}</span>
  if (!token.expires_at) return <span className="ink2">{t('tokens.never')}</span>
  if (!token.lives) return <span className="chip">{t('tokens.ended')}</span>
  return <span className="num ink2">{date(token.expires_at)}</span>
}

export function ApiAccess() {
  const words = useWords()
  const { t } = words
  const session = useSession()
  const queries = useQueryClient()
  const now = useNow()
  const { data } = useTokens()
  const [open, setOpen] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const edit = may(session, 'token.edit')
  const revoke = async (token: ApiToken) => {
    try {
      await api(`/tokens/${token.id}`, { method: 'DELETE' })
      setError(null)
    } catch (failure) {
      setError(failure)
    }
    await queries.invalidateQueries({ queryKey: ['tokens'] })
  }
  return (
    <main className="page">
      <header>
        <h1>{t('nav.api')}</h1>
        {edit && (
          <button type="button" className="btn primary push" onClick={() => setOpen(true)}>
            <Plus aria-hidden />
            {t('tokens.new')}
          </button>
        )}
      </header>
      {error !== null && (
        <div className="notes-above">
          <Note tone="bad" alert>
            {problemText(words, error)}
          </Note>
        </div>
      )}
      <section className="card scroll">
        {!data && <p className="wait">{t('common.loading')}</p>}
        {data?.items.length === 0 && (
          <Empty title={t('tokens.none')}>
            <p>{t('tokens.none_why')}</p>
          </Empty>
        )}
        {data && data.items.length > 0 && (
          <table>
            <thead>
              <tr>
                <th>{t('tokens.name')}</th>
                <th>{t('tokens.scopes')}</th>
                <th>{t('tokens.owner')}</th>
                <th>{t('tokens.used')}</th>
                <th>{t('tokens.ends')}</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {data.items.map((token) => (
                <tr key={token.id}>
                  <td className={token.lives ? 'm' : 'm ink3'}>
                    {token.name} <span className="mono ink3">{token.hint}…</span>
                  </td>
                  <td className="ink2 pretty">
                    {token.scopes.map((scope) => words.id('scope', scope)).join(', ')}
                  </td>
                  <td className="ink2">{token.owner?.name ?? '–'}</td>
                  <td className="num ink2">
                    {token.last_used_at
                      ? words.moment(token.last_used_at, now)
                      : t('tokens.unused')}
                  </td>
                  <td>
                    <Ends token={token} />
                  </td>
                  <td className="r">
                    {edit && token.lives && (
                      <HoldButton ms={1_000} className="s" act={() => void revoke(token)}>
                        {t('tokens.revoke')}
                      </HoldButton>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
      {open && <NewToken grantable={data?.grantable ?? []} close={() => setOpen(false)} />}
    </main>
  )
}
