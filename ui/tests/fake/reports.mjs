/* Invented reports, attempts and a contact. */
import { at, contact, pick } from './desk.mjs'

const cell = (value, facts = '/api/v1/attempts?outcome=answered_human') => ({ value, facts })
const covered = { from: at(-43200), to: at(43200), campaign: null }

export const outcomes = {
  ...covered,
  rows: [
    ['answered_human', 182, 26400],
    ['no_answer', 214, 0],
    ['answered_machine', 87, 0],
    ['busy', 41, 0],
    ['rejected', 38, 0],
    ['unreachable', 11, 0],
    ['invalid_number', 4, 0],
    ['abandoned', 3, 0],
  ].map(([outcome, value, talk]) => ({
    outcome,
    attempts: cell(value, `/api/v1/attempts?outcome=${outcome}`),
    share: value / 580,
    talk_s: talk,
  })),
  total: cell(580, '/api/v1/attempts?all=1'),
}

export const results = {
  ...covered,
  rows: [
    ['agreed', 'Согласие', 'Agreed', 'success', 31],
    ['callback', 'Перезвонить', 'Call back', 'later', 44],
    ['thinking', 'Думает', 'Thinking', 'later', 27],
    ['refused', 'Отказ', 'Refused', 'no', 52],
    ['wrong_person', 'Не тот человек', 'Wrong person', 'no', 12],
    ['do_not_call', 'Больше не звонить', 'Do not call', 'stop', 6],
  ].map(([result, ru, en, group, value]) => ({
    result,
    label: { ru, en },
    group,
    count: cell(value, `/api/v1/attempts?result=${result}`),
    share: value / 172,
  })),
  total: cell(172, '/api/v1/attempts?results=1'),
}

export const agents = (lang) => ({
  ...covered,
  rows: [
    ['Мария Лунёва', 'Maya Lund', 13000, 3600, 5400, 1800, 84, 31],
    ['Олег Рощин', 'Oleg Grove', 12400, 3100, 6100, 2100, 82, 27],
    ['Дина Ветрова', 'Dina Gale', 11800, 4200, 5200, 2600, 79, 24],
    ['Егор Ясенев', 'Egor Ash', 12900, 2900, 6600, 1500, 81, 22],
    ['Вика Соболь', 'Vicky Sable', 9800, 2500, 7200, 3100, 76, 19],
    ['Кирилл Бор', 'Kyle Woods', 11000, 3000, 6900, 2400, 74, 17],
  ].map(([ru, en, talking, wrap, ready, pause, talks, done], index) => ({
    agent: { id: `u${index}`, name: pick(lang, ru, en) },
    signed_in_s: talking + wrap + ready + pause,
    occupancy: (talking + wrap) / (talking + wrap + ready),
    states: {
      talking: cell(talking),
      wrap_up: cell(wrap),
      ready: cell(ready, '/api/v1/facts?kind=agent_state'),
      pause: cell(pause),
    },
    talks: cell(talks),
    results: cell(done),
  })),
})

export const abandonment = (lang) => ({
  ...covered,
  rows: [
    {
      campaign: { id: 'k1', name: pick(lang, 'Семейный тариф, ноябрь', 'Family plan, November') },
      rule: 'US-AB-1',
      window_days: 30,
      limit: 0.03,
      numerator: cell(142),
      denominator: cell(6147),
      share: 0.0231,
    },
    {
      campaign: { id: 'k2', name: pick(lang, 'Продление', 'Renewals') },
      rule: 'US-AB-1',
      window_days: 30,
      limit: 0.03,
      numerator: cell(9),
      denominator: cell(274),
      share: 0.0328,
    },
  ],
})

