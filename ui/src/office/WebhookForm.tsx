/* Makes a webhook or changes one; its secret is shown once, when it is made or renewed. */
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api } from '../api/http.ts'
import type { Webhook, WebhookMade } from '../api/webhooks.ts'
import { Dialog, Field, HoldButton, Note } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { fieldProblem, problemText } from '../kit/problem.ts'

type Props = { webhook: Webhook | null; events: string[]; close: () => void }

function Secret({ secret }: { secret: string }) {
  const { t } = useWords()
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(secret)
    setCopied(true)
  }
  return (
    <div className="stack g3">
      <Note tone="warn" alert>
        {t('hooks.once')}
      </Note>
      <code className="mono m" style={{ overflowWrap: 'anywhere' }}>
        {secret}
      </code>
      <p className="small ink2">{t('hooks.how')}</p>
      <div>
        <button type="button" className="btn s" onClick={() => void copy()}>
          {copied ? t('hooks.copied') : t('hooks.copy')}
        </button>
      </div>
    </div>
  )
}

export function WebhookForm({ webhook, events, close }: Props) {
  const words = useWords()
  const { t } = words
  const queries = useQueryClient()
  const [name, setName] = useState(webhook?.name ?? '')
  const [url, setUrl] = useState(webhook?.url ?? '')
  const [wanted, setWanted] = useState<string[]>(webhook?.events ?? events)
  const [person, setPerson] = useState(webhook?.with_person ?? false)
  const [active, setActive] = useState(webhook?.active ?? true)
  const [made, setMade] = useState<WebhookMade | null>(null)
  const [error, setError] = useState<unknown>(null)
  const attempt = async (work: () => Promise<void>) => {
    try {
      await work()
      setError(null)
    } catch (failure) {
      setError(failure)
    }
    await queries.invalidateQueries({ queryKey: ['webhooks'] })
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const body = { name, url, events: wanted, with_person: person, active }
    void attempt(async () => {
      if (webhook) {
        await api(`/webhooks/${webhook.id}`, { method: 'PATCH', body, etag: webhook.etag })
        close()
      } else {
        setMade(await api<WebhookMade>('/webhooks', { method: 'POST', body }))
      }
    })
  }
  const renew = async () =>
    setMade(await api<WebhookMade>(`/webhooks/${webhook?.id}/secret`, { method: 'POST' }))
  const remove = async () => {
    await api(`/webhooks/${webhook?.id}`, { method: 'DELETE' })
    close()
  }
  const turn = (event: string, on: boolean) =>
    setWanted(on ? [...wanted, event] : wanted.filter((one) => one !== event))
  return (
    <Dialog title={webhook?.name ?? made?.name ?? t('hooks.new')} close={close} wide>
      {made ? (
        <Secret secret={made.secret} />
      ) : (
        <form className="stack g4" onSubmit={submit}>
          <div className="fields two">
            <Field label={t('hooks.name')} wrong={fieldProblem(words, error, 'name')}>
              <input
                className="input"
                name="name"
                required
                maxLength={100}
                autoComplete="off"
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            </Field>
            <Field label={t('hooks.url')} wrong={fieldProblem(words, error, 'url')}>
              <input
                className="input mono"
                name="url"
                required
                type="url"
                placeholder="https://"
                autoComplete="off"
                value={url}
                onChange={(event) => setUrl(event.target.value)}
              />
            </Field>
          </div>
          <div className="stack g2" role="group" aria-label={t('hooks.events')}>
            <span className="lab">{t('hooks.events')}</span>
            <div className="ticks">
              {events.map((event) => (
                <label key={event} title={event}>
                  <input
                    type="checkbox"
                    checked={wanted.includes(event)}
                    onChange={(tick) => turn(event, tick.target.checked)}
                  />
                  <span>{words.id('hook', event)}</span>
                </label>
              ))}
            </div>
          </div>
          <div className="stack g2">
            <label className="row">
              <input
                type="checkbox"
                checked={person}
                onChange={(tick) => setPerson(tick.target.checked)}
              />
              {t('hooks.person')}
            </label>
            <p className="small ink3">{t('hooks.person_why')}</p>
            <label className="row">
              <input
                type="checkbox"
                checked={active}
                onChange={(tick) => setActive(tick.target.checked)}
              />
              {t('hooks.on')}
            </label>
          </div>
          {error !== null && (
            <Note tone="bad" alert>
              {problemText(words, error)}
            </Note>
          )}
          <div className="row">
            <button type="submit" className="btn primary" disabled={wanted.length === 0}>
              {webhook ? t('hooks.save') : t('hooks.make')}
            </button>
            <button type="button" className="btn" onClick={close}>
              {t('common.cancel')}
            </button>
            {webhook && (
              <>
                <HoldButton ms={1_000} className="push" act={() => void attempt(renew)}>
                  {t('hooks.renew')}
                </HoldButton>
                <HoldButton ms={1_000} act={() => void attempt(remove)}>
                  {t('hooks.remove')}
                </HoldButton>
              </>
            )}
          </div>
        </form>
      )}
    </Dialog>
  )
}
