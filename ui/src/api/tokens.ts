/* What the API tells of programs' tokens. */
import type { Named } from './types.ts'
export type ApiToken = {
  id: string
  name: string
  owner: Named | null
  hint: string
  scopes: string[]
  created_at: string
  expires_at: string | null
  last_used_at: string | null
  revoked_at: string | null
  lives: boolean
}
export type ApiTokenMade = ApiToken & { secret: string }
