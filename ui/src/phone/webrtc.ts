/* The browser's leg over WebRTC: one microphone, one peer connection, one audio element.
   Reports events and carries out commands; when to do what is decided in `machine.ts`. */
import { closeStream, openMicrophone } from './microphone.ts'
import type { PhoneEvent } from './machine.ts'

const GATHER_WITHIN_MS = 2_000
const DISCONNECTED_FOR_MS = 3_000
/* The engine speaks G.711 without transcoding; Opus is for browsers that refuse it. */
const CODECS = ['audio/pcma', 'audio/pcmu', 'audio/opus', 'audio/telephone-event']

export type DriverReport = (event: PhoneEvent, detail?: string) => void

/** What `phone.ts` needs from a way of carrying sound; a SIP driver can stand here as well. */
export interface PhoneDriver {
  askMic(): Promise<void>
  offer(): Promise<string>
  accept(sdp: string): Promise<void>
  hang(): void
  mute(on: boolean): void
  playBlocked(): Promise<boolean>
  microphone(): MediaStream | null
}

/** Codecs in the order we ask for them; others (video redundancy, comfort noise) are left out. */
export function inOurOrder<T extends { mimeType: string }>(codecs: readonly T[]): T[] {
  const rank = (codec: T) => CODECS.indexOf(codec.mimeType.toLowerCase())
  return codecs.filter((codec) => rank(codec) >= 0).toSorted((a, b) => rank(a) - rank(b))
}

function gathered(peer: RTCPeerConnection): Promise<void> {
  if (peer.iceGatheringState === 'complete') return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      window.clearTimeout(timer)
      resolve()
    }
    const timer = window.setTimeout(done, GATHER_WITHIN_MS)
    peer.addEventListener('icegatheringstatechange', () => {
      if (peer.iceGatheringState === 'complete') done()
    })
  })
}

export class WebRtcDriver implements PhoneDriver {
  private stream: MediaStream | null = null
  private peer: RTCPeerConnection | null = null
  private muted = false
  private shaky = 0

  constructor(
    private readonly report: DriverReport,
    private readonly audio: HTMLAudioElement,
    private readonly blocked: (on: boolean) => void,
  ) {}

  async askMic(): Promise<void> {
    try {
      if (!this.alive()) this.stream = await openMicrophone()
    } catch (error) {
      const name = error instanceof DOMException ? error.name : ''
      return this.report('mic_refused', name === 'NotFoundError' ? 'mic_missing' : 'mic_refused')
    }
    const track = this.stream?.getAudioTracks()[0]
    if (!track) return this.report('mic_refused', 'mic_missing')
    track.onended = () => this.report('mic_gone', 'mic_gone')
    track.enabled = !this.muted
    this.report('mic_given')
  }

  async offer(): Promise<string> {
    this.drop()
    const track = this.stream?.getAudioTracks()[0]
    if (!this.stream || !track)
      throw new Error('The microphone is closed: ask for it before offering.')
    const peer = new RTCPeerConnection({ iceServers: [], bundlePolicy: 'max-bundle' })
    this.peer = peer
    const line = peer.addTransceiver(track, { direction: 'sendrecv', streams: [this.stream] })
    const known = RTCRtpReceiver.getCapabilities('audio')?.codecs ?? []
    const chosen = inOurOrder(known)
    if (chosen.length > 0) line.setCodecPreferences(chosen)
    peer.addEventListener(
      'track',
      (event) => void this.play(event.streams[0] ?? new MediaStream([event.track])),
    )
    peer.addEventListener('connectionstatechange', () => this.changed(peer))
    await peer.setLocalDescription(await peer.createOffer())
    await gathered(peer)
    return peer.localDescription?.sdp ?? ''
  }

  async accept(sdp: string): Promise<void> {
    await this.peer?.setRemoteDescription({ type: 'answer', sdp })
  }

  hang(): void {
    this.drop()
    for (const track of this.stream?.getTracks() ?? []) track.onended = null
    closeStream(this.stream)
    this.stream = null
    this.audio.srcObject = null
    this.blocked(false)
  }

  mute(on: boolean): void {
    this.muted = on
    for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = !on
  }

  /** Tries again to play what the browser refused to play without a gesture; true when it sounds. */
  async playBlocked(): Promise<boolean> {
    try {
      await this.audio.play()
      this.blocked(false)
      return true
    } catch {
      return false
    }
  }

  microphone(): MediaStream | null {
    return this.stream
  }

  private async play(stream: MediaStream): Promise<void> {
    this.audio.srcObject = stream
    try {
      await this.audio.play()
      this.blocked(false)
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotAllowedError') this.blocked(true)
    }
  }

  private changed(peer: RTCPeerConnection): void {
    if (peer !== this.peer) return
    window.clearTimeout(this.shaky)
    if (peer.connectionState === 'connected') this.report('media_up')
    if (peer.connectionState === 'failed') this.report('media_lost', 'network')
    if (peer.connectionState === 'disconnected') {
      this.shaky = window.setTimeout(
        () => this.report('media_lost', 'network'),
        DISCONNECTED_FOR_MS,
      )
    }
  }

  private alive(): boolean {
    return this.stream?.getAudioTracks().some((track) => track.readyState === 'live') ?? false
  }

  private drop(): void {
    window.clearTimeout(this.shaky)
    const peer = this.peer
    this.peer = null
    peer?.close()
  }
}
