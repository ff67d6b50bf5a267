/* What supervisors said and did: messages until they are read, and who set the state. */
import { Check, HandHelping, MessageSquare, UserCog } from 'lucide-react'
import { useNow } from '../kit/live.ts'
import { Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import type { DeskState } from '../live/shapes.ts'
import type { Ask } from './useDesk.ts'

export function InboxNotes({ desk, ask }: { desk: DeskState; ask: Ask }) {
  const words = useWords()
  const { t } = words
  const now = useNow()
  const { led } = desk
  return (
    <>
      {led && (
        <Note tone="warn" icon={<UserCog aria-hidden />} alert>
          {t(`led.${led.state}`, { by: led.by, at: words.moment(led.at, now) })}
        </Note>
      )}
      {desk.messages.map((one) => (
        <Note
          key={one.id}
          icon={one.kind === 'help' ? <HandHelping aria-hidden /> : <MessageSquare aria-hidden />}
          alert
          action={
            <button
              type="button"
              className="btn s"
              onClick={() => void ask('read_message', { message: one.id })}
            >
              <Check className="s" aria-hidden />
              {t('message.read')}
            </button>
          }
        >
          <b>{one.by}</b> <span className="ink3 num">{words.moment(one.at, now)}</span>
          <span className="block">{one.kind === 'help' ? t('message.help_comes') : one.text}</span>
        </Note>
      ))}
    </>
  )
}
