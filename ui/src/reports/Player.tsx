/* A recording to look at and hear: both sides drawn, place by pointer or keys, speed from 0.75 to 2. */
import { useQuery } from '@tanstack/react-query'
import { Pause, Play } from 'lucide-react'
import { type KeyboardEvent, type PointerEvent, useRef, useState } from 'react'
import { api } from '../api/http.ts'
import { useWords } from '../kit/prefs.ts'
import { formatTalk } from '../words/format.ts'

type Peaks = { seconds: number; left: number[]; right: number[] }

export const SPEEDS = [0.75, 1, 1.25, 1.5, 2] as const
const STEP_S = 5
const HALF = 20

/** One side as a closed outline: bars of a height of 0 to 20 from the middle line, up or down. */
export function outline(peaks: readonly number[], down: boolean): string {
  return peaks
    .map((peak, index) => {
      const height = Math.max(0.5, (Math.min(100, peak) / 100) * HALF)
      return `M${index} ${HALF}v${down ? height : -height}h.7v${down ? -height : height}z`
    })
    .join('')
}

/** Where a key leads from a place, null for a key that leads nowhere. */
export function placeAfter(code: string, at: number, seconds: number): number | null {
  const places: Record<string, number> = {
    ArrowLeft: at - STEP_S,
    ArrowRight: at + STEP_S,
    Home: 0,
    End: seconds,
  }
  const place = places[code]
  return place === undefined ? null : Math.min(seconds, Math.max(0, place))
}

export function Player({ id }: { id: string }) {
  const { t, num } = useWords()
  const sound = useRef<HTMLAudioElement>(null)
  const [at, setAt] = useState(0)
  const [plays, setPlays] = useState(false)
  const [speed, setSpeed] = useState(1)
  const { data } = useQuery({
    queryKey: ['peaks', id],
    staleTime: Infinity,
    retry: false,
    queryFn: () => api<Peaks>(`/recordings/${id}/peaks`),
  })
  const seconds = data?.seconds ?? 0
  const count = Math.max(1, data?.left.length ?? 0)
  const seek = (place: number) => {
    if (sound.current) sound.current.currentTime = place
    setAt(place)
  }
  const toggle = () => {
    const audio = sound.current
    if (!audio) return
    audio.playbackRate = speed
    if (audio.paused) void audio.play().catch(() => setPlays(false))
    else audio.pause()
  }
  const point = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    seek(((event.clientX - box.left) / box.width) * seconds)
  }
  const press = (event: KeyboardEvent) => {
    const place = placeAfter(event.code, at, seconds)
    if (place !== null) seek(place)
    else if (event.code === 'Space') toggle()
    else return
    event.preventDefault()
  }
  return (
    <div className="player">
      {/* A talk has no captions; the two voices are on two channels. */}
      {/* oxlint-disable-next-line jsx-a11y/media-has-caption */}
      <audio
        ref={sound}
        preload="none"
        src={`/api/v1/recordings/${id}/audio`}
        onTimeUpdate={(event) => setAt(event.currentTarget.currentTime)}
        onPlay={() => setPlays(true)}
        onPause={() => setPlays(false)}
      />
      <button
        type="button"
        className="btn s icon"
        onClick={toggle}
        aria-label={t(plays ? 'player.pause' : 'player.play')}
      >
        {plays ? <Pause className="s" aria-hidden /> : <Play className="s" aria-hidden />}
      </button>
      <div
        className="wave"
        role="slider"
        tabIndex={0}
        aria-label={t('report.recording')}
        aria-valuemin={0}
        aria-valuemax={Math.round(seconds)}
        aria-valuenow={Math.round(at)}
        aria-valuetext={formatTalk(at)}
        onPointerDown={point}
        onKeyDown={press}
      >
        <svg viewBox={`0 0 ${count} ${2 * HALF}`} preserveAspectRatio="none" aria-hidden>
          <path className="theirs" d={outline(data?.left ?? [], false)} />
          <path className="ours" d={outline(data?.right ?? [], true)} />
        </svg>
        <i style={{ left: `${seconds > 0 ? Math.min(100, (at / seconds) * 100) : 0}%` }} />
      </div>
      <span className="num small ink2">
        {formatTalk(at)} / {formatTalk(seconds)}
      </span>
      <select
        className="input s"
        aria-label={t('player.speed')}
        value={speed}
        onChange={(event) => {
          const chosen = Number(event.target.value)
          setSpeed(chosen)
          if (sound.current) sound.current.playbackRate = chosen
        }}
      >
        {SPEEDS.map((known) => (
          <option key={known} value={known}>
            {num(known, Number.isInteger(known) ? 0 : 2)}×
          </option>
        ))}
      </select>
    </div>
  )
}
