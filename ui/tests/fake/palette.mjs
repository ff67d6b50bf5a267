/* Re-encodes a screenshot as a palette PNG (at most 256 colours) so that pictures in the docs stay small.
   Flat screens lose nothing the eye can see. PNG: ISO/IEC 15948, sections 9 (filters) and 11 (chunks). */
import { deflateSync, inflateSync, crc32 as zlibCrc32 } from 'node:zlib'

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const COLOURS = 256

const table = Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c >>> 0
})
function crc32(data) {
  if (zlibCrc32) return zlibCrc32(data)
  let c = 0xffffffff
  for (const byte of data) c = table[(c ^ byte) & 0xff] ^ (c >>> 8)
  return (c ^ 0xffffffff) >>> 0
}

function chunks(png) {
  const found = []
  for (let at = 8; at < png.length;) {
    const size = png.readUInt32BE(at)
    found.push({
      type: png.toString('latin1', at + 4, at + 8),
      data: png.subarray(at + 8, at + 8 + size),
    })
    at += size + 12
  }
  return found
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const out = Buffer.alloc(body.length + 8)
  out.writeUInt32BE(data.length, 0)
  body.copy(out, 4)
  out.writeUInt32BE(crc32(body), body.length + 4)
  return out
}

function paeth(a, b, c) {
  const p = a + b - c
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)]
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c
}

/** Undoes the row filters; returns plain samples. */
function unfilter(raw, height, stride, size) {
  const out = Buffer.alloc(height * stride)
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)]
    for (let x = 0; x < stride; x++) {
      const value = raw[y * (stride + 1) + 1 + x]
      const left = x >= size ? out[y * stride + x - size] : 0
      const up = y > 0 ? out[(y - 1) * stride + x] : 0
      const corner = y > 0 && x >= size ? out[(y - 1) * stride + x - size] : 0
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter]
      out[y * stride + x] = (value + guess) & 0xff
    }
  }
  return out
}

/** Half of the palette are the most frequent colours, half those farthest from what is chosen already,
    so that a small red icon stays red. Near colours are counted together. */
function paletteOf(pixels, size) {
  const exact = new Map()
  for (let at = 0; at < pixels.length; at += size) {
    const colour = (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2]
    exact.set(colour, (exact.get(colour) ?? 0) + 1)
  }
  const bins = new Map()
  for (const [colour, count] of [...exact].toSorted((a, b) => b[1] - a[1])) {
    const [r, g, b] = [colour >> 16, (colour >> 8) & 0xff, colour & 0xff]
    const key = ((r >> 2) << 12) | ((g >> 2) << 6) | (b >> 2)
    const bin = bins.get(key) ?? bins.set(key, [0, r, g, b, Infinity]).get(key)
    bin[0] += count
  }
  const all = [...bins.values()].toSorted((a, b) => b[0] - a[0])
  const chosen = all.splice(0, COLOURS / 2)
  const away = (bin, [, r, g, b]) =>
    (bin[1] - r) ** 2 * 2 + (bin[2] - g) ** 2 * 4 + (bin[3] - b) ** 2
  for (const bin of all) for (const other of chosen) bin[4] = Math.min(bin[4], away(bin, other))
  while (chosen.length < COLOURS && all.length > 0) {
    let best = 0
    for (const [index, bin] of all.entries()) {
      if (bin[4] * Math.sqrt(bin[0]) > all[best][4] * Math.sqrt(all[best][0])) best = index
    }
    const [taken] = all.splice(best, 1)
    chosen.push(taken)
    for (const bin of all) bin[4] = Math.min(bin[4], away(bin, taken))
  }
  return chosen
}

export function toPalette(png) {
  const parts = chunks(png)
  const head = parts[0].data
  const [width, height, type] = [head.readUInt32BE(0), head.readUInt32BE(4), head[9]]
  const size = type === 6 ? 4 : 3
  const raw = inflateSync(
    Buffer.concat(parts.filter((part) => part.type === 'IDAT').map((part) => part.data)),
  )
  const pixels = unfilter(raw, height, width * size, size)
  const palette = paletteOf(pixels, size)
  const known = new Map()
  const nearest = (r, g, b) => {
    const key = (r << 16) | (g << 8) | b
    if (known.has(key)) return known.get(key)
    let best = 0
    let distance = Infinity
    for (const [index, [, pr, pg, pb]] of palette.entries()) {
      const d = (pr - r) ** 2 * 2 + (pg - g) ** 2 * 4 + (pb - b) ** 2
      if (d < distance) [best, distance] = [index, d]
    }
    known.set(key, best)
    return best
  }
  const rows = Buffer.alloc(height * (width + 1))
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * size
      rows[y * (width + 1) + 1 + x] = nearest(pixels[at], pixels[at + 1], pixels[at + 2])
    }
  }
  const ihdr = Buffer.from(head)
  ihdr[8] = 8
  ihdr[9] = 3
  const plte = Buffer.from(palette.flatMap(([, r, g, b]) => [r, g, b]))
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', ihdr),
    chunk('PLTE', plte),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
