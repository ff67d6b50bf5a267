/* The live socket and the phone as React sees them: hooks over plain stores. */
import { useCallback, useEffect, useSyncExternalStore } from 'react'
import { LiveSocket, type Link } from '../live/socket.ts'
import { lastWhole } from '../live/whole.ts'
import { Phone, type PhoneView } from '../phone/phone.ts'
import { WebRtcDriver } from '../phone/webrtc.ts'

function address(): string {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  return `${scheme}://${location.host}/api/v1/live`
}

export const live = new LiveSocket(() => new WebSocket(address()))

const speaker = new Audio()
speaker.autoplay = true
document.body.append(speaker)

export const phone = new Phone(
  (report, blocked) => new WebRtcDriver(report, speaker, blocked),
  live,
)

live.onLink(() => {
  if (live.link === 'open') phone.tell('link_back')
})
navigator.mediaDevices?.addEventListener('devicechange', () => phone.tell('mic_back'))

const linkOn = (listener: () => void) => live.onLink(listener)

export function useLink(): Link {
  return useSyncExternalStore(linkOn, () => live.link)
}

export function usePhone(): PhoneView {
  return useSyncExternalStore(phone.subscribe, phone.snapshot)
}

/** The last known state of a topic; subscribes while the screen is shown. */
export function useTopic<T>(topic: string): T | undefined {
  useEffect(() => live.want(topic), [topic])
  const subscribe = useCallback(
    (listener: () => void) => live.store.subscribe(topic, listener),
    [topic],
  )
  return useSyncExternalStore(
    subscribe,
    () => lastWhole(topic, live.store.state(topic)) as T | undefined,
  )
}

/* One second hand for the whole page: countdowns step together, once a second of the server's clock. */
let second = Math.floor(live.clock.now() / 1000)
const hands = new Set<() => void>()
let hand = 0

function beat(): void {
  const now = live.clock.now()
  second = Math.floor(now / 1000)
  for (const listener of hands) listener()
  hand = window.setTimeout(beat, 1000 - (live.clock.now() % 1000) + 5)
}

function onSecond(listener: () => void): () => void {
  hands.add(listener)
  if (hands.size === 1) beat()
  return () => {
    hands.delete(listener)
    if (hands.size === 0) window.clearTimeout(hand)
  }
}

/** The server's time in ms, stepping once a second. */
export function useNow(): number {
  return useSyncExternalStore(onSecond, () => second) * 1000
}
