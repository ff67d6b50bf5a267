/* The microphone: asking for it, how loud it is, which one was used last. */

export type Headset = { deviceId: string | null; processing: boolean }

const KEY = 'vyzov.headset'
const FIRST: Headset = { deviceId: null, processing: true }

/** The remembered headset; processing (echo, noise, gain) is on until the person turns it off. */
export function rememberedHeadset(): Headset {
  try {
    return { ...FIRST, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Headset>) }
  } catch {
    return FIRST
  }
}

export function rememberHeadset(change: Partial<Headset>): Headset {
  const next = { ...rememberedHeadset(), ...change }
  localStorage.setItem(KEY, JSON.stringify(next))
  return next
}

/** Opens the microphone with the remembered settings; falls back to any device if that one is not plugged in. */
export async function openMicrophone(headset = rememberedHeadset()): Promise<MediaStream> {
  const audio: MediaTrackConstraints = {
    channelCount: 1,
    echoCancellation: headset.processing,
    noiseSuppression: headset.processing,
    autoGainControl: headset.processing,
  }
  if (headset.deviceId) audio.deviceId = { ideal: headset.deviceId }
  return navigator.mediaDevices.getUserMedia({ audio })
}

export function closeStream(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop()
}

/** Level of a sound block 0..1 on a scale of decibels: -60 dB and below is 0, full scale is 1. */
export function levelOf(samples: Float32Array): number {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  const rms = Math.sqrt(sum / Math.max(samples.length, 1))
  if (rms <= 0) return 0
  return Math.min(1, Math.max(0, 1 + (20 * Math.log10(rms)) / 60))
}

/** Measures a stream; `read()` gives the level now, `close()` frees the audio context. */
export class Meter {
  private readonly context = new AudioContext()
  private readonly analyser = this.context.createAnalyser()
  private readonly block: Float32Array<ArrayBuffer>

  constructor(stream: MediaStream) {
    this.analyser.fftSize = 1024
    this.block = new Float32Array(this.analyser.fftSize)
    this.context.createMediaStreamSource(stream).connect(this.analyser)
    void this.context.resume()
  }

  read(): number {
    this.analyser.getFloatTimeDomainData(this.block)
    return levelOf(this.block)
  }

  close(): void {
    void this.context.close()
  }
}

/** Plays a short two-note tone so that the person hears where the sound comes out. */
export function playTone(): void {
  const context = new AudioContext()
  const gain = context.createGain()
  gain.gain.value = 0.12
  gain.connect(context.destination)
  for (const [at, hertz] of [
    [0, 523],
    [0.22, 659],
  ] as const) {
    const tone = context.createOscillator()
    tone.frequency.value = hertz
    tone.connect(gain)
    tone.start(context.currentTime + at)
    tone.stop(context.currentTime + at + 0.2)
  }
  window.setTimeout(() => void context.close(), 800)
}
