/* Hears a flow before anybody else does: prompts in this browser, keys on the screen or the keyboard. */
import { Headphones, Play } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { Flow, PromptLanguage, WalkLine } from '../api/prompts.ts'
import { Dialog, Note, Seg } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { formatSpan, formatTimer } from '../words/format.ts'
import { KEYS } from './flowEdit.ts'
import { useTrial } from './useTrial.ts'

function Told({ line }: { line: WalkLine }) {
  const words = useWords()
  const span = line.span_s === null ? '' : formatSpan(words.lang, line.span_s)
  return (
    <li>
      <span className="num ink3 small">{formatTimer(Math.floor(line.at_s))}</span>
      <span className={line.did === 'key' ? 'm' : ''}>
        {words.id('trial', line.did, { what: line.what || '—', span })}
      </span>
    </li>
  )
}

export function Trial(props: { flow: Flow; harbour: string; close: () => void }) {
  const words = useWords()
  const { t } = words
  const [language, setLanguage] = useState<PromptLanguage>(words.lang)
  const trial = useTrial(props.flow, props.harbour, language)
  const { walk, press } = trial
  const going = walk !== null && !walk.over
  useEffect(() => {
    if (!going) return
    const typed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return
      if ((KEYS as readonly string[]).includes(event.key)) press(event.key)
    }
    window.addEventListener('keydown', typed)
    return () => window.removeEventListener('keydown', typed)
  })
  return (
    <Dialog
      wide
      title={t('trial.title')}
      close={() => {
        trial.end()
        props.close()
      }}
    >
      <div className="row wrap">
        <Seg
          label={t('prompts.language')}
          value={language}
          set={(value) => {
            trial.end()
            setLanguage(value)
          }}
          options={(['ru', 'en'] as const).map((one) => [one, t(`lang.${one}`)])}
        />
        <button type="button" className="btn primary push" onClick={trial.begin}>
          <Play aria-hidden />
          {t(walk ? 'trial.again' : 'trial.begin')}
        </button>
      </div>
      <div className="trial">
        <div className="pad-keys" role="group" aria-label={t('flow.keys')}>
          {KEYS.slice(0, 9)
            .concat('*', '0', '#')
            .map((key) => (
              <button
                type="button"
                key={key}
                className="btn"
                disabled={!going}
                onClick={() => press(key)}
              >
                {key}
              </button>
            ))}
        </div>
        <div className="stack grow">
          {walk === null ? (
            <p className="ink2 pretty">{t('trial.lead')}</p>
          ) : (
            <ol className="told" aria-live="polite">
              {walk.lines.map((line, place) => (
                <Told key={`${line.at_s}/${place}`} line={line} />
              ))}
            </ol>
          )}
          {walk?.waits_for_agent && (
            <button type="button" className="btn s" onClick={trial.agent}>
              <Headphones className="s" aria-hidden />
              {t('trial.agent_comes')}
            </button>
          )}
        </div>
      </div>
      {trial.silent && <Note tone="warn">{t('trial.silent', { name: trial.silent })}</Note>}
      {trial.problem !== null && (
        <Note tone="bad" alert>
          {problemText(words, trial.problem)}
        </Note>
      )}
      <p className="small ink3 pretty">{t('trial.differs')}</p>
    </Dialog>
  )
}
