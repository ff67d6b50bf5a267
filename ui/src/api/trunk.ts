/* A trunk as the API gives it, and what a look at one found. */

export type Trunk = {
  id: string
  name: string
  host: string
  port: number
  transport: 'udp' | 'tcp' | 'tls'
  tls_name: string
  srtp: 'off' | 'required'
  username: string
  realm: string
  allow_md5: boolean
  sign_in: boolean
  register_expires_s: number
  number_format: string
  prefix: string
  caller_headers: string[]
  from_user: string
  from_domain: string
  codecs: string[]
  lines_max: number
  calls_per_second: number
  probe_s: number
  session_expires_s: number
  redirects: 'report' | 'same_host'
  active: boolean
  has_password: boolean
}
export type CheckStep = { step: string; finding: string; detail: string }
