/* Stands in for the server inside a playwright page: canned answers, canned live states.
   Nothing of this is part of the shipped pages. */
import { createServer } from 'node:http'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NOW } from './desk.mjs'

const STATIC = fileURLToPath(new URL('../../../src/vyzov/web/static', import.meta.url))
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

/** Serves the built pages on a free loopback port; unknown addresses get index.html. */
export async function serveBuilt() {
  // Read once: a build going on beside us must not pull a page from under a picture.
  const names = await readdir(STATIC, { recursive: true, withFileTypes: true })
  const files = new Map()
  for (const entry of names.filter((one) => one.isFile())) {
    const file = join(entry.parentPath, entry.name)
    files.set(file.slice(STATIC.length), await readFile(file))
  }
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url, 'http://x').pathname)
    const file = extname(path) ? path : '/index.html'
    const body = files.get(file)
    if (!body) return response.writeHead(404).end()
    response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' })
    response.end(body)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${server.address().port}`
  return { address, files, close: () => server.close() }
}

/** A real WebRTC peer in a page of its own: answers offers as the engine would, with a fake voice. */
export async function engine(browser, address) {
  const context = await browser.newContext({ permissions: ['microphone'] })
  const page = await context.newPage()
  await page.goto(`${address}/icon.svg`)
  return {
    answer: (sdp) =>
      page.evaluate(async (offer) => {
        const voice = await navigator.mediaDevices.getUserMedia({ audio: true })
        const peer = new RTCPeerConnection()
        globalThis.peers = [...(globalThis.peers ?? []), peer]
        for (const track of voice.getTracks()) peer.addTrack(track, voice)
        await peer.setRemoteDescription({ type: 'offer', sdp: offer })
        await peer.setLocalDescription(await peer.createAnswer())
        if (peer.iceGatheringState !== 'complete') {
          await new Promise((resolve) => {
            peer.onicegatheringstatechange = () =>
              peer.iceGatheringState === 'complete' && resolve()
          })
        }
        return peer.localDescription.sdp
      }, sdp),
    heard: () =>
      page.evaluate(async () => {
        const stats = await globalThis.peers.at(-1).getStats()
        const inbound = [...stats.values()].find((one) => one.type === 'inbound-rtp')
        const codec = stats.get(inbound?.codecId)
        return { packets: inbound?.packetsReceived ?? 0, codec: codec?.mimeType ?? null }
      }),
  }
}

/** Answers a page's requests: `answers` maps "GET /path" to JSON or a function of the URL.
    The page's clock stands at NOW unless `still` is false; `onLive` is given the way to its socket. */
export async function fake(page, acted) {
  const { answers, topics, asked = () => ({}), phone = null, still = true, onLive } = acted
  if (still) await page.clock.install({ time: NOW })
  await page.route('**/api/v1/**', (route) => {
    const request = route.request()
    const url = new URL(request.url())
    const path = url.pathname.replace('/api/v1', '')
    const answer = answers[`${request.method()} ${path}`]
    if (answer === undefined)
      return route.fulfill({ status: 404, json: { code: 'not_found', detail: path } })
    const json = typeof answer === 'function' ? answer(url, request) : answer
    if (json?.status && json?.code) return route.fulfill({ status: json.status, json })
    return route.fulfill({ json, headers: { ETag: '"1"' } })
  })
  await page.routeWebSocket('**/api/v1/live', (socket) => {
    const tell = (frame) => socket.send(JSON.stringify(frame))
    socket.onMessage((text) => {
      const frame = JSON.parse(text)
      const topic = frame.subscribe ?? frame.resync
      if (topic && topics[topic]) tell({ topic, n: 0, snapshot: topics[topic] })
      if (!frame.do) return
      tell({ re: frame.id, ok: true, result: asked(frame) })
      if (frame.do === 'offer' && phone) {
        phone.answer(frame.sdp).then((sdp) => tell({ say: { device_answer: { sdp, leg: 'l1' } } }))
      }
    })
    tell({ hello: { server_time: new Date(NOW).toISOString(), version: 1 } })
    onLive?.(tell)
  })
}
