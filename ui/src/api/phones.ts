/* What the API tells of desk phones. */
import type { Named } from './types.ts'

/** A desk phone; `registered` is null while the dialer is away and nobody knows. */
export type DeskPhone = {
  id: string
  user: Named | null
  name: string
  username: string
  allow_md5: boolean
  created_at: string
  changed_at: string
  registered: boolean | null
  since: string | null
  address: string
  user_agent: string
}
/** What has to be typed into a phone; the password is told this once. */
export type DeskPhoneMade = DeskPhone & { password: string; realm: string; servers: string[] }
