/* Invented lists, people, trunks and stops for pictures. */
import { at, pick } from './desk.mjs'
import { floor } from './floor.mjs'

export const list = (lang) => ({
  id: 'l1',
  name: pick(lang, 'клиенты-декабрь', 'clients-december'),
  file: pick(lang, 'клиенты-декабрь.csv', 'clients-december.csv'),
  rows_total: 5000,
  rows_done: 5000,
  rows_ok: 4812,
  contacts: 4790,
  verdicts: { ok: 4790, merged: 22, duplicate: 0, problem: 188 },
  campaigns: ['k3'],
  state: 'ready',
  created_at: at(-4000),
  undone_at: null,
  problem: null,
})

export const preview = (lang) => ({
  file: pick(lang, 'клиенты.csv', 'clients.csv'),
  format: 'csv',
  sheet: '',
  sheets: [],
  notes: pick(lang, [{ id: 'encoding_read', args: { encoding: 'CP1251' } }], []),
  encoding: pick(lang, 'cp1251', 'utf_8'),
  delimiter: ';',
  has_header: true,
  columns: pick(
    lang,
    [
      ['ФИО', 'name'],
      ['Телефон', 'phone'],
      ['Тариф', 'field'],
      ['Город', 'field'],
      ['Часовой пояс', 'zone'],
    ],
    [
      ['Name', 'name'],
      ['Phone', 'phone'],
      ['Plan', 'field'],
      ['City', 'field'],
      ['Zone', 'zone'],
    ],
  ).map(([name, use]) => ({ name, use, field: use === 'field' ? name : null })),
  rows_total: 60,
  rows_judged: 60,
  verdicts: { ok: 57, merged: 1, duplicate: 0, problem: 2 },
  first_rows: pick(
    lang,
    [
      [
        2,
        'ok',
        null,
        ['Вера Снегирёва', '+7 000 555-01-43', '«Дом 100»', 'Самара', 'Europe/Samara'],
      ],
      [
        3,
        'ok',
        null,
        ['Лев Ольшанский', '8 000 555-01-17', '«Семейный»', 'Москва', 'Europe/Moscow'],
      ],
      [
        4,
        'problem',
        ['phone_invalid', '55501'],
        ['Роза Ветлугина', '55501', '«Дом 50»', 'Омск', 'Asia/Omsk'],
      ],
      [
        5,
        'ok',
        null,
        ['Аркадий Сомов', '+7 000 555-01-02', '«Дом 100»', 'Пермь', 'Asia/Yekaterinburg'],
      ],
    ],
    [
      [
        2,
        'ok',
        null,
        ['Nora Whitfield', '+1 202-555-0143', 'Home 100', 'Denver', 'America/Denver'],
      ],
      [3, 'ok', null, ['Leo Alder', '(202) 555-0117', 'Family', 'Boston', 'America/New_York']],
      [
        4,
        'problem',
        ['phone_invalid', '55501'],
        ['Rose Vetch', '55501', 'Home 50', 'Reno', 'America/Los_Angeles'],
      ],
      [
        5,
        'ok',
        null,
        ['Archie Catfish', '+1 202-555-0102', 'Home 100', 'Austin', 'America/Chicago'],
      ],
    ],
  ).map(([row, verdict, reason, cells]) => ({
    row,
    verdict,
    reason: reason?.[0] ?? null,
    args: reason ? { value: reason[1] } : {},
    cells,
  })),
  problems: [],
})

export const users = (lang) => ({
  items: [
    ['u1', 'maria', 'Мария Лунёва', 'Maya Lund', 'operator'],
    ['u2', 'oleg', 'Олег Рощин', 'Oleg Grove', 'operator'],
    ['u3', 'dina', 'Дина Ветрова', 'Dina Gale', 'operator'],
    ['u4', 'egor', 'Егор Ясенев', 'Egor Ash', 'operator'],
    ['u5', 'vika', 'Вика Соболь', 'Vicky Sable', 'operator'],
    ['u6', 'pavel', 'Павел Серов', 'Pavel Gray', 'supervisor'],
    ['u7', 'anna', 'Анна Верескова', 'Ann Heather', 'administrator'],
  ].map(([id, login, ru, en, role]) => ({
    id,
    login,
    name: pick(lang, ru, en),
    role,
    language: lang,
    principal: null,
    disabled: id === 'u5',
    created_at: at(-86400 * 30),
  })),
  next_cursor: null,
})

