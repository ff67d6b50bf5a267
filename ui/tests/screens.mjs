/* Looks at every shot as a person who cannot see it well would: `node tests/screens.mjs [options] [name…]`.
   axe in both themes, cut words at every width, both languages, and how much script the first load takes.
   Prints a line for each shot that has a fault and one JSON object at the end. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import { parseArgs } from 'node:util'
import { cutWords } from './fake/cut.mjs'
import { SHOTS } from './fake/shots.mjs'
import { openShot, openStage } from './fake/stage.mjs'

const { values, positionals: only } = parseArgs({
  allowPositionals: true,
  options: {
    langs: { type: 'string', default: 'ru,en' },
    widths: { type: 'string', default: '1024,1280,1440,1920' },
    planted: { type: 'string', default: '' },
  },
})
const LANGS = values.langs.split(',')
const WIDTHS = values.widths.split(',').map(Number)
const THEMES = ['light', 'dark']
const GRAVE = new Set(['serious', 'critical'])
const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

// Faults put in on purpose show that each judge sees: a word without contrast, a word cut in two.
const PLANTED = {
  contrast: () => {
    const words = document.createElement('p')
    words.textContent = 'nobody can read these words'
    words.style.cssText = 'position:fixed;top:90px;left:90px;z-index:99;color:#777;background:#888'
    document.body.append(words)
  },
  cut: () => {
    const words = document.createElement('p')
    words.textContent = 'nobody can read the end of this'
    words.style.cssText = 'width:70px;overflow:hidden;white-space:nowrap;position:fixed;top:90px'
    document.body.append(words)
  },
}

async function axeFaults(page, theme) {
  await page.evaluate((shown) => (document.documentElement.dataset.theme = shown), theme)
  // The second theme changes colours only, so only what depends on them is asked again.
  const rules = theme === THEMES[0] ? {} : { runOnly: ['color-contrast', 'link-in-text-block'] }
  const violations = await page.evaluate(async (asked) => {
    const told = await globalThis.axe.run(document, { resultTypes: ['violations'], ...asked })
    return told.violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      where: nodes.slice(0, 4).map((node) => String(node.target)),
      why: nodes[0].failureSummary.split('\n').at(-1).trim(),
    }))
  }, rules)
  return violations.filter((one) => GRAVE.has(one.impact)).map((one) => ({ theme, ...one }))
}

/** A screen that could not be brought up is a fault of its own, and no reason to leave out the others. */
const unseen = (shot, lang, error) => ({
  name: shot.name,
  lang,
  axe: [],
  cut: [],
  wrong: [String(error)],
  script: 0,
})

async function look(stage, shot, lang) {
  const viewport = { width: 1440, height: shot.height ?? 900 }
  const told = { name: shot.name, lang, axe: [], cut: [], wrong: [], script: 0 }
  const { context, page, wrong, scripts } = await openShot(stage, shot, { lang, viewport })
  try {
    if (values.planted) await page.evaluate(PLANTED[values.planted])
    told.script = [...scripts].reduce((sum, path) => sum + stage.packed(path), 0)
    // What moves or fades is looked at where it comes to rest.
    await page.addStyleTag({ content: '*, ::before, ::after { transition: none !important }' })
    await page.evaluate(AXE)
    for (const theme of THEMES) told.axe.push(...(await axeFaults(page, theme)))
    for (const width of WIDTHS) {
      await page.setViewportSize({ ...viewport, width })
      await page.waitForTimeout(60)
      const cut = await page.evaluate(cutWords)
      told.cut.push(...cut.map((one) => ({ width, ...one })))
    }
  } finally {
    told.wrong = wrong
    await context.close()
  }
  return told
}

const stage = await openStage(LANGS)
const sizes = new Map()
stage.packed = (path) => {
  if (!sizes.has(path)) sizes.set(path, gzipSync(stage.built.files.get(path) ?? '').length)
  return sizes.get(path)
}
const looked = []
for (const shot of SHOTS) {
  if (only.length && !only.includes(shot.name)) continue
  for (const lang of LANGS) {
    const told = await look(stage, shot, lang).catch((error) => unseen(shot, lang, error))
    looked.push(told)
    const faults = told.axe.length + told.cut.length + told.wrong.length
    process.stderr.write(`${faults ? 'WRONG' : 'ok'} ${shot.name} ${lang}\n`)
    for (const one of [...told.axe, ...told.cut, ...told.wrong])
      process.stderr.write(`    ${typeof one === 'string' ? one : JSON.stringify(one)}\n`)
  }
}
await stage.close()
const count = (what) => looked.reduce((sum, one) => sum + one[what].length, 0)
const summary = {
  shots: new Set(looked.map((one) => one.name)).size,
  looks: looked.length * (THEMES.length + WIDTHS.length),
  axe: count('axe'),
  cut: count('cut'),
  wrong: count('wrong'),
  script_most_bytes: Math.max(0, ...looked.map((one) => one.script)),
}
process.stdout.write(`${JSON.stringify({ ...summary, looked })}\n`)
process.exitCode = summary.axe + summary.cut + summary.wrong || !looked.length ? 1 : 0
