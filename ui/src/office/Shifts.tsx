/* The plan of shifts: who is to work when, and which breaks are paid. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api } from '../api/http.ts'
import type { Shift } from '../api/kpi.ts'
import { DayField } from '../kit/DayField.tsx'
import { useNow } from '../kit/live.ts'
import { Field, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { dayOf } from '../reports/period.ts'
import { useUsers } from './useOffice.ts'

const MINUTE_S = 60

export function Shifts() {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const users = (useUsers().data ?? []).filter((one) => one.role === 'operator' && !one.disabled)
  const today = dayOf(useNow())
  const [draft, setDraft] = useState({
    agent: '', day: today, from: '09:00', to: '18:00', paid: '15', unpaid: '60', days: '5',
  }) // prettier-ignore
  const [problem, setProblem] = useState<string | null>(null)
  const { data } = useQuery({
    queryKey: ['shifts'],
    queryFn: () => api<{ items: Shift[] }>('/shifts'),
  })
  const act = async (work: () => Promise<unknown>) => {
    try {
      await work()
      setProblem(null)
      await queries.invalidateQueries({ queryKey: ['shifts'] })
    } catch (error) {
      setProblem(problemText(words, error))
    }
  }
  const plan = (event: FormEvent) => {
    event.preventDefault()
    const begins = new Date(`${draft.day}T${draft.from}`)
    const ends = new Date(`${draft.day}T${draft.to}`)
    if (ends <= begins) ends.setDate(ends.getDate() + 1) // The night shift ends tomorrow.
    void act(() =>
      api('/shifts', {
        method: 'POST',
        body: {
          agent: draft.agent || users[0]?.id,
          starts_at: begins.toISOString(),
          ends_at: ends.toISOString(),
          paid_break_s: Number(draft.paid) * MINUTE_S,
          unpaid_break_s: Number(draft.unpaid) * MINUTE_S,
          days: Number(draft.days),
        },
      }),
    )
  }
  const field = (name: keyof typeof draft, type: string, label: string) => (
    <Field label={label}>
      <input
        className="input num"
        type={type}
        min={type === 'number' ? 0 : undefined}
        required
        value={draft[name]}
        onChange={(event) => setDraft({ ...draft, [name]: event.target.value })}
      />
    </Field>
  )
  const span = (one: Shift) =>
    `${words.day(one.starts_at, undefined, true)}, ${words.clock(one.starts_at)} – ${words.clock(one.ends_at)}`
  return (
    <section className="card">
      <header>
        <h2>{t('shift.title')}</h2>
        <span className="small ink3">{t('shift.of')}</span>
      </header>
      <form className="price-grid" onSubmit={plan}>
        <Field label={t('shift.agent')}>
          <select
            className="input"
            value={draft.agent || users[0]?.id}
            onChange={(event) => setDraft({ ...draft, agent: event.target.value })}
          >
            {users.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t('report.from')}>
          <DayField
            label={t('report.from')}
            value={draft.day}
            pick={(day) => setDraft({ ...draft, day })}
          />
        </Field>
        {field('from', 'time', t('shift.from'))}
        {field('to', 'time', t('shift.to'))}
        {field('paid', 'number', t('shift.paid_break'))}
        {field('unpaid', 'number', t('shift.unpaid_break'))}
        {field('days', 'number', t('shift.days'))}
        <Field label=" ">
          <button type="submit" className="btn" disabled={users.length === 0}>
            {t('shift.add')}
          </button>
        </Field>
      </form>
      {problem && (
        <div className="kpi-note">
          <Note tone="bad" alert>
            {problem}
          </Note>
        </div>
      )}
      {data?.items.length === 0 && <p className="small ink3 kpi-note">{t('shift.none')}</p>}
      {data && data.items.length > 0 && (
        <div className="scroll">
          <table>
            <tbody>
              {data.items.map((one) => (
                <tr key={one.id}>
                  <td className="m">{one.agent?.name ?? '–'}</td>
                  <td className="num">{span(one)}</td>
                  <td className="num ink2">
                    {t('shift.unpaid_break')}: {Math.round(one.unpaid_break_s / MINUTE_S)}
                  </td>
                  <td className="r">
                    <button
                      type="button"
                      className="btn s quiet"
                      onClick={() => void act(() => api(`/shifts/${one.id}`, { method: 'DELETE' }))}
                    >
                      {t('shift.cancel')}
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
