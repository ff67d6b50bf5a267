/* The way to a first call: what is there already, what comes next, each step with its button. */
import { Link } from '@tanstack/react-router'
import { Check } from 'lucide-react'
import { useWords } from '../kit/prefs.ts'
import { useTrunks, useUsers } from './useOffice.ts'

export function FirstSteps({ make }: { make: () => void }) {
  const { t } = useWords()
  const trunks = useTrunks().data ?? []
  const users = useUsers().data ?? []
  const talkers = users.filter((user) => user.role === 'operator' && !user.disabled)
  const steps = [
    {
      id: 'trunk',
      done: trunks.some((trunk) => trunk.active),
      says: trunks.map((trunk) => trunk.name).join(', '),
      to: '/trunks',
    },
    {
      id: 'people',
      done: talkers.length > 0,
      says: t('first.people_n', { n: talkers.length }),
      to: '/people',
    },
    { id: 'campaign', done: false, says: '', to: null },
  ] as const
  const next = steps.find((step) => !step.done)
  return (
    <div className="first">
      <div className="stack">
        <h1 className="big">{t('first.title')}</h1>
        <p className="lead">{t('first.lead')}</p>
      </div>
      <section className="card pad">
        <ol className="steps5">
          {steps.map((step, index) => (
            <li key={step.id} className={step.done ? 'done' : step === next ? 'now' : ''}>
              <span className="mk">
                {step.done ? <Check className="s" aria-hidden /> : index + 1}
              </span>
              <div className="grow">
                <b className="m">{t(`first.${step.id}`)}</b>
                <div className="small ink3">
                  {step.done ? step.says : t(`first.${step.id}_why`)}
                </div>
                {step === next && (
                  <div className="row act">
                    {step.to ? (
                      <Link to={step.to} className="btn primary">
                        {t(`first.${step.id}_do`)}
                      </Link>
                    ) : (
                      <button type="button" className="btn primary" onClick={make}>
                        {t('first.campaign_do')}
                      </button>
                    )}
                  </div>
                )}
              </div>
            </li>
          ))}
        </ol>
      </section>
    </div>
  )
}
