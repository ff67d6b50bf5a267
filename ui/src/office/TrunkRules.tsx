/* The groups of a trunk's settings, second half: how numbers are written, limits, safety. */
import { Field, Seg, Switch } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { fieldProblem } from '../kit/problem.ts'
import { Ticks } from './fields.tsx'
import { type Editing, Part, Text } from './TrunkParts.tsx'

const HEADERS = ['from', 'pai', 'ppi', 'rpid', 'diversion'] as const

export function Numbers(editing: Editing) {
  const words = useWords()
  const { t } = words
  const { draft, set, error } = editing
  return (
    <Part id="numbers">
      <Field label={t('trunk.number_format')} wrong={fieldProblem(words, error, 'number_format')}>
        <Seg
          label={t('trunk.number_format')}
          value={draft.number_kind}
          options={[
            ['e164', '+7000…'],
            ['plain', '7000…'],
            ['national', t('trunk.national_way')],
          ]}
          set={(number_kind) => set({ number_kind })}
        />
      </Field>
      <div className="fields two">
        {draft.number_kind === 'national' && <Text {...editing} name="national" />}
        {draft.number_kind !== 'e164' && (
          <Text {...editing} name="prefix" hint={t('trunk.prefix_hint')} />
        )}
        <Text {...editing} name="from_user" hint={t('trunk.from_user_hint')} />
      </div>
      <Field
        label={t('trunk.caller_headers')}
        wrong={fieldProblem(words, error, 'caller_headers')}
        hint={t('trunk.caller_headers_hint')}
      >
        <Ticks
          options={HEADERS.map((id) => ({ id, name: words.id('caller_header', id) }))}
          chosen={HEADERS.filter((id) => draft.caller_headers.includes(id))}
          save={(caller_headers) => set({ caller_headers })}
        />
      </Field>
    </Part>
  )
}

export function Limits(editing: Editing) {
  const { t } = useWords()
  const { draft, set } = editing
  return (
    <Part id="limits">
      <div className="fields two">
        <Text {...editing} name="lines_max" required />
        <Text {...editing} name="calls_per_second" required />
      </div>
      <Field label={t('trunk.codec')}>
        <Seg
          label={t('trunk.codec')}
          value={draft.codec}
          options={[
            ['PCMA', 'G.711 A'],
            ['PCMU', 'G.711 µ'],
          ]}
          set={(codec) => set({ codec })}
        />
      </Field>
    </Part>
  )
}

export function Safety(editing: Editing) {
  const { t } = useWords()
  const { draft, set } = editing
  return (
    <Part id="safety">
      <div className="fields two">
        <Text {...editing} name="probe_s" hint={t('trunk.probe_hint')} />
        <Text {...editing} name="session_expires_s" hint={t('trunk.session_hint')} />
      </div>
      <Switch
        on={draft.redirects === 'same_host'}
        set={(on) => set({ redirects: on ? 'same_host' : 'report' })}
      >
        {t('trunk.redirects')}
      </Switch>
    </Part>
  )
}
