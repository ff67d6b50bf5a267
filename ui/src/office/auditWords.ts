/* How a change reads: the name of a field, and a value before and after it, in the language of the screens. */
import type { Words } from '../kit/prefs.ts'
import { formatPhone } from '../words/format.ts'

const FLAGS = new Set(['active', 'with_person', 'paid', 'allow_md5', 'sign_in'])
const ROOMS: Record<string, string> = {
  role: 'role',
  state: 'campaign_state',
  mode: 'mode',
  purpose: 'purpose',
  action: 'audit_action',
}
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/u
const NUMBER = /^\+\d{7,15}$/u
/** How many signs of a long value a row shows. */
const LONG = 160

/** Names a field: by its whole path, by its first part with the rest behind it, or as it is written. */
export function fieldWords(words: Words, field: string): string {
  const whole = words.id('audit_field', field, {}, '')
  if (whole) return whole
  const [first = '', ...rest] = field.split('.')
  const known = words.id('audit_field', first, {}, '')
  return known && rest.length ? `${known} · ${rest.join('.')}` : field
}

function short(text: string): string {
  return text.length > LONG ? `${text.slice(0, LONG - 1)}…` : text
}

/** Writes a value: names for ids, words for what we know, a dash for nothing. */
export function valueWords(
  words: Words,
  field: string,
  value: unknown,
  names: Record<string, string>,
  now: number,
): string {
  if (value === null || value === undefined || value === '') return '–'
  if (typeof value === 'boolean' || FLAGS.has(field)) {
    return words.t(value === true || value === 1 ? 'audit.yes' : 'audit.no')
  }
  if (typeof value === 'number') return words.num(value, Number.isInteger(value) ? 0 : 2)
  if (typeof value !== 'string') {
    const plain = Array.isArray(value) && value.every((one) => typeof one !== 'object')
    return short(
      plain
        ? value.map((one) => valueWords(words, field, one, names, now)).join(', ')
        : JSON.stringify(value),
    )
  }
  if (MOMENT.test(value)) return words.moment(value, now)
  if (NUMBER.test(value)) return formatPhone(value)
  const room = ROOMS[field]
  return short(room ? words.id(room, value) : (names[value] ?? value))
}
