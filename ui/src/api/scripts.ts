/* Scripts and questionnaires as the API tells them. */
import type { Named, Two } from './types.ts'

export type Kind = 'text' | 'number' | 'date' | 'yes_no' | 'one' | 'several'
export type Answer = string | string[]
export type Option = { key: string; label: Two; to: string }
export type Range = { least: number | null; most: number | null; to: string }
export type Question = {
  kind: Kind
  words?: Two
  required?: boolean
  field?: string
  options?: Option[]
  ranges?: Range[]
}
export type Step = {
  id: string
  title: Two
  text: Two
  question?: Question
  next?: string
  objection?: boolean
}
export const END = '$end'

export type StepProblem = { step: string; reason: string; about: string; stops: boolean }
export type ScriptShort = {
  id: string
  name: string
  version: number
  latest: number
  steps_count: number
  ready: boolean
  saved_at: string
  saved_by: Named | null
  archived: boolean
  campaigns: { id: string; name: string; version: number }[]
  etag: string
}
export type Script = ScriptShort & { steps: Step[]; problems: StepProblem[] }
export type Version = {
  version: number
  saved_at: string
  saved_by: Named | null
  steps_count: number
}
export type LookedOver = { problems: StepProblem[]; ready: boolean; fields: string[] }

export type Walk = {
  at: string
  over: boolean
  path: string[]
  aside: string
  answers: Record<string, Answer>
  unanswered: string[]
  next: string | null
}
export type CallScript = Walk & { attempt: string; turn: number; steps: Step[] }
export type Move = { do: 'next' | 'go' | 'back'; value?: Answer; step?: string }

type Cell = { value: number; facts: string }
export type QuestionRow = {
  campaign: Named | null
  step: string
  kind: Kind
  title: Two
  words: Two
  answered: Cell
  choices: { key: string; label: Two; count: Cell; share: number | null }[]
  least: number | null
  most: number | null
  mean: number | null
}
export type AnswersReport = { rows: QuestionRow[] }
