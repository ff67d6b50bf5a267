/* The people who sign in, and what each may do. */
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { may, useSession } from '../api/session.ts'
import type { User } from '../api/types.ts'
import { useWords } from '../kit/prefs.ts'
import { PersonForm } from './PersonForm.tsx'
import { FactorRoles } from './FactorRoles.tsx'
import { PauseReasons } from './PauseReasons.tsx'
import { PhoneState } from './PhonePart.tsx'
import { Teams } from './Teams.tsx'
import { usePhones, useUsers } from './useOffice.ts'

export function People() {
  const { t, date } = useWords()
  const session = useSession()
  const { data } = useUsers()
  const phones = usePhones()
  const [open, setOpen] = useState<User | 'new' | null>(null)
  const edit = may(session, 'user.edit')
  return (
    <main className="page">
      <header>
        <h1>{t('nav.people')}</h1>
        {edit && (
          <button type="button" className="btn primary push" onClick={() => setOpen('new')}>
            <Plus aria-hidden />
            {t('people.new')}
          </button>
        )}
      </header>
      <section className="card scroll">
        {!data && <p className="wait">{t('common.loading')}</p>}
        {data && (
          <table>
            <thead>
              <tr>
                <th>{t('people.name')}</th>
                <th>{t('door.login')}</th>
                <th>{t('people.role')}</th>
                <th>{t('people.language')}</th>
                <th>{t('deskphones.title')}</th>
                <th className="r">{t('campaign.created')}</th>
              </tr>
            </thead>
            <tbody>
              {data.map((user) => (
                <tr
                  key={user.id}
                  className={edit ? 'press' : ''}
                  onClick={() => edit && setOpen(user)}
                >
                  <td className={`m ${user.disabled ? 'ink3' : ''}`}>
                    {edit ? (
                      <button type="button" className="cellbtn m">
                        {user.name}
                      </button>
                    ) : (
                      user.name
                    )}{' '}
                    {user.disabled && <span className="chip">{t('people.off')}</span>}
                  </td>
                  <td className="mono">{user.login}</td>
                  <td>
                    {t(`role.${user.role}`)}
                    {user.principal && <span className="ink3"> · {user.principal.name}</span>}
                  </td>
                  <td className="ink2">{user.language === 'ru' ? 'Русский' : 'English'}</td>
                  <td>
                    <PhoneState phone={phones.data?.find((one) => one.user?.id === user.id)} />
                  </td>
                  <td className="r num ink2">{date(user.created_at)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
      <div className="fields two people-more">
        <PauseReasons edit={may(session, 'pause.edit')} />
        <Teams edit={edit} />
        {may(session, 'security.edit') && <FactorRoles />}
      </div>
      {open && <PersonForm user={open === 'new' ? null : open} close={() => setOpen(null)} />}
    </main>
  )
}
