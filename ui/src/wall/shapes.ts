/* The wallboard as the server gives it: figures alone. */
export type WallCampaign = {
  name: string
  state: string
  mode: string
  total: number
  closed: number
  ringing: number
  talking: number
  waiting: number
  longest_wait_s: number | null
  lost: {
    numerator: number
    denominator: number
    share: number | null
    limit: number
    window_days: number
  }
}
export type WallState = {
  at: string
  zone: string
  floor: 'here' | 'away'
  stopped: boolean
  campaigns: WallCampaign[]
  people: Record<string, number>
  need_help: number
  results: number
  success: number
  hours: { hour: number; results: number; success: number }[]
  promises: { due_today: number; kept_today: number; next_hour: number; late_now: number }
}

/** The token of a wallboard's link: it stands behind the #, which no server and no log sees. */
export function tokenOf(hash: string): string {
  const token = hash.replace(/^#/u, '')
  return /^vyzov_[\w-]{20,100}$/u.test(token) ? token : ''
}

const GROUPS: Record<string, string[]> = {
  talking: ['talking', 'hold', 'consult', 'dialing', 'reserved', 'previewing', 'listening'],
  ready: ['ready'],
  wrap_up: ['wrap_up'],
  pause: ['pause'],
  no_device: ['no_device'],
}

/** The states of a floor as a wall groups them; those of nobody are left out, but for the first two. */
export function groupsOf(people: Record<string, number>): [string, number][] {
  return Object.entries(GROUPS)
    .map(([group, states]): [string, number] => [
      group,
      states.reduce((sum, state) => sum + (people[state] ?? 0), 0),
    ])
    .filter(([group, count]) => count > 0 || group === 'talking' || group === 'ready')
}

/** The campaign whose lost calls are nearest to their limit. */
export function worstOf(campaigns: WallCampaign[]): WallCampaign | undefined {
  const nearness = (one: WallCampaign) => (one.lost.share ?? 0) / (one.lost.limit || 1)
  return campaigns.toSorted((one, other) => nearness(other) - nearness(one))[0]
}
