/* Lets a person hear their own voice half a second later, to judge it by ear. */
import { useEffect, useState } from 'react'

const DELAY_S = 0.5

export function useEcho(stream: MediaStream | null): { on: boolean; set: (on: boolean) => void } {
  const [on, set] = useState(false)
  useEffect(() => {
    if (!on || !stream) return
    const context = new AudioContext()
    const delay = context.createDelay(DELAY_S)
    delay.delayTime.value = DELAY_S
    context.createMediaStreamSource(stream).connect(delay).connect(context.destination)
    return () => void context.close()
  }, [on, stream])
  return { on, set }
}