export const phones = (lang) => ({
  items: [
    ['u1', 'Мария Лунёва', 'Maya Lund', '864252020', true],
    ['u3', 'Дина Ветрова', 'Dina Gale', '591740366', false],
  ].map(([id, ru, en, username, registered]) => ({
    id: `p${id}`,
    user: { id, name: pick(lang, ru, en) },
    name: pick(lang, 'Стол 4', 'Desk 4'),
    username,
    allow_md5: false,
    created_at: at(-86400 * 3),
    changed_at: at(-86400 * 3),
    registered,
    since: at(-5400),
    address: registered ? 'tcp:192.0.2.40:49152' : '',
    user_agent: registered ? 'Example Desk 2.1' : '',
  })),
  next_cursor: null,
})

export const trunks = (lang) => ({
  items: [
    ['t1', 'Альфа', 'Alpha', 'sip.example.org', 60, true, 'vyzov', 'tls'],
    ['t2', 'Бета', 'Beta', '192.0.2.10', 30, true, '', 'udp'],
    ['t3', 'Гамма', 'Gamma', 'gw.example.net', 20, false, '', 'tcp'],
  ].map(([id, ru, en, host, lines, active, username, transport]) => ({
    id,
    name: pick(lang, ru, en),
    host,
    port: transport === 'tls' ? 5061 : 5060,
    transport,
    tls_name: '',
    srtp: transport === 'tls' ? 'required' : 'off',
    username,
    realm: '',
    allow_md5: Boolean(username),
    sign_in: Boolean(username),
    register_expires_s: 300,
    number_format: 'national:8',
    prefix: '',
    caller_headers: ['from', 'pai'],
    from_user: '',
    from_domain: '',
    probe_s: 30,
    session_expires_s: 1800,
    redirects: 'report',
    codecs: ['PCMA', 'PCMU'],
    lines_max: lines,
    calls_per_second: 5,
    active,
    has_password: Boolean(username),
  })),
  next_cursor: null,
})

/* A trunk as the floor sees it, and what a look at it finds. */
export const liveTrunks = (lang) => ({
  ...floor(lang),
  trunks: floor(lang).trunks.map((one) =>
    one.id === 't1'
      ? {
          ...one,
          since: at(-5400),
          target: 'tls:192.0.2.20:5061',
          sign_in: 'up',
          per_second: 2,
          per_second_max: 5,
          error: { fault: 'no_reply', code: 0, phrase: '', at: at(-5460) },
        }
      : one,
  ),
})

export const trunkCheck = {
  steps: [
    { step: 'resolve', finding: 'ok', detail: '192.0.2.20:5061 (tls, SRV)' },
    { step: 'connect', finding: 'ok', detail: '192.0.2.20:5061' },
    {
      step: 'certificate',
      finding: 'expires_soon',
      detail: 'sip.example.org, TLSv1.3, 2026-12-01',
    },
    { step: 'options', finding: 'ok', detail: '200 OK, 14 ms' },
    { step: 'register', finding: 'only_md5', detail: '401 Unauthorized' },
  ],
}

export const stops = (lang) => ({
  items: [
    [pick(lang, '+70005550109', '+12025550109'), 'key', { key: '9' }, -600],
    [pick(lang, '+70005550166', '+12025550166'), 'agent', {}, -7200],
    [null, 'office', {}, -86400 * 4],
  ].map(([number, source, args, seconds], index) => ({
    id: `s${index}`,
    number,
    number_ref: '4f1d0a77c2b9e6',
    reason: 'asked',
    source,
    args,
    attempt: null,
    valid_from: at(seconds),
    valid_to: null,
  })),
  next_cursor: null,
})
