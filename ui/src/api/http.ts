/* One way to the HTTP API: cookies, the header against foreign forms, problems as typed errors. */

export type FieldProblem = {
  field: string
  detail?: string
  reason?: string
  args?: Record<string, string | number>
}

/** A problem document as it came. */
export type ProblemBody = {
  status?: number
  code?: string
  title?: string
  detail?: string
  next_step?: string
  args?: Record<string, string | number>
  fields?: FieldProblem[]
}

/** An RFC 9457 problem; screens say `code` in words and fall back to what the server wrote. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly nextStep: string,
    readonly args: Record<string, string | number> = {},
    readonly fields: FieldProblem[] = [],
  ) {
    super(detail || code)
  }
}

type Options = {
  method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  body?: unknown
  form?: FormData
  key?: string
  etag?: string
  signal?: AbortSignal
  /** A token instead of the session: no cookie goes with it. */
  token?: string
}

const BASE = '/api/v1'

/** The error a problem document stands for. */
export function problemIn(body: ProblemBody, status = body.status ?? 0): ApiProblem {
  return new ApiProblem(
    status,
    body.code ?? 'unknown',
    body.detail ?? body.title ?? '',
    body.next_step ?? '',
    body.args ?? {},
    body.fields ?? [],
  )
}

async function problemOf(response: Response): Promise<ApiProblem> {
  try {
    return problemIn((await response.json()) as ProblemBody, response.status)
  } catch {
    return new ApiProblem(
      response.status,
      response.status >= 500 ? 'server_away' : 'unknown',
      '',
      '',
    )
  }
}

async function send(path: string, options: Options): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', 'X-Vyzov': '1' }
  if (options.body !== undefined) headers['Content-Type'] = 'application/json'
  if (options.key) headers['Idempotency-Key'] = options.key
  if (options.etag) headers['If-Match'] = options.etag
  if (options.token) headers.Authorization = `Bearer ${options.token}`
  let response: Response
  try {
    response = await fetch(BASE + path, {
      method: options.method ?? 'GET',
      headers,
      credentials: options.token ? 'omit' : 'same-origin',
      body: options.form ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
      signal: options.signal,
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiProblem(0, 'server_away', '', '')
  }
  if (!response.ok) throw await problemOf(response)
  return response
}

/** Calls the API and returns the parsed body; throws `ApiProblem` for every refusal. */
export async function api<T>(path: string, options: Options = {}): Promise<T> {
  const response = await send(path, options)
  if (response.status === 204) return undefined as T
  return (await response.json()) as T
}

/** The same, with the entity tag that a later edit has to name. */
export async function apiTagged<T>(path: string): Promise<{ value: T; etag: string }> {
  const response = await send(path, {})
  return { value: (await response.json()) as T, etag: response.headers.get('ETag') ?? '' }
}

/** A fresh key for a request that must not happen twice. */
export function idempotencyKey(): string {
  return crypto.randomUUID()
}

/** Builds a query string from the parts that are set. */
export function query(parts: Record<string, string | number | null | undefined>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(parts)) {
    if (value !== null && value !== undefined && value !== '') search.set(name, String(value))
  }
  const text = search.toString()
  return text ? `?${text}` : ''
}
