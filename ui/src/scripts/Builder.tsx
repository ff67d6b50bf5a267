/* A script in its making: the steps at the left, one of them in the middle, how it looks at the right. */
import { useBlocker, useParams } from '@tanstack/react-router'
import { Archive, ArchiveRestore, Check, Save } from 'lucide-react'
import { useState } from 'react'
import { may, useSession } from '../api/session.ts'
import type { StepProblem } from '../api/scripts.ts'
import { Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { fieldId } from '../words/words.ts'
import { added, moved, newStep, objectionsOf, plainOf, removed, replaced } from './draft.ts'
import { Inspector } from './Inspector.tsx'
import { Preview } from './Preview.tsx'
import { Uses, Versions, Wrong } from './Side.tsx'
import { StepList } from './StepList.tsx'
import { type Draft, useDraft } from './useDraft.ts'
import './scripts.css'

export function ScriptPage() {
  const { id } = useParams({ from: '/inside/scripts/$id' })
  const draft = useDraft(id)
  const words = useWords()
  const { t } = words
  const edit = may(useSession(), 'script.edit')
  useBlocker({
    shouldBlockFn: () => draft.dirty && !window.confirm(t('scripts.leave')),
    disabled: !draft.dirty,
  })
  if (!draft.script) {
    return draft.problem ? (
      <main className="page">
        <Note tone="bad" alert>
          {problemText(words, draft.problem)}
        </Note>
      </main>
    ) : (
      <p className="wait">{t('common.loading')}</p>
    )
  }
  return (
    <main className="page">
      <Head draft={draft} edit={edit} />
      {draft.problem !== null && draft.problem !== undefined && (
        <div className="notes-above">
          <Note
            tone="bad"
            alert
            action={
              draft.newer && (
                <button type="button" className="btn s" onClick={draft.reload}>
                  {t('scripts.open_newer')}
                </button>
              )
            }
          >
            {draft.newer ? t('scripts.newer') : problemText(words, draft.problem)}
          </Note>
        </div>
      )}
      <Place draft={draft} edit={edit} />
    </main>
  )
}

function Head({ draft, edit }: { draft: Draft; edit: boolean }) {
  const { t, clock } = useWords()
  const { script } = draft
  if (!script) return null
  const other = JSON.stringify(draft.steps) !== JSON.stringify(script.steps)
  return (
    <header>
      <h1 className="hidden-words">{draft.name}</h1>
      <input
        className="input title"
        aria-label={t('scripts.name')}
        value={draft.name}
        maxLength={100}
        disabled={!edit}
        onChange={(event) => draft.rename(event.target.value)}
      />
      <span className="chip line">{t('scripts.use_version', { n: script.latest })}</span>
      {draft.dirty ? (
        <span className="chip line">{t('scripts.unsaved')}</span>
      ) : (
        draft.savedAt !== null && (
          <span className="chip line">
            <Check aria-hidden />
            {t('scripts.kept', { n: script.latest })}, {clock(draft.savedAt)}
          </span>
        )
      )}
      {edit && (
        <span className="push row">
          <button
            type="button"
            className="btn quiet"
            disabled={draft.dirty}
            onClick={() => void draft.archive(!script.archived)}
          >
            {script.archived ? <ArchiveRestore aria-hidden /> : <Archive aria-hidden />}
            {t(script.archived ? 'scripts.take_back' : 'scripts.put_away')}
          </button>
          <button
            type="button"
            className="btn primary"
            disabled={!draft.dirty || draft.refused !== null || draft.name.trim() === ''}
            onClick={() => void draft.save()}
          >
            <Save aria-hidden />
            {other ? t('scripts.save', { n: script.latest + 1 }) : t('scripts.save_name')}
          </button>
        </span>
      )}
    </header>
  )
}

/** What is wrong, without fields that a list has under another name: {{plan}} finds «Тариф». */
function foundIn(draft: Draft): StepProblem[] {
  const known = new Set((draft.looked?.fields ?? []).map((title) => fieldId(title).toLowerCase()))
  const all = draft.looked?.problems ?? draft.script?.problems ?? []
  return all.filter((one) => one.reason !== 'unknown_field' || !known.has(one.about.toLowerCase()))
}

function Place({ draft, edit }: { draft: Draft; edit: boolean }) {
  const words = useWords()
  const { t, lang } = words
  const session = useSession()
  const [chosen, setChosen] = useState<string | null>(null)
  const { steps, script } = draft
  const step = steps.find((one) => one.id === chosen) ?? steps[0]
  const found = foundIn(draft)
  const faults = (draft.refused?.fields ?? []).map((fault) => ({
    step: steps[Number(/^steps\[(\d+)\]/u.exec(fault.field)?.[1] ?? -1)]?.id ?? '',
    text: words.id('fault', fault.reason ?? '', fault.args, fault.detail),
    of: fault.field.replace(/^steps\[\d+\]\./u, ''),
  }))
  if (!script) return null
  const add = (objection: boolean) => {
    const n = (objection ? objectionsOf(steps) : plainOf(steps)).length + 1
    const title = t(objection ? 'scripts.new_objection' : 'scripts.new_step', { n })
    const made = newStep({ [lang]: title }, { [lang]: '…' }, objection)
    draft.set(added(steps, made, step?.id ?? null))
    setChosen(made.id)
  }
  const name = (id: string) => words.pick(steps.find((one) => one.id === id)?.title)
  return (
    <div className="scriptbuild">
      <StepList
        steps={steps}
        chosen={step?.id ?? null}
        wrong={(id) => found.filter((one) => one.step === id)}
        faulty={new Set(faults.map((fault) => fault.step))}
        choose={setChosen}
        add={edit ? add : undefined}
      />
      {step ? (
        <Inspector
          key={step.id}
          steps={steps}
          step={step}
          fields={draft.looked?.fields ?? []}
          found={found.filter((one) => one.step === step.id)}
          faults={faults
            .filter((fault) => fault.step === step.id)
            .map((fault) => `${words.id('script_part', fault.of, {}, fault.of)}: ${fault.text}`)}
          off={!edit}
          set={(change) => draft.set(replaced(steps, step.id, change))}
          move={(by) => draft.set(moved(steps, step.id, by))}
          remove={() => draft.set(removed(steps, step.id))}
        />
      ) : (
        <section className="card pad">
          <p className="ink2">{t('script_problem.empty')}</p>
        </section>
      )}
      <div className="stack g4">
        {steps.length > 0 && draft.refused === null && (
          <Preview steps={steps} agent={session.user.name} />
        )}
        <section className="card">
          <header>
            <h2>{t('scripts.problems')}</h2>
          </header>
          <div className="pad">
            <Wrong found={found} name={name} />
          </div>
        </section>
        <section className="card">
          <header>
            <h2>{t('scripts.uses')}</h2>
          </header>
          <div className="pad">
            <Uses script={script} />
          </div>
        </section>
        <section className="card">
          <header>
            <h2>{t('scripts.versions')}</h2>
          </header>
          <div className="pad">
            <Versions script={script} show={(version) => void draft.show(version)} />
          </div>
        </section>
      </div>
    </div>
  )
}
