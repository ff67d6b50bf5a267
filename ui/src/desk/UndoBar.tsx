/* After a result: ten seconds to take it back, and then another one can be given. */
import { Check, X } from 'lucide-react'
import { useState } from 'react'
import { useNow } from '../kit/live.ts'
import { Kbd } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import type { LiveCall } from '../live/shapes.ts'
import type { Results } from './useResult.ts'

/** The result of the call before was taken back: another one can be given beside the call in hand. */
function Again({ results, undone }: { results: Results; undone: LiveCall }) {
  const { t, pick } = useWords()
  const choices = undone.results.filter((result) => !result.needs || result.needs === 'none')
  return (
    <div className="undo again" role="status">
      <div className="row between">
        <span>
          {t('desk.choose_again')} <b>{undone.contact.name}</b>
        </span>
        <button
          type="button"
          className="btn quiet s icon"
          onClick={results.forget}
          aria-label={t('common.close')}
        >
          <X className="s" aria-hidden />
        </button>
      </div>
      <div className="row wrap g1">
        {choices.map((result) => (
          <button
            type="button"
            key={result.code}
            className="btn s"
            disabled={results.saving}
            onClick={() => results.choose(result.code, undone)}
          >
            {pick(result.label)}
          </button>
        ))}
      </div>
    </div>
  )
}

/** "Result saved. Undo 8 s": after every result; afterwards another one may be chosen. */
export function UndoBar({ results }: { results: Results }) {
  const words = useWords()
  const { t } = words
  const now = useNow()
  const [hover, setHover] = useState(false)
  const saved = results.saved
  if (results.undone) return <Again results={results} undone={results.undone} />
  if (!saved || saved.undone) return null
  const left = Math.ceil((saved.undoUntil - now) / 1000)
  if (left <= 0 && !hover) return null
  const label = saved.call.results.find((known) => known.code === saved.code)?.label
  return (
    <div
      className="undo"
      role="status"
      onPointerEnter={() => setHover(true)}
      onPointerLeave={() => setHover(false)}
    >
      <Check className="fg ok" aria-hidden />
      <span>
        {t(saved.kept ? 'desk.kept_as' : 'desk.saved_as')} <b>{words.pick(label)}</b>{' '}
        <span className="ink3">{saved.kept ? t('desk.kept') : saved.call.contact.name}</span>
      </span>
      <button type="button" className="btn" disabled={left <= 0} onClick={results.undo}>
        {left > 0 ? t('desk.undo', { span: words.span(left) }) : t('desk.undo_over')}
        <Kbd>U</Kbd>
      </button>
    </div>
  )
}
