/* How states look: one tone and one icon each. The words come from `words`. */
import {
  Ban,
  Check,
  CircleHelp,
  Coffee,
  Headphones,
  HeadphoneOff,
  type LucideIcon,
  OctagonX,
  Pause,
  Pen,
  Phone,
  PhoneMissed,
  PhoneOff,
  PhoneOutgoing,
  Power,
  Shield,
  TriangleAlert,
  Voicemail,
  X,
} from 'lucide-react'
import type { AgentState, TrunkHealth } from '../live/shapes.ts'
import type { Tone } from './parts.tsx'

export type Look = { tone: Tone; icon: LucideIcon }

export const AGENT: Record<AgentState, Look> = {
  offline: { tone: 'pause', icon: Power },
  pause: { tone: 'pause', icon: Coffee },
  ready: { tone: 'ready', icon: Headphones },
  no_device: { tone: 'bad', icon: HeadphoneOff },
  reserved: { tone: 'ready', icon: PhoneOutgoing },
  previewing: { tone: 'ready', icon: PhoneOutgoing },
  dialing: { tone: 'ready', icon: PhoneOutgoing },
  talking: { tone: 'talk', icon: Phone },
  hold: { tone: 'talk', icon: Pause },
  consult: { tone: 'talk', icon: Phone },
  wrap_up: { tone: 'wrapup', icon: Pen },
  listening: { tone: 'talk', icon: Headphones },
}

const OUTCOME: Record<string, Look> = {
  answered_human: { tone: 'talk', icon: Phone },
  answered_machine: { tone: 'pause', icon: Voicemail },
  abandoned: { tone: 'bad', icon: PhoneMissed },
  no_answer: { tone: 'pause', icon: PhoneMissed },
  busy: { tone: 'pause', icon: PhoneOff },
  rejected: { tone: 'warn', icon: X },
  unreachable: { tone: 'pause', icon: PhoneOff },
  invalid_number: { tone: 'warn', icon: Ban },
  blocked_spam: { tone: 'warn', icon: Shield },
  blocked_label: { tone: 'warn', icon: Shield },
  congestion: { tone: 'bad', icon: TriangleAlert },
  trunk_error: { tone: 'bad', icon: TriangleAlert },
  unknown: { tone: 'warn', icon: TriangleAlert },
}

/** Look of a technical outcome; the ones without a look of their own are neutral. */
export function outcomeLook(outcome: string | null): Look {
  if (outcome?.startsWith('answered')) return OUTCOME[outcome] ?? { tone: 'pause', icon: Phone }
  return OUTCOME[outcome ?? 'unknown'] ?? { tone: 'pause', icon: PhoneOff }
}

const CAMPAIGN: Record<string, Look> = {
  draft: { tone: 'pause', icon: Pen },
  ready: { tone: 'ready', icon: Check },
  scheduled: { tone: 'ready', icon: Check },
  running: { tone: 'talk', icon: PhoneOutgoing },
  pausing: { tone: 'wrapup', icon: Pause },
  paused: { tone: 'wrapup', icon: Pause },
  completing: { tone: 'wrapup', icon: Check },
  completed: { tone: 'ok', icon: Check },
  failed: { tone: 'bad', icon: OctagonX },
}

export function campaignLook(state: string): Look {
  return CAMPAIGN[state] ?? { tone: 'pause', icon: Pen }
}

const TRUNK: Record<TrunkHealth, Look> = {
  ok: { tone: 'ok', icon: Check },
  unknown: { tone: 'pause', icon: CircleHelp },
  trial: { tone: 'wrapup', icon: PhoneOutgoing },
  paused: { tone: 'wrapup', icon: Pause },
  failing: { tone: 'bad', icon: TriangleAlert },
  open: { tone: 'bad', icon: OctagonX },
  down: { tone: 'bad', icon: OctagonX },
}

export function trunkLook(state: string): Look {
  return TRUNK[state as TrunkHealth] ?? TRUNK.unknown
}

/** Look of a saved result by its group. */
export function groupTone(group: string | null | undefined): Tone {
  if (group === 'success') return 'ok'
  if (group === 'later') return 'ready'
  if (group === 'stop') return 'bad'
  return 'pause'
}
