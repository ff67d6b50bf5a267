/* The frame of every signed-in screen: the menu by role, the live link, the phone that survives navigation. */
import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import {
  AudioLines,
  Ban,
  Calculator,
  CalendarClock,
  ChartColumn,
  FlaskConical,
  Headphones,
  History,
  KeyRound,
  Languages,
  LayoutGrid,
  LogOut,
  Moon,
  PhoneOutgoing,
  RadioTower,
  ScrollText,
  Sun,
  TriangleAlert,
  UserRound,
  Users,
  Wallet,
  Webhook,
} from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { changePrefs, may, sessionQuery, useSession, useSignOut } from '../api/session.ts'
import type { Role, Session } from '../api/types.ts'
import { PhoneKeeper } from '../desk/PhoneKeeper.tsx'
import type { FloorState } from '../live/shapes.ts'
import type { Key } from '../words/words.ts'
import { Brand } from './Brand.tsx'
import { LinkAway } from './LinkAway.tsx'
import { live, phone, useLink, usePhone, useTopic } from './live.ts'
import { useSingleKeys } from './keys.ts'
import { shownTheme, usePrefs, useWords } from './prefs.ts'

type Item = { to: string; icon: typeof Ban; words: Key; roles: Role[] }
const LEADERS: Role[] = ['supervisor', 'manager', 'administrator']
const OFFICE: (Item | null)[] = [
  { to: '/floor', icon: LayoutGrid, words: 'nav.floor', roles: LEADERS },
  {
    to: '/campaigns',
    icon: PhoneOutgoing,
    words: 'nav.campaigns',
    roles: [...LEADERS, 'customer'],
  },
  { to: '/contacts', icon: Users, words: 'nav.contacts', roles: LEADERS },
  { to: '/callbacks', icon: CalendarClock, words: 'nav.promises', roles: LEADERS },
  { to: '/reports', icon: ChartColumn, words: 'nav.reports', roles: [...LEADERS, 'customer'] },
  { to: '/what-if', icon: FlaskConical, words: 'nav.whatif', roles: LEADERS },
  { to: '/plan', icon: Calculator, words: 'nav.plan', roles: LEADERS },
  { to: '/desk', icon: Headphones, words: 'nav.desk', roles: ['supervisor'] },
  null,
  { to: '/scripts', icon: ScrollText, words: 'nav.scripts', roles: LEADERS },
  { to: '/trunks', icon: RadioTower, words: 'nav.trunks', roles: ['manager', 'administrator'] },
  { to: '/prices', icon: Wallet, words: 'nav.prices', roles: ['manager', 'administrator'] },
  { to: '/prompts', icon: AudioLines, words: 'nav.prompts', roles: LEADERS },
  { to: '/people', icon: UserRound, words: 'nav.people', roles: ['manager', 'administrator'] },
  { to: '/api-access', icon: KeyRound, words: 'nav.api', roles: ['manager', 'administrator'] },
  { to: '/webhooks', icon: Webhook, words: 'nav.webhooks', roles: ['manager', 'administrator'] },
  { to: '/audit', icon: History, words: 'nav.audit', roles: ['manager', 'administrator'] },
  { to: '/stop-list', icon: Ban, words: 'nav.stop_list', roles: LEADERS },
]
const DESK: Item[] = [
  { to: '/desk', icon: Headphones, words: 'nav.work', roles: ['operator'] },
  { to: '/desk/callbacks', icon: CalendarClock, words: 'nav.callbacks', roles: ['operator'] },
]

function Menu({ session, desk }: { session: Session; desk: boolean }) {
  const { t } = useWords()
  const { pathname } = useLocation()
  const role = session.user.role
  const desks = may(session, 'desk.work')
  const shown = OFFICE.filter(
    (item) => !item || (item.roles.includes(role) && (item.to !== '/desk' || desks)),
  )
  const items = desk ? [...DESK, ...(role === 'operator' ? [] : [OFFICE[0] as Item])] : shown
  const here = (to: string) => pathname === to || (to !== '/desk' && pathname.startsWith(`${to}/`))
  return items.map((item) =>
    item ? (
      <Link
        key={item.to}
        to={item.to}
        className="item"
        aria-current={here(item.to) ? 'page' : undefined}
        title={t(item.words)}
      >
        <item.icon aria-hidden />
        <span>{t(item.words)}</span>
        {item.to === '/floor' && role !== 'customer' && <Attention />}
      </Link>
    ) : (
      shown.at(-1) && (
        <div key="setup">
          <hr />
          <div className="head">{t('nav.setup')}</div>
        </div>
      )
    ),
  )
}

