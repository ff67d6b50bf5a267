/* All prompts there are, own ones and those of folders; server state only. */
import { useQuery } from '@tanstack/react-query'
import { api } from '../api/http.ts'
import type { Prompts } from '../api/prompts.ts'

export const PROMPTS = ['prompts']

export const usePrompts = () =>
  useQuery({
    queryKey: PROMPTS,
    queryFn: async () => {
      const first = await api<Prompts>('/prompts?limit=200')
      for (let next = first.next_cursor; next !== null;) {
        const page = await api<Prompts>(`/prompts?limit=200&cursor=${next}`)
        first.items.push(...page.items)
        next = page.next_cursor
      }
      return first
    },
  })
