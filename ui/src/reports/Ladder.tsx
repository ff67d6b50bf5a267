/* What crossed the wire for one attempt: Vyzov on the left, the carrier on the right, time downwards.
   Each message opens to its text, from which the server has taken secrets and the middle of numbers. */
import { useQuery } from '@tanstack/react-query'
import { ListOrdered } from 'lucide-react'
import { useState } from 'react'
import { api } from '../api/http.ts'
import type { Ladder, LadderStep } from '../api/evidence.ts'
import { useSession, may } from '../api/session.ts'
import { Dialog } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'

/** How a message is coloured: a request, news on the way, success, refusal. */
export function kindOf(head: string): 'ask' | 'news' | 'ok' | 'bad' {
  const code = Number.parseInt(head, 10)
  if (Number.isNaN(code)) return 'ask'
  // A challenge is the ordinary way in, no refusal.
  if (code === 401 || code === 407) return 'news'
  return code < 200 ? 'news' : code < 300 ? 'ok' : 'bad'
}

export function LadderButton({ attempt }: { attempt: string }) {
  const { t } = useWords()
  const session = useSession()
  const [open, setOpen] = useState(false)
  if (!may(session, 'ladder.see')) return null
  return (
    <div>
      <button type="button" className="btn s" onClick={() => setOpen(true)}>
        <ListOrdered className="s" aria-hidden />
        {t('ladder.open')}
      </button>
      {open && <LadderDialog attempt={attempt} close={() => setOpen(false)} />}
    </div>
  )
}

function LadderDialog({ attempt, close }: { attempt: string; close: () => void }) {
  const words = useWords()
  const { t } = words
  const { data, error } = useQuery({
    queryKey: ['ladder', attempt],
    queryFn: () => api<Ladder>(`/attempts/${attempt}/ladder`),
  })
  const peer = data?.steps[0]?.peer
  return (
    <Dialog title={t('ladder.title')} close={close} wide>
      {!data && <p className="wait">{error ? problemText(words, error) : t('common.loading')}</p>}
      {data?.steps.length === 0 && <p className="ink2">{t('ladder.none')}</p>}
      {data && data.steps.length > 0 && (
        <>
          <div className="rungs">
            <div className="ends small m" aria-hidden>
              <span>Vyzov</span>
              <span className="mono cut" title={peer}>
                {peer}
              </span>
            </div>
            <ol>
              {data.steps.map((step, index) => (
                // The same message may come twice in a millisecond; its place is all it has.
                // oxlint-disable-next-line react/no-array-index-key
                <Rung key={index} step={step} peer={peer} />
              ))}
            </ol>
          </div>
          <p className="small ink3">
            {t('ladder.hidden')} <span className="mono">{data.call_id}</span>
          </p>
        </>
      )}
    </Dialog>
  )
}

function Rung({ step, peer }: { step: LadderStep; peer?: string | undefined }) {
  const { t } = useWords()
  const [open, setOpen] = useState(false)
  const kind = kindOf(step.head)
  return (
    <li>
      <button
        type="button"
        className="rung"
        aria-expanded={open}
        aria-label={`${t(step.dir === 'out' ? 'ladder.sent' : 'ladder.came', { ms: step.ms })} ${step.head}`}
        onClick={() => setOpen(!open)}
      >
        <span className="num small ink3 r">{t('ladder.ms', { ms: step.ms })}</span>
        <span className={`way ${step.dir} ${kind}`}>
          <span className="said small">
            <b className="mono">{step.head}</b>
            {step.sdp && <span className="tag">SDP</span>}
            {step.peer !== peer && <span className="mono ink3">{step.peer}</span>}
          </span>
          <i aria-hidden />
          {step.reason && <span className="mono small ink3">{step.reason}</span>}
        </span>
      </button>
      {open && <pre className="mono small">{step.text}</pre>}
    </li>
  )
}
