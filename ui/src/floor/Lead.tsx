/* What a supervisor does about an agent from their tile: state, a message, an answer to a call for help. */
import { Coffee, Hand, Headphones, LogOut, MessageSquare, Settings2 } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { api } from '../api/http.ts'
import { Dialog, Field, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import type { FloorAgent } from '../live/shapes.ts'

const STATES = [
  ['ready', Headphones],
  ['pause', Coffee],
  ['offline', LogOut],
] as const

/** Writes to one agent, or to everybody who is there. */
export function MessageForm({ to, close }: { to: FloorAgent | null; close: () => void }) {
  const words = useWords()
  const { t } = words
  const [text, setText] = useState('')
  const [said, setSaid] = useState<{ tone: 'ok' | 'bad'; text: string } | null>(null)
  const send = async (event: FormEvent) => {
    event.preventDefault()
    try {
      const { reached } = await api<{ reached: number }>('/floor/messages', {
        method: 'POST',
        body: { agents: to ? [to.id] : [], text },
      })
      setSaid({ tone: reached ? 'ok' : 'bad', text: t('message.reached', { n: reached }) })
      if (reached) setText('')
    } catch (error) {
      setSaid({ tone: 'bad', text: problemText(words, error) })
    }
  }
  return (
    <Dialog title={to ? t('message.to', { name: to.name }) : t('message.to_all')} close={close}>
      <form className="stack g4" onSubmit={(event) => void send(event)}>
        <Field label={t('message.text')}>
          <textarea
            className="input"
            name="text"
            required
            maxLength={500}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </Field>
        {said && (
          <Note tone={said.tone} alert>
            {said.text}
          </Note>
        )}
        <div className="row">
          <button type="submit" className="btn primary" disabled={!text.trim()}>
            {t('message.send')}
          </button>
          <button type="button" className="btn" onClick={close}>
            {t('common.close')}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

export function Lead({ agent }: { agent: FloorAgent }) {
  const words = useWords()
  const { t } = words
  const [open, setOpen] = useState(false)
  const [writing, setWriting] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const act = async (path: string, body?: unknown) => {
    try {
      await api(`/floor/agents/${agent.id}/${path}`, { method: 'POST', body })
      setProblem(null)
      setOpen(false)
    } catch (error) {
      setProblem(problemText(words, error))
    }
  }
  return (
    <div className="enter">
      {agent.attention === 'help' && (
        <button type="button" className="btn s" onClick={() => void act('help')}>
          <Hand className="s" aria-hidden />
          {t('lead.answer_help')}
        </button>
      )}
      <button
        type="button"
        className={`btn s quiet ${open ? 'on' : ''}`}
        aria-expanded={open}
        aria-label={t('lead.of', { name: agent.name })}
        onClick={() => setOpen(!open)}
      >
        <Settings2 className="s" aria-hidden />
        {t('lead.more')}
      </button>
      {open && (
        <div className="pop" role="group" aria-label={t('lead.of', { name: agent.name })}>
          {STATES.map(([state, Icon]) => (
            <button
              type="button"
              key={state}
              title={t(`lead.${state}_says`)}
              onClick={() => void act('state', { state, reason: '' })}
            >
              <Icon className="s" aria-hidden />
              {t(`lead.${state}`)}
            </button>
          ))}
          <button type="button" onClick={() => setWriting(true)}>
            <MessageSquare className="s" aria-hidden />
            {t('message.write')}
          </button>
        </div>
      )}
      {problem && (
        <p className="small bad" role="alert">
          {problem}
        </p>
      )}
      {writing && <MessageForm to={agent} close={() => setWriting(false)} />}
    </div>
  )
}
