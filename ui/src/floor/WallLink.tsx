/* The wallboard of this floor, and a link to it that needs no sign-in: made once, ended in API access. */
import { useQueryClient } from '@tanstack/react-query'
import { MonitorPlay } from 'lucide-react'
import { useState } from 'react'
import { api } from '../api/http.ts'
import { may, useSession } from '../api/session.ts'
import type { ApiTokenMade } from '../api/tokens.ts'
import { Dialog, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'

function Making({ close }: { close: () => void }) {
  const words = useWords()
  const { t } = words
  const session = useSession()
  const queries = useQueryClient()
  const [link, setLink] = useState('')
  const [copied, setCopied] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const make = async () => {
    try {
      const body = { name: t('wall.token'), scopes: ['wall.see'] }
      const made = await api<ApiTokenMade>('/tokens', { method: 'POST', body })
      setLink(`${window.location.origin}/wall#${made.secret}`)
      setError(null)
    } catch (failure) {
      setError(failure)
    }
    await queries.invalidateQueries({ queryKey: ['tokens'] })
  }
  const copy = async () => {
    await navigator.clipboard.writeText(link)
    setCopied(true)
  }
  return (
    <Dialog title={t('wall.title')} close={close}>
      <div className="stack g4">
        <p className="ink2">{t('wall.what')}</p>
        {error !== null && (
          <Note tone="bad" alert>
            {problemText(words, error)}
          </Note>
        )}
        {link && (
          <>
            <Note tone="warn">{t('wall.once')}</Note>
            <code className="mono m" style={{ overflowWrap: 'anywhere' }}>
              {link}
            </code>
          </>
        )}
        <div className="row wrap g2">
          <a className="btn primary" href="/wall" target="_blank" rel="noreferrer">
            {t('wall.open')}
          </a>
          {link ? (
            <button type="button" className="btn" onClick={() => void copy()}>
              {copied ? t('tokens.copied') : t('tokens.copy')}
            </button>
          ) : (
            may(session, 'token.edit') && (
              <button type="button" className="btn" onClick={() => void make()}>
                {t('wall.make')}
              </button>
            )
          )}
        </div>
      </div>
    </Dialog>
  )
}

export function WallLink() {
  const { t } = useWords()
  const [open, setOpen] = useState(false)
  return (
    <>
      <button type="button" className="btn quiet s" onClick={() => setOpen(true)}>
        <MonitorPlay className="s" aria-hidden />
        <span className="hide-s">{t('wall.title')}</span>
      </button>
      {open && <Making close={() => setOpen(false)} />}
    </>
  )
}
