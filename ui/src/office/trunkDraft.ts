/* A trunk's settings as the form holds them, and as the server takes them. Pure. */
import type { Trunk } from '../api/trunk.ts'

export const NEW_TRUNK = {
  name: '',
  host: '',
  port: '5060',
  transport: 'udp' as Trunk['transport'],
  tls_name: '',
  srtp: 'off' as Trunk['srtp'],
  username: '',
  password: '',
  realm: '',
  allow_md5: false,
  sign_in: false,
  register_expires_s: '300',
  number_kind: 'e164' as 'e164' | 'plain' | 'national',
  national: '8',
  prefix: '',
  caller_headers: ['from'],
  from_user: '',
  from_domain: '',
  codec: 'PCMA',
  lines_max: '30',
  calls_per_second: '5',
  probe_s: '30',
  session_expires_s: '1800',
  redirects: 'report' as Trunk['redirects'],
  active: true,
}
export type Draft = typeof NEW_TRUNK

const NUMBERS = [
  'port', 'register_expires_s', 'lines_max', 'calls_per_second', 'probe_s', 'session_expires_s',
] as const // prettier-ignore

/** Gives the form of a trunk as it stands; its password never comes. */
export function draftOf(trunk: Trunk): Draft {
  const [kind, national] = trunk.number_format.split(':')
  return {
    ...NEW_TRUNK,
    ...Object.fromEntries(Object.entries(trunk).filter(([name]) => name in NEW_TRUNK)),
    ...Object.fromEntries(NUMBERS.map((name) => [name, String(trunk[name])])),
    number_kind: kind as Draft['number_kind'],
    national: national ?? NEW_TRUNK.national,
    codec: trunk.codecs[0] ?? NEW_TRUNK.codec,
  }
}

/** Gives what is sent: numbers as numbers, an empty password left out so that the old one stays. */
export function bodyOf(draft: Draft): Record<string, unknown> {
  const { number_kind, national, codec, password, ...rest } = draft
  const numbers = NUMBERS.map((name) => [name, Number(String(draft[name]).replace(',', '.'))])
  return {
    ...rest,
    ...Object.fromEntries(numbers),
    number_format: number_kind === 'national' ? `national:${national}` : number_kind,
    codecs: codec === 'PCMU' ? ['PCMU', 'PCMA'] : ['PCMA', 'PCMU'],
    // Without seals on the signalling there is nothing to seal sound with.
    srtp: draft.transport === 'tls' ? draft.srtp : 'off',
    ...(password && { password }),
  }
}
