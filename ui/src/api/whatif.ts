/* What the API tells of estimates. */
export type Estimate = { mean: number; low: number | null; high: number | null; runs: number }
export type Figures = Record<string, Estimate>
export type SettingValue = string | number | boolean

export type WhatIfResult = {
  campaign: { id: string; name: string; mode: string }
  stands_on: { calls: number; talks: number; from: string | null; to: string | null }
  lived: { begin: string; span_s: number; contacts: number; runs: number }
  change: {
    operators: { now: number; then: number }
    settings: Record<string, SettingValue>
  }
  now: Figures
  then: Figures
  difference: Figures
}

export type WhatIfRun = {
  state: 'none' | 'running' | 'done' | 'failed'
  asked: { campaign?: string; campaign_name?: string }
  since: string | null
  estimate: WhatIfResult | null
  said: string
}

export type WhatIfAsked = {
  campaign: string
  operators: number | null
  settings: Record<string, SettingValue>
  days: number
}
