/* Says that the screens get nothing new: shown once the live link is gone for longer than a blink. */
import { useEffect, useState } from 'react'
import { useLink } from './live.ts'
import { Note } from './parts.tsx'
import { useWords } from './prefs.ts'

export function LinkAway() {
  const { t } = useWords()
  const link = useLink()
  const [long, setLong] = useState(false)
  useEffect(() => {
    // A blink of the network is nobody's business; half a second without a link is.
    const timer = window.setTimeout(() => setLong(link === 'away'), link === 'away' ? 600 : 0)
    return () => window.clearTimeout(timer)
  }, [link])
  if (!long) return null
  return (
    <Note tone="warn" alert>
      <b>{t('link.away')}</b> {t('link.away_next')}
    </Note>
  )
}
