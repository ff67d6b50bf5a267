/* A person's desk phone: made, its password shown once, given another one, taken out of use. */
import { useQueryClient } from '@tanstack/react-query'
import { Phone, PhoneOff } from 'lucide-react'
import { useState } from 'react'
import { api, idempotencyKey } from '../api/http.ts'
import type { DeskPhone, DeskPhoneMade, User } from '../api/types.ts'
import { useNow } from '../kit/live.ts'
import { HoldButton, Note, Switch } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { usePhones } from './useOffice.ts'

/** Whether a phone is signed in, since when and from where; nothing for a person without one. */
export function PhoneState({ phone }: { phone: DeskPhone | undefined }) {
  const { t, moment } = useWords()
  const now = useNow()
  if (!phone) return <span className="ink3">–</span>
  const tone = phone.registered ? 'ok' : phone.registered === null ? 'pause' : 'bad'
  const word = phone.registered
    ? t('deskphones.registered')
    : phone.registered === null
      ? t('deskphones.unknown')
      : t('deskphones.not_registered')
  const since = phone.since ? t('deskphones.since', { at: moment(phone.since, now) }) : ''
  return (
    <span className={`st ${tone}`} title={`${phone.user_agent} ${phone.address}`.trim()}>
      {phone.registered ? (
        <Phone className="s" aria-hidden />
      ) : (
        <PhoneOff className="s" aria-hidden />
      )}
      {word} {since && <span className="ink3 small">{since}</span>}
    </span>
  )
}

function Secrets({ made }: { made: DeskPhoneMade }) {
  const { t } = useWords()
  const [copied, setCopied] = useState(false)
  const rows: [string, string][] = [
    [t('deskphones.username'), made.username],
    [t('deskphones.password'), made.password],
    ...made.servers.map((server): [string, string] => {
      const [transport = '', ...place] = server.split(':')
      return [t('deskphones.server', { transport: transport.toUpperCase() }), place.join(':')]
    }),
  ]
  const copy = async () => {
    await navigator.clipboard.writeText(rows.map((row) => row.join('\t')).join('\n'))
    setCopied(true)
  }
  return (
    <div className="stack g3">
      <Note tone="warn" alert>
        {t('deskphones.once')}
      </Note>
      <table>
        <tbody>
          {rows.map(([name, value]) => (
            <tr key={name}>
              <td className="ink2">{name}</td>
              <td className="mono m">{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div>
        <button type="button" className="btn s" onClick={() => void copy()}>
          {copied ? t('deskphones.copied') : t('deskphones.copy')}
        </button>
      </div>
    </div>
  )
}

export function PhonePart({ user }: { user: User }) {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const phones = usePhones()
  const [made, setMade] = useState<DeskPhoneMade | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [weak, setWeak] = useState(false)
  const phone = phones.data?.find((one) => one.user?.id === user.id)
  const act = async (work: () => Promise<DeskPhoneMade | null>) => {
    try {
      setMade(await work())
      setError(null)
    } catch (failure) {
      setError(failure)
    }
    await queries.invalidateQueries({ queryKey: ['phones'] })
  }
  const post = (path: string, body: object) =>
    act(() => api<DeskPhoneMade>(path, { method: 'POST', body, key: idempotencyKey() }))
  return (
    <section className="stack g3 topline" aria-label={t('deskphones.title')}>
      <h3>{t('deskphones.title')}</h3>
      {phone ? (
        <>
          <div className="row wrap g3">
            <span className="mono">{phone.username}</span>
            <PhoneState phone={phone} />
          </div>
          <div className="row wrap">
            <button
              type="button"
              className="btn s"
              onClick={() => void post(`/phones/${phone.id}/password`, {})}
            >
              {t('deskphones.renew')}
            </button>
            <HoldButton
              ms={1_000}
              className="s"
              act={() =>
                void act(() => api(`/phones/${phone.id}`, { method: 'DELETE' }).then(() => null))
              }
            >
              {t('deskphones.revoke')}
            </HoldButton>
          </div>
        </>
      ) : (
        <>
          <p className="small ink2">{t('deskphones.why')}</p>
          <Switch on={weak} set={setWeak}>
            {t('deskphones.md5')}
          </Switch>
          {weak && <p className="small ink3">{t('deskphones.md5_why')}</p>}
          <div>
            <button
              type="button"
              className="btn s"
              onClick={() =>
                void post('/phones', { user: user.id, name: user.name, allow_md5: weak })
              }
            >
              {t('deskphones.make')}
            </button>
          </div>
        </>
      )}
      {made && <Secrets made={made} />}
      {error !== null && (
        <Note tone="bad" alert>
          {problemText(words, error)}
        </Note>
      )}
    </section>
  )
}
