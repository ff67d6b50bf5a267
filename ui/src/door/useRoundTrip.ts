/* How long the way to the server and back takes: the middle of five requests, in ms; -1 when it is away. */
import { useEffect, useState } from 'react'

const TRIES = 5

export function useRoundTrip(): number | null {
  const [trip, setTrip] = useState<number | null>(null)
  useEffect(() => {
    const control = new AbortController()
    const measure = async () => {
      const times: number[] = []
      for (let index = 0; index < TRIES; index++) {
        const from = performance.now()
        try {
          await fetch('/api/v1/health', { signal: control.signal, cache: 'no-store' })
          times.push(performance.now() - from)
        } catch {
          if (!control.signal.aborted) setTrip(-1)
          return
        }
      }
      setTrip(times.toSorted((a, b) => a - b)[Math.floor(TRIES / 2)] ?? -1)
    }
    void measure()
    return () => control.abort()
  }, [])
  return trip
}
