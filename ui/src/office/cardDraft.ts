/* A contact's card being edited: what stands in the fields, and what of it is a change. */
import type { Contact } from '../api/types.ts'

export type CardDraft = {
  name: string
  note: string
  phones: string[]
  fields: { name: string; value: string }[]
}

export const draftOf = (contact: Contact): CardDraft => ({
  name: contact.name,
  note: contact.note ?? '',
  phones: contact.phones.map((phone) => phone.e164),
  fields: Object.entries(contact.fields).map(([name, value]) => ({ name, value })),
})

export type CardChanges = {
  name?: string
  note?: string
  phones?: string[]
  fields?: Record<string, string | null>
}

/** Only what differs from the card; a field that is gone is null, as a merge patch says it. */
export function changesOf(contact: Contact, draft: CardDraft): CardChanges {
  const changes: CardChanges = {}
  if (draft.name.trim() !== contact.name) changes.name = draft.name.trim()
  if (draft.note.trim() !== (contact.note ?? '')) changes.note = draft.note.trim()
  const phones = draft.phones.map((phone) => phone.trim()).filter(Boolean)
  if (phones.join('\n') !== contact.phones.map((phone) => phone.e164).join('\n'))
    changes.phones = phones
  const fields: Record<string, string | null> = {}
  const kept = new Set(draft.fields.map((field) => field.name.trim()))
  for (const name of Object.keys(contact.fields)) if (!kept.has(name)) fields[name] = null
  for (const { name, value } of draft.fields) {
    const title = name.trim()
    if (title && contact.fields[title] !== value.trim()) fields[title] = value.trim()
  }
  if (Object.keys(fields).length > 0) changes.fields = fields
  return changes
}