function Attention() {
  const { t } = useWords()
  const floor = useTopic<FloorState>('floor')
  const count = floor?.agents.filter((agent) => agent.attention).length ?? 0
  if (count === 0) return null
  return (
    <span className="count" title={t('floor.need_you')}>
      <TriangleAlert className="s" aria-hidden />
      {count}
    </span>
  )
}

/** Language, theme, single keys and signing out. */
function Foot({ session }: { session: Session }) {
  const { t } = useWords()
  const { lang } = usePrefs()
  const [open, setOpen] = useState(false)
  const [keys, setKeys] = useSingleKeys()
  const signOut = useSignOut()
  const navigate = useNavigate()
  const leave = async () => {
    phone.tell('close')
    await signOut()
    await navigate({ to: '/sign-in' })
  }
  const dark = shownTheme() === 'dark'
  return (
    <div className="foot">
      <button
        type="button"
        className="btn quiet s who"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        title={session.user.name}
      >
        <UserRound className="s" aria-hidden />
        <span className="cut">{session.user.name}</span>
      </button>
      <button
        type="button"
        className="btn quiet s"
        onClick={() => changePrefs({ lang: lang === 'ru' ? 'en' : 'ru' })}
        title={t('nav.other_language')}
      >
        <Languages className="s" aria-hidden />
        {lang === 'ru' ? 'EN' : 'РУ'}
      </button>
      <button
        type="button"
        className="btn quiet s icon"
        onClick={() => changePrefs({ theme: dark ? 'light' : 'dark' })}
        aria-label={t('nav.theme')}
      >
        {dark ? <Sun className="s" aria-hidden /> : <Moon className="s" aria-hidden />}
      </button>
      {open && (
        <div className="pop">
          <div className="pad" style={{ padding: '8px 10px' }}>
            <b className="m">{session.user.name}</b>
            <div className="small ink3">
              {t(`role.${session.user.role}`)} · {session.organisation.name}
            </div>
          </div>
          <hr />
          <label>
            <input
              type="checkbox"
              checked={keys}
              onChange={(event) => setKeys(event.target.checked)}
            />
            {t('nav.single_keys')}
          </label>
          <hr />
          <Link to="/account" className="item" onClick={() => setOpen(false)}>
            <KeyRound aria-hidden />
            {t('nav.account')}
          </Link>
          <button type="button" onClick={() => void leave()}>
            <LogOut aria-hidden />
            {t('nav.sign_out')}
          </button>
        </div>
      )}
    </div>
  )
}

export function Inside(): ReactNode {
  const { data: session } = useQuery(sessionQuery)
  return session ? <Frame /> : null
}

function Frame() {
  const session = useSession()
  const { pathname } = useLocation()
  const navigate = useNavigate()
  const signOut = useSignOut()
  const link = useLink()
  const { t } = useWords()
  const [keys] = useSingleKeys()
  const { state } = usePhone()
  // A supervisor who only looks at the floor is no agent there: the desk is asked for at the desk.
  const atDesk =
    may(session, 'desk.work') &&
    (session.user.role === 'operator' || pathname.startsWith('/desk') || state !== 'none')
  const desk = pathname.startsWith('/desk') || session.user.role === 'operator'
  useEffect(() => {
    live.start()
    return () => live.stop()
  }, [])
  useEffect(() => {
    if (link === 'signed_out') void signOut().then(() => navigate({ to: '/sign-in' }))
  }, [link, signOut, navigate])
  return (
    <div className={`shell ${desk ? 'is-desk' : ''} ${keys ? '' : 'no-keys'}`}>
      <nav className="nav" aria-label={t('nav.menu')}>
        <Link to="/" className="brand" aria-label={t('common.vyzov')}>
          <Brand />
          <span>{t('common.vyzov')}</span>
        </Link>
        <Menu session={session} desk={desk} />
        <Foot session={session} />
      </nav>
      <div className="room">
        <LinkAway />
        {atDesk && <PhoneKeeper />}
        <Outlet />
      </div>
    </div>
  )
}
