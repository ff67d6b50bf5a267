/* Takes the pictures of every screen for docs/shots: `npm run build && npm run shots [name…]`.
   Also fails when a page logs an error or something is wider than the window. */
import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { engine, fake, serveBuilt } from './fake/server.mjs'
import { toPalette } from './fake/palette.mjs'
import { voiceFile } from './fake/voice.mjs'
import { SHOTS } from './fake/shots.mjs'

const OUT = fileURLToPath(new URL('../../docs/shots/', import.meta.url))
const FULL = ['ru-light', 'en-dark']
const MAX_BYTES = 200_000

const only = process.argv.slice(2)
// Dates in native fields follow the browser's own language, so each language has a browser of its own.
const launch = (lang) =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      `--use-file-for-fake-audio-capture=${voiceFile()}`,
      `--lang=${lang}`,
    ],
    env: { ...process.env, LANGUAGE: lang },
  })
const browsers = { ru: await launch('ru-RU'), en: await launch('en-GB') }
const built = await serveBuilt()
const phones = {
  ru: await engine(browsers.ru, built.address),
  en: await engine(browsers.en, built.address),
}
await mkdir(OUT, { recursive: true })
let failures = 0

async function take(shot, variant) {
  const [lang, theme, width = '1440'] = variant.split('-')
  const size = { width: Number(width), height: shot.height ?? (Number(width) < 640 ? 860 : 900) }
  const context = await browsers[lang].newContext({
    viewport: size,
    locale: lang === 'ru' ? 'ru-RU' : 'en-GB',
    timezoneId: lang === 'ru' ? 'Europe/Moscow' : 'America/New_York',
    permissions: ['microphone'],
  })
  const page = await context.newPage()
  const wrong = []
  page.on('pageerror', (error) => wrong.push(String(error)))
  page.on(
    'console',
    (message) =>
      message.type() === 'error' && !/404|401/.test(message.text()) && wrong.push(message.text()),
  )
  await page.addInitScript(
    ([shownLang, shownTheme, stored]) => {
      localStorage.setItem('vyzov.lang', shownLang)
      localStorage.setItem('vyzov.theme', shownTheme)
      for (const [key, value] of Object.entries(stored)) localStorage.setItem(key, value)
    },
    [lang, theme, shot.stored ? shot.stored(lang) : {}],
  )
  await fake(page, { phone: shot.silent ? null : phones[lang], ...shot.fake(lang) })
  await page.goto(built.address + shot.path)
  await page.waitForSelector(shot.ready)
  if (shot.until) await page.waitForFunction(shot.until, null, { timeout: 10_000 })
  await page.clock.runFor(shot.run ?? 1000)
  if (shot.act) await shot.act(page, lang)
  await page.waitForTimeout(shot.wait ?? 150)
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
await Promise.all(Object.values(browsers).map((browser) => browser.close()))
built.close()
process.exitCode = failures ? 1 : 0
