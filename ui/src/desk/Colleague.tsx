/* A colleague in the call: looked for, asked for advice, let in, or given the call. Keys alone will do. */
import { ArrowLeft, PhoneForwarded, UserPlus, Users } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { live } from '../kit/live.ts'
import { Kbd } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { useKeys } from '../kit/keys.ts'
import type { LiveCall } from '../live/shapes.ts'
import type { Ask } from './useDesk.ts'

type Named = { id: string; name: string }

export function Colleague({ call, ask }: { call: LiveCall; ask: Ask }) {
  const { t } = useWords()
  const [openOf, setOpenOf] = useState<string | null>(null)
  const open = openOf === call.attempt
  const guest = (call.guests ?? []).find(
    (one) => one.role === 'consult' || one.role === 'conference',
  )
  const mine = !call.as && call.state !== 'ringing'
  const together = guest?.role === 'conference'
  const toggle = () => setOpenOf(open ? null : call.attempt)
  useKeys(
    !mine
      ? {}
      : guest
        ? {
            KeyJ: () => void ask('conference', { on: !together }),
            KeyT: () => void ask('transfer'),
            KeyB: () => void ask('consult_end'),
          }
        : { KeyT: toggle, Escape: () => setOpenOf(null) },
  )
  if (!mine) return null
  if (guest) {
    return (
      <>
        <button
          type="button"
          className={`btn ${together ? 'on' : ''}`}
          aria-pressed={together}
          onClick={() => void ask('conference', { on: !together })}
        >
          <Users aria-hidden />
          {t('company.confer')}
          <Kbd>J</Kbd>
        </button>
        <button type="button" className="btn" onClick={() => void ask('transfer')}>
          <PhoneForwarded aria-hidden />
          {t('company.hand_over')}
          <Kbd>T</Kbd>
        </button>
        <button type="button" className="btn" onClick={() => void ask('consult_end')}>
          <ArrowLeft aria-hidden />
          {t('company.back')}
          <Kbd>B</Kbd>
        </button>
      </>
    )
  }
  return (
    <span className="at">
      <button
        type="button"
        className={`btn ${open ? 'on' : ''}`}
        aria-expanded={open}
        onClick={toggle}
      >
        <UserPlus aria-hidden />
        {t('company.colleague')}
        <Kbd>T</Kbd>
      </button>
      {open && <Picker ask={ask} close={() => setOpenOf(null)} />}
    </span>
  )
}

/** Who is free now; the first one is in focus, so that Enter asks them. */
function Picker({ ask, close }: { ask: Ask; close: () => void }) {
  const { t } = useWords()
  const [free, setFree] = useState<Named[] | null>(null)
  const first = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    let shown = true
    void live.request('colleagues').then(
      (told) => shown && setFree((told as { colleagues?: Named[] }).colleagues ?? []),
      () => shown && setFree([]),
    )
    return () => {
      shown = false
    }
  }, [])
  useEffect(() => {
    if (free?.length) first.current?.focus()
  }, [free])
  const act = (verb: string, colleague: Named) => {
    close()
    void ask(verb, { agent: colleague.id })
  }
  return (
    <div className="pop colleagues" role="group" aria-label={t('company.colleague')}>
      {free === null && <p className="small ink3">{t('common.loading')}</p>}
      {free?.length === 0 && <p className="small ink3">{t('company.nobody_free')}</p>}
      {free?.map((colleague, index) => (
        <div className="row" key={colleague.id}>
          <span className="cut grow" title={colleague.name}>
            {colleague.name}
          </span>
          <button
            type="button"
            className="btn s"
            ref={index === 0 ? first : undefined}
            onClick={() => act('consult', colleague)}
          >
            {t('company.consult_now')}
          </button>
          <button type="button" className="btn s" onClick={() => act('transfer', colleague)}>
            {t('company.hand_over')}
          </button>
        </div>
      ))}
    </div>
  )
}
