/* What operators may say of a call: its words, its key, and what follows; saved as a whole. */
import { ArrowDown, ArrowUp, Eye, EyeOff, Plus, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { ResultDef } from '../api/types.ts'
import { Kbd } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { mayEdit, Part, type PartProps } from './CampaignParts.tsx'
import {
  AGAIN,
  followsOf,
  freshCode,
  GROUPS,
  KEYS_MAX,
  renumbered,
  withFollows,
} from './results.ts'

const worded = (result: ResultDef, lang: string, value: string): ResultDef => {
  const known = typeof result.label === 'string' ? { [lang]: result.label } : { ...result.label }
  return { ...result, label: { ...known, [lang]: value } as ResultDef['label'] }
}

function Act(props: { says: string; off?: boolean; act: () => void; icon: typeof Plus }) {
  return (
    <button
      type="button"
      className="btn quiet s icon"
      disabled={props.off}
      aria-label={props.says}
      title={props.says}
      onClick={props.act}
    >
      <props.icon className="s" aria-hidden />
    </button>
  )
}

function Follows({ result, set }: { result: ResultDef; set: (next: ResultDef) => void }) {
  const words = useWords()
  const { t } = words
  const follows = followsOf(result)
  return (
    <>
      <select
        className="input s"
        aria-label={t('results.group')}
        value={result.group}
        disabled={follows === 'stop' || follows === 'callback'}
        onChange={(event) => set({ ...result, group: event.target.value as ResultDef['group'] })}
      >
        {GROUPS.filter((group) => group !== 'stop' || follows === 'stop').map((group) => (
          <option key={group} value={group}>
            {t(`results.group_${group}`)}
          </option>
        ))}
      </select>
      <select
        className="input s"
        aria-label={t('results.follows')}
        value={follows}
        onChange={(event) => set(withFollows(result, event.target.value))}
      >
        <option value="close">{t('results.close')}</option>
        <option value="callback">{t('results.callback')}</option>
        <option value="stop">{t('results.stop')}</option>
        {AGAIN.map((outcome) => (
          <option key={outcome} value={`again:${outcome}`}>
            {t('results.again', { outcome: words.id('outcome', outcome) })}
          </option>
        ))}
      </select>
    </>
  )
}

export function ResultsPart({ editing, campaign }: PartProps) {
  const { t, pick, lang } = useWords()
  const saved = campaign.settings?.results
  const [rows, setRows] = useState<ResultDef[]>(saved ?? [])
  useEffect(() => setRows(saved ?? []), [saved])
  const off = !mayEdit(campaign)
  const offered = rows.filter((result) => !result.hidden)
  const save = (next: ResultDef[]) => {
    const whole = renumbered(next)
    setRows(whole)
    const named = whole.every((result) => pick(result.label).trim())
    if (named && JSON.stringify(whole) !== JSON.stringify(saved ?? []))
      editing.change({ settings: { results: whole } })
  }
  const put = (index: number, next: ResultDef) =>
    rows.map((result, at) => (at === index ? next : result))
  const move = (index: number, by: number) => {
    const next = [...rows]
    const [taken] = next.splice(index, 1)
    if (taken) next.splice(index + by, 0, taken)
    save(next)
  }
  const add = () => {
    const made = { key: 0, code: freshCode(rows), label: {}, group: 'success', needs: 'none' }
    setRows(renumbered([...rows, { ...made, closes: true, redial_as: null } as ResultDef]))
  }
  if (off)
    return (
      <Part n={8} title="campaign.results">
        <div className="row wrap">
          {offered.map((result) => (
            <span key={result.code} className="chip line">
              <Kbd>{result.key}</Kbd> {pick(result.label)}
            </span>
          ))}
        </div>
      </Part>
    )
  return (
    <Part n={8} title="campaign.results">
      {rows.map((result, index) => (
        <div key={result.code} className={`resultrow ${result.hidden ? 'ink3' : ''}`}>
          <Kbd>{result.hidden ? '–' : result.key}</Kbd>
          <input
            className="input s m"
            value={pick(result.label)}
            maxLength={80}
            placeholder={t('results.name')}
            aria-label={t('results.name')}
            onChange={(event) => setRows(put(index, worded(result, lang, event.target.value)))}
            onBlur={() => save(rows)}
          />
          <Follows result={result} set={(next) => save(put(index, next))} />
          <span className="row g1">
            {!result.hidden && (
              <>
                <Act
                  icon={ArrowUp}
                  says={t('script.up')}
                  off={index === 0}
                  act={() => move(index, -1)}
                />
                <Act
                  icon={ArrowDown}
                  says={t('script.down')}
                  off={index >= offered.length - 1}
                  act={() => move(index, 1)}
                />
              </>
            )}
            <Act
              icon={result.hidden ? Eye : EyeOff}
              says={t(result.hidden ? 'results.show' : 'results.hide')}
              off={result.hidden ? offered.length >= KEYS_MAX : offered.length === 1}
              act={() => save(put(index, { ...result, hidden: !result.hidden }))}
            />
            <Act
              icon={X}
              says={t('results.remove')}
              off={!result.hidden && offered.length === 1}
              act={() => save(rows.filter((_, at) => at !== index))}
            />
          </span>
        </div>
      ))}
      <div className="row wrap">
        <button type="button" className="btn s" disabled={offered.length >= KEYS_MAX} onClick={add}>
          <Plus className="s" aria-hidden />
          {t('results.add')}
        </button>
        <span className="small ink3">{t('results.hint')}</span>
      </div>
    </Part>
  )
}
