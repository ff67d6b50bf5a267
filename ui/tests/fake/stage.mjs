/* Opens a shot as somebody would see it: Chromium of that language, the built pages, an acted server.
   What is then looked at (a picture, faults, cut words) is up to the caller. */
import { chromium } from 'playwright-core'
import { engine, fake, serveBuilt } from './server.mjs'
import { voiceFile } from './voice.mjs'

// A machine that does much else loads a page slowly; that is no fault of the page.
const LOAD_MS = 120_000

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

/** Starts the browsers and the server of the built pages; `stage.close()` ends them. */
export async function openStage(langs = ['ru', 'en']) {
  const built = await serveBuilt()
  const browsers = {}
  const phones = {}
  for (const lang of langs) {
    browsers[lang] = await launch(lang === 'ru' ? 'ru-RU' : 'en-GB')
    phones[lang] = await engine(browsers[lang], built.address)
  }
  const close = async () => {
    await Promise.all(Object.values(browsers).map((browser) => browser.close()))
    built.close()
  }
  return { built, browsers, phones, close }
}

/** Opens a page for one language, theme and size; `wrong` gathers what the page complains of. */
export async function openPage(stage, { lang, theme = 'light', viewport, stored = {} }) {
  const context = await stage.browsers[lang].newContext({
    viewport,
    locale: lang === 'ru' ? 'ru-RU' : 'en-GB',
    timezoneId: lang === 'ru' ? 'Europe/Moscow' : 'America/New_York',
    permissions: ['microphone'],
  })
  const page = await context.newPage()
  page.setDefaultTimeout(LOAD_MS)
  const wrong = []
  const scripts = new Set()
  page.on(
    'request',
    (one) => one.resourceType() === 'script' && scripts.add(new URL(one.url()).pathname),
  )
  page.on('pageerror', (error) => wrong.push(String(error)))
  page.on(
    'console',
    (message) =>
      message.type() === 'error' && !/404|401/.test(message.text()) && wrong.push(message.text()),
  )
  await page.addInitScript(
    ([shownLang, shownTheme, kept]) => {
      localStorage.setItem('vyzov.lang', shownLang)
      localStorage.setItem('vyzov.theme', shownTheme)
      for (const [key, value] of Object.entries(kept)) localStorage.setItem(key, value)
    },
    [lang, theme, stored],
  )
  return { context, page, wrong, scripts }
}

/** Opens a shot and brings it into its state. */
export async function openShot(stage, shot, { lang, theme, viewport }) {
  const stored = shot.stored ? shot.stored(lang) : {}
  const opened = await openPage(stage, { lang, theme, viewport, stored })
  const { page } = opened
  await fake(page, { phone: shot.silent ? null : stage.phones[lang], ...shot.fake(lang) })
  await page.goto(stage.built.address + shot.path)
  await page.waitForSelector(shot.ready)
  if (shot.until) await page.waitForFunction(shot.until, null, { timeout: 10_000 })
  await page.clock.runFor(shot.run ?? 1000)
  if (shot.act) await shot.act(page, lang)
  await page.waitForTimeout(shot.wait ?? 150)
  return opened
}
