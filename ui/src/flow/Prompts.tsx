/* What callees hear: one's own prompts with who brought them, and those of folders and samples. */
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { api } from '../api/http.ts'
import { audioOf, type Prompt } from '../api/prompts.ts'
import { may, useSession } from '../api/session.ts'
import { useNow } from '../kit/live.ts'
import { Empty, HoldButton, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { Listen } from './Listen.tsx'
import { PromptForm } from './PromptForm.tsx'
import { PROMPTS, usePrompts } from './usePrompts.ts'

type Opened = { prompt: Prompt | null }

function PlayedIn({ prompt }: { prompt: Prompt }) {
  const { t } = useWords()
  if (prompt.campaigns.length === 0) return <span className="ink3">{t('prompts.nowhere')}</span>
  return prompt.campaigns.slice(0, 3).map((one, place) => (
    <span key={one.id}>
      {place > 0 && ', '}
      <Link to="/campaigns/$id" params={{ id: one.id }}>
        {one.name}
      </Link>
    </span>
  ))
}

function Row({ prompt, children }: { prompt: Prompt; children?: React.ReactNode }) {
  const words = useWords()
  const { t } = words
  const now = useNow()
  const own = prompt.source === 'own'
  const level = (db: number | null) => (db === null ? '' : words.num(db, 1).replace('-', '−'))
  return (
    <tr>
      <td>
        <Listen
          url={audioOf(prompt.language, prompt.name, prompt.sha256 ?? '')}
          name={prompt.name}
        />
      </td>
      <td className="mono m">{prompt.name}</td>
      <td>{t(`lang.${prompt.language}`)}</td>
      <td className="r num">
        {prompt.seconds === null ? '' : t('prompts.seconds', { n: words.num(prompt.seconds, 1) })}
      </td>
      <td className="num">
        {own
          ? t('prompts.level_was', {
              now: level(prompt.level_dbm0),
              was: level(prompt.given_dbm0),
            })
          : `${level(prompt.level_dbm0)} dBm0`}
      </td>
      <td>
        {own && prompt.origin ? (
          <span className="stack g0">
            <span className="cut from">
              {t(`prompts.origin.${prompt.origin}`, { file: prompt.file ?? '' })}
            </span>
            <span className="small ink3">
              {[prompt.by?.name, prompt.at && words.moment(prompt.at, now)]
                .filter(Boolean)
                .join(', ')}
            </span>
          </span>
        ) : (
          <span className="ink2">
            {t(prompt.source === 'sample' ? 'prompts.source.sample' : 'prompts.source.folder')}
          </span>
        )}
      </td>
      <td className="pretty">
        <PlayedIn prompt={prompt} />
      </td>
      <td className="r nowrap">{children}</td>
    </tr>
  )
}

type Acts = { replace: (one: Prompt) => void; remove?: (one: Prompt) => void }

function Table({ prompts, acts }: { prompts: Prompt[]; acts: Acts | null }) {
  const { t } = useWords()
  return (
    <div className="scroll">
      <table className="tight prompts">
        <thead>
          <tr>
            <th>
              <span className="hidden-words">{t('prompts.listen')}</span>
            </th>
            <th>{t('prompts.name')}</th>
            <th>{t('prompts.language')}</th>
            <th className="r">{t('prompts.length')}</th>
            <th>{t('prompts.level')}</th>
            <th>{t('prompts.from')}</th>
            <th>{t('prompts.played_in')}</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {prompts.map((one) => (
            <Row key={`${one.name}/${one.language}`} prompt={one}>
              {acts && (
                <button type="button" className="btn s" onClick={() => acts.replace(one)}>
                  {t('prompts.replace')}
                </button>
              )}{' '}
              {acts?.remove && (
                <HoldButton ms={800} className="s danger" act={() => acts.remove?.(one)}>
                  {t('prompts.remove')}
                </HoldButton>
              )}
            </Row>
          ))}
        </tbody>
      </table>
    </div>
  )
}

export function Prompts() {
  const words = useWords()
  const { t } = words
  const edit = may(useSession(), 'prompt.edit')
  const queries = useQueryClient()
  const { data, error } = usePrompts()
  const [open, setOpen] = useState<Opened | null>(null)
  const [problem, setProblem] = useState<unknown>(null)
  const said = problem ?? error
  const own = data?.items.filter((one) => one.source === 'own') ?? []
  const rest = data?.items.filter((one) => one.source !== 'own') ?? []
  const remove = async (one: Prompt) => {
    try {
      await api(`/prompts/${one.id}`, { method: 'DELETE' })
      setProblem(null)
    } catch (failure) {
      setProblem(failure)
    }
    await queries.invalidateQueries({ queryKey: PROMPTS })
  }
  const replace = (one: Prompt) => setOpen({ prompt: one })
  return (
    <main className="page">
      <header>
        <h1>{t('nav.prompts')}</h1>
        {edit && (
          <button
            type="button"
            className="btn primary push"
            onClick={() => setOpen({ prompt: null })}
          >
            <Plus aria-hidden />
            {t('prompts.new')}
          </button>
        )}
      </header>
      {said !== null && (
        <div className="notes-above">
          <Note tone="bad" alert>
            {problemText(words, said)}
          </Note>
        </div>
      )}
      {!data && !said && <p className="wait">{t('common.loading')}</p>}
      {data && (
        <div className="stack g4">
          <section className="card">
            <header>
              <h2>{t('prompts.own')}</h2>
              <span className="small ink3">{t('prompts.level_why')}</span>
            </header>
            {own.length === 0 ? (
              <Empty title={t('prompts.none')}>
                <p>{t('prompts.none_why')}</p>
              </Empty>
            ) : (
              <Table
                prompts={own}
                acts={edit ? { replace, remove: (one) => void remove(one) } : null}
              />
            )}
          </section>
          <section className="card">
            <header>
              <h2>{t('prompts.samples')}</h2>
              <span className="small ink3">{t('prompts.samples_why')}</span>
            </header>
            <Table prompts={rest} acts={edit ? { replace } : null} />
          </section>
        </div>
      )}
      {open && (
        <PromptForm
          name={open.prompt?.name}
          language={open.prompt?.language}
          fixed={open.prompt !== null}
          close={() => setOpen(null)}
        />
      )}
    </main>
  )
}
