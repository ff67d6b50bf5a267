/* Can they hear you: microphone with a level bar, headphones with a tone, the way to the server.
   Remembered for next time; nobody is kept at the door without a headset. */
import { Check, Clock, Mic, Phone, Play, Signal, TriangleAlert, Volume2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Note, Rich, Switch, type Tone } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { playTone, rememberHeadset } from '../phone/microphone.ts'
import { LevelBar } from './LevelBar.tsx'
import { useEcho } from './useEcho.ts'
import { type MicCheck, useMicCheck } from './useMicCheck.ts'
import { useRoundTrip } from './useRoundTrip.ts'

function Line(props: {
  tone: Tone
  icon: ReactNode
  title: string
  says: string
  verdict: ReactNode
  children?: ReactNode
}) {
  return (
    <div className="pf">
      <span className={`st ${props.tone}`}>{props.icon}</span>
      <div>
        <div className="m">{props.title}</div>
        <div className="small ink3 pretty">{props.says}</div>
      </div>
      {props.verdict}
      {props.children && <div className="wide">{props.children}</div>}
    </div>
  )
}

function Verdict({ tone, icon: Icon, words }: { tone: Tone; icon: typeof Check; words: string }) {
  return (
    <span className={`st ${tone}`}>
      <Icon aria-hidden />
      {words}
    </span>
  )
}

function Microphone({
  check,
  processing,
  setProcessing,
}: {
  check: MicCheck
  processing: boolean
  setProcessing: (on: boolean) => void
}) {
  const { t } = useWords()
  const echo = useEcho(check.stream)
  const says = {
    idle: t('door.mic_idle'),
    asking: t('door.mic_asking'),
    quiet: t('door.mic_quiet', { name: check.label }),
    heard: t('door.mic_heard', { name: check.label }),
    refused: t('door.mic_refused'),
    missing: t('door.mic_missing'),
  }[check.state]
  const tone: Tone =
    check.state === 'heard'
      ? 'ok'
      : check.state === 'refused' || check.state === 'missing'
        ? 'bad'
        : 'pause'
  const verdict =
    check.state === 'heard' ? (
      <Verdict tone="ok" icon={Check} words={t('door.heard')} />
    ) : check.state === 'quiet' ? (
      <Verdict tone="pause" icon={Clock} words={t('door.say_something')} />
    ) : check.state === 'asking' ? (
      <Verdict tone="pause" icon={Clock} words={t('door.allow')} />
    ) : (
      <button type="button" className="btn s" onClick={check.start}>
        <Mic className="s" aria-hidden />
        {check.state === 'idle' ? t('door.check') : t('door.check_again')}
      </button>
    )
  return (
    <Line
      tone={tone}
      icon={<Mic aria-hidden />}
      title={t('door.microphone')}
      says={says}
      verdict={verdict}
    >
      {check.stream && (
        <>
          <LevelBar stream={check.stream} heard={check.hear} />
          {check.devices.length > 1 && (
            <select
              className="input s"
              aria-label={t('door.which_mic')}
              value={check.deviceId}
              onChange={(event) => check.choose(event.target.value)}
            >
              {check.devices.map((device) => (
                <option key={device.deviceId} value={device.deviceId}>
                  {device.label}
                </option>
              ))}
            </select>
          )}
          <div className="row wrap g4 small">
            <Switch on={processing} set={setProcessing}>
              {t('door.processing')}
            </Switch>
            <Switch on={echo.on} set={echo.set}>
              {t('door.hear_myself')}
            </Switch>
          </div>
        </>
      )}
    </Line>
  )
}

export function HeadsetCheck() {
  const words = useWords()
  const { t } = words
  const check = useMicCheck()
  const [processing, setProcessing] = useState(check.headset.processing)
  const trip = useRoundTrip()
  const network: Tone = trip === null ? 'pause' : trip < 0 ? 'bad' : trip < 150 ? 'ok' : 'warn'
  const change = (on: boolean) => {
    rememberHeadset({ processing: on })
    setProcessing(on)
    check.start()
  }
  return (
    <div>
      <div>
        <h1>{t('door.can_they_hear')}</h1>
        <p className="ink2">
          {check.headset.deviceId ? t('door.same_headset') : t('door.first_check')}
        </p>
      </div>
      <div>
        <Microphone check={check} processing={processing} setProcessing={change} />
        <Line
          tone="pause"
          icon={<Volume2 aria-hidden />}
          title={t('door.headphones')}
          says={t('door.headphones_says')}
          verdict={
            <button type="button" className="btn s" onClick={playTone}>
              <Play className="s" aria-hidden />
              {t('door.play_tone')}
            </button>
          }
        />
        <Line
          tone={network}
          icon={<Signal aria-hidden />}
          title={t('door.network')}
          says={
            trip === null
              ? t('door.network_asking')
              : trip < 0
                ? t('door.network_away')
                : t('door.network_says', { ms: Math.round(trip) })
          }
          verdict={
            trip === null ? (
              <Verdict tone="pause" icon={Clock} words={t('door.wait')} />
            ) : (
              <Verdict
                tone={network}
                icon={network === 'ok' ? Check : TriangleAlert}
                words={t(`door.network_${network as 'ok' | 'warn' | 'bad'}`)}
              />
            )
          }
        />
        <Line
          tone="pause"
          icon={<Phone aria-hidden />}
          title={t('door.phone')}
          says={t('door.phone_says')}
          verdict={<Verdict tone="pause" icon={Clock} words={t('door.after_sign_in')} />}
        />
      </div>
      {check.state === 'heard' ? (
        <Note tone="ok">
          <Rich text={t('door.sound_fine')} />
        </Note>
      ) : check.state === 'refused' || check.state === 'missing' ? (
        <Note tone="warn">{t('door.without_mic')}</Note>
      ) : (
        <p className="small ink3 pretty">{t('door.skip')}</p>
      )}
    </div>
  )
}
