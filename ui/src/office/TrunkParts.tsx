/* The groups of a trunk's settings, first half: how it is reached, and who we are there. */
import type { ReactNode } from 'react'
import { Field, Note, Seg, Switch } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { fieldProblem } from '../kit/problem.ts'
import type { Draft } from './trunkDraft.ts'

export type Editing = {
  draft: Draft
  set: (part: Partial<Draft>) => void
  error: unknown
  keepsPassword: boolean
}

type TextName = {
  [Name in keyof Draft]: Draft[Name] extends string ? Name : never
}[keyof Draft]

export function Part({ id, children }: { id: string; children: ReactNode }) {
  const words = useWords()
  return (
    <section className="part">
      <h2>{words.id('trunk_part', id)}</h2>
      <div className="stack g3">{children}</div>
    </section>
  )
}

export function Text(props: Editing & { name: TextName; hint?: string; required?: boolean }) {
  const words = useWords()
  const { name, draft, set, error } = props
  return (
    <Field
      label={words.id('trunk', name)}
      wrong={fieldProblem(words, error, name)}
      hint={props.hint}
    >
      <input
        className="input"
        name={name}
        type={name === 'password' ? 'password' : 'text'}
        autoComplete={name === 'password' ? 'new-password' : 'off'}
        required={props.required}
        value={draft[name]}
        onChange={(event) => set({ [name]: event.target.value })}
      />
    </Field>
  )
}

export function Reach(editing: Editing) {
  const { t } = useWords()
  const { draft, set } = editing
  return (
    <Part id="reach">
      <Text {...editing} name="name" required />
      <Field label={t('trunk.transport')}>
        <Seg
          label={t('trunk.transport')}
          value={draft.transport}
          options={[
            ['udp', 'UDP'],
            ['tcp', 'TCP'],
            ['tls', 'TLS'],
          ]}
          set={(transport) => {
            const usual = draft.transport === 'tls' ? '5061' : '5060'
            const port = draft.port === usual ? (transport === 'tls' ? '5061' : '5060') : draft.port
            set({ transport, port })
          }}
        />
      </Field>
      <div className="fields wide-first">
        <Text {...editing} name="host" required hint={t('trunk.host_hint')} />
        <Text {...editing} name="port" required hint={t('trunk.port_hint')} />
      </div>
      {draft.transport === 'tls' && (
        <>
          <Text {...editing} name="tls_name" hint={t('trunk.tls_name_hint')} />
          <Switch
            on={draft.srtp === 'required'}
            set={(on) => set({ srtp: on ? 'required' : 'off' })}
          >
            {t('trunk.srtp')}
          </Switch>
        </>
      )}
      <Switch on={draft.active} set={(active) => set({ active })}>
        {t('trunk.active')}
      </Switch>
    </Part>
  )
}

export function SignIn(editing: Editing) {
  const { t } = useWords()
  const { draft, set } = editing
  return (
    <Part id="sign_in">
      <div className="fields two">
        <Text {...editing} name="username" hint={t('trunk.user_hint')} />
        <Text
          {...editing}
          name="password"
          hint={editing.keepsPassword ? t('trunk.password_kept') : undefined}
        />
        <Text {...editing} name="from_domain" hint={t('trunk.from_domain_hint')} />
        <Text {...editing} name="realm" hint={t('trunk.realm_hint')} />
      </div>
      <Switch on={draft.sign_in} set={(sign_in) => set({ sign_in })}>
        {t('trunk.sign_in')}
      </Switch>
      {draft.sign_in && (
        <div className="fields two">
          <Text {...editing} name="register_expires_s" />
        </div>
      )}
      <Switch on={draft.allow_md5} set={(allow_md5) => set({ allow_md5 })}>
        {t('trunk.allow_md5')}
      </Switch>
      {draft.allow_md5 && <Note tone="warn">{t('trunk.allow_md5_why')}</Note>}
    </Part>
  )
}
