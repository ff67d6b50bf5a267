/* Invented states of the desk topic, in both languages. Only for pictures and tests. */
export const NOW = Date.parse('2026-11-19T12:34:00Z')
export const at = (seconds) => new Date(NOW + seconds * 1000).toISOString()
export const pick = (lang, ru, en) => (lang === 'ru' ? ru : en)

export const results = [
  [1, 'agreed', 'Согласие', 'Agreed', 'success', 'none'],
  [2, 'to_specialist', 'Передать специалисту', 'Hand to specialist', 'success', 'none'],
  [3, 'callback', 'Перезвонить', 'Call back', 'later', 'callback'],
  [4, 'thinking', 'Думает', 'Thinking', 'later', 'none'],
  [5, 'refused', 'Отказ', 'Refused', 'no', 'none'],
  [6, 'wrong_person', 'Не тот человек', 'Wrong person', 'no', 'none'],
  [7, 'machine', 'Автоответчик', 'Machine', 'technical', 'none'],
  [8, 'bad_line', 'Плохая связь', 'Bad line', 'technical', 'none'],
  [9, 'do_not_call', 'Больше не звонить', 'Do not call', 'stop', 'none'],
].map(([key, code, ru, en, group, needs]) => ({ key, code, label: { ru, en }, group, needs }))

export const script = [
  [
    'hello',
    'Приветствие',
    'Hello',
    '{{name}}, здравствуйте! Это {{agent}}, «Северный ветер». Удобно сейчас говорить?',
    '{{name}}, hello! This is {{agent}} from North Wind. Is this a good time?',
  ],
  [
    'notice',
    'Запись',
    'Recording',
    'Разговор записывается, чтобы мы ничего не перепутали.',
    'The call is recorded so that we get nothing wrong.',
  ],
  [
    'need',
    'Потребность',
    'Need',
    '{{name}}, вижу, что у вас {{plan}} за {{price}} и договор до {{contract_end}}. Подскажите, сколько устройств дома пользуются интернетом вечером?',
    '{{name}}, I can see you are on {{plan}} at {{price}} and your contract runs to {{contract_end}}. May I ask how many devices use the internet at home in the evening?',
  ],
  [
    'offer',
    'Предложение',
    'Offer',
    'Тогда вам подойдёт «Семейный»: 500 Мбит/с за 790 ₽, и вечером скорость гарантирована.',
    'Then the Family plan fits: 500 Mbit/s for $45, and the speed is guaranteed in the evening.',
  ],
  [
    'terms',
    'Условия',
    'Terms',
    'Договор на год, отказаться можно в любой день.',
    'A year’s contract, you may leave on any day.',
  ],
].map(([id, ruTitle, enTitle, ru, en]) => ({
  id,
  title: { ru: ruTitle, en: enTitle },
  text: { ru, en },
}))

const fields = (lang) =>
  lang === 'ru'
    ? {
        plan: '«Дом 100»',
        price: '690 ₽/мес',
        contract_end: '14 декабря',
        Дома: '4 человека',
        Устройств: '4–6',
      }
    : {
        plan: 'Home 100',
        price: '$39/month',
        contract_end: '14 December',
        'At home': '4 people',
        Devices: '4–6',
      }

export const contact = (lang) => ({
  id: 'c417',
  name: pick(lang, 'Вера Павловна Снегирёва', 'Nora Whitfield'),
  phone: pick(lang, '+70005550143', '+12025550143'),
  zone: pick(lang, 'Europe/Samara', 'America/Denver'),
  utc_offset_minutes: pick(lang, 240, -420),
  window: pick(lang, { from: '09:00', to: '21:00' }, { from: '05:00', to: '21:00' }),
  may_call_until: pick(lang, '2026-11-19T17:00:00Z', '2026-11-20T04:00:00Z'),
  fields: fields(lang),
  attempt_number: 3,
  list: { file: 'clients.csv', row: 417 },
  note: '',
})

