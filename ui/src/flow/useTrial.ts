/* A flow on trial: the server decides what comes next, the browser plays it and tells what was pressed. */
import { useCallback, useEffect, useRef, useState } from 'react'
import { api } from '../api/http.ts'
import { audioOf, type Deed, type Flow, type Walk } from '../api/prompts.ts'
import { quiet } from './Listen.tsx'

export type Trying = {
  walk: Walk | null
  problem: unknown
  silent: string
  begin: () => void
  press: (key: string) => void
  agent: () => void
  end: () => void
}

type Course = { began: number; deeds: Deed[]; asked: number; said: number }

export function useTrial(flow: Flow, harbour: string, language: string): Trying {
  const [walk, setWalk] = useState<Walk | null>(null)
  const [problem, setProblem] = useState<unknown>(null)
  const [silent, setSilent] = useState('')
  const course = useRef<Course | null>(null)
  const sound = useRef<HTMLAudioElement | null>(null)
  const timer = useRef(0)

  const hush = () => {
    sound.current?.pause()
    sound.current = null
  }
  const end = useCallback(() => {
    window.clearTimeout(timer.current)
    hush()
    course.current = null
  }, [])
  useEffect(() => end, [end])

  const ask = useCallback(
    async (deed: Omit<Deed, 'at_s'> | null, at?: number) => {
      const own = course.current
      if (!own) return
      const now = at ?? (performance.now() - own.began) / 1000
      if (deed) own.deeds.push({ ...deed, at_s: now })
      own.asked += 1
      const turn = own.asked
      window.clearTimeout(timer.current)
      const body = { flow, safe_harbour_prompt: harbour, deeds: own.deeds, now_s: now }
      try {
        const told = await api<Walk>('/flows/walk', { method: 'POST', body })
        // An answer that was overtaken by a later one tells of the past.
        if (course.current !== own || turn !== own.asked) return
        setWalk(told)
        follow(own, told)
      } catch (error) {
        setProblem(error)
        end()
      }
    },
    // `follow` and `ask` call each other; both live as long as the flow on trial.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [flow, harbour, language, end],
  )

  const follow = (own: Course, told: Walk) => {
    if (!told.says || told.over) hush()
    else if (told.says_again !== own.said) {
      hush()
      const over = () => sound.current === playing && void ask({ kind: 'prompt_over' })
      const playing = new Audio(audioOf(language, told.says))
      playing.loop = told.loops
      playing.addEventListener('ended', over)
      playing.addEventListener('error', () => {
        setSilent(told.says)
        over()
      })
      sound.current = playing
      void playing.play().catch(() => undefined)
    }
    own.said = told.says_again
    if (told.next_at_s === null) return
    const wait = told.next_at_s - (performance.now() - own.began) / 1000
    const due = told.next_at_s
    timer.current = window.setTimeout(() => void ask(null, due), Math.max(0, wait * 1000))
  }

  return {
    walk,
    problem,
    silent,
    begin: () => {
      end()
      quiet()
      setWalk(null)
      setProblem(null)
      setSilent('')
      course.current = { began: performance.now(), deeds: [], asked: 0, said: 0 }
      void ask(null, 0)
    },
    press: (key) => void ask({ kind: 'key', key }),
    agent: () => void ask({ kind: 'agent' }),
    end,
  }
}
