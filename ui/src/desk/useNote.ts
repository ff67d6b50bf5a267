/* The note about a contact: what is typed is saved by itself a moment after the last letter. */
import { useCallback, useEffect, useRef, useState } from 'react'
import { api } from '../api/http.ts'

const SAVE_AFTER_MS = 800

export type NoteField = {
  text: string
  state: 'still' | 'typing' | 'saved' | 'failed'
  type: (text: string) => void
}

export function useNote(contact: string | null, first: string | null): NoteField {
  const [text, setText] = useState('')
  const [state, setState] = useState<NoteField['state']>('still')
  const timer = useRef(0)
  const shown = useRef(contact)
  const unsaved = useRef<{ contact: string; text: string } | null>(null)

  const flush = useCallback(async () => {
    window.clearTimeout(timer.current)
    const what = unsaved.current
    if (!what) return
    unsaved.current = null
    try {
      await api('/desk/note', { method: 'POST', body: what })
      setState((now) => (now === 'typing' && !unsaved.current ? 'saved' : now))
    } catch {
      // A later letter of the same note will carry it again; a note of another contact is not this one's.
      if (what.contact === shown.current) {
        unsaved.current ??= what
        setState('failed')
      }
    }
  }, [])

  useEffect(() => {
    shown.current = contact
    void flush()
    setText(first ?? '')
    setState('still')
    // A note coming back from the server must not overwrite what is being typed: only a new contact resets.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [contact, flush])

  const type = (next: string) => {
    setText(next)
    if (!contact) return
    setState('typing')
    unsaved.current = { contact, text: next }
    window.clearTimeout(timer.current)
    timer.current = window.setTimeout(() => void flush(), SAVE_AFTER_MS)
  }
  return { text, state, type }
}
