/* What managers keep: a campaign looked over before its start. */
import { at, pick } from './desk.mjs'
import { callbacks } from './office.mjs'

const looked = (open) => ({
  ready: !open.some((id) => id !== 'samples' && id !== 'script'),
  checks: ['list', 'agents', 'trunk', 'samples', 'script', 'recording'].map((id) => ({
    id,
    ok: !open.includes(id),
    must: ['list', 'agents', 'trunk'].includes(id),
  })),
})

const changes = (lang) => ({
  items: [
    {
      id: 'h2',
      at: at(-3600),
      by: { id: 'u9', name: pick(lang, 'Анна Верескова', 'Ann Heather') },
      action: 'change',
      before: { 'number.0': '+70005550117' },
      after: { 'number.0': '+70005550118', note: pick(lang, 'Ждёт письма', 'Waits for a letter') },
    },
  ],
  next_cursor: null,
})

export const manageAnswers = (lang) => ({
  'GET /contacts/c417/changes': changes(lang),
  'GET /recordings/r1/peaks': {
    seconds: 134,
    left: Array.from({ length: 200 }, (_, n) => (n % 40 < 22 ? 20 + ((n * 37) % 60) : 2)),
    right: Array.from({ length: 200 }, (_, n) => (n % 40 < 22 ? 2 : 15 + ((n * 29) % 65))),
  },
  'GET /callbacks': {
    items: callbacks(lang).items.map((one) => ({ ...one, late: one.id === 'b1', reason: null })),
    next_cursor: null,
  },
  'GET /callbacks/summary': {
    open: 4,
    late: 1,
    kept: 46,
    missed: 4,
    cancelled: 2,
    kept_share: 0.92,
  },
  'GET /campaigns/k3/readiness': looked(['samples']),
  'GET /campaigns/k1/readiness': looked([]),
})
