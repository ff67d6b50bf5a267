/* Which roles sign in with a second factor; an administrator decides. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../api/http.ts'
import { useFactorRoles } from '../api/people.ts'
import type { Role } from '../api/types.ts'
import { Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'

const ROLES: Role[] = ['operator', 'supervisor', 'manager', 'administrator', 'customer']

export function FactorRoles() {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const { data } = useFactorRoles()
  const [error, setError] = useState<unknown>(null)
  if (!data) return null
  const turn = async (role: Role, on: boolean) => {
    const roles = on ? [...data, role] : data.filter((one) => one !== role)
    try {
      await api('/security', { method: 'PUT', body: { roles } })
      setError(null)
    } catch (failure) {
      setError(failure)
    }
    await queries.invalidateQueries({ queryKey: ['security'] })
  }
  return (
    <section className="card pad stack g3">
      <h2>{t('factor.roles')}</h2>
      <div className="ticks" role="group" aria-label={t('factor.roles')}>
        {ROLES.map((role) => (
          <label key={role}>
            <input
              type="checkbox"
              checked={data.includes(role)}
              onChange={(event) => void turn(role, event.target.checked)}
            />
            <span className="cut">{t(`role.${role}`)}</span>
          </label>
        ))}
      </div>
      <p className="small ink3 pretty">{t('factor.roles_why')}</p>
      {error !== null && (
        <Note tone="bad" alert>
          {problemText(words, error)}
        </Note>
      )}
    </section>
  )
}