export const attempt = (
  lang,
  index = 0,
  outcome = 'answered_human',
  talk = 134,
  result = 'agreed',
) => ({
  id: `a${index}`,
  number: 2,
  state: 'final',
  campaign: { id: 'k1', name: pick(lang, 'Семейный тариф, ноябрь', 'Family plan, November') },
  contact: { id: 'c417', name: contact(lang).name, phone: contact(lang).phone },
  agent: talk ? { id: 'u1', name: pick(lang, 'Мария Лунёва', 'Maya Lund') } : null,
  trunk: { id: 't1', name: pick(lang, 'Альфа', 'Alpha') },
  outcome,
  detail: null,
  sip_code: talk ? 200 : 480,
  q850: null,
  reserved_at: at(-120 - index * 47),
  originated_at: at(-119 - index * 47),
  answered_at: talk ? at(-110 - index * 47) : null,
  bridged_at: talk ? at(-110 - index * 47) : null,
  ended_at: at(-20),
  talk_s: talk,
  result: talk ? result : null,
  recording: talk ? { id: 'r1', seconds: talk } : null,
  call_id: 'x',
})

export const attempts = (lang) => ({
  items: [
    attempt(lang, 0),
    attempt(lang, 1, 'answered_machine', null),
    attempt(lang, 2, 'no_answer', null),
    attempt(lang, 3, 'rejected', null),
    attempt(lang, 4, 'answered_human', 38, 'refused'),
    attempt(lang, 5, 'no_answer', null),
    attempt(lang, 6, 'busy', null),
  ],
  next_cursor: 'n',
})

const fact = (seq, kind, seconds) => ({
  seq,
  kind,
  at: at(seconds),
  campaign: 'k1',
  contact: 'c417',
  attempt: 'a0',
  agent: null,
  data: {},
})

export const attemptFull = (lang) => ({
  ...attempt(lang),
  results: [
    {
      code: 'agreed',
      note: pick(lang, 'Ждёт договор на почту', 'Expects the contract by mail'),
      at: at(-15),
    },
  ],
  list: { id: 'l1', name: 'clients', file: 'clients.csv', row: 902 },
  facts: [
    fact(1, 'attempt_reserved', -120),
    fact(2, 'dialing', -119),
    fact(3, 'ringing', -117),
    fact(4, 'answered', -110),
    fact(5, 'bridged', -110),
    fact(6, 'ended', -20),
    fact(7, 'disposed', -15),
    fact(8, 'recording_finished', -14),
  ],
})

export const card = (lang) => ({
  id: 'c417',
  name: contact(lang).name,
  consents: [],
  phones: [
    {
      id: 'ph1',
      e164: contact(lang).phone,
      country: pick(lang, 'RU', 'US'),
      zones: [contact(lang).zone],
      utc_offset_minutes: contact(lang).utc_offset_minutes,
      stop_listed: false,
    },
    {
      id: 'ph2',
      e164: pick(lang, '+70005550117', '+12025550117'),
      country: pick(lang, 'RU', 'US'),
      zones: [],
      utc_offset_minutes: null,
      stop_listed: true,
    },
  ],
  fields: contact(lang).fields,
  note: pick(
    lang,
    'Говорит после работы. Спросить про скорость вечером.',
    'Speaks after work. Ask about evening speed.',
  ),
  language: lang,
  stage: '',
  temperature: '',
  list: { id: 'l1', name: 'clients', file: 'clients.csv', row: 417 },
  created_at: at(-86400 * 9),
  campaigns: [
    {
      campaign: { id: 'k1', name: pick(lang, 'Семейный тариф, ноябрь', 'Family plan, November') },
      state: 'due',
      next_due_at: at(9000),
      attempts_made: 2,
      last_outcome: 'no_answer',
      closed_reason: null,
    },
  ],
  history: attempts(lang).items.slice(0, 5),
})

const gate = (name, status, reason = '', until = null) => ({ gate: name, status, reason, until })

export const verdict = {
  at: at(0),
  campaign: 'k1',
  phone: '+70005550143',
  allowed: false,
  gate: 'not_due',
  reason: 'redial_later',
  until: at(9000),
  rule_version: '2026.11',
  gates: [
    gate('emergency_stop', 'passed'),
    gate('campaign_running', 'passed'),
    gate('contact_state', 'passed'),
    gate('attempts_max', 'passed'),
    gate('not_due', 'stopped', 'redial_later', at(9000)),
    gate('suppressed', 'not_asked'),
    gate('number_live', 'not_asked'),
    gate('destination', 'not_asked'),
    gate('window', 'not_asked'),
    gate('purpose_mode', 'not_asked'),
  ],
}
