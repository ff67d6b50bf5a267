/* The telephone lines: where calls go out, how many at once. */
import { useQueryClient } from '@tanstack/react-query'
import { Check, Plus, Power } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { api, apiTagged, idempotencyKey } from '../api/http.ts'
import { may, useSession } from '../api/session.ts'
import type { Trunk } from '../api/types.ts'
import { Dialog, Empty, Field, Note, Switch } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { fieldProblem, problemText } from '../kit/problem.ts'
import { useTrunks } from './useOffice.ts'

const NEW = {
  name: '',
  host: '',
  port: '5060',
  username: '',
  password: '',
  realm: '',
  lines_max: '30',
  calls_per_second: '5',
  active: true,
}
type Draft = typeof NEW

const draftOf = (trunk: Trunk): Draft => ({
  ...NEW,
  name: trunk.name,
  host: trunk.host,
  port: String(trunk.port),
  username: trunk.username,
  realm: trunk.realm,
  lines_max: String(trunk.lines_max),
  calls_per_second: String(trunk.calls_per_second),
  active: trunk.active,
})

function TrunkForm({ trunk, close }: { trunk: Trunk | null; close: () => void }) {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const [draft, setDraft] = useState<Draft>(trunk ? draftOf(trunk) : NEW)
  const [error, setError] = useState<unknown>(null)
  const set = (part: Partial<Draft>) => setDraft({ ...draft, ...part })
  const save = async (event: FormEvent) => {
    event.preventDefault()
    const { password, ...rest } = draft
    const body = {
      ...rest,
      port: Number(draft.port),
      lines_max: Number(draft.lines_max),
      calls_per_second: Number(draft.calls_per_second.replace(',', '.')),
      ...(password ? { password } : {}),
    }
    try {
      if (trunk) {
        const { etag } = await apiTagged<Trunk>(`/trunks/${trunk.id}`)
        await api(`/trunks/${trunk.id}`, { method: 'PATCH', body, etag })
      } else await api('/trunks', { method: 'POST', body, key: idempotencyKey() })
      await queries.invalidateQueries({ queryKey: ['trunks'] })
      close()
    } catch (failure) {
      setError(failure)
    }
  }
  const input = (
    name: 'name' | 'host' | 'port' | 'username' | 'realm' | 'lines_max' | 'calls_per_second',
    more: { required?: boolean; hint?: string } = {},
  ) => (
    <Field label={t(`trunk.${name}`)} wrong={fieldProblem(words, error, name)} hint={more.hint}>
      <input
        className="input"
        name={name}
        required={more.required}
        value={draft[name]}
        onChange={(event) => set({ [name]: event.target.value })}
      />
    </Field>
  )
  return (
    <Dialog title={trunk ? trunk.name : t('trunk.new')} close={close}>
      <form className="stack g4" onSubmit={(event) => void save(event)}>
        {input('name', { required: true })}
        <div className="fields wide-first">
          {input('host', { required: true, hint: t('trunk.host_hint') })}
          {input('port', { required: true })}
        </div>
        <div className="fields two">
          {input('username', { hint: t('trunk.user_hint') })}
          <Field
            label={t('trunk.password')}
            hint={trunk?.has_password ? t('trunk.password_kept') : undefined}
          >
            <input
              className="input"
              type="password"
              name="password"
              autoComplete="new-password"
              value={draft.password}
              onChange={(event) => set({ password: event.target.value })}
            />
          </Field>
        </div>
        <div className="fields">
          {input('realm')}
          {input('lines_max', { required: true })}
          {input('calls_per_second', { required: true })}
        </div>
        <Switch on={draft.active} set={(active) => set({ active })}>
          {t('trunk.active')}
        </Switch>
        {error !== null && (
          <Note tone="bad" alert>
            {problemText(words, error)}
          </Note>
        )}
        <div className="row">
          <button type="submit" className="btn primary">
            {t('common.save')}
          </button>
          <button type="button" className="btn" onClick={close}>
            {t('common.cancel')}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

export function Trunks() {
  const { t, num } = useWords()
  const session = useSession()
  const { data } = useTrunks()
  const [open, setOpen] = useState<Trunk | 'new' | null>(null)
  const edit = may(session, 'trunk.edit')
  return (
    <main className="page">
      <header>
        <h1>{t('nav.trunks')}</h1>
        {edit && (
          <button type="button" className="btn primary push" onClick={() => setOpen('new')}>
            <Plus aria-hidden />
            {t('trunk.new')}
          </button>
        )}
      </header>
      <section className="card scroll">
        {!data && <p className="wait">{t('common.loading')}</p>}
        {data?.length === 0 && (
          <Empty title={t('trunk.none')}>
            <p>{t('trunk.none_next')}</p>
          </Empty>
        )}
        {data && data.length > 0 && (
          <table>
            <thead>
              <tr>
                <th>{t('trunk.name')}</th>
                <th>{t('campaign.state')}</th>
                <th>{t('trunk.host')}</th>
                <th>{t('trunk.username')}</th>
                <th className="r">{t('trunk.lines_max')}</th>
                <th className="r">{t('trunk.calls_per_second')}</th>
              </tr>
            </thead>
            <tbody>
              {data.map((trunk) => (
                <tr
                  key={trunk.id}
                  className={edit ? 'press' : ''}
                  onClick={() => edit && setOpen(trunk)}
                >
                  <td className="m">
                    {edit ? (
                      <button type="button" className="cellbtn m">
                        {trunk.name}
                      </button>
                    ) : (
                      trunk.name
                    )}
                  </td>
                  <td>
                    <span className={`st ${trunk.active ? 'ok' : 'pause'}`}>
                      {trunk.active ? (
                        <Check className="s" aria-hidden />
                      ) : (
                        <Power className="s" aria-hidden />
                      )}
                      {trunk.active ? t('trunk.on') : t('trunk.off')}
                    </span>
                  </td>
                  <td className="mono">
                    {trunk.host}:{trunk.port}
                  </td>
                  <td className="ink2">{trunk.username || t('trunk.by_address')}</td>
                  <td className="r num">{num(trunk.lines_max)}</td>
                  <td className="r num">{num(trunk.calls_per_second, 1)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
      {open && <TrunkForm trunk={open === 'new' ? null : open} close={() => setOpen(null)} />}
    </main>
  )
}
