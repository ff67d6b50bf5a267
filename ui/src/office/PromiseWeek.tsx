/* Promised calls of one week, a column for each day; one that is pressed can be changed. */
import type { Promised } from '../api/contacts.ts'
import { useNow } from '../kit/live.ts'
import { useWords } from '../kit/prefs.ts'
import { weekFrom } from './week.ts'

type Props = { items: Promised[]; open: ((one: Promised) => void) | null; monday: Date }

export function PromiseWeek({ items, open, monday }: Props) {
  const words = useWords()
  const { t } = words
  const now = useNow()
  const days = weekFrom(monday)
  return (
    <div className="weekgrid">
      {days.slice(0, 7).map((day, index) => {
        const end = days[index + 1] ?? day
        const within = items.filter(
          (one) => Date.parse(one.due_at) >= +day && Date.parse(one.due_at) < +end,
        )
        const today = now >= +day && now < +end
        return (
          <div key={+day}>
            <span className={`small ${today ? 'today' : 'ink2'}`}>
              {words.day(day, undefined, true)}
            </span>
            {within.map((one) => (
              <button
                type="button"
                key={one.id}
                className={`btn s ${one.late ? 'fg warn' : ''}`}
                disabled={!open}
                title={[one.campaign?.name, one.agent?.name ?? t('promise.anyone')]
                  .filter(Boolean)
                  .join(' · ')}
                onClick={() => open?.(one)}
              >
                <span>
                  <b className="num">{words.clock(one.due_at)}</b>{' '}
                  {one.contact.name || t('contacts.no_name')}
                </span>
              </button>
            ))}
          </div>
        )
      })}
    </div>
  )
}
