/* How long a frame of the floor takes with 200 operators, each of whom changes once a second:
   `node tests/frames.mjs [--agents N] [--seconds N]`. Tells the work of the page's main thread between
   one frame and the next, from Chromium's own trace, beside an empty page under the same load. */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { floor } from './fake/floor.mjs'
import { session } from './fake/office.mjs'
import { fake } from './fake/server.mjs'
import { openPage, openStage } from './fake/stage.mjs'

const { values } = parseArgs({
  options: {
    agents: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '20' },
    // How often the floor tells its picture (FLOOR_TOLD_S).
    tells: { type: 'string', default: '2' },
  },
})
const AGENTS = Number(values.agents)
const SECONDS = Number(values.seconds)
const TELLS = Number(values.tells)
const STATES = ['ready', 'reserved', 'talking', 'hold', 'wrap_up', 'pause']
const LIMIT_MS = 16

function crowd() {
  const picture = floor('ru')
  const people = Array.from({ length: AGENTS }, (_, index) => ({
    ...picture.agents[index % picture.agents.length],
    id: `u${index}`,
    attention: index % 40 === 0 ? 'help' : null,
  }))
  return { ...picture, agents: people }
}

/** The next picture: a share of the people has moved on to another state, in turn. */
function moved(picture, round) {
  const at = new Date(Date.parse(picture.at) + (round * 1000) / TELLS).toISOString()
  const agents = picture.agents.map((agent, index) => {
    if (index % TELLS !== round % TELLS) return agent
    const state = STATES[(index + Math.floor(round / TELLS)) % STATES.length]
    const talks = agent.talks_today + (state === 'wrap_up' ? 1 : 0)
    const day = { ...agent.day, talk_s: agent.day.talk_s + 1 }
    return { ...agent, state, since: at, talks_today: talks, day, reason: null }
  })
  return { at, agents }
}

/** Main-thread work between successive animation frames, and which of them changed the page. */
function framesOf(events) {
  const beats = events.filter((one) => one.name === 'FireAnimationFrame')
  const threads = new Map()
  for (const one of beats) {
    const key = `${one.pid}:${one.tid}`
    threads.set(key, (threads.get(key) ?? 0) + 1)
  }
  const main = [...threads].toSorted((one, other) => other[1] - one[1])[0]?.[0]
  const own = events.filter((one) => `${one.pid}:${one.tid}` === main)
  const at = own
    .filter((one) => one.name === 'FireAnimationFrame')
    .map((one) => one.ts)
    .toSorted((one, other) => one - other)
  const frames = at
    .slice(1)
    .map((end, index) => ({ from: at[index], end, wall: 0, cpu: 0, told: 0 }))
  const frameAt = (ts) => {
    let low = 0
    let high = frames.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (frames[middle].end <= ts) low = middle + 1
      else high = middle
    }
    return frames[low]
  }
  for (const one of own) {
    const frame = frames.length ? frameAt(one.ts) : undefined
    if (!frame || one.ts < frame.from) continue
    if (one.name === 'RunTask' || one.name === 'ThreadControllerImpl::RunTask') {
      frame.wall += (one.dur ?? 0) / 1000
      frame.cpu += (one.tdur ?? one.dur ?? 0) / 1000
    }
    if (one.name === 'TimeStamp' && one.args?.data?.message === 'told') frame.told += 1
  }
  return frames
}

const p95 = (numbers) => {
  const sorted = numbers.toSorted((one, other) => one - other)
  return sorted.length ? sorted[Math.ceil(sorted.length * 0.95) - 1] : null
}
const round = (number) => (number === null ? null : Math.round(number * 100) / 100)

/** Traces a page for a while; a frame that comes right after a change counts as changed too. */
async function traced(stage, page) {
  await page.evaluate(() => {
    const beat = () => requestAnimationFrame(beat)
    beat()
    const shown = document.querySelector('#root') ?? document.body
    new MutationObserver(() => console.timeStamp('told')).observe(shown, {
      subtree: true,
      childList: true,
      characterData: true,
      attributes: true,
    })
  })
  const browser = stage.browsers.ru
  await browser.startTracing(page, {
    categories: ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline'],
  })
  await page.waitForTimeout(SECONDS * 1000)
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString())
  const frames = framesOf(traceEvents)
  const changed = frames.filter((one) => one.told > 0)
  const tell = (some) => ({
    frames: some.length,
    p95_cpu_ms: round(p95(some.map((one) => one.cpu))),
    p95_wall_ms: round(p95(some.map((one) => one.wall))),
    most_cpu_ms: round(Math.max(0, ...some.map((one) => one.cpu))),
  })
  return { every: tell(frames), changed: tell(changed) }
}

const stage = await openStage(['ru'])
const viewport = { width: 1440, height: 900 }

const empty = await openPage(stage, { lang: 'ru', viewport })
await empty.page.goto(`${stage.built.address}/icon.svg`)
await empty.page.setContent('<title>empty</title><div id="root"></div>')
const beside = await traced(stage, empty.page)
await empty.context.close()

const opened = await openPage(stage, { lang: 'ru', viewport })
let picture = crowd()
let told = 0
let ticking
await fake(opened.page, {
  still: false,
  answers: { 'GET /session': session('ru', 'administrator'), 'GET /campaigns': { items: [] } },
  topics: { floor: picture },
  onLive: (tell) => {
    clearInterval(ticking)
    let n = 0
    ticking = setInterval(() => {
      n += 1
      told += 1
      const diff = moved(picture, n)
      picture = { ...picture, ...diff }
      tell({ topic: 'floor', n, diff })
    }, 1000 / TELLS)
  },
})
await opened.page.goto(`${stage.built.address}/floor`)
await opened.page.waitForFunction((n) => document.querySelectorAll('.tile').length === n, AGENTS)
const before = told
const measured = await traced(stage, opened.page)
clearInterval(ticking)
const tiles = await opened.page.locator('.tile').count()
await opened.context.close()
await stage.close()

const result = {
  agents: AGENTS,
  tiles,
  tells: told - before,
  seconds: SECONDS,
  limit_ms: LIMIT_MS,
  processor: `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores`,
  empty: beside,
  floor: measured,
}
// Fewer pictures than were due, or none that changed anything, would prove nothing.
result.ok =
  opened.wrong.length === 0 &&
  tiles === AGENTS &&
  result.tells >= SECONDS * TELLS * 0.8 &&
  measured.changed.frames >= SECONDS * TELLS * 0.5 &&
  measured.every.p95_cpu_ms < LIMIT_MS &&
  measured.changed.p95_cpu_ms < LIMIT_MS
process.stdout.write(`${JSON.stringify(result)}\n`)
process.exitCode = result.ok ? 0 : 1
