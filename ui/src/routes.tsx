/* Which address shows which room, and who is sent where. */
import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router'
import { sessionQuery } from './api/session.ts'
import type { Session } from './api/types.ts'
import { SignIn } from './door/SignIn.tsx'
import { Desk } from './desk/Desk.tsx'
import { Callbacks } from './desk/Callbacks.tsx'
import { Inside } from './kit/Inside.tsx'
import { Wrong } from './kit/Wrong.tsx'

type Context = { queries: QueryClient }

/** The first screen of a role. */
export function homeOf(session: Session): '/desk' | '/floor' | '/reports' {
  if (session.user.role === 'operator') return '/desk'
  return session.user.role === 'customer' ? '/reports' : '/floor'
}

const root = createRootRouteWithContext<Context>()({
  component: Outlet,
  errorComponent: Wrong,
  notFoundComponent: () => <Wrong />,
})

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: SignIn,
  beforeLoad: async ({ context }) => {
    const session = await context.queries.ensureQueryData(sessionQuery).catch(() => null)
    if (session) throw redirect({ to: homeOf(session) })
  },
})

const wall = createRoute({
  getParentRoute: () => root,
  path: '/wall',
  component: lazyRouteComponent(() => import('./wall/Wall.tsx'), 'Wall'),
})

const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  component: Inside,
  errorComponent: Wrong,
  beforeLoad: async ({ context, location }) => {
    const session = await context.queries.ensureQueryData(sessionQuery)
    if (!session) throw redirect({ to: '/sign-in' })
    if (session.needs_second_factor && location.pathname !== '/account')
      throw redirect({ to: '/account' })
    if (location.pathname === '/') throw redirect({ to: homeOf(session) })
  },
})

