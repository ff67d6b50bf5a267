/* Pictures of the operator's desk in its states. */
import { desk } from './desk.mjs'
import { deskAway } from './deskaway.mjs'
import { deskCards } from './deskcard.mjs'
import { deskPhones } from './deskphone.mjs'
import { callbacks, session } from './office.mjs'

export const deskShot = (name, state, more = {}) => ({
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
    topics: { desk: { ...desk, ...deskAway, ...deskCards, ...deskPhones }[state](lang) },
  }),
  ...more,
})

export const deskShots = [
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
]
