/* Canned prompts and flows for the pictures. */
import { at, pick } from './desk.mjs'

const ago = (minutes) => at(-60 * minutes)

const prompt = (name, language, more = {}) => ({
  id: null,
  name,
  language,
  source: 'sample',
  origin: null,
  file: null,
  seconds: 4.1,
  level_dbm0: -14.2,
  given_dbm0: null,
  sha256: null,
  by: null,
  at: null,
  campaigns: [],
  audio: '',
  ...more,
})

const own = (lang, name, language, more) =>
  prompt(name, language, {
    id: `p-${name}-${language}`,
    source: 'own',
    origin: 'uploaded',
    file: `${name}-final.wav`,
    level_dbm0: -20,
    sha256: 'ab'.repeat(32),
    by: { id: 'u1', name: pick(lang, 'Ольга Савина', 'Helen Moss') },
    at: ago(50),
    ...more,
  })

const SAMPLES = ['goodbye', 'please_wait', 'removed', 'safe_harbour', 'will_call_back']

export const prompts = (lang, some = true) => ({
  items: [
    ...(some
      ? [
          own(lang, 'offer', 'en', {
            seconds: 11.4,
            given_dbm0: -31.6,
            campaigns: [{ id: 'k3', name: pick(lang, 'Весенние тарифы', 'Spring tariffs') }],
          }),
          own(lang, 'offer', 'ru', {
            seconds: 12.8,
            given_dbm0: -8.3,
            origin: 'recorded',
            file: '',
            campaigns: [{ id: 'k3', name: pick(lang, 'Весенние тарифы', 'Spring tariffs') }],
          }),
          own(lang, 'winter_sale', 'ru', { seconds: 9.2, given_dbm0: -24, at: ago(2900) }),
        ]
      : [prompt('offer', 'en'), prompt('offer', 'ru')]),
    ...SAMPLES.flatMap((name) => [prompt(name, 'en'), prompt(name, 'ru')]),
  ],
  next_cursor: null,
  seconds_most: 120,
  prompts_most: 500,
  voice: false,
})

const both = (name) => ({ name, languages: ['ru', 'en'] })

export const FLOW = {
  start: 'offer',
  on_machine: 'hang_up',
  steps: {
    offer: {
      do: 'announce',
      prompt: 'offer',
      keys: { 1: 'operator', 2: 'later', 9: 'stop' },
      wait_s: 6,
      repeats: 1,
      on_silence: 'bye',
    },
    operator: { do: 'connect', prompt: 'please_wait', wait_s: 10 },
    later: { do: 'callback', after_s: 3600, prompt: 'will_call_back', result: 'callback' },
    stop: { do: 'suppress', prompt: 'removed', result: 'stop' },
    bye: { do: 'hang_up', prompt: 'goodbye', result: 'no_key' },
  },
}

export const WRONG_FLOW = {
  ...FLOW,
  on_machine: { leave: 'message', beep_wait_s: 8 },
  steps: {
    ...FLOW.steps,
    offer: { ...FLOW.steps.offer, keys: { ...FLOW.steps.offer.keys, 3: 'survey' } },
    announce_1: { do: 'announce', prompt: 'winter_sale', keys: {}, on_silence: 'announce_1' },
  },
}

export const checked = {
  problems: [],
  prompts: ['offer', ...SAMPLES].map(both),
}

export const checkedWrong = {
  problems: [
    {
      field: 'steps.offer.keys.3',
      detail: "names the step 'survey', which is not there",
      reason: 'no_step',
      args: { step: 'survey' },
    },
    {
      field: 'steps.announce_1',
      detail: 'can never be reached from the start',
      reason: 'unreachable',
      args: {},
    },
  ],
  prompts: [
    ...['offer', ...SAMPLES].map(both),
    { name: 'winter_sale', languages: ['ru'] },
    { name: 'message', languages: [] },
  ],
}

const line = (at_s, did, what = '', span_s = null) => ({ at_s, did, what, span_s })

export const walk = {
  lines: [
    line(0, 'step', 'offer'),
    line(0, 'say', 'offer'),
    line(11.4, 'listen', '', 6),
    line(14.2, 'key', '1'),
    line(14.2, 'step', 'operator'),
    line(14.2, 'hand_over', '', 10),
    line(14.2, 'say', 'please_wait'),
  ],
  step: 'operator',
  says: 'please_wait',
  says_again: 2,
  loops: true,
  waits_for_agent: true,
  next_at_s: 9999,
  over: false,
}
