/* How a trunk does now, and a look at it step by step. */
import { Check, CircleAlert, LoaderCircle, Search } from 'lucide-react'
import { useState } from 'react'
import { api } from '../api/http.ts'
import type { CheckStep } from '../api/trunk.ts'
import { Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { trunkLook } from '../kit/states.ts'
import { lastError } from '../kit/trunk.ts'
import type { FloorTrunk } from '../live/shapes.ts'

const GOOD = new Set(['ok', 'ok_auth_asked', 'ok_refused', 'expires_soon'])

export function TrunkLive({ trunk, now }: { trunk: FloorTrunk | undefined; now: number }) {
  const words = useWords()
  const { t, num, share } = words
  if (!trunk) {
    return (
      <section className="card pad">
        <p className="ink3">{t('trunk.not_live')}</p>
      </section>
    )
  }
  const look = trunkLook(trunk.state)
  const error = lastError(words, trunk)
  const rows: [string, string | null | undefined][] = [
    [t('trunk.live_since'), trunk.since && words.moment(trunk.since, now)],
    [t('trunk.live_until'), trunk.until && words.clock(trunk.until, undefined, true)],
    [t('trunk.live_target'), trunk.target],
    [t('trunk.live_sign_in'), trunk.sign_in && words.id('trunk_reach', trunk.sign_in)],
    [t('trunk.live_lines'), `${num(trunk.lines)} / ${num(trunk.lines_max)}`],
    [
      t('trunk.live_rate'),
      trunk.per_second_max
        ? `${num(trunk.per_second ?? 0)} / ${num(trunk.per_second_max, 1)}`
        : null,
    ],
    [t('floor.answer_share'), trunk.answer_share == null ? '–' : share(trunk.answer_share)],
    [
      t('trunk.live_error'),
      error && trunk.error && `${error}, ${words.moment(trunk.error.at, now)}`,
    ],
  ]
  return (
    <section className="card">
      <header>
        <h2>{t('trunk.live')}</h2>
        <span className={`st push ${look.tone}`}>
          <look.icon className="s" aria-hidden />
          {words.id('trunk_state', trunk.state)}
        </span>
      </header>
      <dl className="livefacts">
        {rows
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name}>
              <dt className="small ink3">{name}</dt>
              <dd className="num">{value}</dd>
            </div>
          ))}
      </dl>
    </section>
  )
}

export function TrunkCheck({ id }: { id: string }) {
  const words = useWords()
  const { t } = words
  const [busy, setBusy] = useState(false)
  const [steps, setSteps] = useState<CheckStep[] | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const look = async () => {
    setBusy(true)
    setProblem(null)
    setSteps(null)
    try {
      const told = await api<{ steps: CheckStep[] }>(`/trunks/${id}/test`, { method: 'POST' })
      setSteps(told.steps)
    } catch (error) {
      setProblem(problemText(words, error))
    }
    setBusy(false)
  }
  const works = steps?.every((step) => GOOD.has(step.finding))
  return (
    <section className="card">
      <header>
        <h2>{t('trunk.check')}</h2>
        <button type="button" className="btn push" disabled={busy} onClick={() => void look()}>
          {busy ? <LoaderCircle aria-hidden className="spin" /> : <Search aria-hidden />}
          {t('trunk.check_do')}
        </button>
      </header>
      <div className="stack g3 pad" aria-live="polite">
        {!steps && !problem && <p className="ink3 small">{t('trunk.check_what')}</p>}
        {problem && (
          <Note tone="bad" alert>
            {problem}
          </Note>
        )}
        {steps && (
          <>
            <Note tone={works ? 'ok' : 'bad'}>{t(works ? 'trunk.works' : 'trunk.fails')}</Note>
            <ol className="checks">
              {steps.map((step) => (
                <Step key={step.step} step={step} />
              ))}
            </ol>
          </>
        )}
      </div>
    </section>
  )
}

function Step({ step }: { step: CheckStep }) {
  const words = useWords()
  const good = GOOD.has(step.finding)
  const advice = words.id('check_do', step.finding, {}, '')
  const Icon = good ? Check : CircleAlert
  return (
    <li>
      <Icon className={`s fg ${good ? 'ok' : 'bad'}`} aria-hidden />
      <div className="stack">
        <span>
          <b>{words.id('check_step', step.step)}</b>: {words.id('check', step.finding)}
        </span>
        {step.detail && <span className="small ink3 mono">{step.detail}</span>}
        {advice && <span className="small">{advice}</span>}
      </div>
    </li>
  )
}
