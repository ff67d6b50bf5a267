/* A flow being edited: checked by the server after each change, saved by itself once nothing is wrong. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { api } from '../api/http.ts'
import type { Flow, FlowChecked } from '../api/prompts.ts'
import type { Campaign } from '../api/types.ts'
import { mayEdit } from '../office/CampaignParts.tsx'
import type { Editing } from '../office/useCampaign.ts'
import { isSame, patchOf } from './flowEdit.ts'

const CHECKED = 'flow-check'
const UNKNOWN: FlowChecked = { problems: [], prompts: [] }

export type FlowEditing = {
  flow: Flow
  checked: FlowChecked
  change: (flow: Flow) => void
  again: () => void
}

export function useFlow(campaign: Campaign, editing: Editing, first: Flow): FlowEditing {
  const queries = useQueryClient()
  const saved = (campaign.settings?.flow as Flow | null | undefined) ?? null
  const harbour = campaign.settings?.safe_harbour_prompt ?? 'safe_harbour'
  const [typed, setTyped] = useState<Flow | null>(null)
  const flow = typed ?? saved ?? first
  const { data, isPlaceholderData } = useQuery({
    queryKey: [CHECKED, flow, harbour],
    placeholderData: (before) => before,
    queryFn: () => {
      const body = { flow, safe_harbour_prompt: harbour }
      return api<FlowChecked>('/flows/check', { method: 'POST', body })
    },
  })
  const fine = data !== undefined && !isPlaceholderData && data.problems.length === 0
  const sent = useRef<Flow | null>(null)
  const save = mayEdit(campaign) ? editing.change : null
  useEffect(() => {
    if (!fine || !save || sent.current === flow || isSame(saved, flow)) return
    sent.current = flow
    save({ settings: { flow: patchOf(saved, flow) } })
  }, [fine, save, saved, flow])
  return {
    flow,
    checked: data ?? UNKNOWN,
    change: setTyped,
    again: () => void queries.invalidateQueries({ queryKey: [CHECKED] }),
  }
}
