/* What is shown when a screen cannot be: what happened and the way out. */
import { useQueryClient } from '@tanstack/react-query'
import { Link, useRouter } from '@tanstack/react-router'
import { ApiProblem } from '../api/http.ts'
import { Said } from './parts.tsx'
import { useWords } from './prefs.ts'
import { problemText } from './problem.ts'

export function Wrong({ error }: { error?: unknown }) {
  const words = useWords()
  const router = useRouter()
  const queries = useQueryClient()
  const again = () => {
    void queries.resetQueries()
    void router.invalidate()
  }
  const away = error instanceof ApiProblem && (error.status === 0 || error.status >= 500)
  const title =
    error === undefined
      ? words.t('wrong.no_page')
      : away
        ? words.t('wrong.away')
        : words.t('wrong.title')
  return (
    <div className="empty" role="alert">
      <h1>{title}</h1>
      {error !== undefined && (
        <p>
          <Said text={problemText(words, error)} />
        </p>
      )}
      <div className="row">
        {error !== undefined && (
          <button type="button" className="btn primary" onClick={again}>
            {words.t('wrong.again')}
          </button>
        )}
        <Link to="/" className="btn">
          {words.t('wrong.home')}
        </Link>
      </div>
    </div>
  )
}
