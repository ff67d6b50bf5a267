/* Trunks: lines against capacity, health and why, share of answers. */
import { Link } from '@tanstack/react-router'
import { Bar } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { trunkLook } from '../kit/states.ts'
import type { FloorTrunk } from '../live/shapes.ts'
import { whyNot } from '../kit/trunk.ts'

export function Trunks({ trunks }: { trunks: FloorTrunk[] }) {
  const words = useWords()
  const { t, num, share } = words
  return (
    <section className="card">
      <header>
        <h2>{t('nav.trunks')}</h2>
        <span className="push small ink3">{t('floor.answer_share')}</span>
      </header>
      <div className="trunks">
        {trunks.map((trunk) => {
          const look = trunkLook(trunk.state)
          const why = whyNot(words, trunk)
          return (
            <div key={trunk.id}>
              <Link to="/trunks/$id" params={{ id: trunk.id }} className="m cut" title={trunk.name}>
                {trunk.name}
              </Link>
              <Bar parts={[[look.tone, trunk.lines / Math.max(1, trunk.lines_max)]]} />
              <span className="num small ink2 r">
                {num(trunk.lines)} / {num(trunk.lines_max)}
              </span>
              <span className={`st small ${look.tone}`} title={why ?? undefined}>
                <look.icon className="s" aria-hidden />
                {words.id('trunk_state', trunk.state)}
              </span>
              <b className="num r m">
                {trunk.answer_share == null ? '–' : share(trunk.answer_share)}
              </b>
              {why && <span className="small ink2 reason">{why}</span>}
            </div>
          )
        })}
        {trunks.length === 0 && <p className="ink3">{t('floor.no_trunks')}</p>}
      </div>
    </section>
  )
}
