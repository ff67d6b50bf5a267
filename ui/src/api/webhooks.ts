/* Webhooks as the API tells them. */
export type Webhook = {
  id: string
  name: string
  url: string
  events: string[]
  with_person: boolean
  active: boolean
  off_reason: '' | 'dead' | 'gone'
  failing_since: string | null
  waiting: number
  created_at: string
  changed_at: string
  etag: string
}

export type WebhookMade = Webhook & { secret: string }

export type Webhooks = {
  items: Webhook[]
  next_cursor: string | null
  events: string[]
  worker_lives: boolean
  private: boolean
}

export type Delivery = {
  id: string
  event_id: string
  event: string
  at: string
  contact: string | null
  attempt: string | null
  state: 'waiting' | 'delivered' | 'given_up'
  tries: number
  next_at: string | null
  done_at: string | null
  status: number | null
  error: string
  took_ms: number | null
}
