/* An agent's desk with a desk phone, for pictures. */
import { at, base, call, pick } from './desk.mjs'

const deskPhone = (lang, state, why = null, more = {}) => ({
  state: state === 'connected' ? 'up' : 'none',
  codec: null,
  rtt_ms: state === 'connected' ? 18 : null,
  loss_share: state === 'connected' ? 0 : null,
  kind: 'phone',
  phone: { name: pick(lang, 'Стол 4', 'Desk 4'), username: '864252020', state, why },
  ...more,
})
const waits = { empty: { reason: 'waiting', until: null, counts: {} } }

export const deskPhones = {
  phoneOff: (lang) =>
    base(
      lang,
      { state: 'offline', wish: 'offline', since: at(-20) },
      {
        device: deskPhone(lang, 'registered', null, { kind: 'browser' }),
        empty: { reason: 'not_ready', until: null, counts: {} },
      },
    ),
  phoneRings: (lang) =>
    base(lang, { state: 'no_device' }, { ...waits, device: deskPhone(lang, 'ringing') }),
  phoneAway: (lang) =>
    base(lang, { state: 'no_device' }, { ...waits, device: deskPhone(lang, 'not_registered') }),
  phoneHungUp: (lang) =>
    base(
      lang,
      { state: 'talking', since: at(-167) },
      { call: call(lang), device: deskPhone(lang, 'registered', 'closed') },
    ),
}
