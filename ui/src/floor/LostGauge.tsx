/* Lost calls against their limit: a linear bar from zero, the limit as a mark with its word. */
import { useWords } from '../kit/prefs.ts'

const WIDTH = 374
/* From here on the bar warns: five sixths of the limit, where a pace begins to slow. */
const NEAR = 5 / 6

export function LostGauge({ share, limit }: { share: number; limit: number }) {
  const { t, share: percent } = useWords()
  const scale = Math.max(limit * (4 / 3), share * 1.15)
  const x = (value: number) => Math.min(WIDTH, (value / scale) * WIDTH)
  const tone = share >= limit ? 'bad' : share >= limit * NEAR ? 'warn' : 'ok'
  const says = percent(limit, Number.isInteger(Math.round(limit * 1000) / 10) ? 0 : 1)
  const end = x(limit) > WIDTH - 80
  return (
    <svg
      className={`gauge ${tone}`}
      viewBox={`0 0 ${WIDTH} 40`}
      role="img"
      aria-label={`${percent(share, 2)}, ${t('floor.limit', { limit: says })}`}
    >
      <rect y="6" width={WIDTH} height="10" rx="5" className="rest" />
      <path d={`M${x(limit)} 6H${WIDTH - 5}a5 5 0 0 1 0 10H${x(limit)}z`} className="over" />
      {share > 0 && (
        <rect y="6" width={Math.max(4, x(share))} height="10" rx="5" className="value" />
      )}
      <path d={`M${x(limit)} 1v20`} className="limit" />
      <text x="0" y="34">
        0
      </text>
      <text
        x={end ? x(limit) - 4 : x(limit) + 4}
        y="34"
        textAnchor={end ? 'end' : 'start'}
        className="t-b word"
      >
        {t('floor.limit', { limit: says })}
      </text>
    </svg>
  )
}
