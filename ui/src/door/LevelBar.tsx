/* A level bar of 48 steps, drawn straight into the picture: no React render per sound block. */
import { useEffect, useRef } from 'react'
import { Meter } from '../phone/microphone.ts'

const STEPS = 48
const LOUD = 40
/* About -38 dB: a voice at a hand's width is well above, a quiet room below. */
const HEARD_LEVEL = 0.37
const HEARD_BLOCKS = 6

export function LevelBar({ stream, heard }: { stream: MediaStream; heard?: () => void }) {
  const picture = useRef<SVGSVGElement>(null)
  const onHeard = useRef(heard)
  useEffect(() => {
    onHeard.current = heard
  })
  useEffect(() => {
    const meter = new Meter(stream)
    let shown = 0
    let loudBlocks = 0
    const timer = window.setInterval(() => {
      const level = meter.read()
      shown = Math.max(level, shown - 0.06)
      loudBlocks = level > HEARD_LEVEL ? loudBlocks + 1 : loudBlocks
      if (loudBlocks === HEARD_BLOCKS) onHeard.current?.()
      const lit = Math.round(shown * STEPS)
      for (const [index, bar] of [...(picture.current?.children ?? [])].entries()) {
        bar.setAttribute('class', index < lit ? (index >= LOUD ? 'loud' : 'on') : '')
      }
    }, 50)
    return () => {
      window.clearInterval(timer)
      meter.close()
    }
  }, [stream])
  return (
    <svg
      ref={picture}
      className="meter"
      viewBox="0 0 384 20"
      preserveAspectRatio="none"
      aria-hidden
    >
      {Array.from({ length: STEPS }, (_, index) => (
        <rect key={index * 8} x={index * 8} y="4" width="5" height="12" rx="1.5" />
      ))}
    </svg>
  )
}
