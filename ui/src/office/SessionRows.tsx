/* Where somebody is signed in: device, address, since when, last used. */
import type { OneSession } from '../api/people.ts'
import { deviceWords } from '../api/people.ts'
import { useNow } from '../kit/live.ts'
import { useWords } from '../kit/prefs.ts'

export function SessionRows(props: { sessions: OneSession[]; end?: (id: string) => void }) {
  const words = useWords()
  const { t } = words
  const now = useNow()
  return (
    <table>
      <thead>
        <tr>
          <th>{t('sessions.device')}</th>
          <th>{t('sessions.source')}</th>
          <th>{t('sessions.since')}</th>
          <th>{t('sessions.seen')}</th>
          {props.end && <th />}
        </tr>
      </thead>
      <tbody>
        {props.sessions.map((one) => (
          <tr key={one.id}>
            <td className="m" title={one.device}>
              {deviceWords(one.device)}{' '}
              {one.current && <span className="chip ok">{t('sessions.here')}</span>}
            </td>
            <td className="mono">{one.source || '–'}</td>
            <td className="num ink2">{words.moment(one.created_at, now)}</td>
            <td className="num ink2">{words.moment(one.last_seen_at, now)}</td>
            {props.end && (
              <td className="r">
                {!one.current && (
                  <button type="button" className="btn s" onClick={() => props.end?.(one.id)}>
                    {t('sessions.end')}
                  </button>
                )}
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
