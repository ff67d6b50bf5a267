/* One plan: what each formula and the simulation say beside each other, and which of them to trust. */
import type { OnePlan, PlanModel, PlanRun } from '../api/plan.ts'
import { useWords } from '../kit/prefs.ts'

/** Which line is the one to go by: the dialer itself, else the formula that is exact in its mode. */
export function trusted(run: PlanRun): PlanModel {
  if (run.plans.some((one) => one.model === 'simulation')) return 'simulation'
  return run.asked?.mode === 'progressive' ? 'one_by_one' : 'erlang_b'
}

function Row({ one, trust }: { one: OnePlan; trust: boolean }) {
  const words = useWords()
  const { t } = words
  return (
    <tr className={trust ? 'total' : undefined}>
      <th scope="row">
        {words.id('plan_model', one.model)}
        {trust && <span className="chip accent">{t('plan.go_by')}</span>}
        <span className="small ink3 block">{words.id('plan_says', one.model)}</span>
      </th>
      <td className="r num">{words.num(one.operators)}</td>
      <td className="r num">{words.num(one.lines)}</td>
      <td className="r num">{words.num(one.calls_per_s, 2)}</td>
      <td className="r num hide-xs">{words.share(one.busy, 1)}</td>
      <td className="r num hide-xs">{words.share(one.left, 1)}</td>
      <td className="r num hide-s">{words.num(one.talks_per_hour)}</td>
      <td className="r num">
        <b>{words.num(one.hours, one.hours < 100 ? 1 : 0)}</b>
      </td>
    </tr>
  )
}

export function PlanTable({ run }: { run: PlanRun }) {
  const words = useWords()
  const { t } = words
  const { asked, simulation } = run
  const best = trusted(run)
  if (!asked) return null
  return (
    <section className="card" aria-label={t('plan.result')}>
      <header>
        <h2>{t('plan.result')}</h2>
        <span className="small ink2">
          {t('plan.takes', {
            contacts: words.num(asked.contacts),
            calls: words.num(Math.round(run.calls ?? 0)),
            talks: words.num(Math.round(run.talks ?? 0)),
          })}
        </span>
      </header>
      <div className="scroll">
        <table className="plan">
          <thead>
            <tr>
              <th scope="col">{t('plan.model')}</th>
              <th scope="col" className="r">
                {t('whatif.operators')}
              </th>
              <th scope="col" className="r">
                {t('plan.lines')}
              </th>
              <th scope="col" className="r">
                {t('plan.per_second')}
              </th>
              <th scope="col" className="r hide-xs">
                {t('plan.busy')}
              </th>
              <th scope="col" className="r hide-xs">
                {t('plan.left')}
              </th>
              <th scope="col" className="r hide-s">
                {t('plan.talks_hour')}
              </th>
              <th scope="col" className="r">
                {t('plan.hours')}
              </th>
            </tr>
          </thead>
          <tbody>
            {run.plans.map((one) => (
              <Row key={one.model} one={one} trust={one.model === best} />
            ))}
          </tbody>
        </table>
      </div>
      <div className="figure-notes small ink2 pretty">
        <p>{t(`plan.trust_${best === 'simulation' ? 'simulation' : asked.mode}`)}</p>
        {simulation && (
          <p>
            {t('plan.simulated', {
              mode: words.id('mode', simulation.mode),
              runs: simulation.runs,
              span: words.span(simulation.span_s),
            })}{' '}
            {simulation.busy.low !== null &&
              simulation.busy.high !== null &&
              t('plan.interval', {
                low: words.share(simulation.busy.low, 1),
                high: words.share(simulation.busy.high, 1),
              })}{' '}
            {asked.operators === null && t('plan.crew_found')}
          </p>
        )}
        <p>{t('plan.lines_says', { share: words.share(asked.blocked_most, 1) })}</p>
      </div>
    </section>
  )
}
