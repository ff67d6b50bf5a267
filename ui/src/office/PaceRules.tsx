/* Rules of pace: when a campaign pauses or changes its mode by itself, and what they did so far. */
import { useQuery } from '@tanstack/react-query'
import { Plus, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { Fact } from '../api/evidence.ts'
import { api } from '../api/http.ts'
import { type PaceRule, RULE_WHENS, SWITCH_MODES, type ToldRule } from '../api/rules.ts'
import { useNow } from '../kit/live.ts'
import { useWords } from '../kit/prefs.ts'
import { fieldProblem } from '../kit/problem.ts'
import { ruleDid, ruleFigure, ruleText } from '../kit/rules.ts'
import { mayEdit, Part, type PartProps } from './CampaignParts.tsx'
import { draftOfRule, newRule, type RuleDraft, ruleOf } from './ruleDraft.ts'

const RULES_MOST = 20
const SHOWN = 8
const LOOK_AGAIN_MS = 15_000

type RowProps = {
  n: number
  draft: RuleDraft
  off: boolean
  switches: boolean
  set: (change: Partial<RuleDraft>, save?: boolean) => void
  leave: () => void
  remove: () => void
}

function RuleRow({ n, draft, off, switches, set, leave, remove }: RowProps) {
  const { t } = useWords()
  const bad = ruleOf(draft) === null
  const clock = draft.when === 'time_of_day'
  const unit = clock ? null : draft.when === 'wait' ? t('unit.s') : '%'
  const text = (part: 'value' | 'minutes', label: string, of: string | null) => (
    <span className="united">
      <input
        className="input s num"
        inputMode={clock && part === 'value' ? 'text' : 'decimal'}
        aria-label={label}
        aria-invalid={bad || undefined}
        value={draft[part]}
        disabled={off}
        onChange={(event) => set({ [part]: event.target.value })}
        onBlur={leave}
        onKeyDown={(event) => event.key === 'Enter' && leave()}
      />
      {of && <span className="unit small ink3">{of}</span>}
    </span>
  )
  return (
    <div className="rule" role="group" aria-label={t('rule.n', { n })}>
      <div className="if">
        <select
          className="input s"
          aria-label={t('rule.figure')}
          value={draft.when}
          disabled={off}
          onChange={(event) => set({ when: event.target.value as RuleDraft['when'] }, true)}
        >
          {RULE_WHENS.map((when) => (
            <option key={when} value={when}>
              {t(`rule_when.${when}`)}
            </option>
          ))}
        </select>
        <select
          className="input s"
          aria-label={t('rule.side')}
          value={draft.is}
          disabled={off}
          onChange={(event) => set({ is: event.target.value as RuleDraft['is'] }, true)}
        >
          {(['above', 'below'] as const).map((side) => (
            <option key={side} value={side}>
              {t(clock ? `rule_clock.${side}` : `rule_is.${side}`)}
            </option>
          ))}
        </select>
        {text('value', t('rule.value'), unit)}
      </div>
      <div className="then">
        <span className="small ink2">{t('rule.for')}</span>
        {text('minutes', t('rule.minutes'), t('unit.min'))}
        <span className="small ink2">{t('rule.then')}</span>
        <select
          className="input s"
          aria-label={t('rule.act')}
          value={draft.act}
          disabled={off}
          onChange={(event) => set({ act: event.target.value as RuleDraft['act'] }, true)}
        >
          <option value="pause">{t('rule_do.pause')}</option>
          {switches &&
            SWITCH_MODES.map((mode) => (
              <option key={mode} value={mode}>
                {t('rule_do.switch', { mode: t(`mode.${mode}`) })}
              </option>
            ))}
          <option value="tell">{t('rule_do.tell')}</option>
        </select>
        {!off && (
          <button
            type="button"
            className="btn quiet s icon"
            onClick={remove}
            aria-label={t('rule.remove', { n })}
          >
            <X className="s" aria-hidden />
          </button>
        )}
      </div>
      {bad && (
        <p className="small fg bad" role="alert">
          {t('rule.wrong')}
        </p>
      )}
    </div>
  )
}

/** What the rules did, the latest first. */
function RuleLog({ campaign }: { campaign: string }) {
  const words = useWords()
  const { t } = words
  const now = useNow()
  const { data } = useQuery({
    queryKey: ['facts', 'pace_rule', campaign],
    queryFn: () => {
      const since = new Date(Date.now() - 7 * 86_400_000).toISOString()
      const query = new URLSearchParams({ campaign, kind: 'pace_rule', from: since, limit: '200' })
      return api<{ items: Fact[] }>(`/facts?${query}`)
    },
    refetchInterval: LOOK_AGAIN_MS,
  })
  const latest = (data?.items ?? []).toReversed().slice(0, SHOWN)
  if (latest.length === 0) return null
  return (
    <div>
      <h3 className="lab">{t('rule.log')}</h3>
      <ul className="rulelog small">
        {latest.map((fact) => {
          const rule = fact.data as unknown as ToldRule & { state: string; seen: number }
          const applied = rule.state === 'applied'
          return (
            <li key={fact.seq}>
              <time className="num ink3" dateTime={fact.at}>
                {words.moment(fact.at, now)}
              </time>
              <span>
                <b className="m">{applied ? ruleDid(words, rule) : t('rule.cleared')}</b>
                {': '}
                {ruleText(words, rule)}{' '}
                <span className="ink3">
                  {t('rule.seen', { seen: ruleFigure(words, rule.when, rule.seen) })}
                </span>
              </span>
            </li>
          )
        })}
      </ul>
    </div>
  )
}

export function RulesPart({ editing, campaign }: PartProps) {
  const words = useWords()
  const { t, lang } = words
  const saved = campaign.settings?.pace_rules
  const [drafts, setDrafts] = useState<RuleDraft[]>([])
  useEffect(() => setDrafts(draftsOf(saved, lang)), [saved, lang])
  const off = !mayEdit(campaign)
  const switches = (SWITCH_MODES as readonly string[]).includes(campaign.mode)
  const save = (next: RuleDraft[]) => {
    setDrafts(next)
    const rules = next.map(ruleOf)
    if (rules.includes(null)) return
    if (JSON.stringify(rules) !== JSON.stringify(draftsOf(saved, lang).map(ruleOf)))
      editing.change({ settings: { pace_rules: rules } })
  }
  const change = (index: number, part: Partial<RuleDraft>, keep?: boolean) => {
    const next = drafts.map((one, at) => (at === index ? { ...one, ...part } : one))
    if (keep) save(next)
    else setDrafts(next)
  }
  const add = () => {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'
    const limit = campaign.settings?.abandon_limit ?? 0.03
    save([...drafts, newRule(`r${drafts.length}`, limit, zone, lang)])
  }
  const wrong = fieldProblem(words, editing.problem, 'pace_rules')
  return (
    <Part n={9} title="rule.title">
      {drafts.map((draft, index) => (
        <RuleRow
          key={draft.id}
          n={index + 1}
          draft={draft}
          off={off}
          switches={switches}
          set={(part, keep) => change(index, part, keep)}
          leave={() => save(drafts)}
          remove={() => save(drafts.filter((_, at) => at !== index))}
        />
      ))}
      {wrong && (
        <p className="small fg bad" role="alert">
          {wrong}
        </p>
      )}
      <div className="row wrap">
        {!off && drafts.length < RULES_MOST && (
          <button type="button" className="btn s" onClick={add}>
            <Plus className="s" aria-hidden />
            {t('rule.add')}
          </button>
        )}
        <span className="small ink3">{t('rule.hint')}</span>
      </div>
      <RuleLog campaign={campaign.id} />
    </Part>
  )
}

const draftsOf = (rules: PaceRule[] | undefined, lang: 'ru' | 'en') =>
  (rules ?? []).map((rule, place) => draftOfRule(rule, `r${place}`, lang))
