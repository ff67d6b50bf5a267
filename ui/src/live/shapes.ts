/* Shapes of the live topics as the floor process sends them; the source is docs/reference/api.md. */
import type { Named, Progress, ResultDef, Two } from '../api/types.ts'

export type AgentState =
  | 'offline'
  | 'pause'
  | 'ready'
  | 'no_device'
  | 'reserved'
  | 'previewing'
  | 'dialing'
  | 'talking'
  | 'hold'
  | 'consult'
  | 'wrap_up'
  | 'listening'

export type History = {
  at: string
  outcome: string
  talk_s: number | null
  agent: string | null
  result: string | null
}
export type LiveContact = {
  id: string
  name: string
  phone: string
  display?: string | null
  zone: string | null
  utc_offset_minutes: number | null
  window: { from: string; to: string } | null
  may_call_until: string | null
  fields: Record<string, string>
  attempt_number: number
  list: { file: string; row: number } | null
  note: string | null
}
/* Somebody in a call beside the customer and their operator. */
export type Guest = {
  id: string
  name: string
  role: 'listen' | 'whisper' | 'barge' | 'consult' | 'conference'
  since?: string | null
}
export type LiveCall = {
  attempt: string
  /** Who else is in it; `as` is what I am in it and `of` whose it is, where it is not mine. */
  guests?: Guest[]
  as?: Guest['role'] | null
  of?: string | null
  state: 'ringing' | 'talking' | 'hold' | 'ended'
  campaign: Named
  contact: LiveContact
  script: { id: string; title: string | Two; text: string | Two }[]
  results: ResultDef[]
  answered_at: string | null
  bridged_at: string | null
  ended_at: string | null
  muted: boolean
  held: boolean
  recording: boolean
  /** Who is not heard by the other now; empty while sound goes both ways. */
  unheard?: '' | 'far' | 'us' | 'both'
  history: History[]
}
export type CardNumber = {
  e164: string
  zone: string | null
  utc_offset_minutes: number | null
  may_call_until: string | null
}
/** Who is next, before they are called; `waits_for` says what a taken card lacks. */
export type Card = {
  id: string
  state: 'shown' | 'taken'
  until: string
  countdown_s: number
  at_zero: 'dial' | 'skip' | 'lay_down'
  skips_left: number
  skips_max: number
  position: number
  waits_for: string | null
  promised_at: string | null
  attempts_max: number
  campaign: Named
  contact: LiveContact
  numbers: CardNumber[]
  script: LiveCall['script']
  results: ResultDef[]
  history: History[]
}
export type WrapUp = {
  attempt: string
  until: string | null
  limit_s: number
  result: string | null
  undo_until: string | null
}
/* The agent's desk phone; `why` is why the last ringing came to nothing, or why the phone went. */
export type DeskPhone = {
  name: string
  username: string
  state: 'not_registered' | 'registered' | 'calling' | 'ringing' | 'connected'
  why: string | null
}
/* Something a supervisor said to an agent; `help`: that somebody comes. */
export type DeskMessage = {
  id: string
  kind: 'text' | 'help'
  by: string
  text: string
  at: string
}
export type Led = { state: 'ready' | 'pause' | 'offline'; by: string; at: string }

export type DeskState = {
  floor: 'here' | 'away'
  agent: {
    id: string
    name: string
    state: AgentState
    since: string
    reason: string | null
    wish: 'offline' | 'pause' | 'ready'
    pause_after: boolean
  }
  device: {
    state: 'none' | 'connecting' | 'up' | 'lost' | 'elsewhere'
    codec: string | null
    rtt_ms: number | null
    loss_share: number | null
    owner?: string | null
    kind: 'browser' | 'phone'
    phone: DeskPhone | null
  }
  campaigns: (Named & { mode: string })[]
  today: { calls: number; talks: number; results: number; occupancy: number | null }
  call: LiveCall | null
  card: Card | null
  /** Why the latest card led to no talk. */
  not_dialled: string | null
  messages: DeskMessage[]
  /** Who set the agent's state for them, until they ask for one themselves. */
  led: Led | null
  wrap_up: WrapUp | null
  empty: { reason: string; until: string | null; counts: Record<string, number> } | null
}

export type Pace = {
  lines_per_agent: number | null
  why: { id: string; args?: Record<string, string | number> } | null
  lines: number
  lines_max: number
  ringing: number
  talking: number
  in_flow?: number
  waiting: number
  longest_wait_s: number | null
}
export type Abandon = {
  numerator: number
  denominator: number
  share: number | null
  limit: number
  window_days: number
  rule: string
}
export type FloorCampaign = Named & {
  mode: string
  state: string
  pace: Pace
  abandon: Abandon
  progress: Progress | null
  minutes: { t: string; dialed: number; answered: number }[]
}
export type FloorAgent = Named & {
  state: AgentState
  since: string
  reason: string | null
  campaign: string | null
  guests?: Guest[]
  results_today: number
  talks_today: number
  day: { talk_s: number; wrap_s: number; preview_s?: number; ready_s: number; pause_s: number }
  attention: null | 'device_lost' | 'pause_long' | 'help'
}
export type FloorTrunk = Named & {
  lines: number
  lines_max: number
  state: TrunkHealth
  since?: string | null
  until?: string | null
  target?: string
  sign_in?: 'unknown' | 'up' | 'down' | null
  error?: { fault: string; code: number; phrase: string; at: string } | null
  per_second?: number
  per_second_max?: number
  answer_share: number | null
}
/** What a trunk is fit for: `ok` and `unknown` take calls, `trial` takes one, the others none. */
export type TrunkHealth = 'ok' | 'failing' | 'unknown' | 'trial' | 'paused' | 'open' | 'down'
export type Alert = {
  id: string
  kind: string
  args?: Record<string, string | number>
  since: string
}
export type FloorState = {
  floor: 'here' | 'away'
  at: string
  stopped: boolean
  engine?: 'up' | 'away'
  database?: 'up' | 'away'
  campaigns: FloorCampaign[]
  agents: FloorAgent[]
  trunks: FloorTrunk[]
  alerts: Alert[]
}
