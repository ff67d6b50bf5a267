/* Scripts kept in the office, a call in one of them, and what was answered. Only for pictures and tests. */
import { at, pick } from './desk.mjs'

const two = (ru, en) => ({ ru, en })
const step = (id, title, text, more = {}) => ({ id, title, text, ...more })

export const steps = [
  step(
    'hello',
    two('Приветствие', 'Hello'),
    two(
      '{{name}}, здравствуйте! Это {{agent}}, «Северный ветер». Удобно сейчас говорить?',
      '{{name}}, hello! This is {{agent}} from North Wind. Is this a good time?',
    ),
    {
      question: {
        kind: 'yes_no',
        required: true,
        options: [{ key: 'no', label: {}, to: 'later' }],
      },
    },
  ),
  step(
    'devices',
    two('Устройства', 'Devices'),
    two(
      'Вижу, что у вас {{plan}}. Сколько устройств дома в сети вечером?',
      'I can see you are on {{plan}}. How many devices are online at home in the evening?',
    ),
    {
      question: {
        kind: 'number',
        required: true,
        field: 'devices',
        ranges: [{ least: 6, most: null, to: 'offer' }],
      },
    },
  ),
  step(
    'uses',
    two('Что смотрят', 'What they watch'),
    two('А что вы чаще всего делаете в сети?', 'And what do you do online most of all?'),
    {
      question: {
        kind: 'several',
        field: 'uses',
        words: two('Отметьте всё, что назвали', 'Tick all they name'),
        options: [
          { key: 'tv', label: two('Кино и телевидение', 'Films and television'), to: 'offer' },
          { key: 'games', label: two('Игры', 'Games'), to: '' },
          { key: 'work', label: two('Работа из дома', 'Work from home'), to: '' },
          { key: 'calls', label: two('Видеозвонки', 'Video calls'), to: '' },
        ],
      },
    },
  ),
  step(
    'offer',
    two('Предложение', 'Offer'),
    two(
      'Тогда вам подойдёт «Семейный»: 500 Мбит/с за 790 ₽. Подключаем?',
      'Then the Family plan fits: 500 Mbit/s for $45. Shall we switch you over?',
    ),
    { question: { kind: 'yes_no' }, next: '$end' },
  ),
  step(
    'later',
    two('Когда удобно', 'When'),
    two('Хорошо. В какой день перезвонить?', 'All right. On which day shall I call?'),
    { question: { kind: 'date', field: 'call_on' }, next: '$end' },
  ),
  step(
    'dear',
    two('«Дорого»', '“Too dear”'),
    two(
      'Понимаю. За те же деньги скорость вырастет в пять раз, а договор можно расторгнуть в любой день.',
      'I see. It is five times as fast for the same money, and you may leave on any day.',
    ),
    { objection: true },
  ),
  step(
    'think',
    two('«Подумаю»', '“I will think”'),
    two('Конечно. Что важнее всего решить?', 'Of course. What matters most to decide?'),
    { objection: true, question: { kind: 'text' }, next: 'later' },
  ),
]

export const walk = (more = {}) => ({
  at: 'uses',
  over: false,
  path: ['hello', 'devices'],
  aside: '',
  answers: { hello: 'yes', devices: '4', uses: ['games'] },
  unanswered: [],
  next: 'offer',
  ...more,
})

export const script = (lang, more = {}) => ({
  id: 's1',
  name: pick(lang, 'Семейный тариф', 'Family plan'),
  version: 3,
  latest: 3,
  steps_count: steps.length,
  ready: true,
  saved_at: at(-86_400),
  saved_by: { id: 'u9', name: pick(lang, 'Анна Верескова', 'Ann Heather') },
  archived: false,
  campaigns: [
    { id: 'k1', name: pick(lang, 'Семейный тариф, ноябрь', 'Family plan, November'), version: 2 },
  ],
  etag: '"3-a"',
  ...more,
})

const listed = (lang) => ({
  items: [
    script(lang),
    script(lang, {
      id: 's2',
      name: pick(lang, 'Опрос после подключения', 'After the switch'),
      latest: 1,
      steps_count: 4,
      ready: false,
      campaigns: [],
    }),
  ],
  next_cursor: null,
})

const versions = (lang) => ({
  items: [3, 2, 1].map((version) => ({
    version,
    saved_at: at(-86_400 * (4 - version)),
    saved_by: script(lang).saved_by,
    steps_count: 7,
  })),
})

export const wrongSteps = [
  ...steps.slice(0, 3),
  step(
    'extra',
    two('Старый шаг', 'An old step'),
    two('Тариф {{tariff_old}}.', 'Plan {{tariff_old}}.'),
    {
      next: 'gone',
    },
  ),
  ...steps.slice(3),
]
export const wrong = [
  { step: 'uses', reason: 'unknown_field', about: 'tariff_old', stops: false },
  { step: 'extra', reason: 'no_target', about: 'gone', stops: true },
  { step: 'later', reason: 'unreached', about: '', stops: true },
]

const cell = (value, more = '') => ({ value, facts: `/api/v1/attempts?x=${value}${more}` })
const choice = (key, ru, en, count, of) => ({
  key,
  label: ru ? two(ru, en) : {},
  count: cell(count),
  share: count / of,
})
const question = (lang, id, kind, answered, more = {}) => {
  const one = steps.find((known) => known.id === id)
  return {
    campaign: script(lang).campaigns[0],
    step: id,
    kind,
    title: one.title,
    words: one.question.words ?? {},
    answered: cell(answered),
    choices: [],
    least: null,
    most: null,
    mean: null,
    ...more,
  }
}
const answered = (lang) => ({
  rows: [
    question(lang, 'hello', 'yes_no', 184, {
      choices: [choice('yes', '', '', 131, 184), choice('no', '', '', 53, 184)],
    }),
    question(lang, 'devices', 'number', 131, { least: 1, most: 14, mean: 4.62 }),
    question(lang, 'uses', 'several', 96, {
      choices: [
        choice('tv', 'Кино и телевидение', 'Films and television', 71, 96),
        choice('games', 'Игры', 'Games', 40, 96),
        choice('work', 'Работа из дома', 'Work from home', 38, 96),
        choice('calls', 'Видеозвонки', 'Video calls', 0, 96),
      ],
    }),
    question(lang, 'think', 'text', 12),
  ],
})

export const checked = (lang, problems = []) => ({
  problems,
  ready: problems.every((one) => !one.stops),
  fields: pick(lang, ['Тариф', 'Договор до'], ['Plan', 'Contract end']),
})

export const scriptAnswers = (lang) => ({
  'GET /scripts': listed(lang),
  'GET /scripts/s1': { ...script(lang), steps, problems: [] },
  'GET /scripts/s1/versions': versions(lang),
  'POST /scripts/check': checked(lang),
  'POST /scripts/walk': walk({ at: 'hello', path: [], answers: {}, next: null }),
  'GET /reports/answers': answered(lang),
})
