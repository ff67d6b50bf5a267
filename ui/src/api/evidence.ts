/* Shapes of attempts, facts and reports, and of the cells that lead from one to the other. */
import type { Named, Two } from './types.ts'

export type Attempt = {
  id: string
  number: number
  state: string
  campaign: Named
  contact: { id: string; name: string; phone: string | null }
  agent: Named | null
  trunk: Named | null
  outcome: string | null
  detail: string | null
  failover_of?: string | null
  sip_code: number | null
  q850: number | null
  reserved_at: string
  originated_at: string | null
  answered_at: string | null
  bridged_at: string | null
  ended_at: string | null
  talk_s: number | null
  result: string | null
  recording: null | { id: string; seconds: number | null }
  call_id: string | null
}
export type AttemptFull = Attempt & {
  results: { code: string; note: string; at: string }[]
  list: (Named & { file: string; row: number }) | null
  facts: Fact[]
}
export type Fact = {
  seq: number
  kind: string
  at: string
  campaign: string | null
  contact: string | null
  attempt: string | null
  agent: string | null
  data: Record<string, unknown>
}
export type LadderStep = {
  at: string
  ms: number
  dir: 'in' | 'out'
  peer: string
  head: string
  cseq: string
  reason: string
  sdp: boolean
  text: string
}
export type Ladder = { attempt: string; call_id: string; steps: LadderStep[] }
export type Cell = { value: number; facts: string }
export type Report<Row> = {
  from: string
  to: string
  campaign: string | null
  rows: Row[]
  total?: Cell
}
export type OutcomeRow = { outcome: string; attempts: Cell; share: number | null; talk_s: number }
export type ResultRow = {
  result: string
  label: Two | null
  group: string | null
  count: Cell
  share: number | null
}
export type AgentRow = {
  agent: Named | null
  signed_in_s: number
  occupancy: number | null
  states: Record<string, Cell>
  talks: Cell
  results: Cell
}
export type AbandonRow = {
  campaign: Named | null
  rule: string
  window_days: number
  limit: number
  numerator: Cell
  denominator: Cell
  share: number | null
}
export type HourRow = { weekday: number; hour: number; tried: Cell; reached: Cell; share: number }
export type ListRow = {
  list: Named | null
  whole: number | null
  contacts: Cell
  attempts: Cell
  reached: Cell
  success: Cell
  abandoned: Cell
  reached_share: number | null
}
export type PromiseRow = {
  campaign: Named | null
  agent: Named | null
  due: Cell
  kept: Cell
  late: Cell
  missed: Cell
  waiting: Cell
  share: number | null
}
