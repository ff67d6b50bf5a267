/* A person added by hand: read as a row of a list would be, and brought into a campaign. */
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { api, idempotencyKey } from '../api/http.ts'
import { Dialog, Field, Note, Switch } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { fieldProblem, problemText } from '../kit/problem.ts'
import { useCampaigns } from './useOffice.ts'

const OVER = new Set(['completing', 'completed', 'failed', 'archived'])

export function NewContact({ close }: { close: () => void }) {
  const words = useWords()
  const { t } = words
  const navigate = useNavigate()
  const campaigns = (useCampaigns().data ?? []).filter((one) => !OVER.has(one.state))
  const [campaign, setCampaign] = useState('')
  const [name, setName] = useState('')
  const [phone, setPhone] = useState('')
  const [first, setFirst] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const chosen = campaign || campaigns[0]?.id
  const add = async (event: FormEvent) => {
    event.preventDefault()
    try {
      const body = { phones: [phone], name, priority: first ? 'first' : 'in_turn' }
      const path = `/campaigns/${chosen}/leads`
      const made = await api<{ contact: string }>(path, {
        method: 'POST',
        body,
        key: idempotencyKey(),
      })
      await navigate({ to: '/contacts/$id', params: { id: made.contact } })
    } catch (failure) {
      setProblem(failure)
    }
  }
  return (
    <Dialog title={t('card.new')} close={close}>
      <form className="stack g4" onSubmit={(event) => void add(event)}>
        <Field label={t('contacts.number')} wrong={fieldProblem(words, problem, 'phones')}>
          <input
            className="input num"
            type="tel"
            required
            maxLength={200}
            placeholder="+70005550101"
            value={phone}
            onChange={(event) => setPhone(event.target.value)}
          />
        </Field>
        <Field label={t('contacts.name')}>
          <input
            className="input"
            maxLength={200}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <Field label={t('callbacks.campaign')} hint={t('card.new_says')}>
          <select
            className="input"
            required
            value={chosen}
            onChange={(event) => setCampaign(event.target.value)}
          >
            {campaigns.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </Field>
        <Switch on={first} set={setFirst}>
          {t('card.new_first')}
        </Switch>
        {problem !== null && (
          <Note tone="bad" alert>
            {problemText(words, problem)}
          </Note>
        )}
        <div className="row">
          <button type="submit" className="btn primary" disabled={!chosen}>
            {t('card.new_do')}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
