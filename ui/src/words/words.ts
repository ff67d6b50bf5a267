/* The words of the screens: keys -> texts of one language, plural forms through Intl.PluralRules.
   Texts live in ru/ and en/, one file per room; a missing key does not compile and fails a test. */
import enAccess from './en/access.json' with { type: 'json' }
import enAudit from './en/audit.json' with { type: 'json' }
import enCampaign from './en/campaign.json' with { type: 'json' }
import enAlarms from './en/alarms.json' with { type: 'json' }
import enCommon from './en/common.json' with { type: 'json' }
import enCompany from './en/company.json' with { type: 'json' }
import enDesk from './en/desk.json' with { type: 'json' }
import enDoor from './en/door.json' with { type: 'json' }
import enFloor from './en/floor.json' with { type: 'json' }
import enKpi from './en/kpi.json' with { type: 'json' }
import enLists from './en/lists.json' with { type: 'json' }
import enOffice from './en/office.json' with { type: 'json' }
import enPeople from './en/people.json' with { type: 'json' }
import enPlan from './en/plan.json' with { type: 'json' }
import enProblems from './en/problems.json' with { type: 'json' }
import enPrompts from './en/prompts.json' with { type: 'json' }
import enReports from './en/reports.json' with { type: 'json' }
import enRules from './en/rules.json' with { type: 'json' }
import enWall from './en/wall.json' with { type: 'json' }
import enScripts from './en/scripts.json' with { type: 'json' }
import enWebhooks from './en/webhooks.json' with { type: 'json' }
import enWhatif from './en/whatif.json' with { type: 'json' }
import ruAccess from './ru/access.json' with { type: 'json' }
import ruAudit from './ru/audit.json' with { type: 'json' }
import ruCampaign from './ru/campaign.json' with { type: 'json' }
import ruAlarms from './ru/alarms.json' with { type: 'json' }
import ruCommon from './ru/common.json' with { type: 'json' }
import ruCompany from './ru/company.json' with { type: 'json' }
import ruDesk from './ru/desk.json' with { type: 'json' }
import ruDoor from './ru/door.json' with { type: 'json' }
import ruFloor from './ru/floor.json' with { type: 'json' }
import ruKpi from './ru/kpi.json' with { type: 'json' }
import ruLists from './ru/lists.json' with { type: 'json' }
import ruOffice from './ru/office.json' with { type: 'json' }
import ruPeople from './ru/people.json' with { type: 'json' }
import ruPlan from './ru/plan.json' with { type: 'json' }
import ruProblems from './ru/problems.json' with { type: 'json' }
import ruPrompts from './ru/prompts.json' with { type: 'json' }
import ruReports from './ru/reports.json' with { type: 'json' }
import ruRules from './ru/rules.json' with { type: 'json' }
import ruWall from './ru/wall.json' with { type: 'json' }
import ruScripts from './ru/scripts.json' with { type: 'json' }
import ruWebhooks from './ru/webhooks.json' with { type: 'json' }
import ruWhatif from './ru/whatif.json' with { type: 'json' }
import { formatNumber, knit, type Lang } from './format.ts'

export type Plural = Partial<Record<Intl.LDMLPluralRule, string>>
export type Entry = string | Plural
export type Args = Record<string, string | number>

const ru = {
  ...ruAccess,
  ...ruAudit,
  ...ruCampaign,
  ...ruAlarms,
  ...ruCommon,
  ...ruCompany,
  ...ruDoor,
  ...ruDesk,
  ...ruFloor,
  ...ruKpi,
  ...ruLists,
  ...ruOffice,
  ...ruPeople,
  ...ruPlan,
  ...ruPrompts,
  ...ruReports,
  ...ruRules,
  ...ruWall,
  ...ruScripts,
  ...ruWebhooks,
  ...ruWhatif,
  ...ruProblems,
}
const en = {
  ...enAccess,
  ...enAudit,
  ...enCampaign,
  ...enAlarms,
  ...enCommon,
  ...enCompany,
  ...enDoor,
  ...enDesk,
  ...enFloor,
  ...enKpi,
  ...enLists,
  ...enOffice,
  ...enPeople,
  ...enPlan,
  ...enPrompts,
  ...enReports,
  ...enRules,
  ...enWall,
  ...enScripts,
  ...enWebhooks,
  ...enWhatif,
  ...enProblems,
}

export type Key = keyof typeof ru
export const WORDS: Record<Lang, Record<string, Entry>> = { ru, en }

const rules: Record<Lang, Intl.PluralRules> = {
  ru: new Intl.PluralRules('ru'),
  en: new Intl.PluralRules('en'),
}

function fill(lang: Lang, text: string, args: Args): string {
  const filled = text.replace(/\{(\w+)\}/gu, (whole, name: string) => {
    const value = args[name]
    if (value === undefined) return whole
    return typeof value === 'number'
      ? formatNumber(lang, value, Number.isInteger(value) ? 0 : 1)
      : value
  })
  return knit(lang, filled)
}

/** Says a key; `n` chooses the plural form, numbers are written by the rules of the language. */
export function say(lang: Lang, key: Key, args: Args = {}): string {
  const entry = WORDS[lang][key]
  if (entry === undefined) return key
  if (typeof entry === 'string') return fill(lang, entry, args)
  const form = entry[rules[lang].select(Number(args.n ?? 0))] ?? entry.other ?? ''
  return fill(lang, form, args)
}

const FIELD = 'contact_field.'

/** The name we know a field of a list by ("plan" for «Тариф» and "Plan"), or its own name. */
export function fieldId(title: string): string {
  const plain = title.trim().toLowerCase()
  for (const table of [ru, en] as Record<string, Entry>[]) {
    for (const [key, entry] of Object.entries(table)) {
      if (key.startsWith(FIELD) && typeof entry === 'string' && entry.toLowerCase() === plain) {
        return key.slice(FIELD.length)
      }
    }
  }
  return title
}

export function isKey(key: string): key is Key {
  return Object.hasOwn(ru, key)
}

/** Says what an id from the server means (a reason, an outcome, a problem); falls back to its own words. */
export function sayId(
  lang: Lang,
  room: string,
  id: string,
  args: Args = {},
  fallback = id,
): string {
  const key = `${room}.${id}`
  return isKey(key) ? say(lang, key, args) : fallback
}
