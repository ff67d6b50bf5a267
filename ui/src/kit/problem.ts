/* Says a refusal in words: by its code when we know it, otherwise as the server wrote it. */
import { ApiProblem } from '../api/http.ts'
import { Refused } from '../live/socket.ts'
import type { Words } from './prefs.ts'

export function problemText(words: Words, error: unknown): string {
  if (error instanceof ApiProblem) {
    const own = [error.detail, error.nextStep].filter(Boolean).join(' ')
    const args = { ...error.args, detail: own }
    return words.id('problem', error.code, args, own || words.t('problem.unknown'))
  }
  if (error instanceof Refused) {
    const own = [error.problem.what, error.problem.next_step].filter(Boolean).join(' ')
    return words.id(
      'problem',
      error.problem.code,
      { detail: own },
      own || words.t('problem.unknown'),
    )
  }
  return words.t('problem.unknown')
}

/** What is wrong with one field of a form, or null. */
export function fieldProblem(words: Words, error: unknown, field: string): string | null {
  if (!(error instanceof ApiProblem)) return null
  const found = error.fields.find(
    (problem) => problem.field === field || problem.field.endsWith(`.${field}`),
  )
  return found ? (found.detail ?? words.t('problem.unknown')) : null
}
