/* Records a prompt with the microphone and makes a WAV of it; what becomes of it is the server's word. */
import { closeStream, openMicrophone } from '../phone/microphone.ts'

const RATE = 16_000

/** True where browsers give the microphone at all: https and this very machine. */
export const mayRecord = () => window.isSecureContext && 'mediaDevices' in navigator

/** A WAV file of 16-bit mono PCM; samples beyond full scale are cut there. */
export function wavOf(samples: Float32Array, rate: number): Blob {
  const bytes = samples.length * 2
  const view = new DataView(new ArrayBuffer(44 + bytes))
  const word = (at: number, text: string) =>
    [...text].forEach((letter, place) => view.setUint8(at + place, letter.charCodeAt(0)))
  word(0, 'RIFF')
  view.setUint32(4, 36 + bytes, true)
  word(8, 'WAVEfmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true)
  view.setUint16(22, 1, true)
  view.setUint32(24, rate, true)
  view.setUint32(28, rate * 2, true)
  view.setUint16(32, 2, true)
  view.setUint16(34, 16, true)
  word(36, 'data')
  view.setUint32(40, bytes, true)
  samples.forEach((sample, place) => {
    const cut = Math.max(-1, Math.min(1, sample))
    view.setInt16(44 + 2 * place, Math.round(cut * 32_767), true)
  })
  return new Blob([view], { type: 'audio/wav' })
}

async function decoded(taken: Blob): Promise<Float32Array> {
  const context = new AudioContext()
  try {
    const sound = await context.decodeAudioData(await taken.arrayBuffer())
    const length = Math.max(1, Math.ceil(sound.duration * RATE))
    const offline = new OfflineAudioContext(1, length, RATE)
    const source = offline.createBufferSource()
    source.buffer = sound
    source.connect(offline.destination)
    source.start()
    return (await offline.startRendering()).getChannelData(0)
  } finally {
    void context.close()
  }
}

export type Recording = { stop: () => Promise<Blob>; drop: () => void }

/** Opens the microphone and records until `stop`, which gives the WAV, or `drop`. */
export async function record(): Promise<Recording> {
  const stream = await openMicrophone()
  const recorder = new MediaRecorder(stream)
  const pieces: Blob[] = []
  recorder.addEventListener('dataavailable', (event) => pieces.push(event.data))
  const ended = new Promise<void>((resolve) => {
    recorder.addEventListener('stop', () => resolve(), { once: true })
  })
  recorder.start()
  const end = async () => {
    if (recorder.state !== 'inactive') recorder.stop()
    await ended
    closeStream(stream)
  }
  return {
    stop: async () => {
      await end()
      const taken = new Blob(pieces, { type: recorder.mimeType })
      return wavOf(await decoded(taken), RATE)
    },
    drop: () => void end(),
  }
}
