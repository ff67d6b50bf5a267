/* One's own second factor: set up by a secret, proved by a code, with recovery codes told once. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api } from '../api/http.ts'
import type { Factor } from '../api/people.ts'
import { Field, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { fieldProblem, problemText } from '../kit/problem.ts'

type Begun = { secret: string; grouped: string; uri: string }

function Codes({ codes, done }: { codes: string[]; done: () => void }) {
  const { t } = useWords()
  return (
    <div className="stack g3">
      <Note tone="warn" alert>
        {t('factor.codes_once')}
      </Note>
      <ul className="mono codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="row">
        <button
          type="button"
          className="btn"
          onClick={() => void navigator.clipboard.writeText(codes.join('\n'))}
        >
          {t('tokens.copy')}
        </button>
        <button type="button" className="btn primary" onClick={done}>
          {t('factor.written')}
        </button>
      </div>
    </div>
  )
}

export function SecondFactor() {
  const words = useWords()
  const { t, date } = words
  const queries = useQueryClient()
  const { data } = useQuery({
    queryKey: ['factor'],
    queryFn: () => api<Factor>('/session/second-factor'),
  })
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [begun, setBegun] = useState<Begun | null>(null)
  const [codes, setCodes] = useState<string[] | null>(null)
  const [error, setError] = useState<unknown>(null)
  const act = (work: () => Promise<void>) => async (event: FormEvent) => {
    event.preventDefault()
    try {
      await work()
      setError(null)
    } catch (failure) {
      setError(failure)
    }
    setPassword('')
    setCode('')
    await queries.invalidateQueries({ queryKey: ['factor'] })
  }
  const begin = act(async () =>
    setBegun(await api<Begun>('/session/second-factor', { method: 'POST', body: { password } })),
  )
  const confirm = act(async () => {
    const path = '/session/second-factor/confirm'
    const made = await api<{ recovery_codes: string[] }>(path, { method: 'POST', body: { code } })
    setBegun(null)
    setCodes(made.recovery_codes)
  })
  const off = act(() => api('/session/second-factor/off', { method: 'POST', body: { password } }))
  const done = () => {
    setCodes(null)
    void queries.invalidateQueries({ queryKey: ['session'] })
  }
  if (!data) return <p className="wait">{t('common.loading')}</p>
  return (
    <section className="card pad stack g4">
      <h2>{t('factor.title')}</h2>
      {codes ? (
        <Codes codes={codes} done={done} />
      ) : (
        <>
          <p className="ink2 pretty">
            {data.on
              ? t('factor.on', { since: data.since ? date(data.since) : '', n: data.codes_left })
              : t(data.needed ? 'factor.needed' : 'factor.off')}
          </p>
          {begun ? (
            <form className="stack g3" onSubmit={(event) => void confirm(event)}>
              <p className="pretty">{t('factor.type')}</p>
              <code className="mono m secret-words">{begun.grouped}</code>
              <p className="small ink3 mono secret-words">{begun.uri}</p>
              <Field label={t('factor.code')} wrong={fieldProblem(words, error, 'code')}>
                <input
                  className="input"
                  name="code"
                  inputMode="numeric"
                  autoComplete="one-time-code"
                  required
                  value={code}
                  onChange={(event) => setCode(event.target.value)}
                />
              </Field>
              <div>
                <button type="submit" className="btn primary">
                  {t('factor.confirm')}
                </button>
              </div>
            </form>
          ) : (
            <form
              className="stack g3"
              onSubmit={(event) => void (data.on ? off(event) : begin(event))}
            >
              <Field label={t('account.own_password')}>
                <input
                  className="input"
                  type="password"
                  autoComplete="current-password"
                  required
                  value={password}
                  onChange={(event) => setPassword(event.target.value)}
                />
              </Field>
              <div>
                <button
                  type="submit"
                  className={`btn ${data.on ? '' : 'primary'}`}
                  disabled={data.on && data.needed}
                >
                  {t(data.on ? 'factor.take_away' : 'factor.set_up')}
                </button>
              </div>
            </form>
          )}
        </>
      )}
      {error !== null && (
        <Note tone="bad" alert>
          {problemText(words, error)}
        </Note>
      )}
    </section>
  )
}
