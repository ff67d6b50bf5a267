/* Shapes of key figures, prices and shifts, as the server tells them. */
import type { Named, Two } from './types.ts'

export type Unit = 'share' | 'ratio' | 'ms' | 'per_hour' | 'money' | 'money_per_hour'
export type KeyFigure = {
  id: string
  name: Two
  formula: Two
  without: Two
  window: string
  window_name: Two
  window_from: string
  window_to: string
  unit: Unit
  scale: number
  currency: string
  numerator: number | null
  denominator: number | null
  value: number | null
  why_not: string | null
  facts: string
}
export type Point = { place: number; numerator: number; denominator: number }
export type KeyFigures = {
  from: string
  to: string
  campaign: string | null
  agent: string | null
  behind: boolean
  figures: KeyFigure[]
  agents: { agent: Named | null; signed_in_ms: number; states: Record<string, number> }[]
  attempts: Point[]
  hours: Point[]
}

export type TrunkPrice = {
  per_attempt: number
  per_minute: number
  step_s: number
  rental_per_day: number
}
export type Prices = {
  currency: string
  labour_per_hour: number
  labour_of: Record<string, number>
  trunks: Record<string, TrunkPrice>
  per_contact: number
  other_per_day: number
  revenue: Record<string, number>
  revenue_of: Record<string, Record<string, number>>
  own_rule: { late: boolean; gave_up: boolean }
}
export type PriceVersion = {
  version: number
  prices: Prices
  valid_from: string
  created_at: string
  created_by: Named | null
}
export type PriceList = { versions: PriceVersion[]; prices: Prices }
export type Shift = {
  id: string
  agent: Named | null
  starts_at: string
  ends_at: string
  paid_break_s: number
  unpaid_break_s: number
}
