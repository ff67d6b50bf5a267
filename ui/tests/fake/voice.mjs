/* A file with something like a voice for Chromium's fake microphone: a tone that swells and falls. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const RATE = 48_000

export function voiceFile() {
  const samples = RATE * 4
  const wav = Buffer.alloc(44 + samples * 2)
  wav.write('RIFF', 0)
  wav.writeUInt32LE(36 + samples * 2, 4)
  wav.write('WAVEfmt ', 8)
  wav.writeUInt32LE(16, 16)
  wav.writeUInt16LE(1, 20)
  wav.writeUInt16LE(1, 22)
  wav.writeUInt32LE(RATE, 24)
  wav.writeUInt32LE(RATE * 2, 28)
  wav.writeUInt16LE(2, 32)
  wav.writeUInt16LE(16, 34)
  wav.write('data', 36)
  wav.writeUInt32LE(samples * 2, 40)
  for (let index = 0; index < samples; index++) {
    const at = index / RATE
    const swell = 0.35 + 0.25 * Math.sin(at * 9) * Math.sin(at * 2.3)
    const tone = Math.sin(at * 2 * Math.PI * 220) + 0.4 * Math.sin(at * 2 * Math.PI * 660)
    wav.writeInt16LE(Math.round(tone * swell * 12_000), 44 + index * 2)
  }
  const file = join(mkdtempSync(join(tmpdir(), 'vyzov-voice-')), 'voice.wav')
  writeFileSync(file, wav)
  return file
}
