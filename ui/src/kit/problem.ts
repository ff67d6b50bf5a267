/* Says a refusal in words: by its code and by the ids of its fields. What only the server could say, in
   its English, comes after a line break: `Said` sets it in small print. */
import { ApiProblem, type FieldProblem } from '../api/http.ts'
import { Refused } from '../live/socket.ts'
import { type Args, isKey, WORDS } from '../words/words.ts'
import type { Words } from './prefs.ts'

type Told = { code: string; own: string; args: Args; fields: FieldProblem[] }

function toldBy(error: unknown): Told | null {
  if (error instanceof ApiProblem) {
    const own = [error.detail, error.nextStep].filter(Boolean).join(' ')
    return { code: error.code, own, args: error.args, fields: error.fields }
  }
  if (error instanceof Refused) {
    const { code, what, detail, next_step, args, fields } = error.problem
    const own = [what ?? detail, next_step].filter(Boolean).join(' ')
    return { code, own, args: args ?? {}, fields: fields ?? [] }
  }
  return null
}

/** The name a field has on its form; a part of it nobody has words for stays as the server calls it. */
export function fieldName(words: Words, path: string): string {
  const parts = path
    .replace(/^settings\./u, '')
    .replaceAll(/\[(\d+)\]/gu, '.$1')
    .split('.')
  for (let known = parts.length; known > 0; known--) {
    const key = `form.${parts.slice(0, known).join('.')}`
    if (!isKey(key)) continue
    const rest = parts.slice(known).join('.')
    return rest ? `${words.t(key)} (${rest})` : words.t(key)
  }
  return path
}

/** What is wrong with a field, or nothing where this language has no words for it. */
function faultText(words: Words, fault: FieldProblem): string {
  const own = words.lang === 'en' ? (fault.detail ?? '') : ''
  return fault.reason ? words.id('fault', fault.reason, fault.args, own) : own
}

function fieldsText(words: Words, fields: FieldProblem[]): string {
  const said = fields.map((fault) =>
    [fieldName(words, fault.field), faultText(words, fault)].filter(Boolean).join(': '),
  )
  const rest = fields.filter((fault) => !faultText(words, fault) && fault.detail)
  return [
    words.t('problem.fields', { fields: said.join('; ') }),
    ...rest.map((fault) => `${fault.field}: ${fault.detail}`),
  ].join('\n')
}

/** True where the words of a code leave room for what the server says itself, or there are none. */
function needsMore(words: Words, code: string): boolean {
  const entry = WORDS[words.lang][`problem.${code}`]
  return entry === undefined || (typeof entry === 'string' && entry.includes('{detail}'))
}

export function problemText(words: Words, error: unknown): string {
  const told = toldBy(error)
  if (!told) return words.t('problem.unknown')
  if (told.code === 'invalid_request' && told.fields.length > 0)
    return fieldsText(words, told.fields)
  const english = words.lang === 'en'
  const text = words.id(
    'problem',
    told.code,
    { ...told.args, detail: english ? told.own : '' },
    (english && told.own) || words.t('problem.unknown'),
  )
  const more = !english && needsMore(words, told.code) ? told.own : ''
  return [text.trim(), more].filter(Boolean).join('\n')
}

/** What is wrong with one field of a form, or null. */
export function fieldProblem(words: Words, error: unknown, field: string): string | null {
  if (!(error instanceof ApiProblem)) return null
  const found = error.fields.find(
    (problem) => problem.field === field || problem.field.endsWith(`.${field}`),
  )
  if (!found) return null
  return faultText(words, found) || found.detail || words.t('problem.unknown')
}
