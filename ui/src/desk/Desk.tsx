/* The operator's place: decides which of its faces is shown and binds the keys to what they do. */
import { useEffect, useRef, useState } from 'react'
import { useSession } from '../api/session.ts'
import { useKeys } from '../kit/keys.ts'
import { phone, usePhone } from '../kit/live.ts'
import { useWords } from '../kit/prefs.ts'
import type { DeskState } from '../live/shapes.ts'
import { Banners, Elsewhere } from './Banners.tsx'
import { InboxNotes } from './Inbox.tsx'
import { CallbackPicker } from './CallbackPicker.tsx'
import { Dialling } from './CardDock.tsx'
import { Customer } from './Customer.tsx'
import { Company } from './Company.tsx'
import { Controls, ResultRow, WrapLine } from './Dock.tsx'
import { Help } from './Help.tsx'
import { HistoryPanel } from './HistoryPanel.tsx'
import { CardPlace } from './Preview.tsx'
import { Quiet } from './Quiet.tsx'
import { Script } from './Script.tsx'
import { StateBar } from './StateBar.tsx'
import { UndoBar } from './UndoBar.tsx'
import { goReady, useAsk, useDeskState } from './useDesk.ts'
import { useNote } from './useNote.ts'
import { useResult } from './useResult.ts'

export function Desk() {
  const desk = useDeskState()
  const { t } = useWords()
  if (!desk) return <p className="wait">{t('common.loading')}</p>
  return <Place desk={desk} />
}

function Place({ desk }: { desk: DeskState }) {
  const session = useSession()
  const asking = useAsk()
  const { ask } = asking
  const [keypadOf, setKeypadOf] = useState<string | null>(null)
  const [help, setHelp] = useState(false)
  const [history, setHistory] = useState(false)
  const [helpedOf, setHelpedOf] = useState<string | null>(null)
  const noteRef = useRef<HTMLInputElement>(null)
  const contact = desk.call?.contact ?? null
  const noteText = useRef('')
  const results = useResult(desk, () => noteText.current)
  const card = results.call ? null : desk.card
  const about = results.call?.contact ?? card?.contact
  const note = useNote(about?.id ?? null, contact?.note ?? about?.note ?? null)
  useEffect(() => {
    noteText.current = note.text
  }, [note.text])

  const call = results.call
  const live = call && call === desk.call && call.state !== 'ended' ? call : null
  const { agent } = desk
  const working = !['offline', 'pause', 'no_device', 'ready'].includes(agent.state)
  // The keypad and the call for help belong to one call and end with it.
  const keypad = live !== null && keypadOf === live.attempt
  const helping = live !== null && helpedOf === live.attempt

  const pause = () => {
    if (agent.pause_after || (agent.wish !== 'ready' && !working))
      return goReady(ask, desk.device.kind)
    return void ask('pause', { reason: 'break' })
  }
  const controls = {
    mute: () => live && void ask('mute', { on: !live.muted }),
    hold: () => live && void ask('hold', { on: !live.held }),
    keypad: () => live && setKeypadOf(keypad ? null : live.attempt),
    end: () => live && void ask('hangup'),
    help: () => {
      setHelpedOf(helping ? null : (live?.attempt ?? null))
      void ask('help', { on: !helping })
    },
  }
  const dialing = agent.state === 'dialing'
  const digits = Object.fromEntries(
    (dialing || call?.as ? [] : (call?.results ?? [])).map((result) => [
      `Digit${result.key}`,
      () => results.choose(result.code),
    ]),
  )
  useKeys({
    ...digits,
    KeyM: controls.mute,
    KeyH: controls.hold,
    KeyK: controls.keypad,
    KeyE: controls.end,
    KeyP: pause,
    KeyN: () => noteRef.current?.focus(),
    KeyG: () => setHistory(!history),
    KeyU: results.undo,
    Enter: () => !live && results.save(),
    Slash: () => setHelp(true),
  })

  const elsewhere = usePhone().state === 'elsewhere'
  const picking = results.chosen?.needs === 'callback' && call
  return (
    <main className="desk">
      <StateBar
        desk={desk}
        pause={pause}
        help={() => setHelp(true)}
        history={(call ?? card) ? () => setHistory(!history) : undefined}
      />
      <div className="banners">
        <Banners desk={desk} problem={asking.problem ?? results.problem} ask={ask} />
        <InboxNotes desk={desk} ask={ask} />
        {live && <Company call={live} />}
      </div>
      {elsewhere ? (
        <Elsewhere take={() => void phone.takeOver().catch(() => undefined)} />
      ) : call ? (
        <div className="cols">
          <Customer call={call} several={desk.campaigns.length > 1} />
          <section className="script">
            {picking ? (
              <CallbackPicker
                contact={call.contact}
                at={results.callbackAt}
                pick={results.pickTime}
                mine={results.mine}
                pickWho={results.pickWho}
              />
            ) : (
              <Script key={call.attempt} call={call} agent={session.user.name} />
            )}
          </section>
          <HistoryPanel call={call} open={history} note={note} noteRef={noteRef} />
        </div>
      ) : card ? (
        <CardPlace
          key={card.id}
          desk={desk}
          card={card}
          agent={session.user.name}
          ask={ask}
          note={note}
          noteRef={noteRef}
          history={history}
        />
      ) : (
        <Quiet desk={desk} ready={() => goReady(ask, desk.device.kind)} ask={ask} />
      )}
      <UndoBar results={results} />
      {call && !elsewhere ? (
        <footer className="dock">
          {live && dialing ? (
            <Dialling giveUp={controls.end} />
          ) : live ? (
            <Controls call={live} controls={controls} keypad={keypad} ask={ask} helping={helping} />
          ) : (
            <WrapLine wrap={desk.wrap_up} results={results} />
          )}
          {!dialing && !call.as && <ResultRow results={results} />}
        </footer>
      ) : (
        !card && <QuietFoot desk={desk} />
      )}
      {help && <Help close={() => setHelp(false)} />}
    </main>
  )
}

function QuietFoot({ desk }: { desk: DeskState }) {
  const { t } = useWords()
  const up = desk.device.state === 'up'
  const later = desk.device.kind === 'phone' ? 'deskphone.with_ready' : 'desk.phone_with_ready'
  return (
    <footer className="dock quiet small ink3">
      <span className="row">{up ? t('desk.tone_before_call') : t(later)}</span>
      <span className="push row hide-xs">
        <kbd className="kbd">?</kbd>
        {t('keys.help')}
      </span>
    </footer>
  )
}
