/* The operator's place while a card is read, with its keys: what follows is decided by the floor. */
import { type RefObject, useState } from 'react'
import { useKeys } from '../kit/keys.ts'
import type { Card, DeskState } from '../live/shapes.ts'
import { CallbackPicker } from './CallbackPicker.tsx'
import { CardDock, type Face, PostponeDock, SkipDock, SKIPS, StopDock } from './CardDock.tsx'
import { CardFace } from './CardFace.tsx'
import { HistoryPanel } from './HistoryPanel.tsx'
import type { Ask } from './useDesk.ts'
import type { NoteField } from './useNote.ts'

type Props = {
  desk: DeskState
  card: Card
  agent: string
  ask: Ask
  note: NoteField
  noteRef: RefObject<HTMLInputElement | null>
  history: boolean
}

/** The whole place while a card is read; it begins anew with each card. */
export function CardPlace({ desk, card, agent, ask, note, noteRef, history }: Props) {
  const [face, turn] = useState<Face>('card')
  const [marked, mark] = useState(card.position)
  const [at, setAt] = useState<number | null>(null)
  const [mine, setMine] = useState(true)
  const taken = card.state === 'taken'
  const chosen = taken ? card.position : marked
  const back = () => turn('card')
  const say = (verb: string, more: Record<string, string | number | boolean> = {}) =>
    void ask(verb, { card: card.id, ...more }).then(back)
  const take = () => !taken && say('take', { position: chosen })
  const skip = (reason: string) => say('skip', { reason })
  const typed = card.at_zero === 'lay_down'
  const layDown = () => skip('other')
  const stop = () => say('stop_contact')
  const promise = () =>
    at !== null && say('postpone', { callback_at: new Date(at).toISOString(), callback_mine: mine })
  const step = (by: number) => {
    const count = card.numbers.length
    if (!taken && count > 0) mark((chosen + by + count) % count)
  }
  const reasons = Object.fromEntries(
    SKIPS.map((reason, index) => [`Digit${index + 1}`, () => skip(reason)]),
  )
  useKeys({
    ...(face === 'card' && {
      Space: take,
      ArrowUp: () => step(-1),
      ArrowDown: () => step(1),
      KeyC: () => turn('postpone'),
      KeyS: () => (typed ? layDown() : card.skips_left > 0 && turn('skip')),
      KeyX: () => turn('stop'),
    }),
    ...(face === 'skip' && reasons),
    ...(face === 'postpone' && { Enter: promise }),
    ...(face === 'stop' && { Enter: stop }),
    ...(face !== 'card' && { Escape: back }),
  })
  return (
    <>
      <div className="cols two">
        {face === 'postpone' ? (
          <section className="script">
            <CallbackPicker
              contact={card.contact}
              at={at}
              pick={setAt}
              mine={mine}
              pickWho={setMine}
            />
          </section>
        ) : (
          <CardFace desk={desk} card={card} chosen={chosen} choose={mark} agent={agent} />
        )}
        <HistoryPanel
          call={{ ...card, recording: false, answered_at: null, bridged_at: null, ended_at: null }}
          open={history}
          note={note}
          noteRef={noteRef}
        />
      </div>
      <footer className="dock">
        {face === 'card' && <CardDock card={card} take={take} layDown={layDown} turn={turn} />}
        {face === 'skip' && <SkipDock skip={skip} back={back} />}
        {face === 'stop' && <StopDock stop={stop} back={back} />}
        {face === 'postpone' && <PostponeDock at={at} promise={promise} back={back} />}
      </footer>
    </>
  )
}
