/* The desk before a call, for pictures: the card of who is next. */
import { at, base, contact, history, pick, results, script } from './desk.mjs'

/* Who is next, before the call: promised for this hour, with two numbers. */
const card = (lang, more = {}) => ({
  id: 'card1',
  state: 'shown',
  until: at(12),
  countdown_s: 30,
  at_zero: 'dial',
  skips_left: 3,
  skips_max: 5,
  position: 0,
  waits_for: null,
  promised_at: at(-240),
  attempts_max: 5,
  campaign: { id: 'k2', name: pick(lang, 'Договоры, продление', 'Contracts, renewal') },
  contact: contact(lang),
  numbers: [
    {
      e164: pick(lang, '+70005550143', '+12025550143'),
      zone: pick(lang, 'Europe/Samara', 'America/Denver'),
      utc_offset_minutes: pick(lang, 240, -420),
      may_call_until: pick(lang, '2026-11-19T17:00:00Z', '2026-11-20T04:00:00Z'),
    },
    {
      e164: pick(lang, '+70005550121', '+12025550121'),
      zone: pick(lang, 'Europe/Moscow', 'America/New_York'),
      utc_offset_minutes: pick(lang, 180, -300),
      may_call_until: null,
    },
  ],
  script,
  results,
  history: history(lang),
  ...more,
})
const previewing = (lang, more = {}, desk = {}) =>
  base(
    lang,
    { state: 'previewing', since: at(-18) },
    {
      campaigns: [
        {
          id: 'k2',
          name: pick(lang, 'Договоры, продление', 'Contracts, renewal'),
          mode: 'preview',
        },
      ],
      card: card(lang, more),
      ...desk,
    },
  )

export const deskCards = {
  preview: (lang) => previewing(lang, {}, { not_dialled: 'busy' }),
  typed: (lang) =>
    previewing(lang, { at_zero: 'lay_down', countdown_s: 120, until: at(95), promised_at: null }),
}
