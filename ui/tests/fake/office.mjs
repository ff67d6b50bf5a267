/* Invented people and answers of the HTTP API for pictures. */
import { at, pick } from './desk.mjs'

const ALL = ['desk.work', 'floor.see', 'floor.stop', 'campaign.see', 'campaign.edit', 'campaign.run', 'list.see', 'list.edit', 'contact.find', 'contact.see', 'contact.explain', 'stop.see', 'stop.add', 'stop.lift', 'trunk.see', 'trunk.edit', 'user.see', 'user.edit', 'callback.see', 'attempt.see', 'fact.see', 'recording.hear', 'report.see', 'report.agents']

export const session = (lang, role) => ({
  user: {
    id: 'u1',
    login: 'maria',
    name: role === 'operator' ? pick(lang, 'Мария Лунёва', 'Maya Lund') : pick(lang, 'Анна Верескова', 'Ann Heather'),
    role,
    language: lang,
    theme: 'system',
    principal: null,
  },
  organisation: { id: 'o1', name: pick(lang, 'Северный ветер', 'North Wind') },
  actions: role === 'operator' ? ['desk.work', 'callback.see'] : ALL,
  server_time: at(0),
  expires_at: at(36000),
})

const callback = (lang, id, ru, en, seconds, mine) => ({
  id,
  campaign: { id: 'k1', name: pick(lang, 'Семейный тариф, ноябрь', 'Family plan, November') },
  contact: { id: `c${id}`, name: pick(lang, ru, en) },
  due_at: at(seconds),
  agent: mine ? { id: 'u1', name: pick(lang, 'Мария Лунёва', 'Maya Lund') } : null,
  state: 'open',
})

export const callbacks = (lang) => ({
  items: [
    callback(lang, 'b1', 'Лев Андреевич Ольшанский', 'Leo Alder', -240, true),
    callback(lang, 'b2', 'Роза Кимовна Ветлугина', 'Rose Vetch', 2460, true),
    callback(lang, 'b3', 'Аркадий Сомов', 'Archie Catfish', 4200, false),
    callback(lang, 'b4', 'Нелли Борисовна Яснова', 'Nelly Clear', 93000, true),
  ],
  next_cursor: null,
})
