/* Dialled and answered, minute by minute over the last hour, as plain SVG. */
import { useWords } from '../kit/prefs.ts'
import type { FloorCampaign } from '../live/shapes.ts'

const LEFT = 24
const WIDTH = 374
const HEIGHT = 72

/** A round number above the largest value, so that the scale does not jump every minute. */
export function ceiling(largest: number): number {
  const steps = [4, 8, 12, 20, 40, 60, 100, 200, 400, 1000]
  return steps.find((step) => step >= largest) ?? Math.ceil(largest / 1000) * 1000
}

export function Minutes({ minutes }: { minutes: FloorCampaign['minutes'] }) {
  const words = useWords()
  const { t } = words
  const shown = minutes.slice(-60)
  const top = ceiling(Math.max(0, ...shown.map((minute) => minute.dialed)))
  const step = (WIDTH - LEFT) / 60
  const x = (index: number) => LEFT + (60 - shown.length + index) * step
  const y = (value: number) => HEIGHT - (value / top) * (HEIGHT - 6)
  const line = shown
    .map(
      (minute, index) =>
        `${index ? 'L' : 'M'}${(x(index) + step / 2).toFixed(1)} ${y(minute.answered).toFixed(1)}`,
    )
    .join('')
  const last = shown.at(-1)
  const first = shown[0]
  return (
    <div>
      <div className="row between small">
        <span className="m">{t('floor.by_minute')}</span>
        <span className="row ink3">
          <i className="sw dialed" aria-hidden />
          {t('floor.dialed')}
          <svg width="16" height="8" aria-hidden>
            <path d="M0 4h16" className="answered" />
          </svg>
          {t('floor.answered')}
        </span>
      </div>
      <svg
        className="minutes"
        viewBox={`0 0 ${WIDTH} 92`}
        role="img"
        aria-label={
          last
            ? t('floor.minute_says', { dialed: last.dialed, answered: last.answered })
            : t('floor.no_minutes')
        }
      >
        {[0, top / 2, top].map((value) => (
          <g key={value}>
            <path className="grid" d={`M${LEFT} ${y(value)}H${WIDTH}`} />
            <text x={LEFT - 6} y={y(value) + 4} textAnchor="end">
              {words.num(value)}
            </text>
          </g>
        ))}
        {shown.map((minute, index) => (
          <rect
            key={minute.t}
            x={x(index) + 0.8}
            y={y(minute.dialed)}
            width={Math.max(1, step - 1.6)}
            height={HEIGHT - y(minute.dialed)}
            className="dialed"
          />
        ))}
        <path d={line} className="answered" />
        {first && last && (
          <>
            {shown.length >= 12 && (
              <text x={x(0)} y="88">
                {words.clock(first.t)}
              </text>
            )}
            <text x={WIDTH} y="88" textAnchor="end">
              {words.clock(last.t)}
            </text>
          </>
        )}
      </svg>
    </div>
  )
}
