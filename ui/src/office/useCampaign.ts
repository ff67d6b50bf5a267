/* One campaign being edited: every change is saved by itself, one after another, with the version it is of. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useRef, useState } from 'react'
import { api, ApiProblem, apiTagged } from '../api/http.ts'
import type { Campaign } from '../api/types.ts'

/** What to change; settings are a merge patch (RFC 7386) over those now valid. */
export type Change = { name?: string; list?: string; settings?: Record<string, unknown> }
export type Editing = {
  campaign: Campaign | undefined
  savedAt: number | null
  saving: boolean
  problem: unknown
  change: (change: Change) => void
  reload: () => void
}

type Tagged = { value: Campaign; etag: string }

export function useCampaign(id: string): Editing {
  const queries = useQueryClient()
  const key = ['campaign', id]
  const { data, error, refetch } = useQuery({
    queryKey: key,
    queryFn: () => apiTagged<Campaign>(`/campaigns/${id}`),
  })
  const [savedAt, setSavedAt] = useState<number | null>(null)
  const [saving, setSaving] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const line = useRef(Promise.resolve())

  const save = useCallback(
    async (change: Change) => {
      setSaving(true)
      try {
        const known = queries.getQueryData<Tagged>(['campaign', id])
        const etag = known?.etag ?? ''
        await api<Campaign>(`/campaigns/${id}`, { method: 'PATCH', body: change, etag })
        const fresh = await apiTagged<Campaign>(`/campaigns/${id}`)
        queries.setQueryData(['campaign', id], fresh)
        void queries.invalidateQueries({ queryKey: ['callable', id] })
        void queries.invalidateQueries({ queryKey: ['campaigns'] })
        setSavedAt(Date.now())
        setProblem(null)
      } catch (failure) {
        setProblem(failure)
        if (failure instanceof ApiProblem && failure.status === 412)
          await queries.refetchQueries({ queryKey: ['campaign', id] })
      } finally {
        setSaving(false)
      }
    },
    [queries, id],
  )

  return {
    campaign: data?.value,
    savedAt,
    saving,
    problem: problem ?? error,
    // Edits wait for each other: the second one must name the version the first one made.
    change: (change) => {
      line.current = line.current.then(() => save(change))
    },
    reload: () => {
      setProblem(null)
      void refetch()
    },
  }
}
