/* Why the agent pauses: the reasons the manager keeps, or words of one's own where they are allowed. */
import { useState } from 'react'
import { pauseWords, usePauseReasons } from '../api/people.ts'
import { useWords } from '../kit/prefs.ts'
import type { DeskState } from '../live/shapes.ts'
import type { Ask } from './useDesk.ts'

export function PauseChoice({ desk, ask }: { desk: DeskState; ask: Ask }) {
  const { t, lang, span } = useWords()
  const { data } = usePauseReasons()
  const [text, setText] = useState('')
  const { reason: chosen } = desk.agent
  const own = chosen && !data?.items.some((one) => one.id === chosen)
  return (
    <div className="stack">
      <span className="lab">{t('quiet.pause_reason')}</span>
      <div className="row wrap">
        {data?.items
          .filter((one) => one.in_use)
          .map((one) => (
            <button
              type="button"
              key={one.id}
              className={`btn s ${chosen === one.id ? 'on' : ''}`}
              aria-pressed={chosen === one.id}
              title={one.limit_s ? `${t('pauses.limit')}: ${span(one.limit_s)}` : undefined}
              onClick={() => void ask('pause', { reason: one.id })}
            >
              {pauseWords(lang, one.id, data)}
            </button>
          ))}
        {own && <span className="chip accent">{chosen}</span>}
        {data?.free_text && (
          <form
            className="row g1"
            onSubmit={(event) => {
              event.preventDefault()
              void ask('pause', { reason: text.trim() })
              setText('')
            }}
          >
            <input
              className="input s"
              maxLength={64}
              required
              aria-label={t('pauses.other')}
              placeholder={t('pauses.other')}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          </form>
        )}
      </div>
    </div>
  )
}
