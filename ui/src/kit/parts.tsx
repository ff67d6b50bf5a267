/* Small parts every room is built of: state words, notes, fields, dialogs, held buttons. */
import { AlertTriangle, Check, Info, X } from 'lucide-react'
import { type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { useWords } from './prefs.ts'

export type Tone = 'talk' | 'ready' | 'wrapup' | 'pause' | 'bad' | 'ok' | 'warn'

/** Text with **bold** parts, as the word files write them. */
export function Rich({ text }: { text: string }) {
  return text
    .split('**')
    .map((part, index) => (index % 2 ? <b key={`${index}${part}`}>{part}</b> : part))
}

/** A text whose further lines are small print: what only the server could say, in its English. */
export function Said({ text }: { text: string }) {
  const [first, ...rest] = text.split('\n')
  return (
    <>
      {first}
      {rest.map((line) => (
        <span key={line} className="small ink3 block" lang="en">
          {line}
        </span>
      ))}
    </>
  )
}

const NOTE_ICON = { ok: Check, warn: AlertTriangle, bad: AlertTriangle }

/** One sentence with an icon; `alert` is read out at once by a screen reader. */
export function Note(props: {
  tone?: Tone
  icon?: ReactNode
  alert?: boolean
  action?: ReactNode
  children: ReactNode
}) {
  const Icon = NOTE_ICON[props.tone as keyof typeof NOTE_ICON] ?? Info
  return (
    <div className={`note ${props.tone ?? ''}`} role={props.alert ? 'alert' : undefined}>
      {props.icon ?? <Icon aria-hidden />}
      <div className="grow pretty">
        {typeof props.children === 'string' ? <Said text={props.children} /> : props.children}
      </div>
      {props.action}
    </div>
  )
}

export function Kbd({ children }: { children: ReactNode }) {
  return <kbd className="kbd">{children}</kbd>
}

/** A label over its control, with what is wrong with it underneath. */
export function Field(props: {
  label: ReactNode
  wrong?: string | null
  hint?: ReactNode
  children: ReactNode
  className?: string
}) {
  return (
    <label className={`field ${props.className ?? ''}`}>
      <span className="lab">{props.label}</span>
      {props.children}
      {props.wrong ? (
        <div className="said small fg bad" role="alert">
          {props.wrong}
        </div>
      ) : (
        props.hint && <div className="said small ink3">{props.hint}</div>
      )}
    </label>
  )
}

export function Switch(props: { on: boolean; set: (on: boolean) => void; children: ReactNode }) {
  return (
    <button
      type="button"
      role="switch"
      className="switch"
      aria-checked={props.on}
      onClick={() => props.set(!props.on)}
    >
      <i aria-hidden />
      <span>{props.children}</span>
    </button>
  )
}

/** Two or more ways to look at the same thing. */
export function Seg<T extends string>(props: {
  value: T
  options: readonly (readonly [T, ReactNode])[]
  set: (value: T) => void
  label: string
}) {
  return (
    <div className="seg" role="group" aria-label={props.label}>
      {props.options.map(([value, words]) => (
        <button
          type="button"
          key={value}
          aria-pressed={value === props.value}
          onClick={() => props.set(value)}
        >
          {words}
        </button>
      ))}
    </div>
  )
}

/** A linear bar from zero; parts are shares 0..1 of the whole width. */
export function Bar({
  parts,
  label,
}: {
  parts: readonly (readonly [Tone | '', number])[]
  label?: string
}) {
  return (
    <span className="bar" role={label ? 'img' : undefined} aria-label={label}>
      {parts.map(([tone, share], index) => (
        <i
          key={`${tone}${index}`}
          className={tone}
          style={{ width: `${Math.min(100, Math.max(0, share * 100))}%` }}
        />
      ))}
    </span>
  )
}

/** A native modal dialog: focus stays inside, Escape closes. */
export function Dialog(props: {
  title: ReactNode
  close: () => void
  children: ReactNode
  wide?: boolean
}) {
  const { t } = useWords()
  const box = useRef<HTMLDialogElement>(null)
  const title = useId()
  useEffect(() => {
    const dialog = box.current
    dialog?.showModal()
    dialog
      ?.querySelector<HTMLElement>('.body :is(input, select, textarea):not([disabled])')
      ?.focus()
    return () => dialog?.close()
  }, [])
  return (
    <dialog
      ref={box}
      className={props.wide ? 'wide' : ''}
      aria-labelledby={title}
      onCancel={props.close}
    >
      <header>
        <h1 id={title}>{props.title}</h1>
        <button
          type="button"
          className="btn quiet s icon push"
          onClick={props.close}
          aria-label={t('common.close')}
        >
          <X className="s" aria-hidden />
        </button>
      </header>
      <div className="body">{props.children}</div>
    </dialog>
  )
}

/** A button that acts only after being held; released early it does nothing. Works with pointer and keys. */
export function HoldButton(props: {
  ms: number
  act: () => void
  className?: string
  children: ReactNode
}) {
  const [held, setHeld] = useState(false)
  const timer = useRef(0)
  const press = () => {
    if (timer.current) return
    setHeld(true)
    timer.current = window.setTimeout(() => {
      release()
      props.act()
    }, props.ms)
  }
  const release = () => {
    window.clearTimeout(timer.current)
    timer.current = 0
    setHeld(false)
  }
  useEffect(() => () => window.clearTimeout(timer.current), [])
  return (
    <button
      type="button"
      className={`btn hold ${held ? 'is-held' : ''} ${props.className ?? ''}`}
      style={{ '--hold': `${props.ms}ms` } as React.CSSProperties}
      onPointerDown={press}
      onPointerUp={release}
      onPointerLeave={release}
      onKeyDown={(event) => (event.code === 'Space' || event.code === 'Enter') && press()}
      onKeyUp={release}
      onBlur={release}
    >
      <i aria-hidden />
      {props.children}
    </button>
  )
}

/** The title is the answer; below it why, until when, what to do meanwhile. */
export function Empty({ title, children }: { title: ReactNode; children?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
    </div>
  )
}
