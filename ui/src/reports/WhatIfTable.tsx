/* One estimate: two made-up centres side by side, each figure with its interval. */
import type { Estimate, SettingValue, WhatIfResult } from '../api/whatif.ts'
import { useNow } from '../kit/live.ts'
import { useWords, type Words } from '../kit/prefs.ts'
import { formatTalk } from '../words/format.ts'

const SHARES = new Set(['answer_rate', 'abandonment', 'occupancy', 'penetration'])

function figure(words: Words, name: string, value: number): string {
  if (SHARES.has(name)) return words.share(value, 1)
  if (name.endsWith('_s'))
    return value < 10
      ? `${words.num(value, 1)} ${words.lang === 'ru' ? 'с' : 's'}`
      : formatTalk(value)
  return words.num(value, value < 100 && !Number.isInteger(value) ? 1 : 0)
}

function Cell({ name, one }: { name: string; one: Estimate | undefined }) {
  const words = useWords()
  if (!one) return <td className="r num">–</td>
  return (
    <td className="r num">
      <b>{figure(words, name, one.mean)}</b>
      {one.low !== null && one.high !== null && (
        <span className="small ink3 block">
          ({figure(words, name, one.low)} – {figure(words, name, one.high)})
        </span>
      )}
    </td>
  )
}

/** True where the interval of the difference leaves out zero. */
export function isBeyondChance(gap: Estimate | undefined): boolean {
  if (!gap || gap.low === null || gap.high === null) return false
  return gap.low > 0 || gap.high < 0
}

function changeText(words: Words, settings: Record<string, SettingValue>): string {
  const named: Record<string, string> = {
    mode: words.t('whatif.mode'),
    lines_max: words.t('whatif.lines'),
    ring_timeout_s: words.t('whatif.ring'),
    'redial.attempts_max': words.t('whatif.attempts'),
  }
  return Object.entries(settings)
    .map(([path, value]) => {
      const said =
        path === 'mode'
          ? words.id('mode', String(value))
          : path.endsWith('_s')
            ? words.span(Number(value))
            : String(value)
      return `${named[path] ?? path}: ${said}`
    })
    .join(', ')
}

export function WhatIfTable({ result }: { result: WhatIfResult }) {
  const words = useWords()
  const { t } = words
  const now = useNow()
  const { stands_on: stands, lived, change } = result
  const crews = change.operators
  const settings = changeText(words, change.settings)
  const same = crews.now === crews.then && !settings
  return (
    <section className="card">
      <header>
        <h2>{result.campaign.name}</h2>
        <span className="tag warn">{t('whatif.estimate')}</span>
        {settings && <span className="small ink2">{settings}</span>}
      </header>
      <div className="scroll">
        <table className="whatif">
          <thead>
            <tr>
              <th>{t('whatif.figure')}</th>
              <th className="r">
                {t('whatif.now')}
                <span className="small ink3 block">{t('whatif.crew', { n: crews.now })}</span>
              </th>
              <th className="r">
                {t('whatif.then')}
                <span className="small ink3 block">
                  {same ? t('whatif.no_change') : t('whatif.crew', { n: crews.then })}
                </span>
              </th>
              <th className="chance" />
            </tr>
          </thead>
          <tbody>
            {Object.keys(result.now).map((name) => (
              <tr key={name}>
                <td>{words.id('whatif_figure', name)}</td>
                <Cell name={name} one={result.now[name]} />
                <Cell name={name} one={result.then[name]} />
                <td className="small ink2 chance">
                  {isBeyondChance(result.difference[name]) && t('whatif.beyond_chance')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="figure-notes small ink2 pretty">
        <p>
          {t('whatif.stands_on', {
            calls: words.num(stands.calls),
            talks: words.num(stands.talks),
            from: stands.from ? words.date(stands.from) : '–',
            to: stands.to ? words.date(stands.to) : '–',
          })}
        </p>
        <p>
          {t('whatif.lived', {
            hours: words.span(lived.span_s),
            at: words.moment(lived.begin, now),
            contacts: words.num(lived.contacts),
            runs: lived.runs,
          })}
        </p>
      </div>
    </section>
  )
}
