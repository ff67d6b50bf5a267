/* A supervisor enters a call from its tile: listens, whispers, joins in, takes it over, leaves. */
import { Ear, LogOut, MessageCircle, PhoneIncoming, Users } from 'lucide-react'
import { useState } from 'react'
import { useSession } from '../api/session.ts'
import { live } from '../kit/live.ts'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import type { Json } from '../live/patch.ts'
import type { FloorAgent } from '../live/shapes.ts'

const HOW = [
  ['listen', Ear],
  ['whisper', MessageCircle],
  ['barge', Users],
] as const

export function Enter({ agent }: { agent: FloorAgent }) {
  const words = useWords()
  const { t } = words
  const session = useSession()
  const [open, setOpen] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const me = (agent.guests ?? []).find((guest) => guest.id === session.user.id)
  const ask = async (verb: string, args: Record<string, Json> = {}) => {
    try {
      await live.request(verb, args)
      setProblem(null)
    } catch (error) {
      setProblem(problemText(words, error))
    }
  }
  return (
    <div className="enter">
      <button
        type="button"
        className={`btn s ${me || open ? 'on' : ''}`}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Ear className="s" aria-hidden />
        {me ? t(`company.i_${me.role as 'listen'}`) : t('company.enter')}
      </button>
      {open && (
        <div className="pop" role="group" aria-label={t('company.enter_of', { name: agent.name })}>
          {HOW.map(([how, Icon]) => (
            <button
              type="button"
              key={how}
              aria-pressed={me?.role === how}
              title={t(`company.${how}_says`)}
              onClick={() => void ask('listen', { agent: agent.id, how })}
            >
              <Icon className="s" aria-hidden />
              {t(`company.do_${how}`)}
            </button>
          ))}
          <button
            type="button"
            title={t('company.take_says')}
            onClick={() => void ask('take_call', { agent: agent.id })}
          >
            <PhoneIncoming className="s" aria-hidden />
            {t('company.do_take')}
          </button>
          {me && (
            <button type="button" onClick={() => void ask('leave')}>
              <LogOut className="s" aria-hidden />
              {t('company.do_leave')}
            </button>
          )}
        </div>
      )}
      {problem && (
        <p className="small bad" role="alert">
          {problem}
        </p>
      )}
    </div>
  )
}
