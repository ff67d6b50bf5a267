/* What is paid and what results bring, in versions; and the plan of shifts. */
import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api } from '../api/http.ts'
import type { PriceList, Prices, PriceVersion, TrunkPrice } from '../api/kpi.ts'
import type { Campaign } from '../api/types.ts'
import { Field, Note, Switch } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { MoneyField } from './MoneyField.tsx'
import { PriceVersions } from './PriceVersions.tsx'
import { Shifts } from './Shifts.tsx'
import { useCampaigns, useTrunks } from './useOffice.ts'

const CAMPAIGNS_MOST = 30
const CURRENCIES = ['RUB', 'USD', 'EUR', 'GBP', 'KZT', 'BYN']
const FREE: TrunkPrice = { per_attempt: 0, per_minute: 0, step_s: 60, rental_per_day: 0 }

function Editor({ list, saved }: { list: PriceList; saved: (made: PriceVersion) => void }) {
  const words = useWords()
  const { t } = words
  const trunks = useTrunks().data ?? []
  const campaigns = (useCampaigns().data ?? []).slice(0, CAMPAIGNS_MOST)
  const whole = useQueries({
    queries: campaigns.map((one) => ({
      queryKey: ['campaign', one.id, 'results'],
      queryFn: () => api<Campaign>(`/campaigns/${one.id}`),
    })),
  })
  const [prices, setPrices] = useState<Prices>(list.prices)
  const [problem, setProblem] = useState<string | null>(null)
  const set = (change: Partial<Prices>) => setPrices((before) => ({ ...before, ...change }))
  const results = new Map(
    whole.flatMap(({ data }) =>
      (data?.settings?.results ?? []).map((one) => [one.code, one.label] as const),
    ),
  )
  const setTrunk = (id: string, change: Partial<TrunkPrice>) =>
    set({ trunks: { ...prices.trunks, [id]: { ...FREE, ...prices.trunks[id], ...change } } })
  const save = async (event: FormEvent) => {
    event.preventDefault()
    try {
      saved(await api<PriceVersion>('/prices', { method: 'POST', body: { prices } }))
      setProblem(null)
    } catch (error) {
      setProblem(problemText(words, error))
    }
  }
  return (
    <form className="stack g4" onSubmit={(event) => void save(event)}>
      {problem && (
        <Note tone="bad" alert>
          {problem}
        </Note>
      )}
      <section className="card">
        <header>
          <h2>{t('price.people')}</h2>
        </header>
        <div className="price-grid">
          <Field label={t('price.currency')}>
            <select
              className="input"
              value={prices.currency}
              onChange={(event) => set({ currency: event.target.value })}
            >
              {CURRENCIES.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </Field>
          <MoneyField
            label={t('price.labour')}
            value={prices.labour_per_hour}
            set={(labour_per_hour) => set({ labour_per_hour })}
          />
          <MoneyField
            label={t('price.per_contact')}
            value={prices.per_contact}
            set={(per_contact) => set({ per_contact })}
          />
          <MoneyField
            label={t('price.other_per_day')}
            value={prices.other_per_day}
            set={(other_per_day) => set({ other_per_day })}
          />
        </div>
      </section>
      <section className="card">
        <header>
          <h2>{t('price.trunks')}</h2>
        </header>
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th>{t('price.trunk')}</th>
                <th className="r">{t('price.per_attempt')}</th>
                <th className="r">{t('price.per_minute')}</th>
                <th>{t('price.step')}</th>
                <th className="r">{t('price.rental')}</th>
              </tr>
            </thead>
            <tbody>
              {trunks.map((trunk) => {
                const one = prices.trunks[trunk.id] ?? FREE
                const money = (
                  name: 'per_attempt' | 'per_minute' | 'rental_per_day',
                  key: string,
                ) => (
                  <MoneyField
                    bare
                    label={`${trunk.name}: ${key}`}
                    value={one[name]}
                    set={(minor) => setTrunk(trunk.id, { [name]: minor })}
                  />
                )
                return (
                  <tr key={trunk.id}>
                    <td className="m">{trunk.name}</td>
                    <td className="r">{money('per_attempt', t('price.per_attempt'))}</td>
                    <td className="r">{money('per_minute', t('price.per_minute'))}</td>
                    <td>
                      <select
                        className="input"
                        aria-label={`${trunk.name}: ${t('price.step')}`}
                        value={one.step_s}
                        onChange={(event) =>
                          setTrunk(trunk.id, { step_s: Number(event.target.value) })
                        }
                      >
                        {[1, 6, 60].map((step) => (
                          <option key={step} value={step}>
                            {t('price.step_s', { n: step })}
                          </option>
                        ))}
                      </select>
                    </td>
                    <td className="r">{money('rental_per_day', t('price.rental'))}</td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        </div>
      </section>
      <section className="card">
        <header>
          <h2>{t('price.revenue')}</h2>
        </header>
        {results.size === 0 && <p className="small ink3 kpi-note">{t('price.no_results')}</p>}
        <div className="price-grid">
          {[...results].map(([code, label]) => (
            <MoneyField
              key={code}
              label={words.pick(label) || code}
              value={prices.revenue[code] ?? 0}
              set={(minor) => set({ revenue: { ...prices.revenue, [code]: minor } })}
            />
          ))}
        </div>
        <div className="price-rule">
          <span className="small ink2">{t('price.own_rule')}</span>
          <Switch
            on={prices.own_rule.late}
            set={(late) => set({ own_rule: { ...prices.own_rule, late } })}
          >
            {t('price.late')}
          </Switch>
          <Switch
            on={prices.own_rule.gave_up}
            set={(gave_up) => set({ own_rule: { ...prices.own_rule, gave_up } })}
          >
            {t('price.gave_up')}
          </Switch>
        </div>
      </section>
      <div className="row wrap">
        <button type="submit" className="btn primary">
          {t('price.save')}
        </button>
        <span className="small ink3">{t('price.all_known')}</span>
      </div>
    </form>
  )
}

export function PricesPage() {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const [made, setMade] = useState<PriceVersion | null>(null)
  const { data, error } = useQuery({
    queryKey: ['prices'],
    queryFn: () => api<PriceList>('/prices'),
  })
  const when = (at: string) => `${words.day(at)} ${words.clock(at)}`
  return (
    <main className="page">
      <header>
        <h1>{t('price.title')}</h1>
      </header>
      <p className="ink2 kpi-intro">{t('price.intro')}</p>
      <div className="notes-above">
        {error && (
          <Note tone="bad" alert>
            {problemText(words, error)}
          </Note>
        )}
        {made && (
          <Note tone="ok">
            {t('price.saved', { n: String(made.version), at: when(made.valid_from) } as never)}
          </Note>
        )}
      </div>
      <div className="stack g4">
        {data && (
          <Editor
            list={data}
            saved={(version) => {
              setMade(version)
              void queries.invalidateQueries({ queryKey: ['prices'] })
            }}
          />
        )}
        <Shifts />
        {data && <PriceVersions versions={data.versions} />}
      </div>
    </main>
  )
}
