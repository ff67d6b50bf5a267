/* Pictures of prompts, of a flow being built and of one on trial. */
import { campaign } from './office.mjs'
import { checked, checkedWrong, FLOW, prompts, walk, WRONG_FLOW } from './prompts.mjs'

const agentless = (lang, flow) => {
  const one = campaign(lang)
  return { ...one, mode: 'agentless', settings: { ...one.settings, flow } }
}

const answers = (flow, told) => (lang) => ({
  'GET /campaigns/k3': agentless(lang, flow),
  'GET /prompts': prompts(lang),
  'POST /flows/check': told,
  'POST /flows/walk': walk,
})

export const flowShots = (officeShot) => [
  officeShot('prompts', '/prompts', 'table.prompts', {
    answers: (lang) => ({ 'GET /prompts': prompts(lang) }),
    also: ['ru-light-1024', 'ru-light-400'],
  }),
  officeShot('prompts-empty', '/prompts', '.empty', {
    answers: (lang) => ({ 'GET /prompts': prompts(lang, false) }),
  }),
  officeShot('prompt-refused', '/prompts', 'table.prompts', {
    answers: (lang) => ({
      'GET /prompts': prompts(lang),
      'POST /prompts': {
        // Pages log a refused request; a 404 is taken for what it is here.
        status: 404,
        code: 'invalid_request',
        fields: [{ field: 'file', detail: '', reason: 'audio_clipped', args: {} }],
      },
    }),
    act: async (page) => {
      await page.locator('header .btn.primary').click()
      await page.locator('dialog .mono').fill('offer')
      const file = { name: 'offer.wav', mimeType: 'audio/wav', buffer: Buffer.from('RIFF') }
      await page.setInputFiles('dialog input[type=file]', file)
      await page.locator('dialog .btn.primary').click()
      await page.waitForSelector('dialog [role=alert]')
    },
  }),
  officeShot('flow', '/campaigns/k3', '.flowfields', {
    answers: answers(FLOW, checked),
    also: ['ru-light-1024', 'ru-light-400'],
  }),
  officeShot('flow-wrong', '/campaigns/k3', '.flowfields', {
    answers: answers(WRONG_FLOW, checkedWrong),
    act: async (page) => {
      await page.waitForSelector('.flowstep .chip')
      await page.locator('.flowstep').last().click()
    },
  }),
  officeShot('flow-trial', '/campaigns/k3', '.flowfields', {
    answers: answers(FLOW, checked),
    also: ['ru-light-400'],
    act: async (page) => {
      await page.locator('.stack.g3 > .row.wrap > .btn.s').first().click()
      await page.locator('dialog .btn.primary').click()
      await page.waitForSelector('.told li')
    },
  }),
]
