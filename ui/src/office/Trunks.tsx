/* The telephone lines: where calls go out, how many at once, how each does now. */
import { Link, useNavigate } from '@tanstack/react-router'
import { Plus, Power } from 'lucide-react'
import { may, useSession } from '../api/session.ts'
import { useTopic } from '../kit/live.ts'
import { Empty } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { trunkLook } from '../kit/states.ts'
import { whyNot } from '../kit/trunk.ts'
import type { FloorState, FloorTrunk } from '../live/shapes.ts'
import { useTrunks } from './useOffice.ts'

function State({ active, live }: { active: boolean; live: FloorTrunk | undefined }) {
  const words = useWords()
  if (!active) {
    return (
      <span className="st pause">
        <Power className="s" aria-hidden />
        {words.t('trunk.off')}
      </span>
    )
  }
  const look = trunkLook(live?.state ?? 'unknown')
  const why = live ? whyNot(words, live) : null
  return (
    <>
      <span className={`st ${look.tone}`}>
        <look.icon className="s" aria-hidden />
        {live ? words.id('trunk_state', live.state) : words.t('trunk.on')}
      </span>
      {why && <span className="small ink2 block">{why}</span>}
    </>
  )
}

export function Trunks() {
  const { t, num } = useWords()
  const session = useSession()
  const { data } = useTrunks()
  const floor = useTopic<FloorState>('floor')
  const navigate = useNavigate()
  const edit = may(session, 'trunk.edit')
  return (
    <main className="page">
      <header>
        <h1>{t('nav.trunks')}</h1>
        {edit && (
          <Link to="/trunks/$id" params={{ id: 'new' }} className="btn primary push">
            <Plus aria-hidden />
            {t('trunk.new')}
          </Link>
        )}
      </header>
      <section className="card scroll">
        {!data && <p className="wait">{t('common.loading')}</p>}
        {data?.length === 0 && (
          <Empty title={t('trunk.none')}>
            <p>{t('trunk.none_next')}</p>
          </Empty>
        )}
        {data && data.length > 0 && (
          <table>
            <thead>
              <tr>
                <th>{t('trunk.name')}</th>
                <th>{t('campaign.state')}</th>
                <th>{t('trunk.host')}</th>
                <th>{t('trunk.username')}</th>
                <th className="r">{t('trunk.lines_max')}</th>
                <th className="r">{t('trunk.calls_per_second')}</th>
              </tr>
            </thead>
            <tbody>
              {data.map((trunk) => (
                <tr
                  key={trunk.id}
                  className="press"
                  onClick={() => void navigate({ to: '/trunks/$id', params: { id: trunk.id } })}
                >
                  <td className="m">
                    <Link to="/trunks/$id" params={{ id: trunk.id }} className="cellbtn m">
                      {trunk.name}
                    </Link>
                  </td>
                  <td>
                    <State
                      active={trunk.active}
                      live={floor?.trunks.find((one) => one.id === trunk.id)}
                    />
                  </td>
                  <td className="mono">
                    {trunk.transport} {trunk.host}
                    {trunk.port ? `:${trunk.port}` : ''}
                  </td>
                  <td className="ink2">
                    {trunk.sign_in
                      ? t('trunk.by_registration', { user: trunk.username })
                      : trunk.username || t('trunk.by_address')}
                  </td>
                  <td className="r num">{num(trunk.lines_max)}</td>
                  <td className="r num">{num(trunk.calls_per_second, 1)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
    </main>
  )
}
