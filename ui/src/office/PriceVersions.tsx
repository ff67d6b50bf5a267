/* Every version of the prices: since when it holds and who entered it. */
import type { PriceVersion } from '../api/kpi.ts'
import { useWords } from '../kit/prefs.ts'

export function PriceVersions({ versions }: { versions: PriceVersion[] }) {
  const words = useWords()
  const { t } = words
  const when = (at: string) => `${words.day(at)} ${words.clock(at)}`
  return (
    <section className="card">
      <header>
        <h2>{t('price.versions')}</h2>
      </header>
      {versions.length === 0 && <p className="small ink3 kpi-note">{t('price.none')}</p>}
      {versions.length > 0 && (
        <table>
          <thead>
            <tr>
              <th>{t('price.version')}</th>
              <th>{t('price.valid_from')}</th>
              <th>{t('price.by')}</th>
            </tr>
          </thead>
          <tbody>
            {versions.map((one) => (
              <tr key={one.version}>
                <td className="num">{one.version}</td>
                <td className="num">{when(one.valid_from)}</td>
                <td>{one.created_by?.name ?? '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
