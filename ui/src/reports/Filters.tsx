/* The days and the campaign that a report covers; the address bar keeps them. */
import { DayField } from '../kit/DayField.tsx'
import { useNow } from '../kit/live.ts'
import { useWords } from '../kit/prefs.ts'
import { useCampaigns } from '../office/useOffice.ts'
import type { ReportSearch } from '../routes.tsx'
import { dayOf, type Quick, quickPeriod } from './period.ts'

const QUICK: Quick[] = ['today', 'yesterday', 'week', 'month']

export function Filters(props: { search: ReportSearch; set: (change: ReportSearch) => void }) {
  const { t } = useWords()
  const campaigns = useCampaigns().data ?? []
  const now = useNow()
  const today = dayOf(now)
  const { search, set } = props
  const from = search.from ?? today
  const to = search.to ?? today
  const quick = QUICK.find((choice) => {
    const period = quickPeriod(choice, now)
    return period.from === from && period.to === to
  })
  return (
    <div className="row wrap filters">
      <div className="seg" role="group" aria-label={t('report.days')}>
        {QUICK.map((choice) => (
          <button
            type="button"
            key={choice}
            aria-pressed={quick === choice}
            onClick={() => set(quickPeriod(choice, now))}
          >
            {t(`report.${choice}`)}
          </button>
        ))}
      </div>
      <span className="row g1">
        <DayField
          label={t('report.from')}
          value={from}
          max={to}
          pick={(day) => set({ from: day, to })}
        />
        –
        <DayField
          label={t('report.to')}
          value={to}
          min={from}
          pick={(day) => set({ from, to: day })}
        />
      </span>
      <select
        className="input which"
        aria-label={t('desk.campaign')}
        value={search.campaign ?? ''}
        onChange={(event) => set({ campaign: event.target.value || undefined })}
      >
        <option value="">{t('report.all_campaigns')}</option>
        {campaigns.map((campaign) => (
          <option key={campaign.id} value={campaign.id}>
            {campaign.name}
          </option>
        ))}
      </select>
    </div>
  )
}
