/* Finding one contact by name or number. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { UserPlus } from 'lucide-react'
import { useState } from 'react'
import { api, query } from '../api/http.ts'
import { may, useSession } from '../api/session.ts'
import type { ContactRow, Page } from '../api/types.ts'
import { Empty } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { formatPhone } from '../words/format.ts'
import { NewContact } from './NewContact.tsx'

export function Contacts() {
  const { t } = useWords()
  const navigate = useNavigate()
  const session = useSession()
  const [adding, setAdding] = useState(false)
  const [asked, setAsked] = useState('')
  const { data } = useQuery({
    queryKey: ['contacts', asked],
    placeholderData: keepPreviousData,
    queryFn: () => api<Page<ContactRow>>(`/contacts${query({ q: asked.trim(), limit: 100 })}`),
  })
  return (
    <main className="page">
      <header>
        <h1>{t('nav.contacts')}</h1>
        <input
          className="input find"
          type="search"
          value={asked}
          aria-label={t('contacts.find')}
          placeholder={t('contacts.find')}
          onChange={(event) => setAsked(event.target.value)}
        />
        {may(session, 'lead.add') && (
          <button type="button" className="btn" onClick={() => setAdding(true)}>
            <UserPlus aria-hidden />
            {t('card.new')}
          </button>
        )}
      </header>
      {adding && <NewContact close={() => setAdding(false)} />}
      <section className="card scroll">
        {!data && <p className="wait">{t('common.loading')}</p>}
        {data?.items.length === 0 && (
          <Empty title={asked ? t('contacts.not_found') : t('contacts.none')}>
            <p>{asked ? t('contacts.not_found_next') : t('contacts.none_next')}</p>
          </Empty>
        )}
        {data && data.items.length > 0 && (
          <table>
            <thead>
              <tr>
                <th>{t('contacts.name')}</th>
                <th>{t('contacts.number')}</th>
                <th>{t('campaign.list')}</th>
                <th className="r">{t('list.row')}</th>
              </tr>
            </thead>
            <tbody>
              {data.items.map((contact) => (
                <tr
                  key={contact.id}
                  className="press"
                  onClick={() => void navigate({ to: '/contacts/$id', params: { id: contact.id } })}
                >
                  <td className="m">
                    <Link to="/contacts/$id" params={{ id: contact.id }}>
                      {contact.name || t('contacts.no_name')}
                    </Link>
                  </td>
                  <td className="num">{contact.phone ? formatPhone(contact.phone) : '–'}</td>
                  <td className="ink2">{contact.list?.name ?? '–'}</td>
                  <td className="r num ink2">{contact.list?.row ?? ''}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
    </main>
  )
}