export const history = (lang) => [
  { at: '2026-11-17T08:10:00Z', outcome: 'no_answer', talk_s: null, agent: null, result: null },
  {
    at: '2026-11-12T14:44:00Z',
    outcome: 'answered_human',
    talk_s: 64,
    agent: pick(lang, 'Игорь Верхов', 'Ian Hill'),
    result: 'thinking',
  },
  { at: '2026-10-03T09:20:00Z', outcome: 'busy', talk_s: null, agent: null, result: null },
  {
    at: '2026-09-30T10:02:00Z',
    outcome: 'answered_machine',
    talk_s: null,
    agent: null,
    result: null,
  },
]

export const call = (lang, more = {}) => ({
  attempt: 'a1',
  state: 'talking',
  campaign: { id: 'k1', name: pick(lang, 'Семейный тариф, ноябрь', 'Family plan, November') },
  contact: contact(lang),
  script,
  results,
  answered_at: at(-167),
  bridged_at: at(-166),
  ended_at: null,
  muted: false,
  held: false,
  recording: true,
  history: history(lang),
  ...more,
})

export const base = (lang, agent = {}, more = {}) => ({
  floor: 'here',
  agent: {
    id: 'u1',
    name: pick(lang, 'Мария Лунёва', 'Maya Lund'),
    state: 'ready',
    since: at(-250),
    reason: null,
    wish: 'ready',
    pause_after: false,
    ...agent,
  },
  device: { state: 'up', codec: 'PCMA', rtt_ms: 42, loss_share: 0.003 },
  campaigns: [
    {
      id: 'k1',
      name: pick(lang, 'Семейный тариф, ноябрь', 'Family plan, November'),
      mode: 'progressive',
    },
  ],
  today: { calls: 61, talks: 24, results: 5, occupancy: 0.81 },
  call: null,
  wrap_up: null,
  empty: null,
  ...more,
})

export const desk = {
  byHand: (lang) =>
    base(
      lang,
      {},
      {
        campaigns: [
          {
            id: 'k4',
            name: pick(lang, 'Должники, вручную', 'Late payers, by hand'),
            mode: 'manual',
          },
        ],
        empty: { reason: 'by_hand', until: null, counts: {} },
      },
    ),
  dialing: (lang) =>
    base(
      lang,
      { state: 'dialing', since: at(-6) },
      { call: call(lang, { state: 'ringing', answered_at: null, bridged_at: null }) },
    ),
  call: (lang) => base(lang, { state: 'talking', since: at(-167) }, { call: call(lang) }),
  hold: (lang) =>
    base(
      lang,
      { state: 'hold', since: at(-21), pause_after: true },
      { call: call(lang, { state: 'hold', held: true, muted: true }) },
    ),
  lost: (lang) =>
    base(
      lang,
      { state: 'talking', since: at(-167) },
      { call: call(lang), device: { state: 'lost', codec: null, rtt_ms: null, loss_share: null } },
    ),
  away: (lang) => ({
    ...base(lang, { state: 'talking', since: at(-167) }, { call: call(lang) }),
    floor: 'away',
  }),
  wrap: (lang) =>
    base(
      lang,
      { state: 'wrap_up', since: at(-14) },
      {
        call: call(lang, { state: 'ended', ended_at: at(-14) }),
        wrap_up: { attempt: 'a1', until: at(16), limit_s: 30, result: null, undo_until: null },
      },
    ),
  waiting: (lang) => base(lang, {}, { empty: { reason: 'waiting', until: null, counts: {} } }),
  quiet: (lang) =>
    base(
      lang,
      {},
      {
        empty: {
          reason: 'window_closed',
          until: at(18 * 60),
          counts: {
            window: 2140,
            not_due: 1386,
            closed: 431,
            in_call: 96,
            suppressed: 57,
            callable: 0,
          },
        },
      },
    ),
  saved: (lang) =>
    base(
      lang,
      { since: at(-2) },
      {
        call: call(lang, { state: 'ended', ended_at: at(-14) }),
        wrap_up: { attempt: 'a1', until: null, limit_s: 30, result: 'agreed', undo_until: at(8) },
        empty: { reason: 'waiting', until: null, counts: {} },
      },
    ),
}
