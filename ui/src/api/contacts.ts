/* What the API tells of changes of a card and of promises to call back. */
import type { Named } from './types.ts'

export type CardChange = {
  id: string
  at: string
  by: Named | null
  action: string
  before: Record<string, unknown>
  after: Record<string, unknown>
}

export type Promised = {
  id: string
  campaign: Named | null
  contact: Named
  due_at: string
  agent: Named | null
  state: 'open' | 'kept' | 'missed' | 'cancelled'
  late: boolean
  reason: string | null
}

export type PromiseTotals = {
  open: number
  late: number
  kept: number
  missed: number
  cancelled: number
  kept_share: number | null
}
