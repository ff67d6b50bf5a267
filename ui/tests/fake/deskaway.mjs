/* The desk with nobody at it, for pictures. */
import { at, base } from './desk.mjs'

export const deskAway = {
  off: (lang) =>
    base(
      lang,
      { state: 'offline', wish: 'offline', since: at(-20) },
      {
        device: { state: 'none', codec: null, rtt_ms: null, loss_share: null },
        empty: { reason: 'not_ready', until: null, counts: {} },
      },
    ),
  pause: (lang) =>
    base(
      lang,
      { state: 'pause', wish: 'pause', reason: 'lunch', since: at(-605) },
      { empty: { reason: 'paused', until: null, counts: {} } },
    ),
  elsewhere: (lang) =>
    base(
      lang,
      { state: 'talking', since: at(-60) },
      { device: { state: 'elsewhere', codec: null, rtt_ms: null, loss_share: null } },
    ),
}
