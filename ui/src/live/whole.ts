/* Gives a topic's state its null members back. The server leaves them out, because a merge patch
   cannot carry a null (RFC 7386); a state of which nothing is known yet is undefined. Pure. */
import type { Json } from './patch.ts'

type Obj = { [key: string]: Json }

const obj = (value: Json | undefined): Obj | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined

const or = (value: Json | undefined, empty: Obj): Json => {
  const known = obj(value)
  return known ? { ...empty, ...known } : null
}

const TIMES = { answered_at: null, bridged_at: null, ended_at: null }
const CARD = { waits_for: null, promised_at: null }
const WRAP = { until: null, result: null, undo_until: null }
const DEVICE: Obj = { codec: null, rtt_ms: null, loss_share: null, kind: 'browser', phone: null }
const CONTACT = {
  zone: null,
  utc_offset_minutes: null,
  window: null,
  may_call_until: null,
  list: null,
  note: null,
}

function device(state: Json | undefined): Json {
  const known = { ...DEVICE, ...obj(state) }
  const phone = obj(known.phone)
  return { ...known, phone: phone ? { why: null, ...phone } : null }
}

function desk(state: Obj): Obj | undefined {
  if (!obj(state.agent) || !obj(state.device)) return undefined
  const call = obj(state.call)
  const contact = obj(call?.contact)
  const card = obj(state.card)
  return {
    ...state,
    agent: or(state.agent, { reason: null }),
    device: device(state.device),
    today: or(state.today, { occupancy: null }),
    call: call ? { ...TIMES, ...call, contact: contact ? { ...CONTACT, ...contact } : {} } : null,
    card: card ? { ...CARD, ...card, contact: { ...CONTACT, ...obj(card.contact) } } : null,
    not_dialled: state.not_dialled ?? null,
    messages: state.messages ?? [],
    led: state.led ?? null,
    wrap_up: or(state.wrap_up, WRAP),
    empty: or(state.empty, { until: null }),
  }
}

function campaign(state: Obj): Obj | undefined {
  if (!obj(state.pace)) return undefined
  return {
    ...state,
    pace: or(state.pace, { lines_per_agent: null, why: null, longest_wait_s: null }),
    abandon: or(state.abandon, { share: null }),
    progress: state.progress ?? null,
  }
}

const floor = (state: Obj): Obj | undefined => (Array.isArray(state.agents) ? state : undefined)

const done = new WeakMap<object, Obj | null>()

/** Returns the whole state of a topic, the same object for the same state; undefined if unknown. */
export function whole(topic: string, state: Json | undefined): Obj | undefined {
  const known = obj(state)
  if (!known) return undefined
  let made = done.get(known)
  if (made === undefined) {
    const make = topic === 'desk' ? desk : topic === 'floor' ? floor : campaign
    made = make(known) ?? null
    done.set(known, made)
  }
  return made ?? undefined
}

const kept = new Map<string, Obj>()
const away = new WeakMap<Obj, Obj>()

/** The whole state, or, while the floor cannot say how things stand, the last one marked `away`. */
export function lastWhole(topic: string, state: Json | undefined): Obj | undefined {
  const now = whole(topic, state)
  if (now) kept.set(topic, now)
  if (now) return now
  if (state === undefined) kept.delete(topic)
  const last = kept.get(topic)
  if (!last) return undefined
  const made = away.get(last) ?? { ...last, floor: 'away' }
  away.set(last, made)
  return made
}
