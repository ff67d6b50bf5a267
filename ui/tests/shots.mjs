/* Takes the pictures of every screen for docs/shots: `npm run build && npm run shots [name…]`.
   Also fails when a page logs an error or something is wider than the window. */
import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { toPalette } from './fake/palette.mjs'
import { SHOTS } from './fake/shots.mjs'
import { openShot, openStage } from './fake/stage.mjs'

const OUT = fileURLToPath(new URL('../../docs/shots/', import.meta.url))
const FULL = ['ru-light', 'en-dark']
const MAX_BYTES = 200_000

const only = process.argv.slice(2)
const stage = await openStage()
await mkdir(OUT, { recursive: true })
let failures = 0

async function take(shot, variant) {
  const [lang, theme, width = '1440'] = variant.split('-')
  const size = { width: Number(width), height: shot.height ?? (Number(width) < 640 ? 860 : 900) }
  const { context, page, wrong } = await openShot(stage, shot, { lang, theme, viewport: size })
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  if (wide > 0) wrong.push(`${wide} px wider than the window`)
  const name = `${shot.name}.${variant}.png`
  if (shot.full) {
    const height = await page.evaluate(() => document.documentElement.scrollHeight)
    await page.setViewportSize({ width: size.width, height: Math.max(size.height, height) })
  }
  const picture = toPalette(await page.screenshot({ fullPage: Boolean(shot.full) }))
  await writeFile(OUT + name, picture)
  const bytes = picture.length
  if (bytes > MAX_BYTES) wrong.push(`${bytes} bytes, more than ${MAX_BYTES}`)
  process.stdout.write(`${wrong.length ? 'WRONG' : 'ok'} ${name} ${wrong.join(' | ')}\n`)
  failures += wrong.length
  await context.close()
}

for (const shot of SHOTS) {
  if (only.length && !only.some((name) => shot.name.includes(name))) continue
  for (const variant of [...FULL, ...(shot.also ?? [])]) await take(shot, variant)
}
await stage.close()
process.exitCode = failures ? 1 : 0
