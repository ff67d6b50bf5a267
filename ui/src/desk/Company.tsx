/* Who else is in the call, said above it: a supervisor, a colleague, or whose call I am in. */
import { Ear, Users } from 'lucide-react'
import { Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import type { LiveCall } from '../live/shapes.ts'

export function Company({ call }: { call: LiveCall }) {
  const { t } = useWords()
  const others = (call.guests ?? []).filter((guest) => !call.as || guest.role !== call.as)
  return (
    <>
      {call.as && (
        <Note icon={<Users aria-hidden />}>
          {t(`company.as_${call.as}`, { of: call.of ?? '' })}
        </Note>
      )}
      {others.map((guest) => (
        <Note
          key={guest.id}
          tone={guest.role === 'listen' ? undefined : 'warn'}
          icon={guest.role === 'listen' ? <Ear aria-hidden /> : <Users aria-hidden />}
        >
          {t(`company.${guest.role}`, { name: guest.name })}
        </Note>
      ))}
    </>
  )
}
