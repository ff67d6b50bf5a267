/* What to say now: one step of the script at a time, the customer's own facts underlined. */
import { ArrowRight, Check } from 'lucide-react'
import { useState } from 'react'
import { useKeys } from '../kit/keys.ts'
import { useWords } from '../kit/prefs.ts'
import type { LiveCall } from '../live/shapes.ts'
import { formatPhone, knit } from '../words/format.ts'
import { fieldId } from '../words/words.ts'
import { pieces, plainText } from './script.ts'

/** Fields under the names scripts use: {{plan}} finds «Тариф» as well as "Plan". */
function byUsualName(fields: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([title, value]) => [fieldId(title), value]))
}

/** What the words to say may be filled with. */
export function factsOf(
  call: Pick<LiveCall, 'contact' | 'campaign'>,
  agent: string,
): Record<string, string> {
  const { contact } = call
  return {
    name: contact.name,
    first_name: contact.name.split(' ')[0] ?? '',
    phone: formatPhone(contact.phone),
    agent,
    campaign: call.campaign.name,
    ...byUsualName(contact.fields),
    ...contact.fields,
  }
}

/** Words to say, the customer's own facts underlined. */
export function Filled({ text, facts }: { text: string; facts: Record<string, string> }) {
  const { t, lang } = useWords()
  return pieces(text, facts).map((piece, index) =>
    piece.kind === 'plain' ? (
      knit(lang, piece.text)
    ) : (
      <var
        key={`${index}${piece.text}`}
        className={piece.kind === 'missing' ? 'missing' : piece.text.length < 24 ? 'short' : ''}
        title={piece.kind === 'missing' ? t('desk.not_known') : undefined}
      >
        {piece.text}
      </var>
    ),
  )
}

export function Script({ call, agent }: { call: LiveCall; agent: string }) {
  const { t, pick } = useWords()
  const [at, setAt] = useState(0)
  const steps = call.script
  const go = (index: number) => setAt(Math.max(0, Math.min(steps.length - 1, index)))
  const jumps = Object.fromEntries(
    steps.slice(0, 9).map((_, index) => [`Alt+Digit${index + 1}`, () => go(index)]),
  )
  useKeys({ ArrowRight: () => go(at + 1), ArrowLeft: () => go(at - 1), ...jumps })
  const step = steps[at]
  const next = steps[at + 1]
  const facts = factsOf(call, agent)
  if (!step) {
    return (
      <div className="say-box">
        <p className="ink2">{t('desk.no_script')}</p>
      </div>
    )
  }
  return (
    <>
      <div className="steps" role="tablist" aria-label={t('desk.script')}>
        {steps.map((known, index) => (
          <button
            type="button"
            role="tab"
            key={known.id}
            aria-selected={index === at}
            className={index < at ? 'done' : index === at ? 'here' : ''}
            onClick={() => go(index)}
            title={`Alt ${index + 1}`}
          >
            {index < at ? (
              <Check className="s" aria-hidden />
            ) : (
              <span className="num">{index + 1}</span>
            )}
            {pick(known.title)}
          </button>
        ))}
      </div>
      <div className="say-box">
        <p className="say" aria-live="polite">
          <Filled text={pick(step.text)} facts={facts} />
        </p>
        {next && (
          <button type="button" className="next small" onClick={() => go(at + 1)}>
            <ArrowRight className="s" aria-hidden />
            <span className="cut">
              {t('desk.next_step', { title: pick(next.title) })} {plainText(pick(next.text), facts)}
            </span>
            <span className="kbd">→</span>
          </button>
        )}
      </div>
    </>
  )
}
