/* A script being edited: the kept one, the steps as they stand on the screen, what is wrong with them. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, ApiProblem } from '../api/http.ts'
import type { LookedOver, Script, Step } from '../api/scripts.ts'

const LOOK_AFTER_MS = 400

export type Draft = {
  script: Script | undefined
  name: string
  steps: Step[]
  dirty: boolean
  looked: LookedOver | undefined
  /** Wrong fields of steps, as the server named them: they stand in the way of saving. */
  refused: ApiProblem | null
  problem: unknown
  newer: boolean
  savedAt: number | null
  rename: (name: string) => void
  set: (steps: Step[]) => void
  save: () => Promise<void>
  archive: (archived: boolean) => Promise<void>
  show: (version: number) => Promise<void>
  reload: () => void
}

export function useDraft(id: string): Draft {
  const queries = useQueryClient()
  const key = ['script', id]
  const { data, error } = useQuery({
    queryKey: key,
    queryFn: () => api<Script>(`/scripts/${id}`),
    refetchOnWindowFocus: false,
  })
  const [draft, setDraft] = useState<{ name: string; steps: Step[] } | null>(null)
  const [savedAt, setSavedAt] = useState<number | null>(null)
  const [problem, setProblem] = useState<unknown>(null)
  const name = draft?.name ?? data?.name ?? ''
  const steps = draft?.steps ?? data?.steps ?? []
  const text = JSON.stringify(steps)
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(text), LOOK_AFTER_MS)
    return () => window.clearTimeout(timer)
  }, [text])
  const looking = useQuery({
    queryKey: ['script-check', settled],
    queryFn: () =>
      api<LookedOver>('/scripts/check', { method: 'POST', body: { steps: JSON.parse(settled) } }),
    enabled: data !== undefined,
    placeholderData: (before) => before,
    retry: false,
  })
  const dirty = data !== undefined && (name !== data.name || text !== JSON.stringify(data.steps))
  useEffect(() => {
    if (!dirty) return
    const stay = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', stay)
    return () => window.removeEventListener('beforeunload', stay)
  }, [dirty])

  const change = async (body: object) => {
    try {
      const saved = await api<Script>(`/scripts/${id}`, { method: 'PATCH', body, etag: data?.etag })
      queries.setQueryData(key, saved)
      void queries.invalidateQueries({ queryKey: ['scripts'] })
      void queries.invalidateQueries({ queryKey: ['script-versions', id] })
      setProblem(null)
      return true
    } catch (failure) {
      setProblem(failure)
      return false
    }
  }
  const refused = looking.error instanceof ApiProblem && looking.error.status === 422
  return {
    script: data,
    name,
    steps,
    dirty,
    looked: looking.data,
    refused: refused ? (looking.error as ApiProblem) : null,
    problem: problem ?? error,
    newer: problem instanceof ApiProblem && problem.status === 412,
    savedAt,
    rename: (next) => setDraft({ name: next, steps }),
    set: (next) => setDraft({ name, steps: next }),
    save: async () => {
      if (!(await change({ name, steps }))) return
      setDraft(null)
      setSavedAt(Date.now())
    },
    archive: async (archived) => void (await change({ archived })),
    show: async (version) => {
      const old = await api<Script>(`/scripts/${id}?version=${version}`)
      setDraft({ name, steps: old.steps })
    },
    reload: () => {
      setDraft(null)
      setProblem(null)
      void queries.invalidateQueries({ queryKey: key })
    },
  }
}
