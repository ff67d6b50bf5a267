/* What the API tells of reasons of pauses, teams, sessions and second factors. */
import { useQuery } from '@tanstack/react-query'
import { api } from './http.ts'
import type { Named, Role } from './types.ts'

export type PauseReason = {
  id: string
  name_ru: string
  name_en: string
  paid: boolean
  limit_s: number
  in_use: boolean
}
export type PauseReasons = { items: PauseReason[]; free_text: boolean }
export type Team = { id: string; name: string; people: Named[] }
export type OneSession = {
  id: string
  device: string
  source: string
  created_at: string
  last_seen_at: string
  current: boolean
}
export type Factor = { on: boolean; since: string | null; codes_left: number; needed: boolean }

export const usePauseReasons = () =>
  useQuery({
    queryKey: ['pause-reasons'],
    staleTime: 60_000,
    queryFn: () => api<PauseReasons>('/pause-reasons'),
  })
export const useTeams = () =>
  useQuery({
    queryKey: ['teams'],
    queryFn: () => api<{ items: Team[] }>('/teams').then((told) => told.items),
  })
export const useFactorRoles = () =>
  useQuery({
    queryKey: ['security'],
    queryFn: () => api<{ roles: Role[] }>('/security').then((told) => told.roles),
  })

/** The words of a pause: the reason's own name, or what the agent wrote. */
export function pauseWords(lang: 'ru' | 'en', id: string, known?: PauseReasons): string {
  const reason = known?.items.find((one) => one.id === id)
  return reason ? (lang === 'ru' ? reason.name_ru : reason.name_en) : id
}

/** A browser in a few words, from what it says of itself. */
export function deviceWords(agent: string): string {
  const browser = /(Edg|OPR|YaBrowser|Firefox|Chrome|Safari)\/?/u.exec(agent)?.[1]
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/u.exec(agent)?.[1]
  const names: Record<string, string> = { Edg: 'Edge', OPR: 'Opera', YaBrowser: 'Yandex' }
  const first = browser ? (names[browser] ?? browser) : agent.split(' ')[0]
  return [first, system?.replace('Mac OS X', 'macOS')].filter(Boolean).join(' · ') || '–'
}
