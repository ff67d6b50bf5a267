/* When a campaign calls: hours on the customer's clock, and when to try again. */
import { Shield } from 'lucide-react'
import { useWords } from '../kit/prefs.ts'
import { mayEdit, Part, type PartProps } from './CampaignParts.tsx'
import { ClockField, NumberField } from './fields.tsx'

const WEEK = [1, 2, 3, 4, 5, 6, 7]
/* 1 January 2024 was a Monday: names of weekdays come from the calendar, not from a list of ours. */
const MONDAY = Date.UTC(2024, 0, 1, 12)

export function Hours({ editing, campaign }: PartProps) {
  const words = useWords()
  const { t } = words
  const window = campaign.settings?.window ?? {}
  const days = window.days ?? WEEK
  const off = !mayEdit(campaign)
  const set = (change: object) => editing.change({ settings: { window: { ...window, ...change } } })
  const name = (day: number) =>
    words.weekday(MONDAY + (day - 1) * 86_400_000, 'UTC').split('\u00a0')[0]
  const flip = (day: number) => {
    const next = days.includes(day)
      ? days.filter((other) => other !== day)
      : [...days, day].toSorted()
    if (next.length > 0) set({ days: next })
  }
  return (
    <Part n={5} title="campaign.hours">
      <div className="row wrap g4">
        <div className="row g1" role="group" aria-label={t('campaign.days')}>
          {WEEK.map((day) => (
            <button
              type="button"
              key={day}
              className={`btn s ${days.includes(day) ? 'on' : ''}`}
              aria-pressed={days.includes(day)}
              disabled={off}
              onClick={() => flip(day)}
            >
              {name(day)}
            </button>
          ))}
        </div>
        <div className="row">
          <ClockField
            label={t('campaign.from')}
            value={window.start ?? '09:00'}
            disabled={off}
            save={(start) => set({ start })}
          />
          –
          <ClockField
            label={t('campaign.to')}
            value={window.end ?? '21:00'}
            disabled={off}
            save={(end) => set({ end })}
          />
        </div>
      </div>
      <span className="st ok small law">
        <Shield className="s" aria-hidden />
        {t('campaign.hours_says')}
      </span>
    </Part>
  )
}

const TRIED = ['busy', 'no_answer', 'unreachable', 'rejected', 'answered_machine', 'congestion']

export function Redials({ editing, campaign }: PartProps) {
  const words = useWords()
  const { t } = words
  const redial = campaign.settings?.redial
  const off = !mayEdit(campaign)
  const save = (outcome: string, minutes: number) =>
    editing.change({
      settings: { redial: { rules: { [outcome]: { after_s: Math.round(minutes * 60) } } } },
    })
  return (
    <Part n={6} title="campaign.redials">
      <div className="fields">
        <NumberField
          label={t('campaign.attempts_max')}
          value={redial?.attempts_max}
          least={1}
          most={10}
          whole
          disabled={off}
          save={(attempts_max) => editing.change({ settings: { redial: { attempts_max } } })}
        />
      </div>
      <div className="fields">
        {TRIED.map((outcome) => {
          const after = redial?.rules[outcome]?.after_s
          return (
            <NumberField
              key={outcome}
              label={words.id('outcome', outcome)}
              unit={t('unit.min')}
              value={after === undefined ? undefined : Math.round((after / 60) * 10) / 10}
              least={0.1}
              disabled={off}
              save={(minutes) => save(outcome, minutes)}
              clear={() => editing.change({ settings: { redial: { rules: { [outcome]: null } } } })}
              empty={t('campaign.not_again')}
            />
          )
        })}
      </div>
      <p className="small ink3">{t('campaign.redials_says')}</p>
    </Part>
  )
}
