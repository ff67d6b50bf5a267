/* Shapes of the HTTP API as the screens read them; the source is docs/reference/api.md. */
import type { PaceRule } from './rules.ts'
import type { Attempt } from './evidence.ts'
import type { ProblemBody } from './http.ts'

export type Role = 'operator' | 'supervisor' | 'manager' | 'administrator' | 'customer'
export type Named = { id: string; name: string }
export type Two = { ru?: string; en?: string }
export type Page<T> = { items: T[]; next_cursor: string | null }

export type Session = {
  user: {
    id: string
    login: string
    name: string
    role: Role
    language: 'ru' | 'en'
    theme: 'light' | 'dark' | 'system'
    principal: Named | null
  }
  organisation: Named
  actions: string[]
  server_time: string
  expires_at: string
  /** Nothing opens but one's own account before a second factor is set up. */
  needs_second_factor?: boolean
}

export type ResultDef = {
  key: number | string
  code: string
  label: Two | string
  group: 'success' | 'later' | 'no' | 'technical' | 'stop'
  needs: string | null
  closes?: boolean
  redial_as?: string | null
  hidden?: boolean
}
export type ScriptStep = { id: string; title: Two | string; text: Two | string }
export type Redial = {
  attempts_max: number
  rules: Record<string, { after_s: number }>
}

export type PreviewRules = {
  countdown_s?: number
  at_zero?: 'dial' | 'skip'
  skips_max?: number
  skip_wait_s?: number
}

export type Settings = {
  caller_id?: string | null
  trunks?: string[]
  lines_max?: number
  calls_per_second?: number
  ring_timeout_s?: number
  window?: { days?: number[]; start?: string; end?: string }
  redial?: Redial
  connect_limit_s?: number
  abandon_limit?: number
  abandon_window_days?: number
  abandon_rule?: string
  abandon_guard?: 'day' | 'half_hour'
  abandon_veto?: boolean
  power_ratio?: number
  weight?: number
  classify?: string
  flow?: unknown
  safe_harbour_prompt?: string
  results?: ResultDef[]
  script?: ScriptStep[]
  wrap_up_s?: number
  recording?: boolean
  listening_shown?: boolean
  agents?: string[]
  preview?: PreviewRules
  pace_rules?: PaceRule[]
}

export type Campaign = {
  id: string
  name: string
  purpose: string
  mode: string
  state: string
  principal: Named | null
  list: Named | null
  version: number
  settings?: Settings
  created_at: string
  allowed: string[]
}

/** What a campaign lacks before a start; `must`: a start needs it. */
export type Check = { id: string; ok: boolean; must: boolean }
export type Readiness = { ready: boolean; checks: Check[] }

export type Progress = {
  at?: string
  total: number
  fresh: number
  due: number
  callback: number
  in_call: number
  closed: number
  attempts: number
  answered: number
  outcomes?: Record<string, number>
}

export type Callable = {
  at: string
  total: number
  gates: { gate: string; lost: number; remaining: number }[]
  callable: number
  next_at: string | null
}

export type Verdicts = { ok?: number; merged?: number; duplicate?: number; problem?: number }
export type PreviewColumn = { name: string; use: string; field: string | null }
export type Preview = {
  file: string
  format: 'csv' | 'xlsx'
  sheet: string
  sheets: string[]
  notes: { id: string; args: Record<string, string> }[]
  encoding: string
  delimiter: string
  has_header: boolean
  columns: PreviewColumn[]
  rows_total: number
  rows_judged: number
  verdicts: Verdicts
  first_rows: {
    row: number
    verdict: string
    reason: string | null
    args: Record<string, string>
    cells: string[]
  }[]
  problems: string[]
}
export type ContactList = {
  id: string
  name: string
  file: string
  rows_total: number
  rows_ok: number
  contacts: number
  verdicts: Verdicts
  campaigns: string[]
  state: 'importing' | 'ready' | 'failed' | 'undone'
  rows_done: number
  created_at: string
  undone_at: string | null
  problem: ProblemBody | null
}

export type ContactRow = {
  id: string
  name: string
  phone: string | null
  list: (Named & { row: number }) | null
}
export type Contact = {
  id: string
  name: string
  phones: {
    id: string
    e164: string
    country: string
    zones: string[]
    utc_offset_minutes: number | null
    stop_listed: boolean
  }[]
  consents: { purpose: string; source: string; given_at: string; revoked_at: string | null }[]
  fields: Record<string, string>
  note: string | null
  erased_at?: string | null
  language: string | null
  list: (Named & { file: string; row: number }) | null
  created_at: string
  stage: string
  temperature: string
  campaigns: {
    campaign: Named | null
    state: string
    next_due_at: string | null
    attempts_made: number
    last_outcome: string | null
    closed_reason: string | null
  }[]
  history: Attempt[]
}
export type ContactVerdict = {
  at: string
  campaign: string | null
  phone: string | null
  allowed: boolean
  gate: string | null
  reason: string | null
  until: string | null
  rule_version: string
  gates: {
    gate: string
    status: 'passed' | 'stopped' | 'not_asked'
    reason: string | null
    until: string | null
  }[]
}

export type User = {
  id: string
  login: string
  name: string
  role: Role
  language: 'ru' | 'en'
  principal: Named | null
  disabled: boolean
  created_at: string
}
export type { DeskPhone, DeskPhoneMade } from './phones.ts'
export type Stop = {
  id: string
  number: string | null
  number_ref: string
  reason: string
  source: string
  args: Record<string, string>
  attempt: string | null
  valid_from: string
  valid_to: string | null
}
export type Callback = {
  id: string
  campaign: Named | null
  contact: Named
  due_at: string
  agent: Named | null
  state: string
}
