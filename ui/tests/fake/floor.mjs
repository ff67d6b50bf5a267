/* An invented floor of 24 agents. */
import { at, pick } from './desk.mjs'

export { companyShots } from './company.mjs'

const PEOPLE = [
  ['Павел Серов', 'Pavel Gray', 'talking', 372, 'help'],
  ['Инна Лукина', 'Inna Luke', 'pause', 1084, 'pause_long'],
  ['Марк Озеров', 'Mark Lake', 'no_device', 151, 'device_lost'],
  ['Мария Лунёва', 'Maya Lund', 'talking', 167],
  ['Артём Гранин', 'Art Stone', 'talking', 75],
  ['Вика Соболь', 'Vicky Sable', 'talking', 42],
  ['Дина Ветрова', 'Dina Gale', 'talking', 248],
  ['Егор Ясенев', 'Egor Ash', 'hold', 206],
  ['Жанна Рокотова', 'Jana Rock', 'talking', 12],
  ['Захар Полев', 'Zack Field', 'talking', 337],
  ['Ира Туманова', 'Ira Mist', 'talking', 118],
  ['Кирилл Бор', 'Kyle Woods', 'talking', 140],
  ['Лада Снежина', 'Lada Snow', 'talking', 55],
  ['Мирон Дубов', 'Miro Oak', 'talking', 183],
  ['Нина Рассвет', 'Nina Dawn', 'talking', 91],
  ['Олег Рощин', 'Oleg Grove', 'talking', 27],
  ['Полина Росс', 'Paula Ross', 'ready', 48],
  ['Роман Ключ', 'Roman Keys', 'ready', 31],
  ['Соня Март', 'Sonia March', 'reserved', 1],
  ['Тимур Залив', 'Tim Bay', 'ready', 4],
  ['Ульяна Майская', 'Una May', 'wrap_up', 21],
  ['Фёдор Лист', 'Ted Leaf', 'wrap_up', 16],
  ['Юля Кедрова', 'Julia Cedar', 'wrap_up', 9],
  ['Яна Ручей', 'Jana Brook', 'pause', 465],
]

const agents = (lang) =>
  PEOPLE.map(([ru, en, state, seconds, attention], index) => ({
    id: `u${index}`,
    name: pick(lang, ru, en),
    state,
    since: at(-seconds),
    reason: state === 'pause' ? 'lunch' : null,
    campaign: 'k1',
    results_today: (index * 5) % 9,
    talks_today: 10 + ((index * 7) % 20),
    day: {
      talk_s: 9000 + ((index * 700) % 4000),
      wrap_s: 2400 + ((index * 300) % 900),
      ready_s: 5200 - ((index * 200) % 2500),
      pause_s: 900 + ((index * 90) % 700),
    },
    attention: attention ?? null,
    // One is listened to by whoever looks at the floor.
    guests:
      index === 5
        ? [{ id: 'u1', name: pick(lang, 'Анна Верескова', 'Ann Heather'), role: 'listen' }]
        : [],
  }))

const minutes = Array.from({ length: 60 }, (_, index) => ({
  t: at((index - 59) * 60),
  dialed: Math.max(
    0,
    Math.round(11 + 4 * Math.sin(index / 9) + 2 * Math.sin(index * 1.9) - (index > 44 ? 3 : 0)),
  ),
  answered: Math.max(
    0,
    Math.round(5 + 2 * Math.sin(index / 9) + Math.cos(index * 1.3) - (index > 44 ? 1 : 0)),
  ),
}))

export const progress = {
  total: 4812,
  fresh: 2140,
  due: 1386,
  callback: 57,
  in_call: 29,
  closed: 1200,
  attempts: 3204,
  answered: 1012,
}

export const campaign = (lang, more = {}) => ({
  floor: 'here',
  id: 'k1',
  name: pick(lang, 'Семейный тариф, ноябрь', 'Family plan, November'),
  mode: 'predictive',
  state: 'running',
  pace: {
    lines_per_agent: 1.6,
    why: {
      id: 'dials_ahead',
      args: {
        count: 2,
        abandon_percent: 2.3,
        limit_percent: 3,
        lines_per_agent: 1.6,
        rate_percent: 33,
        free: 2.4,
        answers: 2.1,
        horizon_s: 12,
      },
    },
    lines: 22,
    lines_max: 30,
    ringing: 8,
    talking: 13,
    waiting: 1,
    longest_wait_s: 0.8,
  },
  abandon: {
    numerator: 142,
    denominator: 6147,
    share: 0.0231,
    limit: 0.03,
    window_days: 30,
    rule: 'US-AB-1',
  },
  progress,
  minutes,
  ...more,
})

export const floor = (lang, more = {}) => ({
  floor: 'here',
  at: at(0),
  stopped: false,
  engine: 'up',
  database: 'up',
  campaigns: [
    campaign(lang),
    campaign(lang, {
      id: 'k2',
      name: pick(lang, 'Продление', 'Renewals'),
      mode: 'agentless',
      state: 'paused',
    }),
  ],
  agents: agents(lang),
  trunks: [
    {
      id: 't1',
      name: pick(lang, 'Альфа', 'Alpha'),
      lines: 14,
      lines_max: 60,
      state: 'ok',
      answer_share: 0.31,
    },
    {
      id: 't2',
      name: pick(lang, 'Бета', 'Beta'),
      lines: 3,
      lines_max: 30,
      state: 'paused',
      until: at(42),
      error: { fault: 'wait_asked', code: 503, phrase: 'Maintenance', at: at(-18) },
      answer_share: 0.09,
    },
    {
      id: 't3',
      name: pick(lang, 'Гамма', 'Gamma'),
      lines: 0,
      lines_max: 20,
      state: 'unknown',
      answer_share: null,
    },
  ],
  alerts: [
    {
      id: 'trunk:t2',
      kind: 'trunk_failing',
      args: { trunk: pick(lang, 'Бета', 'Beta') },
      since: at(-300),
    },
  ],
  ...more,
})

export const emptyFloor = (lang) => ({
  ...floor(lang),
  campaigns: [],
  agents: [],
  trunks: [],
  alerts: [],
})
