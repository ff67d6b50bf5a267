/* What the API tells of the log of changes. */
import type { Named, Page } from './types.ts'

export type FieldChange = { field: string; before: unknown; after: unknown; secret: boolean }
export type AuditEntry = {
  id: string
  at: string
  by: Named | null
  token: string | null
  command: string | null
  action: 'create' | 'change' | 'delete' | 'erase'
  kind: string
  object: Named
  changes: FieldChange[]
}
export type AuditPage = Page<AuditEntry> & { names: Record<string, string>; kinds: string[] }
