/* The order and the groups of the agent tiles. Pure: depends on states only, never on the passing of time,
   so that tiles move when something happened and at no other moment. */
import type { AgentState, FloorAgent } from '../live/shapes.ts'

export type Group = 'talk' | 'ready' | 'wrapup' | 'pause' | 'bad'

const GROUP: Record<AgentState, Group> = {
  talking: 'talk',
  hold: 'talk',
  consult: 'talk',
  reserved: 'ready',
  ready: 'ready',
  previewing: 'ready',
  dialing: 'ready',
  wrap_up: 'wrapup',
  listening: 'talk',
  pause: 'pause',
  offline: 'pause',
  no_device: 'bad',
}
const ORDER: Group[] = ['bad', 'talk', 'ready', 'wrapup', 'pause']
const ATTENTION = ['help', 'device_lost', 'pause_long']

export function groupOf(state: AgentState): Group {
  return GROUP[state]
}

/** Attention first (help, lost phone, long pause), then by group, then by name. */
export function inOrder(agents: readonly FloorAgent[]): FloorAgent[] {
  const rank = (agent: FloorAgent) =>
    agent.attention
      ? ATTENTION.indexOf(agent.attention)
      : ATTENTION.length + ORDER.indexOf(groupOf(agent.state))
  return agents.toSorted(
    (a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, undefined, { numeric: true }),
  )
}

/** How many agents are in each group. */
export function countByGroup(agents: readonly FloorAgent[]): Record<Group, number> {
  const counts: Record<Group, number> = { talk: 0, ready: 0, wrapup: 0, pause: 0, bad: 0 }
  for (const agent of agents) counts[groupOf(agent.state)]++
  return counts
}
