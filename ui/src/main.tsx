/* Starts the client: styles, server state, routes. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiProblem } from './api/http.ts'
import './kit/tokens.css'
import './kit/kit.css'
import './kit/shell.css'
import './door/door.css'
import './desk/desk.css'
import './floor/floor.css'
import './flow/flow.css'
import './office/manage.css'
import './office/office.css'
import './reports/reports.css'
import { makeRouter } from './routes.tsx'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // A refusal will not change by asking again; a server that restarts will be back in seconds.
      retry: (count, error) =>
        error instanceof ApiProblem && (error.status === 0 || error.status >= 502) && count < 3,
    },
  },
})
const router = makeRouter(queries)

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
)
