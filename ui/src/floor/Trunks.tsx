/* Trunks: lines against capacity, health, share of answers. */
import { Check, CircleHelp, TriangleAlert } from 'lucide-react'
import { Bar } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import type { FloorTrunk } from '../live/shapes.ts'

const LOOK = {
  ok: { tone: 'ok', icon: Check },
  failing: { tone: 'bad', icon: TriangleAlert },
  unknown: { tone: 'pause', icon: CircleHelp },
} as const

export function Trunks({ trunks }: { trunks: FloorTrunk[] }) {
  const { t, num, share } = useWords()
  return (
    <section className="card">
      <header>
        <h2>{t('nav.trunks')}</h2>
        <span className="push small ink3">{t('floor.answer_share')}</span>
      </header>
      <div className="trunks">
        {trunks.map((trunk) => {
          const look = LOOK[trunk.state]
          return (
            <div key={trunk.id}>
              <span className="m cut" title={trunk.name}>
                {trunk.name}
              </span>
              <Bar parts={[[look.tone, trunk.lines / Math.max(1, trunk.lines_max)]]} />
              <span className="num small ink2 r">
                {num(trunk.lines)} / {num(trunk.lines_max)}
              </span>
              <span className={`st small ${look.tone}`}>
                <look.icon className="s" aria-hidden />
                {t(`trunk_state.${trunk.state}`)}
              </span>
              <b className="num r m">
                {trunk.answer_share === null ? '–' : share(trunk.answer_share)}
              </b>
            </div>
          )
        })}
        {trunks.length === 0 && <p className="ink3">{t('floor.no_trunks')}</p>}
      </div>
    </section>
  )
}
