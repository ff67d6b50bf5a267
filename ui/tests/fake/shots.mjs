/* Which screens in which states are pictured. */
import { desk, pick } from './desk.mjs'
import { deskCards } from './deskcard.mjs'
import { deskPhones } from './deskphone.mjs'
import { campaign as liveCampaign, companyShots, emptyFloor, floor } from './floor.mjs'
import { callable, callbacks, campaign, campaigns, session } from './office.mjs'
import { list, liveTrunks, phones, preview, stops, trunkCheck, trunks, users } from './people.mjs'
import { ladder } from './ladder.mjs'
import { plan, planBeginning } from './plan.mjs'
import { ruleAlert, ruleFacts } from './rules.mjs'
import {
  abandonment,
  agents,
  attemptFull,
  attempts,
  card,
  outcomes,
  results,
  verdict,
} from './reports.mjs'
import { whatIf } from './whatif.mjs'

const deskShot = (name, state, more = {}) => ({
  name,
  path: '/desk',
  ready: '.statebar',
  until: more.silent ? null : "document.querySelector('.statebar .st.ok, .stage .btn.primary')",
  fake: (lang) => ({
    answers: {
      'GET /session': session(lang, 'operator'),
      'GET /callbacks': callbacks(lang),
      'POST /desk/note': { saved: true },
      'POST /desk/dial': {
        contact: 'c9',
        card: null,
        allowed: false,
        gate: 'window',
        reason: 'outside_hours',
        until: '2026-11-20T06:00:00Z',
      },
      'POST /desk/result': { saved: true, undo_until: '2026-11-19T12:34:11Z' },
    },
    topics: { desk: { ...desk, ...deskCards, ...deskPhones }[state](lang) },
  }),
  ...more,
})

const NONE = { items: [], next_cursor: null }

const officeShot = (name, path, ready, more = {}) => ({
  name,
  path,
  ready,
  ...more,
  fake: (lang) => ({
    answers: {
      'GET /session': session(lang, 'administrator'),
      'GET /campaigns': campaigns(lang),
      'GET /campaigns/k3': campaign(lang),
      'GET /campaigns/k1': campaign(lang, { ...campaigns(lang).items[1] }),
      'GET /campaigns/k3/callable': callable,
      'GET /campaigns/k1/callable': callable,
      'GET /lists': { items: [list(lang)], next_cursor: null },
      'GET /lists/l1': list(lang),
      'POST /lists': preview(lang),
      'GET /users': users(lang),
      'GET /phones': phones(lang),
      'GET /trunks': trunks(lang),
      'GET /trunks/t1': trunks(lang).items[0],
      'POST /trunks/t1/test': trunkCheck,
      'GET /stop-list': stops(lang),
      'GET /contacts': {
        items: ['c1', 'c2', 'c3'].map((id, index) => ({
          id,
          name: callbacks(lang).items[index].contact.name,
          phone: pick(lang, `+7000555010${index}`, `+1202555010${index}`),
          list: { id: 'l1', name: list(lang).name, row: 17 + index * 40 },
        })),
        next_cursor: null,
      },
      'GET /contacts/c417': card(lang),
      'GET /contacts/c417/verdict': verdict,
      'GET /reports/outcomes': outcomes,
      'GET /reports/results': results,
      'GET /reports/agents': agents(lang),
      'GET /reports/abandonment': abandonment(lang),
      'GET /whatif': whatIf(lang),
      'GET /plan': plan(),
      'GET /facts': ruleFacts,
      'GET /campaigns/k1/plan': planBeginning(lang),
      'GET /attempts': attempts(lang),
      'GET /attempts/a0': attemptFull(lang),
      'GET /attempts/a0/ladder': ladder,
      ...more.answers?.(lang),
    },
    topics: { floor: (more.floor ?? floor)(lang), 'campaign:k1': liveCampaign(lang) },
  }),
})

const csv = (lang) => ({
  name: pick(lang, 'клиенты.csv', 'clients.csv'),
  mimeType: 'text/csv',
  buffer: Buffer.from('x'),
})

