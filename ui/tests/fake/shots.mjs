/* Which screens in which states are pictured. */
import { desk, pick } from './desk.mjs'
import { callbacks, session } from './office.mjs'

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
      'POST /desk/result': { saved: true, undo_until: '2026-11-19T12:34:11Z' },
    },
    topics: { desk: desk[state](lang) },
  }),
  ...more,
})

export const SHOTS = [
  {
    name: 'sign-in',
    path: '/sign-in',
    ready: '.sign',
    stored: (lang) => ({ 'vyzov.last': JSON.stringify({ login: 'maria', name: pick(lang, 'Мария Лунёва', 'Maya Lund') }) }),
    also: ['ru-light-400'],
    until: "document.querySelector('.meter')",
    run: 4000,
    full: true,
    fake: () => ({ answers: { 'GET /session': { status: 401, code: 'not_signed_in' }, 'GET /health': { ok: true } }, topics: {} }),
  },
  deskShot('desk-call', 'call', {
    also: ['ru-light-1024', 'ru-dark-1280', 'ru-light-400', 'en-light'],
    act: async (page) => {
      await page.keyboard.press('ArrowRight')
      await page.keyboard.press('ArrowRight')
    },
  }),
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
  deskShot('desk-help', 'call', { act: (page) => page.keyboard.press('?') }),
  { ...deskShot('callbacks', 'waiting'), path: '/desk/callbacks', ready: 'table', until: null },
]
