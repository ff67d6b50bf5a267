/* Who we speak to: name, their clock with the permitted hours, number, fields, row of the file. */
import { Clock, Phone } from 'lucide-react'
import { useNow } from '../kit/live.ts'
import { useWords } from '../kit/prefs.ts'
import type { LiveCall, LiveContact } from '../live/shapes.ts'
import { formatOffset, formatPhone } from '../words/format.ts'
import { DAY_MIN, minuteOfDay, minutesOf, wallClock } from './hours.ts'

const WIDTH = 256

/** The day as a strip: permitted hours filled, a mark where the customer's clock stands. */
function HoursStrip({ contact, now }: { contact: LiveContact; now: number }) {
  const words = useWords()
  const { t } = words
  const offset = contact.utc_offset_minutes
  if (offset === null) return null
  const x = (minute: number) => (minute / DAY_MIN) * WIDTH
  const window = contact.window
  const from = window ? minutesOf(window.from) : 0
  const to = window ? minutesOf(window.to) : DAY_MIN
  const minute = minuteOfDay(now, offset)
  const open = minute >= from && minute < to
  const until = contact.may_call_until ? Date.parse(contact.may_call_until) : null
  return (
    <div className={`hours note ${open ? 'ok' : 'warn'}`}>
      <div className="row" style={{ gap: 6 }}>
        <Clock className="fg" aria-hidden />
        <b className="num">{words.clock(wallClock(now, offset), 'UTC')}</b>
        <span className="ink2 cut">
          {[contact.zone && words.place(contact.zone), formatOffset(offset)]
            .filter(Boolean)
            .join(', ')}
        </span>
      </div>
      <svg
        viewBox={`0 0 ${WIDTH} 24`}
        role="img"
        aria-label={t('desk.hours_label', {
          from: window?.from ?? '00:00',
          to: window?.to ?? '24:00',
        })}
      >
        <rect y="4" width={WIDTH} height="6" rx="3" className="rest" />
        <rect x={x(from)} y="4" width={x(to) - x(from)} height="6" className="fill" />
        <path d={`M${x(minute)} 0v14`} className="mark" />
        <text x={x(from)} y="23" textAnchor="middle">
          {Math.floor(from / 60)}
        </text>
        <text x={x(to)} y="23" textAnchor="middle">
          {Math.floor(to / 60)}
        </text>
      </svg>
      <div className="row between small">
        {until && open ? (
          <>
            <b className="fg">
              {t('desk.may_call_until', { at: words.clock(wallClock(until, offset), 'UTC') })}
            </b>
            <span className="ink2 num">
              {t('desk.left', { span: words.span((until - now) / 1000) })}
            </span>
          </>
        ) : (
          <b className="fg">{open ? t('desk.may_call') : t('desk.outside_hours')}</b>
        )}
      </div>
    </div>
  )
}

export function Customer({ call, several }: { call: LiveCall; several: boolean }) {
  const { t } = useWords()
  const now = useNow()
  const contact = call.contact
  const fields = Object.entries(contact.fields)
  return (
    <aside className="cust" aria-label={t('desk.customer')}>
      <div>
        <h1 className="name">{contact.name || formatPhone(contact.phone)}</h1>
        <div className="row wrap g1" style={{ marginTop: 6 }}>
          <span className="chip line">{t('desk.attempt_n', { n: contact.attempt_number })}</span>
          {several && <span className="chip line">{call.campaign.name}</span>}
        </div>
      </div>
      <HoursStrip contact={contact} now={now} />
      <section>
        <h3>{t('desk.number')}</h3>
        <div className="tel">
          <Phone className="s fg ok" aria-hidden />
          <span className="m num">{contact.display ?? formatPhone(contact.phone)}</span>
          <span className="chip talk">{t('desk.this_call')}</span>
        </div>
      </section>
      {fields.length > 0 && (
        <section>
          <h3>{t('desk.fields')}</h3>
          <dl className="kv">
            {fields.map(([name, value]) => (
              <FieldRow key={name} name={name} value={value} />
            ))}
          </dl>
        </section>
      )}
      {contact.list && (
        <section className="foot small ink3">
          {t('desk.from_row', { file: contact.list.file, row: contact.list.row })}
        </section>
      )}
    </aside>
  )
}

function FieldRow({ name, value }: { name: string; value: string }) {
  const { field } = useWords()
  return (
    <>
      <dt>{field(name)}</dt>
      <dd>{value || '–'}</dd>
    </>
  )
}
