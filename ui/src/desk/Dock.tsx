/* The hands' part of the desk: call controls, results 1-9, the wrap-up that saves itself. */
import {
  Check,
  Disc,
  Grip,
  Hand,
  Mic,
  MicOff,
  Pause,
  PhoneOff,
  PhoneOutgoing,
  Play,
} from 'lucide-react'
import { Fragment } from 'react'
import type { ResultDef } from '../api/types.ts'
import { useNow } from '../kit/live.ts'
import { Kbd } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import type { LiveCall, WrapUp } from '../live/shapes.ts'
import { formatTalk } from '../words/format.ts'
import { Colleague } from './Colleague.tsx'
import { Keypad } from './Keypad.tsx'
import type { Ask } from './useDesk.ts'
import type { Results } from './useResult.ts'

export type CallControls = {
  mute: () => void
  hold: () => void
  keypad: () => void
  end: () => void
  help: () => void
}

export function Controls(props: {
  call: LiveCall
  controls: CallControls
  keypad: boolean
  ask: Ask
  helping: boolean
}) {
  const { t } = useWords()
  const { call, controls } = props
  if (call.state === 'ringing') {
    return (
      <div className="ctl">
        <span className="st ready">
          <PhoneOutgoing aria-hidden />
          {t('desk.joining')}
        </span>
      </div>
    )
  }
  return (
    <div className="ctl">
      <button
        type="button"
        className={`btn ${call.muted ? 'on' : ''}`}
        aria-pressed={call.muted}
        onClick={controls.mute}
      >
        {call.muted ? <MicOff aria-hidden /> : <Mic aria-hidden />}
        {call.muted ? t('desk.unmute') : t('desk.mute')}
        <Kbd>M</Kbd>
      </button>
      {!call.as && (
        <>
          <button
            type="button"
            className={`btn ${call.held ? 'on' : ''}`}
            aria-pressed={call.held}
            onClick={controls.hold}
          >
            {call.held ? <Play aria-hidden /> : <Pause aria-hidden />}
            {call.held ? t('desk.unhold') : t('desk.hold')}
            <Kbd>H</Kbd>
          </button>
          <span className="at">
            <button
              type="button"
              className={`btn ${props.keypad ? 'on' : ''}`}
              aria-expanded={props.keypad}
              onClick={controls.keypad}
            >
              <Grip aria-hidden />
              {t('desk.keypad')}
              <Kbd>K</Kbd>
            </button>
            {props.keypad && (
              <Keypad
                send={(digit) => void props.ask('digits', { digits: digit })}
                close={controls.keypad}
              />
            )}
          </span>
        </>
      )}
      <Colleague call={call} ask={props.ask} />
      <button
        type="button"
        className={`btn quiet ${props.helping ? 'on' : ''}`}
        aria-pressed={props.helping}
        onClick={controls.help}
      >
        <Hand aria-hidden />
        {props.helping ? t('desk.help_asked') : t('desk.ask_help')}
      </button>
      {call.recording && (
        <span className="st small ink2 hide-s rec">
          <Disc className="s fg bad" aria-hidden />
          {t('desk.recording')}
        </span>
      )}
      <button type="button" className="btn danger push" onClick={controls.end}>
        <PhoneOff aria-hidden />
        {call.as ? t('company.do_leave') : t('desk.end')}
        <Kbd>E</Kbd>
      </button>
    </div>
  )
}

const EXTRA = 2

/** The line above the results while the talk is being written up. */
export function WrapLine({ wrap, results }: { wrap: WrapUp | null; results: Results }) {
  const words = useWords()
  const { t } = words
  const now = useNow()
  const call = results.call
  const from = call?.bridged_at ?? call?.answered_at
  const talk = call?.ended_at && from ? (Date.parse(call.ended_at) - Date.parse(from)) / 1000 : null
  const left = wrap?.until
    ? Math.max(0, Math.ceil((Date.parse(wrap.until) - now) / 1000) - EXTRA)
    : null
  const incomplete = results.chosen?.needs === 'callback' && results.callbackAt === null
  return (
    <div className="ctl wrapline">
      <b>
        {results.chosen
          ? t('desk.result_is', { result: words.pick(results.chosen.label) })
          : t('desk.choose_result')}
      </b>
      {talk !== null && (
        <span className="ink3 hide-s">{t('desk.talk_was', { time: formatTalk(talk) })}</span>
      )}
      <span className="push row g3 wrap">
        {left !== null && wrap && (
          <>
            <span className="small ink2 num">
              {results.chosen && !incomplete
                ? t('desk.saves_itself', { span: words.span(left) })
                : t('desk.left_to_choose', { span: words.span(left) })}
            </span>
            <span className="bar wrapup">
              <i style={{ width: `${Math.min(100, (left / Math.max(1, wrap.limit_s)) * 100)}%` }} />
            </span>
          </>
        )}
        <button
          type="button"
          className="btn primary"
          disabled={!results.chosen || incomplete || results.saving}
          onClick={results.save}
        >
          <Check aria-hidden />
          {results.saving ? t('common.saving') : t('desk.save_next')}
          <Kbd>Enter</Kbd>
        </button>
      </span>
    </div>
  )
}

/** Results 1-9, groups parted by a hairline. */
export function ResultRow({ results }: { results: Results }) {
  const { t, pick } = useWords()
  const list = results.call?.results ?? []
  const groupOf = (result?: ResultDef) => result?.group
  return (
    <div className="dispo" data-enter="pass" role="radiogroup" aria-label={t('desk.results_row')}>
      {list.map((result, index) => (
        <Fragment key={result.code}>
          {index > 0 && groupOf(list[index - 1]) !== result.group && <i aria-hidden />}
          <button
            type="button"
            role="radio"
            aria-checked={results.chosen?.code === result.code}
            className={`d ${result.group === 'stop' ? 'no' : ''} ${results.chosen?.code === result.code ? 'on' : ''}`}
            disabled={results.saving}
            onClick={() => results.choose(result.code)}
          >
            <Kbd>{result.key}</Kbd>
            <span>{pick(result.label)}</span>
          </button>
        </Fragment>
      ))}
    </div>
  )
}
