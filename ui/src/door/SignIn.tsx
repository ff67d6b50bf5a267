/* The door: one sign-in for the desk and the phone, with the headset checked beside it. */
import { useNavigate } from '@tanstack/react-router'
import { Eye, EyeOff, Languages, Moon, Sun } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { ApiProblem } from '../api/http.ts'
import { lastSignedIn, useSignIn } from '../api/session.ts'
import { Brand } from '../kit/Brand.tsx'
import { Kbd, Note } from '../kit/parts.tsx'
import { setPrefs, shownTheme, usePrefs, useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { homeOf } from '../routes.tsx'
import { HeadsetCheck } from './HeadsetCheck.tsx'

function greeting(hour: number): 'morning' | 'day' | 'evening' {
  if (hour < 5 || hour >= 18) return 'evening'
  return hour < 12 ? 'morning' : 'day'
}

function Password(props: { value: string; set: (value: string) => void; focus: boolean }) {
  const { t } = useWords()
  const [shown, setShown] = useState(false)
  return (
    <div className="secret">
      <input
        className="input l"
        name="password"
        id="password"
        type={shown ? 'text' : 'password'}
        autoComplete="current-password"
        // The person comes here to type a password: the cursor waits for it.
        // oxlint-disable-next-line jsx-a11y/no-autofocus
        autoFocus={props.focus}
        required
        value={props.value}
        onChange={(event) => props.set(event.target.value)}
      />
      <button
        type="button"
        className="btn quiet s icon"
        aria-pressed={shown}
        onClick={() => setShown(!shown)}
        aria-label={t('door.show_password')}
      >
        {shown ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
      </button>
    </div>
  )
}

function Choices() {
  const { t } = useWords()
  const { lang } = usePrefs()
  const dark = shownTheme() === 'dark'
  return (
    <div className="row g1">
      <button
        type="button"
        className="btn quiet s"
        onClick={() => setPrefs({ lang: lang === 'ru' ? 'en' : 'ru' })}
      >
        <Languages className="s" aria-hidden />
        {lang === 'ru' ? 'English' : 'Русский'}
      </button>
      <button
        type="button"
        className="btn quiet s icon"
        onClick={() => setPrefs({ theme: dark ? 'light' : 'dark' })}
        aria-label={t('nav.theme')}
      >
        {dark ? <Sun className="s" aria-hidden /> : <Moon className="s" aria-hidden />}
      </button>
    </div>
  )
}

function Form() {
  const words = useWords()
  const { t } = words
  const last = lastSignedIn()
  const [login, setLogin] = useState(last?.login ?? '')
  const [password, setPassword] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const [code, setCode] = useState('')
  const [coded, setCoded] = useState(false)
  const signIn = useSignIn()
  const navigate = useNavigate()
  const enter = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setProblem(null)
    try {
      const session = await signIn(login.trim(), password, coded ? code : undefined)
      setPrefs({
        lang: session.user.language,
        ...(session.user.theme !== 'system' && { theme: session.user.theme }),
      })
      await navigate({ to: homeOf(session) })
    } catch (error) {
      const asks = error instanceof ApiProblem && error.code === 'second_factor_needed'
      const wrong = error instanceof ApiProblem && error.code === 'wrong_code'
      if (!asks) setProblem(problemText(words, error))
      setCoded(asks || wrong)
      setCode('')
      // The password was right where a code is asked for: it need not be typed again.
      if (!asks && !wrong) setPassword('')
      setBusy(false)
    }
  }
  const [part] = useState(() => greeting(new Date().getHours()))
  return (
    <form onSubmit={(event) => void enter(event)}>
      <div className="logo">
        <Brand />
        {t('common.vyzov')}
      </div>
      <div>
        <h1 className="big">
          {last?.name
            ? t(`door.${part}_name`, { name: last.name.split(' ')[0] ?? '' })
            : t(`door.${part}`)}
        </h1>
        <p className="ink2" style={{ marginTop: 4 }}>
          {t('door.one_sign_in')}
        </p>
      </div>
      <label className="field">
        <span className="lab">{t('door.login')}</span>
        <input
          className="input l"
          name="login"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          // oxlint-disable-next-line jsx-a11y/no-autofocus
          autoFocus={!last}
          required
          value={login}
          onChange={(event) => setLogin(event.target.value)}
        />
      </label>
      <div className="field">
        <label className="lab" htmlFor="password">
          {t('door.password')}
        </label>
        <Password value={password} set={setPassword} focus={Boolean(last)} />
      </div>
      {coded && (
        <label className="field">
          <span className="lab">{t('door.code')}</span>
          <input
            className="input l"
            name="code"
            autoComplete="one-time-code"
            // oxlint-disable-next-line jsx-a11y/no-autofocus
            autoFocus
            required
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
        </label>
      )}
      {problem && (
        <Note tone="bad" alert>
          {problem}
        </Note>
      )}
      <button type="submit" className="btn primary l enter" disabled={busy}>
        {busy ? t('door.entering') : t('door.enter')}
        {!busy && <Kbd>Enter</Kbd>}
      </button>
      <Choices />
    </form>
  )
}

export function SignIn() {
  return (
    <main className="sign">
      <section>
        <Form />
      </section>
      <section className="pre">
        <HeadsetCheck />
      </section>
    </main>
  )
}
