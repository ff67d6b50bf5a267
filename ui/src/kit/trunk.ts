/* Why a trunk takes no calls, in words: the fault by its id, the carrier's own words, and until when. Pure. */
import type { FloorTrunk } from '../live/shapes.ts'
import type { Words } from './prefs.ts'

/** What went wrong last, with the carrier's own words in brackets. */
export function lastError(words: Words, trunk: FloorTrunk): string | null {
  const { error } = trunk
  if (!error) return null
  const said = [error.code || '', error.phrase].filter(Boolean).join(' ')
  const what = words.id('trunk_fault', error.fault || 'none', {}, '')
  return what && said ? `${what} (${said})` : what || said || null
}

/** Why a trunk that should take calls does not, or nothing where it does. */
export function whyNot(words: Words, trunk: FloorTrunk): string | null {
  if (!['down', 'open', 'paused', 'trial', 'failing'].includes(trunk.state)) return null
  const until = trunk.until
    ? words.t('trunk.until', { at: words.clock(trunk.until, undefined, true) })
    : null
  return [lastError(words, trunk), until].filter(Boolean).join('. ') || null
}
