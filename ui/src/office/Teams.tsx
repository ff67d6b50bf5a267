/* Teams: made, named, filled from the list of people, removed. A person is in one at most. */
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api } from '../api/http.ts'
import { type Team, useTeams } from '../api/people.ts'
import { Dialog, Empty, Field, HoldButton, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { fieldProblem, problemText } from '../kit/problem.ts'
import { useUsers } from './useOffice.ts'

function TeamForm({ team, close }: { team: Team | null; close: () => void }) {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const users = useUsers()
  const [name, setName] = useState(team?.name ?? '')
  const [people, setPeople] = useState(team?.people.map((one) => one.id) ?? [])
  const [error, setError] = useState<unknown>(null)
  const act = async (work: () => Promise<unknown>) => {
    try {
      await work()
      await queries.invalidateQueries({ queryKey: ['teams'] })
      close()
    } catch (failure) {
      setError(failure)
    }
  }
  const save = (event: FormEvent) => {
    event.preventDefault()
    void act(async () => {
      const id = team?.id ?? (await api<Team>('/teams', { method: 'POST', body: { name } })).id
      await api(`/teams/${id}`, { method: 'PATCH', body: { name, people } })
    })
  }
  const turn = (id: string, on: boolean) =>
    setPeople(on ? [...people, id] : people.filter((one) => one !== id))
  const able = users.data?.filter((user) => user.role !== 'customer' && !user.disabled) ?? []
  return (
    <Dialog title={team ? team.name : t('teams.new')} close={close} wide>
      <form className="stack g4" onSubmit={save}>
        <Field label={t('teams.name')} wrong={fieldProblem(words, error, 'name')}>
          <input
            className="input"
            name="name"
            required
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <div className="ticks" role="group" aria-label={t('teams.people')}>
          {able.map((user) => (
            <label key={user.id}>
              <input
                type="checkbox"
                checked={people.includes(user.id)}
                onChange={(event) => turn(user.id, event.target.checked)}
              />
              <span className="cut">{user.name}</span>
            </label>
          ))}
        </div>
        <p className="small ink3">{t('teams.one')}</p>
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
          {team && (
            <HoldButton
              ms={1_000}
              className="push"
              act={() => void act(() => api(`/teams/${team.id}`, { method: 'DELETE' }))}
            >
              {t('teams.remove')}
            </HoldButton>
          )}
        </div>
      </form>
    </Dialog>
  )
}

export function Teams({ edit }: { edit: boolean }) {
  const { t } = useWords()
  const { data } = useTeams()
  const [open, setOpen] = useState<Team | 'new' | null>(null)
  return (
    <section className="card scroll">
      <header>
        <h2>{t('teams.title')}</h2>
        {edit && (
          <button type="button" className="btn s push" onClick={() => setOpen('new')}>
            {t('teams.new')}
          </button>
        )}
      </header>
      {data?.length === 0 && (
        <Empty title={t('teams.none')}>
          <p>{t('teams.none_why')}</p>
        </Empty>
      )}
      {data && data.length > 0 && (
        <table>
          <tbody>
            {data.map((team) => (
              <tr key={team.id}>
                <td className="m">
                  {edit ? (
                    <button type="button" className="cellbtn m" onClick={() => setOpen(team)}>
                      {team.name}
                    </button>
                  ) : (
                    team.name
                  )}
                </td>
                <td className="ink2 pretty">
                  {team.people.map((one) => one.name).join(', ') || '–'}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {open && <TeamForm team={open === 'new' ? null : open} close={() => setOpen(null)} />}
    </section>
  )
}
