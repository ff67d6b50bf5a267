/* Invented people and answers of the HTTP API for pictures. */
import { at, pick, results, script } from './desk.mjs'
import { rules } from './rules.mjs'

const ALL = [
  'desk.work',
  'floor.see',
  'floor.stop',
  'alarm.note',
  'alarm.edit',
  'campaign.see',
  'campaign.edit',
  'campaign.run',
  'list.see',
  'list.edit',
  'contact.find',
  'contact.see',
  'contact.edit',
  'contact.explain',
  'lead.add',
  'callback.edit',
  'stop.see',
  'stop.add',
  'stop.lift',
  'trunk.see',
  'trunk.edit',
  'user.see',
  'user.edit',
  'callback.see',
  'attempt.see',
  'fact.see',
  'ladder.see',
  'recording.hear',
  'report.see',
  'report.agents',
  'whatif.see',
  'whatif.ask',
  'call.enter',
  'prompt.see',
  'prompt.edit',
]

export const session = (lang, role) => ({
  user: {
    id: 'u1',
    login: 'maria',
    name:
      role === 'operator'
        ? pick(lang, 'Мария Лунёва', 'Maya Lund')
        : pick(lang, 'Анна Верескова', 'Ann Heather'),
    role,
    language: lang,
    theme: 'system',
    principal: null,
  },
  organisation: { id: 'o1', name: pick(lang, 'Северный ветер', 'North Wind') },
  actions: role === 'operator' ? ['desk.work', 'callback.see'] : ALL,
  server_time: at(0),
  expires_at: at(36000),
})

const callback = (lang, id, ru, en, seconds, mine) => ({
  id,
  campaign: { id: 'k1', name: pick(lang, 'Семейный тариф, ноябрь', 'Family plan, November') },
  contact: { id: `c${id}`, name: pick(lang, ru, en) },
  due_at: at(seconds),
  agent: mine ? { id: 'u1', name: pick(lang, 'Мария Лунёва', 'Maya Lund') } : null,
  state: 'open',
})

export const callbacks = (lang) => ({
  items: [
    callback(lang, 'b1', 'Лев Андреевич Ольшанский', 'Leo Alder', -240, true),
    callback(lang, 'b2', 'Роза Кимовна Ветлугина', 'Rose Vetch', 2460, true),
    callback(lang, 'b3', 'Аркадий Сомов', 'Archie Catfish', 4200, false),
    callback(lang, 'b4', 'Нелли Борисовна Яснова', 'Nelly Clear', 93000, true),
  ],
  next_cursor: null,
})

const campaignRow = (lang, id, ru, en, state, mode, list) => ({
  id,
  name: pick(lang, ru, en),
  purpose: mode === 'agentless' ? 'service' : 'advertising',
  mode,
  state,
  principal: { id: 'p1', name: pick(lang, 'Северный ветер', 'North Wind') },
  list: list ? { id: 'l1', name: pick(lang, 'клиенты-декабрь', 'clients-december') } : null,
  version: 3,
  created_at: at(-86400 * 3),
  allowed:
    state === 'draft' ? ['start', 'archive', 'edit', 'copy'] : ['pause', 'finish', 'edit', 'copy'],
  etag: '"1"',
})

export const campaigns = (lang) => ({
  items: [
    campaignRow(
      lang,
      'k3',
      'Семейный тариф, декабрь',
      'Family plan, December',
      'draft',
      'predictive',
      true,
    ),
    campaignRow(
      lang,
      'k1',
      'Семейный тариф, ноябрь',
      'Family plan, November',
      'running',
      'predictive',
      true,
    ),
    campaignRow(lang, 'k2', 'Продление', 'Renewals', 'paused', 'agentless', true),
    campaignRow(
      lang,
      'k4',
      'Опрос после ремонта',
      'After-repair survey',
      'completed',
      'predictive',
      true,
    ),
  ],
  next_cursor: null,
})

const settings = {
  caller_id: '+70005550180',
  trunks: ['t1'],
  lines_max: 30,
  calls_per_second: 5,
  ring_timeout_s: 25,
  window: { days: [1, 2, 3, 4, 5, 6], start: '09:00', end: '21:00' },
  redial: {
    attempts_max: 3,
    rules: {
      busy: { after_s: 600 },
      no_answer: { after_s: 3600 },
      unreachable: { after_s: 10800 },
      rejected: { after_s: 86400 },
      answered_machine: { after_s: 7200 },
      congestion: { after_s: 300 },
    },
  },
  connect_limit_s: 2,
  abandon_limit: 0.03,
  abandon_window_days: 30,
  abandon_guard: 'day',
  abandon_veto: false,
  weight: 1,
  wrap_up_s: 30,
  recording: true,
  results,
  script: script.slice(0, 2),
  agents: ['u1', 'u2', 'u3'],
  pace_rules: rules,
}

export const campaign = (lang, more = {}) => ({ ...campaigns(lang).items[0], settings, ...more })

export const callable = {
  at: at(-3),
  total: 4812,
  gates: [
    { gate: 'no_phone', lost: 0, remaining: 4812 },
    { gate: 'stop_listed', lost: 57, remaining: 4755 },
    { gate: 'closed', lost: 1020, remaining: 3735 },
    { gate: 'in_call', lost: 0, remaining: 3735 },
    { gate: 'not_due', lost: 96, remaining: 3639 },
    { gate: 'outside_hours', lost: 1765, remaining: 1874 },
  ],
  callable: 1874,
  next_at: null,
}
