/* Alarms by threshold: what is beyond it, since when, who took it up; a manager sets the thresholds. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { BellRing, Settings2 } from 'lucide-react'
import { useState } from 'react'
import { api } from '../api/http.ts'
import { may, useSession } from '../api/session.ts'
import { Dialog, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { problemText } from '../kit/problem.ts'
import { type Alarm, type Alarms as Told, figureText } from './alarms.ts'
import { ThresholdForm } from './ThresholdForm.tsx'

const EVERY_MS = 2_000

function Line({ alarm, now, note }: { alarm: Alarm; now: number; note: boolean }) {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const take = useMutation({
    mutationFn: () => api<Alarm>(`/alarms/${alarm.id}/acknowledge`, { method: 'POST' }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['alarms'] }),
  })
  const taken = alarm.acknowledged_by
  return (
    <div className="alrt">
      <BellRing className={`fg ${taken ? 'pause' : 'bad'}`} aria-hidden />
      <span>
        <b className="m">
          {words.id('alarm', alarm.kind, {
            name: alarm.name,
            value: figureText(words, alarm.kind, alarm.value),
            threshold: figureText(words, alarm.kind, alarm.threshold),
          })}
        </b>
        <span className="small ink2 block">{words.id('alarm_next', alarm.kind)}</span>
        {taken && (
          <span className="small ink3 block">{t('alarm.taken_by', { name: taken.name })}</span>
        )}
        {take.error && (
          <span className="small fg bad block" role="alert">
            {problemText(words, take.error)}
          </span>
        )}
        {!taken && note && (
          <button
            type="button"
            className="btn s"
            disabled={take.isPending}
            onClick={() => take.mutate()}
          >
            {t('alarm.take')}
          </button>
        )}
      </span>
      <time className="small ink3 num" dateTime={alarm.raised_at}>
        {words.moment(alarm.raised_at, now)}
      </time>
    </div>
  )
}

export function Alarms({ now }: { now: number }) {
  const words = useWords()
  const { t } = words
  const session = useSession()
  const [setting, setSetting] = useState(false)
  const { data, error } = useQuery({
    queryKey: ['alarms'],
    refetchInterval: EVERY_MS,
    queryFn: () => api<Told>('/alarms'),
  })
  const standing = data?.items ?? []
  const open = standing.filter((alarm) => !alarm.acknowledged_at)
  return (
    <section className="card" aria-live="polite">
      <header>
        <h2>{t('alarm.title')}</h2>
        {open.length > 0 && (
          <span className="chip bad">
            <BellRing aria-hidden />
            {words.num(open.length)}
          </span>
        )}
        {data && may(session, 'alarm.edit') && (
          <button type="button" className="btn quiet s push" onClick={() => setSetting(true)}>
            <Settings2 className="s" aria-hidden />
            {t('alarm.thresholds')}
          </button>
        )}
      </header>
      {error && (
        <div className="pad">
          <Note tone="bad">{problemText(words, error)}</Note>
        </div>
      )}
      {standing.map((alarm) => (
        <Line key={alarm.id} alarm={alarm} now={now} note={may(session, 'alarm.note')} />
      ))}
      {data && standing.length === 0 && <p className="pad ink2">{t('alarm.none')}</p>}
      {setting && data && (
        <Dialog title={t('alarm.thresholds')} close={() => setSetting(false)} wide>
          <p className="ink2">{t('alarm.thresholds_what')}</p>
          {data.thresholds.map((one) => (
            <ThresholdForm key={one.kind} threshold={one} />
          ))}
        </Dialog>
      )}
    </section>
  )
}
