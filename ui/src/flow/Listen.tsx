/* Listens to a prompt: one sound at a time, whatever the button. */
import { Play, Square } from 'lucide-react'
import { useEffect, useSyncExternalStore } from 'react'
import { useWords } from '../kit/prefs.ts'

let sound: HTMLAudioElement | null = null
let playing = ''
const listeners = new Set<() => void>()

function tell(url: string) {
  playing = url
  for (const listener of listeners) listener()
}

/** Stops whatever is being listened to. */
export function quiet(): void {
  sound?.pause()
  sound = null
  tell('')
}

function listen(url: string) {
  quiet()
  const own = new Audio(url)
  const over = () => sound === own && quiet()
  own.addEventListener('ended', over)
  own.addEventListener('error', over)
  sound = own
  tell(url)
  void own.play().catch(over)
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function Listen({ url, name, words }: { url: string; name: string; words?: boolean }) {
  const { t } = useWords()
  const now = useSyncExternalStore(subscribe, () => playing)
  useEffect(
    () => () => {
      if (playing === url) quiet()
    },
    [url],
  )
  const on = now === url
  const Icon = on ? Square : Play
  return (
    <button
      type="button"
      className={`btn s ${words ? '' : 'icon'}`}
      aria-pressed={on}
      aria-label={words ? undefined : t('prompts.listen_to', { name })}
      title={words ? undefined : t('prompts.listen')}
      onClick={() => (on ? quiet() : listen(url))}
    >
      <Icon className="s" aria-hidden />
      {words && t(on ? 'prompts.stop' : 'prompts.listen')}
    </button>
  )
}
