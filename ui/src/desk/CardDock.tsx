/* What the hands can do with a card, and with the call that it became: buttons and their keys. */
import { ArrowRight, Ban, CalendarClock, Phone, PhoneOutgoing, Undo2 } from 'lucide-react'
import { Kbd } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import type { Card } from '../live/shapes.ts'

export const SKIPS = ['not_now', 'not_mine', 'wrong_card', 'other'] as const

/** What is shown in the card's place: itself, or what is to be settled before it goes. */
export type Face = 'card' | 'skip' | 'postpone' | 'stop'

export function SkipDock(props: { skip: (reason: string) => void; back: () => void }) {
  const { t } = useWords()
  return (
    <div className="ctl wrap" role="group" aria-label={t('card.skip_why')}>
      <b>{t('card.skip_why')}</b>
      {SKIPS.map((reason, index) => (
        <button type="button" key={reason} className="btn l" onClick={() => props.skip(reason)}>
          {t(`card.skip_${reason}`)}
          <Kbd>{index + 1}</Kbd>
        </button>
      ))}
      <BackButton back={props.back} />
    </div>
  )
}

function BackButton({ back }: { back: () => void }) {
  const { t } = useWords()
  return (
    <button type="button" className="btn l quiet push" onClick={back}>
      <Undo2 aria-hidden />
      {t('card.back')}
      <Kbd>Esc</Kbd>
    </button>
  )
}

export function CardDock(props: {
  card: Card
  take: () => void
  layDown: () => void
  turn: (face: Face) => void
}) {
  const { t } = useWords()
  const { card, turn } = props
  return (
    <div className="ctl wrap">
      <button
        type="button"
        className="btn l primary call-now"
        disabled={card.state === 'taken'}
        onClick={props.take}
      >
        <Phone aria-hidden />
        {t('card.call_now')}
        <Kbd>{t('card.space')}</Kbd>
      </button>
      <button type="button" className="btn l" onClick={() => turn('postpone')}>
        <CalendarClock aria-hidden />
        {t('card.postpone')}
        <Kbd>C</Kbd>
      </button>
      {card.at_zero === 'lay_down' ? (
        <button type="button" className="btn l" onClick={props.layDown}>
          <ArrowRight aria-hidden />
          {t('card.lay_down')}
          <Kbd>S</Kbd>
        </button>
      ) : (
        <>
          <button
            type="button"
            className="btn l"
            disabled={card.skips_left === 0}
            onClick={() => turn('skip')}
          >
            <ArrowRight aria-hidden />
            {t('card.skip')}
            <Kbd>S</Kbd>
          </button>
          <span className="small ink3 hide-s">
            {card.skips_left === 0
              ? t('card.no_skips')
              : t('card.skips_left', { n: card.skips_left, of: card.skips_max })}
          </span>
        </>
      )}
      <button type="button" className="btn l danger push" onClick={() => turn('stop')}>
        <Ban aria-hidden />
        {t('card.stop')}
        <Kbd>X</Kbd>
      </button>
    </div>
  )
}

export function StopDock(props: { stop: () => void; back: () => void }) {
  const { t } = useWords()
  return (
    <div className="ctl wrap" role="group" aria-label={t('card.stop_sure')}>
      <b>{t('card.stop_sure')}</b>
      <span className="ink2">{t('card.stop_why')}</span>
      <button type="button" className="btn l danger" onClick={props.stop}>
        <Ban aria-hidden />
        {t('card.stop_yes')}
        <Kbd>Enter</Kbd>
      </button>
      <BackButton back={props.back} />
    </div>
  )
}

export function PostponeDock(props: { at: number | null; promise: () => void; back: () => void }) {
  const { t } = useWords()
  return (
    <div className="ctl wrap">
      <button
        type="button"
        className="btn l primary"
        disabled={props.at === null}
        onClick={props.promise}
      >
        <CalendarClock aria-hidden />
        {t('card.promise')}
        <Kbd>Enter</Kbd>
      </button>
      <BackButton back={props.back} />
    </div>
  )
}

/** What the hands can do while a call rings that was asked for from a card. */
export function Dialling({ giveUp }: { giveUp: () => void }) {
  const { t } = useWords()
  return (
    <div className="ctl wrap">
      <span className="st ready" role="status">
        <PhoneOutgoing aria-hidden />
        {t('card.dialing')}
      </span>
      <button type="button" className="btn danger push" onClick={giveUp}>
        {t('card.give_up')}
        <Kbd>E</Kbd>
      </button>
    </div>
  )
}
