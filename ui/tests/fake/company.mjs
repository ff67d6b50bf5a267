/* More than two in a call: a colleague is asked while a supervisor whispers; a call is entered. */
import { desk, pick } from './desk.mjs'

const consult = (lang) => {
  const held = desk.hold(lang)
  const guests = [
    { id: 'u2', name: pick(lang, 'Юля Кедрова', 'Julia Cedar'), role: 'consult' },
    { id: 'u1', name: pick(lang, 'Анна Верескова', 'Ann Heather'), role: 'whisper' },
  ]
  return { ...held, call: { ...held.call, muted: false, guests } }
}

/** Its pictures, made as all others of the desk and the floor are. */
export const companyShots = (deskShot, officeShot) => [
  deskShot('desk-consult', 'hold', {
    also: ['ru-light-1024', 'ru-dark-1280', 'ru-light-400'],
    fake: (lang) => ({ ...deskShot('', 'hold').fake(lang), topics: { desk: consult(lang) } }),
  }),
  officeShot('floor-enter', '/floor', '.tile', {
    also: ['ru-light-1024'],
    act: (page) => page.locator('.enter .btn.on').click(),
  }),
]
