/* How far the list is: every contact is in exactly one part of the bar. */
import type { Progress as Counts } from '../api/types.ts'
import { Bar, type Tone } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import type { FloorCampaign } from '../live/shapes.ts'

const PARTS: [keyof Counts & ('closed' | 'in_call' | 'callback' | 'due' | 'fresh'), Tone | ''][] = [
  ['closed', 'ok'],
  ['in_call', 'talk'],
  ['callback', 'ready'],
  ['due', 'wrapup'],
  ['fresh', 'pause'],
]

export function Progress({ campaign, progress }: { campaign: FloorCampaign; progress: Counts }) {
  const { t, num, share } = useWords()
  const total = Math.max(1, progress.total)
  return (
    <section className="card">
      <header className="bare">
        <h2>{t('floor.list_progress')}</h2>
        <span className="small ink3 cut" title={campaign.name}>
          {campaign.name}
        </span>
        <span className="push small ink3 num">
          {t('floor.attempts_answered', {
            attempts: num(progress.attempts),
            answered: num(progress.answered),
          })}
          {progress.attempts > 0 && ` · ${share(progress.answered / progress.attempts, 1)}`}
        </span>
      </header>
      <div className="inside stack g3">
        <Bar
          parts={PARTS.map(
            ([part, tone]) => [part === 'in_call' ? 'talk' : tone, progress[part] / total] as const,
          )}
          label={t('floor.list_progress')}
        />
        <div className="strip parts">
          {PARTS.map(([part, tone]) => (
            <div key={part} className="stat">
              <b className="num">{num(progress[part])}</b>
              <span>
                <i className={`sw ${tone}`} aria-hidden /> {t(`part.${part}`)}
              </span>
            </div>
          ))}
          <div className="stat">
            <b className="num">{num(progress.total)}</b>
            <span>{t('part.total')}</span>
          </div>
        </div>
      </div>
    </section>
  )
}
