/* Pictures of scripts: kept, in their making, in a call, and what was answered. */
import { deskShot } from './deskshots.mjs'
import { checked, script, steps, walk, wrong, wrongSteps } from './scripts.mjs'

export const scriptShots = (officeShot) => [
  officeShot('scripts', '/scripts', 'table', { also: ['ru-light-400'] }),
  officeShot('scripts-empty', '/scripts', '.empty', {
    answers: () => ({ 'GET /scripts': { items: [], next_cursor: null } }),
  }),
  officeShot('script', '/scripts/s1', '.say', {
    also: ['ru-dark-1280', 'ru-light-1024', 'ru-light-400'],
    act: (page) => page.locator('.stepline').nth(2).click(),
    full: true,
  }),
  officeShot('script-wrong', '/scripts/s1', '.say', {
    answers: (lang) => ({
      'GET /scripts/s1': { ...script(lang, { ready: false }), steps: wrongSteps, problems: wrong },
      'POST /scripts/check': checked(lang, wrong),
    }),
    act: (page) => page.locator('.stepline').nth(3).click(),
    full: true,
  }),
  officeShot('answers', '/reports/answers', '.answertable', {
    also: ['ru-light-1024', 'ru-light-400'],
  }),
  officeShot('answers-empty', '/reports/answers', '.empty', {
    answers: () => ({ 'GET /reports/answers': { rows: [] } }),
  }),
]

const asking = (name, more, act) => {
  const shot = deskShot(name, 'call', {
    also: ['ru-light-1024', 'ru-light-400'],
    ...(act && { act }),
  })
  const { fake } = shot
  return {
    ...shot,
    fake: (lang) => {
      const acted = fake(lang)
      acted.answers['GET /desk/script/a1'] = { attempt: 'a1', turn: 3, steps, ...walk(more) }
      return acted
    },
  }
}

export const askingShots = [
  asking('desk-question', {}, async (page) => {
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Space')
  }),
  asking('desk-objection', {
    at: 'dear',
    path: ['hello', 'devices', 'uses'],
    aside: 'uses',
    next: 'uses',
  }),
  asking('desk-number', {
    at: 'devices',
    path: ['hello'],
    answers: { hello: 'yes' },
    unanswered: ['devices'],
    next: null,
  }),
]
