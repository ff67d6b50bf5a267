/* Records with the microphone, shows for how long, and plays what was taken before it is saved. */
import { Mic, Square } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { Listen, quiet } from './Listen.tsx'
import { mayRecord, record, type Recording } from './recorder.ts'

type Props = {
  most: number
  taken: Blob | null
  take: (sound: Blob | null) => void
  wrong: string | null
}
const HEADER = 44
const BYTES_A_SECOND = 32_000

export function Recorded({ most, taken, take, wrong }: Props) {
  const { t } = useWords()
  const going = useRef<Recording | null>(null)
  const [seconds, setSeconds] = useState<number | null>(null)
  const [denied, setDenied] = useState(false)
  const [url, setUrl] = useState('')
  useEffect(() => () => going.current?.drop(), [])
  useEffect(() => {
    const made = taken ? URL.createObjectURL(taken) : ''
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [taken])
  const stop = async () => {
    const own = going.current
    going.current = null
    setSeconds(null)
    if (own) take(await own.stop())
  }
  useEffect(() => {
    if (seconds === null) return
    const timer = window.setTimeout(() => {
      if (seconds + 1 >= most) void stop()
      else setSeconds(seconds + 1)
    }, 1000)
    return () => window.clearTimeout(timer)
  })
  const start = async () => {
    quiet()
    take(null)
    try {
      going.current = await record()
      setDenied(false)
      setSeconds(0)
    } catch {
      setDenied(true)
    }
  }
  if (!mayRecord()) return <Note tone="warn">{t('prompts.record_https')}</Note>
  return (
    <div className="stack">
      <div className="row">
        {seconds === null ? (
          <button type="button" className="btn" onClick={() => void start()}>
            <Mic aria-hidden />
            {t(taken ? 'prompts.record_again' : 'prompts.record')}
          </button>
        ) : (
          <button type="button" className="btn danger" onClick={() => void stop()}>
            <Square aria-hidden />
            {t('prompts.record_stop', { s: seconds })}
          </button>
        )}
        {url && <Listen url={url} name="" words />}
      </div>
      {taken && (
        <span className="small ink3">
          {t('prompts.recorded', { s: Math.round((taken.size - HEADER) / BYTES_A_SECOND) })}
        </span>
      )}
      {denied && (
        <Note tone="bad" alert>
          {t('prompts.record_denied')}
        </Note>
      )}
      {wrong && (
        <div className="small fg bad" role="alert">
          {wrong}
        </div>
      )}
    </div>
  )
}
