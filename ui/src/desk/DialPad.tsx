/* Dialling by hand: a number is typed, the gates speak first, and its card comes where it may be called. */
import { PhoneForwarded } from 'lucide-react'
import { type FormEvent, useId, useRef, useState } from 'react'
import { api } from '../api/http.ts'
import { useKeys } from '../kit/keys.ts'
import { useNow } from '../kit/live.ts'
import { Kbd, Note, Said } from '../kit/parts.tsx'
import { useWords, type Words } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import type { DeskState } from '../live/shapes.ts'

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '+', '0', '⌫'] as const
const BY_HAND = new Set(['manual', 'preview'])

type Dialled = {
  card: string | null
  allowed: boolean
  gate: string | null
  reason: string | null
  until: string | null
}

function refusal(words: Words, told: Dialled, now: number): string {
  const gate = words.id('gate', told.gate ?? '', {}, told.gate ?? '')
  const why = words.id('gate', told.reason ?? '', {}, gate).toLowerCase()
  return told.until
    ? words.t('dial.not_allowed_until', { at: words.moment(told.until, now), why })
    : words.t('dial.not_allowed', { why })
}

/** The pad for somebody who is free in a campaign of theirs that is called by hand. */
export function DialPad({ desk }: { desk: DeskState }) {
  const mine = desk.campaigns.filter((campaign) => BY_HAND.has(campaign.mode))
  if (desk.agent.state !== 'ready' || mine.length === 0) return null
  return <Pad campaigns={mine} />
}

function Pad({ campaigns }: { campaigns: DeskState['campaigns'] }) {
  const words = useWords()
  const { t } = words
  const now = useNow()
  const field = useRef<HTMLInputElement>(null)
  const id = useId()
  const [campaign, setCampaign] = useState(campaigns[0]?.id ?? '')
  const [number, setNumber] = useState('')
  const [told, tell] = useState<string | null>(null)
  const [asking, setAsking] = useState(false)
  useKeys({ KeyD: () => field.current?.focus() })
  const check = async (event: FormEvent) => {
    event.preventDefault()
    if (asking || !number.trim()) return
    setAsking(true)
    tell(null)
    try {
      const body = { campaign, number }
      const said = await api<Dialled>('/desk/dial', { method: 'POST', body })
      if (!said.allowed) tell(refusal(words, said, now))
    } catch (error) {
      tell(problemText(words, error))
    } finally {
      setAsking(false)
    }
  }
  const press = (key: string) =>
    setNumber((typed) => (key === '⌫' ? typed.slice(0, -1) : `${typed}${key}`))
  return (
    <form
      className="dialpad stack"
      aria-label={t('dial.title')}
      onSubmit={(event) => void check(event)}
    >
      <label className="lab row" htmlFor={id}>
        {t('dial.title')}
        <Kbd>D</Kbd>
      </label>
      <input
        id={id}
        ref={field}
        className="input num"
        type="tel"
        autoComplete="off"
        placeholder="+7 000 555-01-17"
        value={number}
        onChange={(event) => setNumber(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
      />
      {campaigns.length > 1 && (
        <select
          className="input"
          aria-label={t('dial.campaign')}
          value={campaign}
          onChange={(event) => setCampaign(event.target.value)}
        >
          {campaigns.map((known) => (
            <option key={known.id} value={known.id}>
              {known.name}
            </option>
          ))}
        </select>
      )}
      <div className="keys">
        {KEYS.map((key) => (
          <button
            type="button"
            key={key}
            className="btn"
            aria-label={t('dial.key', { key })}
            onClick={() => press(key)}
          >
            {key}
          </button>
        ))}
      </div>
      <button type="submit" className="btn primary l" disabled={asking || !number.trim()}>
        <PhoneForwarded aria-hidden />
        {t('dial.check')}
        <Kbd>Enter</Kbd>
      </button>
      {told ? (
        <Note tone="warn">
          <Said text={told} />
        </Note>
      ) : (
        <p className="small ink3 pretty">{t('dial.why')}</p>
      )}
    </form>
  )
}
