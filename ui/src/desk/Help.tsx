/* The ? menu: every key of the desk, and how the headset's sound is processed. */
import { useState } from 'react'
import { useSingleKeys } from '../kit/keys.ts'
import { phone } from '../kit/live.ts'
import { Dialog, Kbd, Note, Switch } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { rememberedHeadset, rememberHeadset } from '../phone/microphone.ts'
import type { Key } from '../words/words.ts'

const KEYS: [string[], Key][] = [
  [['1', '–', '9'], 'keys.result'],
  [['Enter'], 'keys.save'],
  [['U'], 'keys.undo'],
  [['P'], 'keys.pause'],
  [['M'], 'keys.mute'],
  [['H'], 'keys.hold'],
  [['K'], 'keys.keypad'],
  [['E'], 'keys.end'],
  [['T'], 'keys.colleague'],
  [['J'], 'keys.confer'],
  [['B'], 'keys.back'],
  [['N'], 'keys.note'],
  [['G'], 'keys.history'],
  [['←', '→'], 'keys.script'],
  [['↑', '↓'], 'keys.answer'],
  [['Alt', '1', '–', '9'], 'keys.step'],
  [['␣'], 'keys.take'],
  [['↑', '↓'], 'keys.number'],
  [['C'], 'keys.postpone'],
  [['S'], 'keys.skip'],
  [['X'], 'keys.stop'],
  [['D'], 'keys.dial'],
  [['?'], 'keys.help'],
]

export function Help({ close }: { close: () => void }) {
  const { t } = useWords()
  const [processing, setProcessing] = useState(rememberedHeadset().processing)
  const [keys, setKeys] = useSingleKeys()
  const [changed, setChanged] = useState(false)
  const change = (on: boolean) => {
    rememberHeadset({ processing: on })
    setProcessing(on)
    setChanged(true)
    // The browser fixes processing when it opens the microphone: bring the phone up anew.
    if (phone.snapshot().state === 'up') phone.tell('media_lost', 'line')
  }
  return (
    <Dialog title={t('help.title')} close={close}>
      <section className="stack g3">
        <h2>{t('help.headset')}</h2>
        <Switch on={processing} set={change}>
          {t('help.processing')}
        </Switch>
        <p className="small ink3 pretty">{t('help.processing_why')}</p>
        {changed && <Note tone="ok">{t('help.processing_changed')}</Note>}
      </section>
      <section className="stack g3">
        <div className="row between">
          <h2>{t('help.keys')}</h2>
          <Switch on={keys} set={setKeys}>
            {t('nav.single_keys')}
          </Switch>
        </div>
        <dl className="keylist">
          {KEYS.map(([caps, words]) => (
            <div key={words}>
              <dt>{caps.map((cap) => (cap === '–' ? '–' : <Kbd key={cap}>{cap}</Kbd>))}</dt>
              <dd>{t(words)}</dd>
            </div>
          ))}
        </dl>
        <p className="small ink3">{t('help.physical')}</p>
      </section>
    </Dialog>
  )
}
