import { chromium } from 'playwright-core'
const [,, pass] = process.argv
const base='http://127.0.0.1:18092'
const { voiceFile } = await import('./tests/fake/voice.mjs')
const b = await chromium.launch({ executablePath:'/usr/bin/chromium', args:['--no-sandbox','--use-fake-device-for-media-stream','--use-fake-ui-for-media-stream','--allow-loopback-in-peer-connection',`--use-file-for-fake-audio-capture=${voiceFile()}`]})
const open = async (login, lang, theme) => {
  const c = await b.newContext({ viewport:{width:1440,height:900}, permissions:['microphone'], locale: lang==='ru'?'ru-RU':'en-GB' })
  const p = await c.newPage()
  p.on('pageerror', e=>console.log(login,'PAGEERROR',String(e).slice(0,300)))
  p.on('console', m=>m.type()==='error'&&console.log(login,'CONSOLE',m.text().slice(0,300)))
  p.on('response', r=>r.status()>=400&&console.log(login,r.status(),r.request().method(),r.url()))
  await p.addInitScript(([l,t])=>{ if(!localStorage.getItem('vyzov.lang')){localStorage.setItem('vyzov.lang',l);} localStorage.setItem('vyzov.theme',t)},[lang,theme])
  await p.goto(base)
  await p.fill('input[name=login]', login); await p.fill('#password', pass); await p.keyboard.press('Enter')
  await p.waitForSelector('.nav')
  return p
}
const shot=(p,n,full)=>p.screenshot({path:`/tmp/gdemo/shots/${n}.png`, fullPage:!!full})
const boss = await open('boss','ru','light')
await boss.waitForTimeout(3000); await shot(boss,'floor')
const anna = await open('anna','ru','light')
await anna.waitForTimeout(800); await shot(anna,'desk-off')
await anna.keyboard.press('p')
for (let i=0;i<60;i++){ await anna.waitForTimeout(1000); if(await anna.locator('.ctl .btn.danger').count()) break }
await anna.waitForTimeout(1500); await shot(anna,'desk-call')
await shot(boss,'floor2')
await anna.keyboard.press('m'); await anna.waitForTimeout(500); await shot(anna,'desk-muted')
await anna.keyboard.press('m'); await anna.keyboard.press('e'); await anna.waitForTimeout(900); await shot(anna,'desk-wrap')
await anna.keyboard.press('3'); await anna.waitForTimeout(600); await shot(anna,'desk-callback')
await anna.locator('.callback .btn.s').first().click(); await anna.keyboard.press('Enter'); await anna.waitForTimeout(900); await shot(anna,'desk-saved')
await anna.keyboard.press('u'); await anna.waitForTimeout(900); await shot(anna,'desk-undone')
const admin = await open('admin','en','dark')
for (const [path,n] of [['/campaigns','campaigns'],['/reports','reports'],['/contacts','contacts'],['/trunks','trunks'],['/people','people'],['/stop-list','stop']]) { await admin.goto(base+path); await admin.waitForTimeout(1500); await shot(admin,n,true) }
await admin.goto(base+'/campaigns'); await admin.waitForSelector('tbody a'); await admin.locator('tbody a').first().click(); await admin.waitForTimeout(2500); await shot(admin,'campaign',true)
await admin.goto(base+'/contacts'); await admin.waitForSelector('tbody a'); await admin.locator('tbody a').first().click(); await admin.waitForTimeout(1500); await shot(admin,'contact',true)
await admin.goto(base+'/reports'); await admin.waitForSelector('.total'); await admin.locator('.cellbtn').first().click(); await admin.waitForTimeout(1000); await admin.locator('.fact .line').first().click(); await admin.waitForTimeout(1000); await shot(admin,'report-facts')
await b.close()
