/* Who is signed in, as server state; signing in and out. */
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { setPrefs } from '../kit/prefs.ts'
import { api, ApiProblem } from './http.ts'
import type { Session } from './types.ts'

const LAST = 'vyzov.last'

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: 60_000,
  queryFn: async (): Promise<Session | null> => {
    try {
      return await api<Session>('/session')
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) return null
      throw error
    }
  },
})

/** The session of a screen that is only shown to signed-in people. */
export function useSession(): Session {
  const { data } = useQuery(sessionQuery)
  if (!data) throw new Error('This screen is shown only after signing in.')
  return data
}

export type Last = { login: string; name: string }

/** Who signed in here last, so that the door can greet them. */
export function lastSignedIn(): Last | null {
  try {
    return JSON.parse(localStorage.getItem(LAST) ?? 'null') as Last | null
  } catch {
    return null
  }
}

type SignIn = (login: string, password: string, code?: string) => Promise<Session>

export function useSignIn(): SignIn {
  const queries = useQueryClient()
  return async (login, password, code) => {
    const body = { login, password, ...(code && { code }) }
    const session = await api<Session>('/session', { method: 'POST', body })
    localStorage.setItem(LAST, JSON.stringify({ login, name: session.user.name }))
    queries.clear()
    queries.setQueryData(sessionQuery.queryKey, session)
    return session
  }
}

export function useSignOut(): () => Promise<void> {
  const queries = useQueryClient()
  return async () => {
    await api('/session', { method: 'DELETE' }).catch(() => undefined)
    queries.clear()
    queries.setQueryData(sessionQuery.queryKey, null)
  }
}

/** Changes language or theme here at once and on the server for the next place. */
export function changePrefs(change: { lang?: 'ru' | 'en'; theme?: 'light' | 'dark' }): void {
  setPrefs(change)
  const body = {
    ...(change.lang && { language: change.lang }),
    ...(change.theme && { theme: change.theme }),
  }
  void api('/session', { method: 'PATCH', body }).catch(() => undefined)
}

/** Whether the signed-in person may do something; the server decides, this only hides buttons. */
export function may(session: Session, action: string): boolean {
  return session.actions.some((known) => known === action || known.startsWith(`${action}.`))
}