export const SHOTS = [
  {
    name: 'sign-in',
    path: '/sign-in',
    ready: '.sign',
    stored: (lang) => ({
      'vyzov.last': JSON.stringify({
        login: 'maria',
        name: pick(lang, 'Мария Лунёва', 'Maya Lund'),
      }),
    }),
    also: ['ru-light-400'],
    until: "document.querySelector('.meter')",
    run: 100,
    wait: 3000,
    full: true,
    fake: () => ({
      answers: {
        'GET /session': { status: 401, code: 'not_signed_in' },
        'GET /health': { ok: true },
      },
      topics: {},
    }),
  },
  deskShot('desk-call', 'call', {
    also: ['ru-light-1024', 'ru-dark-1280', 'ru-light-400', 'en-light'],
    act: async (page) => {
      await page.keyboard.press('ArrowRight')
      await page.keyboard.press('ArrowRight')
    },
  }),
  deskShot('desk-preview', 'preview', {
    also: ['en-light', 'ru-light-1024', 'ru-dark-1280', 'ru-light-400'],
  }),
  deskShot('desk-preview-skip', 'preview', {
    also: ['ru-light-1024', 'ru-light-400'],
    act: (page) => page.keyboard.press('s'),
  }),
  deskShot('desk-preview-later', 'preview', { act: (page) => page.keyboard.press('c') }),
  deskShot('desk-preview-stop', 'preview', {
    also: ['ru-light-1024'],
    act: (page) => page.keyboard.press('x'),
  }),
  deskShot('desk-dial', 'byHand', {
    also: ['en-light', 'ru-light-1024', 'ru-light-400'],
    act: async (page, lang) => {
      await page.fill('.dialpad input', lang === 'ru' ? '8 (000) 555-01-17' : '+1 202-555-0117')
      await page.keyboard.press('Enter')
      await page.waitForSelector('.dialpad .note')
    },
  }),
  deskShot('desk-typed', 'typed', { also: ['ru-light-1024'] }),
  deskShot('desk-dialling', 'dialing', { also: ['ru-light-1024'] }),
  deskShot('desk-hold', 'hold', { act: (page) => page.keyboard.press('k') }),
  deskShot('desk-wrapup', 'wrap', {
    also: ['ru-light-1024', 'ru-light-400'],
    act: async (page) => {
      await page.keyboard.press('3')
      await page.locator('.callback .btn.s').last().click()
    },
  }),
  deskShot('desk-saved', 'saved'),
  deskShot('desk-quiet', 'quiet', { also: ['ru-light-400'] }),
  deskShot('desk-off', 'off', { silent: true }),
  deskShot('desk-pause', 'pause', { silent: true }),
  deskShot('desk-lost', 'lost', { silent: true }),
  deskShot('desk-elsewhere', 'elsewhere', { silent: true }),
  deskShot('desk-phone-choice', 'phoneOff', { silent: true }),
  deskShot('desk-phone-rings', 'phoneRings', { silent: true, also: ['ru-light-400'] }),
  deskShot('desk-phone-away', 'phoneAway', { silent: true }),
  deskShot('desk-phone-hung-up', 'phoneHungUp', { silent: true }),
  deskShot('desk-help', 'call', { act: (page) => page.keyboard.press('?') }),
  { ...deskShot('callbacks', 'waiting'), path: '/desk/callbacks', ready: 'table', until: null },
  officeShot('floor', '/floor', '.tile', {
    also: ['en-light-1280', 'ru-light-1024', 'ru-light-400', 'en-light'],
  }),
  officeShot('floor-stopped', '/floor', '.tile', {
    floor: (lang) => ({ ...floor(lang), stopped: true }),
  }),
  officeShot('floor-rule', '/floor', '.tile', {
    floor: (lang) => ({ ...floor(lang), alerts: [...floor(lang).alerts, ruleAlert(lang)] }),
  }),
  ...companyShots(deskShot, officeShot),
  officeShot('floor-empty', '/floor', '.page', { floor: emptyFloor }),
  officeShot('campaigns', '/campaigns', 'table'),
  officeShot('first-steps', '/campaigns', '.steps5', {
    answers: () => ({ 'GET /campaigns': NONE, 'GET /users': NONE }),
  }),
  officeShot('campaign', '/campaigns/k3', '.wf', {
    full: true,
    also: ['ru-light-1024', 'ru-light-400'],
  }),
  officeShot('campaign-import', '/campaigns/k3', '.wf', {
    full: true,
    act: async (page, lang) => {
      await page.setInputFiles('input[name=list]', csv(lang))
      await page.waitForSelector('.importing table')
    },
  }),
  officeShot('campaign-running', '/campaigns/k1', '.wf', { full: true }),
  officeShot('reports', '/reports?from=2026-11-13&to=2026-11-19', '.total', {
    also: ['ru-light-1280', 'ru-light-400'],
  }),
  officeShot('reports-facts', '/reports', '.total', {
    also: ['ru-light-1024'],
    act: async (page) => {
      await page.locator('.cellbtn').first().click()
      await page.locator('.fact .line').first().click()
      await page.waitForSelector('.ladder')
    },
  }),
  officeShot('ladder', '/reports', '.total', {
    also: ['ru-light-400'],
    act: async (page) => {
      await page.locator('.cellbtn').first().click()
      await page.locator('.fact .line').first().click()
      await page.locator('.fact .detail .btn').first().click()
      await page.waitForSelector('.rung')
      await page.locator('.rung').nth(2).click()
    },
  }),
  officeShot('what-if', '/what-if', '.whatif', {
    also: ['ru-light-1024', 'ru-light-400'],
    full: true,
  }),
  officeShot('planner', '/plan', '.plan', {
    also: ['ru-light-1024', 'ru-light-400', 'en-light'],
    full: true,
  }),
  officeShot('planner-campaign', '/plan?campaign=k1', '.plan', {
    also: ['ru-light-400'],
    full: true,
  }),
  officeShot('contact', '/contacts/c417', '.gate', { full: true }),
  officeShot('contacts', '/contacts', 'table'),
  officeShot('people', '/people', 'table'),
  officeShot('person', '/people', 'table', {
    act: (page) => page.locator('tbody tr').first().click(),
  }),
  officeShot('person-phone', '/people', 'table', {
    answers: (lang) => ({
      'POST /phones/pu1/password': {
        ...phones(lang).items[0],
        password: 'x7kq2mwh4tndc95sabre',
        realm: 'vyzov',
        servers: ['udp:192.0.2.10:5062', 'tcp:192.0.2.10:5062'],
      },
    }),
    act: async (page) => {
      await page.locator('tbody tr').first().click()
      await page.locator('.topline .btn').first().click()
    },
  }),
  officeShot('trunks', '/trunks', 'table'),
  officeShot('trunk', '/trunks/t1', '.livefacts', {
    floor: liveTrunks,
    full: true,
    also: ['ru-light-400'],
    act: (page) => page.locator('aside .btn').click(),
  }),
  officeShot('stop-list', '/stop-list', 'table'),
]
