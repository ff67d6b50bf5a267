/* The form of a trunk: what comes from the server goes back unchanged; why a trunk rests, in words. */
import { expect, test } from 'vitest'
import type { Trunk } from '../../src/api/trunk.ts'
import { wordsOf } from '../../src/kit/prefs.ts'
import { lastError, whyNot } from '../../src/kit/trunk.ts'
import type { FloorTrunk } from '../../src/live/shapes.ts'
import { bodyOf, draftOf, NEW_TRUNK } from '../../src/office/trunkDraft.ts'

const TRUNK: Trunk = {
  id: 't1',
  name: 'Alpha',
  host: 'sip.example.org',
  port: 0,
  transport: 'tls',
  tls_name: 'carrier.example.org',
  srtp: 'required',
  username: 'me',
  realm: '',
  allow_md5: true,
  sign_in: true,
  register_expires_s: 600,
  number_format: 'national:8',
  prefix: '9',
  caller_headers: ['pai'],
  from_user: 'me',
  from_domain: 'example.org',
  codecs: ['PCMU', 'PCMA'],
  lines_max: 7,
  calls_per_second: 2.5,
  probe_s: 0,
  session_expires_s: 0,
  redirects: 'same_host',
  active: false,
  has_password: true,
}

test('what came from the server goes back as it was, without a password', () => {
  const { id: _, has_password: __, ...sent } = TRUNK
  expect(bodyOf(draftOf(TRUNK))).toEqual(sent)
})

test('a typed password and a comma are taken', () => {
  const body = bodyOf({ ...draftOf(TRUNK), password: 'x', calls_per_second: '1,5' })
  expect([body.password, body.calls_per_second]).toEqual(['x', 1.5])
})

test('sound is not sealed where signalling is not', () => {
  expect(bodyOf({ ...draftOf(TRUNK), transport: 'tcp' }).srtp).toBe('off')
})

test('a new trunk asks for the plain form of numbers', () => {
  expect(bodyOf(NEW_TRUNK).number_format).toBe('e164')
})

const LIVE: FloorTrunk = {
  id: 't1',
  name: 'Alpha',
  lines: 0,
  lines_max: 7,
  state: 'ok',
  answer_share: null,
}
const error = { fault: 'wait_asked', code: 503, phrase: 'Full', at: '2026-11-22T12:00:00Z' }

test('a trunk that works says nothing, though its last error is kept', () => {
  expect(whyNot(wordsOf('en'), { ...LIVE, error })).toBeNull()
  expect(lastError(wordsOf('en'), { ...LIVE, error })).toBe('it asked us to wait (503 Full)')
})

test('a trunk that rests says why and until when, in both languages', () => {
  const resting = { ...LIVE, error, state: 'paused' as const, until: '2026-11-22T12:00:30Z' }
  expect(whyNot(wordsOf('en'), resting)).toMatch(/^it asked us to wait \(503 Full\)\. Until /u)
  expect(whyNot(wordsOf('ru'), resting)).toMatch(/^просит подождать/u)
})

test('a fault nobody has words for is told in the words of the carrier', () => {
  const odd = { ...LIVE, state: 'down' as const, error: { ...error, fault: 'x', code: 0 } }
  expect(lastError(wordsOf('en'), odd)).toBe('Full')
  expect(whyNot(wordsOf('en'), { ...LIVE, state: 'down' })).toBeNull()
})
