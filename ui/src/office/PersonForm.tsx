/* Creating a person who signs in, or changing what they may do. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api, apiTagged, idempotencyKey } from '../api/http.ts'
import { useSession } from '../api/session.ts'
import type { Named, Page, Role, User } from '../api/types.ts'
import { Dialog, Field, Note, Seg, Switch } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { fieldProblem, problemText } from '../kit/problem.ts'
import { PersonSecurity } from './PersonSecurity.tsx'
import { PhonePart } from './PhonePart.tsx'

const ROLES: Role[] = ['operator', 'supervisor', 'manager', 'administrator', 'customer']

/** Roles a person may give: a manager makes neither managers nor administrators. */
export function rolesFor(role: Role): Role[] {
  return role === 'administrator'
    ? ROLES
    : ROLES.filter((known) => known !== 'administrator' && known !== 'manager')
}

type Draft = {
  login: string
  name: string
  role: Role
  password: string
  language: 'ru' | 'en'
  principal: string
  disabled: boolean
}

function useSave(user: User | null, close: () => void) {
  const queries = useQueryClient()
  const [error, setError] = useState<unknown>(null)
  const save = async (draft: Draft) => {
    const { login, principal, disabled, password, ...rest } = draft
    try {
      if (user) {
        const { etag } = await apiTagged<User>(`/users/${user.id}`)
        await api(`/users/${user.id}`, {
          method: 'PATCH',
          body: { ...rest, disabled, ...(password && { password }) },
          etag,
        })
      } else {
        const body = {
          ...rest,
          login,
          password,
          principal: draft.role === 'customer' ? principal || null : null,
        }
        await api('/users', { method: 'POST', body, key: idempotencyKey() })
      }
      await queries.invalidateQueries({ queryKey: ['users'] })
      close()
    } catch (failure) {
      setError(failure)
    }
  }
  return { error, save }
}

export function PersonForm({ user, close }: { user: User | null; close: () => void }) {
  const words = useWords()
  const { t } = words
  const session = useSession()
  const { error, save } = useSave(user, close)
  const [draft, setDraft] = useState<Draft>({
    login: user?.login ?? '',
    name: user?.name ?? '',
    role: user?.role ?? 'operator',
    password: '',
    language: user?.language ?? words.lang,
    principal: user?.principal?.id ?? '',
    disabled: user?.disabled ?? false,
  })
  const principals = useQuery({
    queryKey: ['principals'],
    enabled: draft.role === 'customer',
    queryFn: () => api<Page<Named>>('/principals?limit=200'),
  })
  const set = (part: Partial<Draft>) => setDraft({ ...draft, ...part })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void save(draft)
  }
  return (
    <Dialog title={user ? user.name : t('people.new')} close={close}>
      <form className="stack g4" onSubmit={submit}>
        <Field label={t('people.name')} wrong={fieldProblem(words, error, 'name')}>
          <input
            className="input"
            name="name"
            required
            value={draft.name}
            onChange={(event) => set({ name: event.target.value })}
          />
        </Field>
        <div className="fields two">
          <Field label={t('door.login')} wrong={fieldProblem(words, error, 'login')}>
            <input
              className="input"
              name="login"
              required
              disabled={Boolean(user)}
              autoComplete="off"
              value={draft.login}
              onChange={(event) => set({ login: event.target.value })}
            />
          </Field>
          <Field
            label={t('door.password')}
            hint={user ? t('people.password_kept') : t('people.password_hint')}
            wrong={fieldProblem(words, error, 'password')}
          >
            <input
              className="input"
              type="password"
              name="new-password"
              autoComplete="new-password"
              required={!user}
              minLength={10}
              value={draft.password}
              onChange={(event) => set({ password: event.target.value })}
            />
          </Field>
        </div>
        <div className="fields two">
          <Field label={t('people.role')} hint={t(`role_says.${draft.role}`)}>
            <select
              className="input"
              name="role"
              value={draft.role}
              onChange={(event) => set({ role: event.target.value as Role })}
            >
              {rolesFor(session.user.role).map((role) => (
                <option key={role} value={role}>
                  {t(`role.${role}`)}
                </option>
              ))}
            </select>
          </Field>
          {draft.role === 'customer' ? (
            <Field label={t('people.principal')}>
              <select
                className="input"
                required
                value={draft.principal}
                onChange={(event) => set({ principal: event.target.value })}
              >
                <option value="">{t('list.choose')}</option>
                {(principals.data?.items ?? []).map((one) => (
                  <option key={one.id} value={one.id}>
                    {one.name}
                  </option>
                ))}
              </select>
            </Field>
          ) : (
            <div className="field">
              <span className="lab">{t('people.language')}</span>
              <Seg
                label={t('people.language')}
                value={draft.language}
                set={(language) => set({ language })}
                options={[
                  ['ru', 'Русский'],
                  ['en', 'English'],
                ]}
              />
            </div>
          )}
        </div>
        {user && (
          <Switch on={!draft.disabled} set={(on) => set({ disabled: !on })}>
            {t('people.may_sign_in')}
          </Switch>
        )}
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
      {user && !user.disabled && user.role !== 'customer' && <PhonePart user={user} />}
      {user && <PersonSecurity user={user} />}
    </Dialog>
  )
}
