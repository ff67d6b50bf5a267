/* Invented hours, lists, promises, alarms and a wallboard, and the pictures of them. */
import { at, pick } from './desk.mjs'

const covered = { from: at(-43200), to: at(43200), campaign: null }
const cell = (value) => ({ value, facts: `/api/v1/attempts?n=${value}` })

/** More people answer at noon and in the evening, and few on Sunday. */
const hours = {
  ...covered,
  zone: 'Europe/Moscow',
  rows: Array.from({ length: 7 * 12 }, (_, place) => [Math.floor(place / 12), 9 + (place % 12)])
    .filter(([day, hour]) => day < 5 || (day === 5 && hour < 18))
    .map(([weekday, hour]) => {
      const tried = 520 + ((weekday * 37 + hour * 53) % 90)
      const evening = 15 + 12 * Math.exp(-((hour - 18) ** 2) / 5)
      const share =
        (evening + 6 * Math.exp(-((hour - 12.5) ** 2) / 3) + (weekday === 1 ? 4 : 0)) / 100
      const reached = Math.round(tried * share)
      return { weekday, hour, tried: cell(tried), reached: cell(reached), share }
    }),
}

const lists = (lang) => ({
  ...covered,
  rows: [
    ['Клиенты, ноябрь', 'Clients, November', 20000, 8120, 12480, 3410, 407, 71],
    ['Заявки с сайта', 'Leads of the site', 412, 398, 611, 302, 96, 2],
  ].map(([ru, en, whole, contacts, attempts, reached, success, abandoned], index) => ({
    list: { id: `l${index}`, name: pick(lang, ru, en) },
    whole,
    contacts: cell(contacts),
    attempts: cell(attempts),
    reached: cell(reached),
    success: cell(success),
    abandoned: cell(abandoned),
    reached_share: reached / contacts,
  })),
})

const promises = (lang) => ({
  ...covered,
  rows: [
    ['Мария Лунёва', 'Maya Lund', 41, 36, 3, 1, 1],
    ['Олег Рощин', 'Oleg Grove', 28, 25, 2, 0, 1],
  ].map(([ru, en, due, kept, late, missed, waiting], index) => ({
    campaign: { id: 'k1', name: pick(lang, 'Семейный тариф, ноябрь', 'Family plan, November') },
    agent: { id: `u${index}`, name: pick(lang, ru, en) },
    due: cell(due),
    kept: cell(kept),
    late: cell(late),
    missed: cell(missed),
    waiting: cell(waiting),
    share: kept / (due - waiting),
  })),
})

const thresholds = [
  ['lost_share', 0.027, 0.025, 10],
  ['wait', 2, 1, 1],
  ['trunk_failures', 0.5, 0.2, 30],
  ['occupancy', 0.9, 0.85, 600],
  ['no_operators', 0, 1, 30],
  ['list_low', 50, 100, 10],
].map(([kind, raise_at, clear_at, hold_s]) => ({ kind, raise_at, clear_at, hold_s, active: true }))

const alarm = (lang, kind, ru, en, value, threshold, ago, more = {}) => ({
  id: kind,
  kind,
  subject: 'k1',
  name: pick(lang, ru, en),
  value,
  threshold,
  raised_at: at(-ago),
  cleared_at: null,
  acknowledged_at: null,
  acknowledged_by: null,
  ...more,
})

const alarms = (lang) => ({
  items: [
    alarm(lang, 'lost_share', 'Семейный тариф, ноябрь', 'Family plan, November', 0.0278, 0.027, 70),
    alarm(lang, 'list_low', 'Опрос', 'Survey', 43, 50, 900, {
      acknowledged_at: at(-600),
      acknowledged_by: { id: 'u1', name: pick(lang, 'Мария Лунёва', 'Maya Lund') },
    }),
  ],
  thresholds,
})

const wall = (lang) => ({
  at: at(0),
  zone: 'Europe/Moscow',
  floor: 'here',
  stopped: false,
  campaigns: [
    {
      name: pick(lang, 'Семейный тариф, ноябрь', 'Family plan, November'),
      state: 'running',
      mode: 'predictive',
      total: 20000,
      closed: 12450,
      ringing: 9,
      talking: 14,
      waiting: 0,
      longest_wait_s: 0,
      lost: { numerator: 142, denominator: 6147, share: 0.0231, limit: 0.03, window_days: 30 },
    },
  ],
  people: { talking: 13, hold: 1, ready: 4, wrap_up: 3, pause: 2 },
  need_help: 1,
  results: 214,
  success: 96,
  hours: [14, 25, 31, 38, 20, 29, 36, 21].map((results, place) => ({
    hour: 9 + place,
    results,
    success: Math.round(results * (0.38 + 0.02 * (place % 5))),
  })),
  promises: { due_today: 43, kept_today: 41, next_hour: 7, late_now: 1 },
})

export const moreAnswers = (lang) => ({
  'GET /reports/hours': hours,
  'GET /reports/lists': lists(lang),
  'GET /reports/callbacks': promises(lang),
  'GET /alarms': alarms(lang),
  'GET /wall': wall(lang),
})

export const moreShots = (officeShot) => [
  officeShot('reports-more', '/reports', '.heat', {
    full: true,
    also: ['ru-light-1024', 'ru-light-400'],
  }),
  officeShot('attempts', '/reports/attempts', '.fact', { also: ['ru-light-1024', 'ru-light-400'] }),
  officeShot('attempts-none', '/reports/attempts', '.attempts', {
    answers: () => ({ 'GET /attempts': { items: [], next_cursor: null } }),
  }),
  officeShot('alarms', '/floor', '.tile', {
    full: true,
    also: ['ru-light-400'],
    act: async (page) => {
      await page.waitForSelector('.alrt .lucide-bell-ring')
    },
  }),
  officeShot('thresholds', '/floor', '.tile', {
    also: ['ru-light-400'],
    act: async (page) => {
      await page.locator('button:has(.lucide-settings-2)').click()
      await page.waitForSelector('.threshold')
    },
  }),
  officeShot('wall', '/wall', '.bars', {
    height: 900,
    also: ['ru-dark-1920', 'ru-light-400', 'en-light-1024'],
  }),
  officeShot('wall-link', '/floor', '.tile', {
    act: async (page) => {
      await page.locator('button:has(.lucide-monitor-play)').click()
      await page.waitForSelector('dialog .btn.primary')
    },
  }),
]
