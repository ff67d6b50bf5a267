/* Which screens in which states are pictured. */
import { audit } from './audit.mjs'
import { pick } from './desk.mjs'
import { deskShot, deskShots } from './deskshots.mjs'
import { campaign as liveCampaign, companyShots, emptyFloor, floor } from './floor.mjs'
import { manageAnswers } from './manage.mjs'
import { callable, callbacks, campaign, campaigns, session } from './office.mjs'
import { list, liveTrunks, phones, preview, stops, trunkCheck, trunks, users } from './people.mjs'
import { ladder } from './ladder.mjs'
import { moreAnswers, moreShots } from './reportmore.mjs'
import { flowShots } from './flowshots.mjs'
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
import { scriptAnswers } from './scripts.mjs'
import { askingShots, scriptShots } from './scriptshots.mjs'
import { whatIf } from './whatif.mjs'

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
      'GET /audit': audit(lang),
      'GET /plan': plan(),
      'GET /facts': ruleFacts,
      'GET /campaigns/k1/plan': planBeginning(lang),
      'GET /attempts': attempts(lang),
      'GET /attempts/a0': attemptFull(lang),
      'GET /attempts/a0/ladder': ladder,
      ...manageAnswers(lang),
      ...scriptAnswers(lang),
      ...moreAnswers(lang),
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
  ...deskShots,
  ...askingShots,
  ...scriptShots(officeShot),
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
  ...flowShots(officeShot),
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
  officeShot('contact-edit', '/contacts/c417', '.gate', {
    also: ['ru-light-400'],
    act: async (page) => {
      await page.locator('main > header button').click()
      await page.waitForSelector('.cardfield')
    },
  }),
  officeShot('promises', '/callbacks', 'table', { also: ['ru-light-1024', 'ru-light-400'] }),
  officeShot('promises-week', '/callbacks', 'table', {
    also: ['ru-light-1024'],
    act: async (page) => {
      await page.locator('.seg button').nth(1).click()
      await page.waitForSelector('.weekgrid')
    },
  }),
  officeShot('promises-move', '/callbacks', 'table', {
    act: async (page) => {
      await page.locator('td .btn').first().click()
      await page.waitForSelector('dialog select')
    },
  }),
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
  ...moreShots(officeShot),
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
  officeShot('audit', '/audit', 'table.audit', { also: ['ru-light-1024', 'ru-light-400'] }),
  officeShot('audit-empty', '/audit', '.empty', {
    answers: () => ({ 'GET /audit': { ...NONE, names: {}, kinds: [] } }),
  }),
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
