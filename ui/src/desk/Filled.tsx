/* Words to say, filled with the customer's own facts. */
import type { Walk, Step } from '../api/scripts.ts'
import { useWords } from '../kit/prefs.ts'
import type { LiveCall } from '../live/shapes.ts'
import { formatPhone, knit } from '../words/format.ts'
import { fieldId } from '../words/words.ts'
import { pieces } from './script.ts'

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

/** What was answered in this call, under the fields it goes to: later steps may name it. */
export function answeredFacts(steps: Step[], walk: Walk): Record<string, string> {
  const told = steps.flatMap((step) => {
    const field = step.question?.field
    const answer = walk.answers[step.id]
    if (!field || answer === undefined) return []
    return [[field, Array.isArray(answer) ? answer.join(', ') : answer]]
  })
  return Object.fromEntries(told) as Record<string, string>
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
