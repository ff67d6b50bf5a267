/* An invented log of changes for pictures. */
import { at, pick } from './desk.mjs'

const change = (field, before, after, secret = false) => ({ field, before, after, secret })

export const audit = (lang) => {
  const anna = { id: 'u7', name: pick(lang, 'Анна Верескова', 'Ann Heather') }
  const row = (id, ago, action, kind, object, changes, more = {}) => ({
    id,
    at: at(-ago),
    by: anna,
    token: null,
    command: null,
    action,
    kind,
    object,
    changes,
    ...more,
  })
  const renewal = { id: 'k1', name: pick(lang, 'Продление', 'Renewal') }
  return {
    items: [
      row('e7', 240, 'change', 'campaign', renewal, [
        change('ring_timeout_s', 20, 17.5),
        change('window.start', '09:00', '10:00'),
        change('results', [{ code: 'sale' }], [{ code: 'sale' }, { code: 'later' }]),
      ]),
      row('e6', 900, 'change', 'user', { id: 'u2', name: pick(lang, 'Олег Рощин', 'Oleg Grove') }, [
        change('role', 'operator', 'supervisor'),
        change('password', null, null, true),
      ]),
      row(
        'e5',
        3600,
        'create',
        'stop',
        { id: 's1', name: pick(lang, '+70005550177', '+12025550177') },
        [change('reason', null, 'asked'), change('source', null, 'api')],
        { token: 't1' },
      ),
      row(
        'e4',
        5400,
        'create',
        'list',
        { id: 'l1', name: pick(lang, 'клиенты-декабрь', 'clients-december') },
        [change('contacts', null, 4790), change('rows_total', null, 5000)],
        { by: null, command: 'import' },
      ),
      row('e3', 90000, 'delete', 'token', { id: 't9', name: '' }, [
        change('revoked_at', null, at(-90000)),
      ]),
      row('e2', 95000, 'erase', 'contact', { id: 'c9', name: '' }, []),
      row(
        'e1',
        180000,
        'change',
        'webhook',
        { id: 'w1', name: 'CRM' },
        [change('active', 1, 0), change('off_reason', null, 'dead')],
        { by: null },
      ),
    ],
    next_cursor: 'e1',
    names: {},
    kinds: ['campaign', 'contact', 'list', 'stop', 'token', 'user', 'webhook'],
  }
}
