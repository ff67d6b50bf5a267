/* Prompts and flows as the API tells them. */
import type { FieldProblem } from './http.ts'
import type { Named } from './types.ts'

export type PromptLanguage = 'ru' | 'en'
export type Prompt = {
  id: string | null
  name: string
  language: PromptLanguage
  source: 'own' | 'folder' | 'sample'
  origin: 'uploaded' | 'recorded' | 'spoken' | null
  file: string | null
  seconds: number | null
  level_dbm0: number | null
  given_dbm0: number | null
  sha256: string | null
  by: Named | null
  at: string | null
  campaigns: Named[]
  audio: string
}
export type Prompts = {
  items: Prompt[]
  next_cursor: string | null
  seconds_most: number
  prompts_most: number
  voice: boolean
}

export type Kind = 'announce' | 'connect' | 'callback' | 'suppress' | 'hang_up'
export type Step = {
  do: Kind
  prompt?: string | null
  keys?: Record<string, string>
  on_silence?: string
  wait_s?: number
  repeats?: number
  after_s?: number
  result?: string | null
}
export type Machine = 'hang_up' | { leave: string; beep_wait_s?: number }
export type Flow = { start: string; on_machine?: Machine; steps: Record<string, Step> }

export type FlowChecked = {
  problems: FieldProblem[]
  prompts: { name: string; languages: PromptLanguage[] }[]
}

export type Deed = { at_s: number; kind: 'key' | 'prompt_over' | 'agent'; key?: string }
export type WalkLine = { at_s: number; did: string; what: string; span_s: number | null }
export type Walk = {
  lines: WalkLine[]
  step: string
  says: string
  says_again: number
  loops: boolean
  waits_for_agent: boolean
  next_at_s: number | null
  over: boolean
}

/** Where a prompt is heard; `version` makes a browser fetch a new sound under an old name. */
export const audioOf = (language: string, name: string, version = '') =>
  `/api/v1/prompts/${language}/${name}/audio${version ? `?v=${version.slice(0, 12)}` : ''}`