const index = createRoute({ getParentRoute: () => inside, path: '/', component: Outlet })
const desk = createRoute({ getParentRoute: () => inside, path: '/desk', component: Desk })
const callbacks = createRoute({
  getParentRoute: () => inside,
  path: '/desk/callbacks',
  component: Callbacks,
})
const floor = createRoute({
  getParentRoute: () => inside,
  path: '/floor',
  component: lazyRouteComponent(() => import('./floor/Floor.tsx'), 'Floor'),
})
const campaigns = createRoute({
  getParentRoute: () => inside,
  path: '/campaigns',
  component: lazyRouteComponent(() => import('./office/Campaigns.tsx'), 'Campaigns'),
})
const campaign = createRoute({
  getParentRoute: () => inside,
  path: '/campaigns/$id',
  component: lazyRouteComponent(() => import('./office/Campaign.tsx'), 'CampaignPage'),
})
const contacts = createRoute({
  getParentRoute: () => inside,
  path: '/contacts',
  component: lazyRouteComponent(() => import('./office/Contacts.tsx'), 'Contacts'),
})
const contact = createRoute({
  getParentRoute: () => inside,
  path: '/contacts/$id',
  component: lazyRouteComponent(() => import('./office/Contact.tsx'), 'ContactPage'),
})
const promises = createRoute({
  getParentRoute: () => inside,
  path: '/callbacks',
  component: lazyRouteComponent(() => import('./office/Promises.tsx'), 'Promises'),
})
const reportSearch = (search: Record<string, unknown>): ReportSearch => ({
  ...(typeof search.campaign === 'string' && { campaign: search.campaign }),
  ...(typeof search.from === 'string' && { from: search.from }),
  ...(typeof search.to === 'string' && { to: search.to }),
  ...(typeof search.of === 'string' && { of: search.of }),
})
const reports = createRoute({
  getParentRoute: () => inside,
  path: '/reports',
  component: lazyRouteComponent(() => import('./reports/Reports.tsx'), 'Reports'),
  validateSearch: reportSearch,
})
const whatIf = createRoute({
  getParentRoute: () => inside,
  path: '/what-if',
  component: lazyRouteComponent(() => import('./reports/WhatIf.tsx'), 'WhatIf'),
})
const plan = createRoute({
  getParentRoute: () => inside,
  path: '/plan',
  component: lazyRouteComponent(() => import('./office/Planner.tsx'), 'Planner'),
  validateSearch: (search: Record<string, unknown>): { campaign?: string } =>
    typeof search.campaign === 'string' ? { campaign: search.campaign } : {},
})
const figures = createRoute({
  getParentRoute: () => inside,
  path: '/reports/figures',
  component: lazyRouteComponent(() => import('./reports/KeyFigures.tsx'), 'KeyFiguresPage'),
  validateSearch: reportSearch,
})
const attempts = createRoute({
  getParentRoute: () => inside,
  path: '/reports/attempts',
  component: lazyRouteComponent(() => import('./reports/Attempts.tsx'), 'AttemptsPage'),
  validateSearch: reportSearch,
})
const prices = createRoute({
  getParentRoute: () => inside,
  path: '/prices',
  component: lazyRouteComponent(() => import('./office/Prices.tsx'), 'PricesPage'),
})
const trunks = createRoute({
  getParentRoute: () => inside,
  path: '/trunks',
  component: lazyRouteComponent(() => import('./office/Trunks.tsx'), 'Trunks'),
})
const trunk = createRoute({
  getParentRoute: () => inside,
  path: '/trunks/$id',
  component: lazyRouteComponent(() => import('./office/TrunkPage.tsx'), 'TrunkPage'),
})
const scripts = createRoute({
  getParentRoute: () => inside,
  path: '/scripts',
  component: lazyRouteComponent(() => import('./scripts/Scripts.tsx'), 'Scripts'),
})
const script = createRoute({
  getParentRoute: () => inside,
  path: '/scripts/$id',
  component: lazyRouteComponent(() => import('./scripts/Builder.tsx'), 'ScriptPage'),
})
const answers = createRoute({
  getParentRoute: () => inside,
  path: '/reports/answers',
  component: lazyRouteComponent(() => import('./reports/Answers.tsx'), 'AnswersPage'),
  validateSearch: reportSearch,
})
const people = createRoute({
  getParentRoute: () => inside,
  path: '/people',
  component: lazyRouteComponent(() => import('./office/People.tsx'), 'People'),
})
const apiAccess = createRoute({
  getParentRoute: () => inside,
  path: '/api-access',
  component: lazyRouteComponent(() => import('./office/ApiAccess.tsx'), 'ApiAccess'),
})
const webhooks = createRoute({
  getParentRoute: () => inside,
  path: '/webhooks',
  component: lazyRouteComponent(() => import('./office/Webhooks.tsx'), 'Webhooks'),
})
const account = createRoute({
  getParentRoute: () => inside,
  path: '/account',
  component: lazyRouteComponent(() => import('./office/Account.tsx'), 'Account'),
})
const audit = createRoute({
  getParentRoute: () => inside,
  path: '/audit',
  component: lazyRouteComponent(() => import('./office/Audit.tsx'), 'Audit'),
})
const prompts = createRoute({
  getParentRoute: () => inside,
  path: '/prompts',
  component: lazyRouteComponent(() => import('./flow/Prompts.tsx'), 'Prompts'),
})
const stopList = createRoute({
  getParentRoute: () => inside,
  path: '/stop-list',
  component: lazyRouteComponent(() => import('./office/StopList.tsx'), 'StopList'),
})

/** Filters of the reports as they stand in the address: ids and calendar days. */
export type ReportSearch = { campaign?: string; from?: string; to?: string; of?: string }

export function makeRouter(queries: QueryClient) {
  const tree = root.addChildren([
    signIn,
    wall,
    inside.addChildren([
      index,
      desk,
      callbacks,
      floor,
      campaigns,
      campaign,
      contacts,
      contact,
      promises,
      reports,
      figures,
      attempts,
      prices,
      whatIf,
      plan,
      trunks,
      trunk,
      scripts,
      script,
      answers,
      people,
      prompts,
      webhooks,
      apiAccess,
      account,
      audit,
      stopList,
    ]),
  ])
  return createRouter({ routeTree: tree, context: { queries }, defaultPreload: false })
}
