/* A draft out of a campaign's file: chosen, read by the server, opened. */
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { FileUp } from 'lucide-react'
import { useRef } from 'react'
import { api, idempotencyKey } from '../api/http.ts'
import type { Campaign } from '../api/types.ts'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'

export function FromFile({ tell }: { tell: (problem: string | null) => void }) {
  const words = useWords()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const chooser = useRef<HTMLInputElement>(null)
  const read = async (file: File | undefined) => {
    if (!file) return
    try {
      const body = { toml: await file.text() }
      const path = '/campaigns/import'
      const made = await api<Campaign>(path, { method: 'POST', body, key: idempotencyKey() })
      tell(null)
      void queries.invalidateQueries({ queryKey: ['campaigns'] })
      await navigate({ to: '/campaigns/$id', params: { id: made.id } })
    } catch (failure) {
      tell(problemText(words, failure))
    }
  }
  return (
    <>
      <input
        ref={chooser}
        type="file"
        accept=".toml,application/toml"
        hidden
        onChange={(event) => {
          void read(event.target.files?.[0])
          event.target.value = ''
        }}
      />
      <button type="button" className="btn" onClick={() => chooser.current?.click()}>
        <FileUp aria-hidden />
        {words.t('campaign.from_file')}
      </button>
    </>
  )
}
