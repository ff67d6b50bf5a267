-- What is told to the outside world, written in the transaction of what it tells of. Where nobody has a
-- webhook that is switched on nothing is written: a floor pays for one look.

-- name: tell
INSERT INTO outbox (
    organisation_id, dedupe, event, at, campaign_id, contact_id, attempt_id, agent_id, data, shared
)
SELECT :organisation, :dedupe, :event, :at, :campaign, :contact, :attempt, :agent, :data, 0
WHERE EXISTS (SELECT 1 FROM webhook WHERE organisation_id = :organisation AND active = 1)
ON CONFLICT DO NOTHING;

-- name: tell_promise
-- To be asked before the promise is closed: what is open then is what ends.
INSERT INTO outbox (
    organisation_id, dedupe, event, at, campaign_id, contact_id, attempt_id, agent_id, data, shared
)
SELECT :organisation, 'callback:' || c.id || ':' || :state, :event, :at, c.campaign_id, c.contact_id,
    c.attempt_id, c.agent_id, '{"due_at":"' || c.due_at || '"}', 0
FROM callback c
WHERE c.organisation_id = :organisation AND c.campaign_id = :campaign AND c.contact_id = :contact
    AND c.state = 'open'
    AND EXISTS (SELECT 1 FROM webhook WHERE organisation_id = :organisation AND active = 1)
ON CONFLICT DO NOTHING;

-- name: settle
UPDATE delivery SET state = :state, tries = tries + 1, next_at = :next_at, done_at = :done_at,
    status = :status, error = :error, took_ms = :took_ms
WHERE organisation_id = :organisation AND webhook_id = :webhook AND number = :number;

-- name: note_try
-- A webhook that was removed while somebody knocked at its door has no log any more.
INSERT INTO delivery_try (organisation_id, webhook_id, number, place, at, status, took_ms, error)
SELECT d.organisation_id, d.webhook_id, d.number, 1 + COALESCE((
        SELECT MAX(place) FROM delivery_try t WHERE t.organisation_id = d.organisation_id
            AND t.webhook_id = d.webhook_id AND t.number = d.number
    ), 0), :at, CAST(:status AS INTEGER), CAST(:took_ms AS INTEGER), :error
FROM delivery d
WHERE d.organisation_id = :organisation AND d.webhook_id = :webhook AND d.number = :number;

-- name: due
-- Of each turn only the first that waits, so that what follows it cannot overtake it.
SELECT d.webhook_id, d.number, d.turn, d.tries, o.dedupe, o.event, o.at, o.campaign_id, o.contact_id,
    o.attempt_id, o.agent_id, o.data
FROM delivery d
JOIN outbox o ON o.number = d.number
WHERE d.organisation_id = :organisation AND d.webhook_id = :webhook AND d.state = 'waiting'
    AND d.next_at <= :now
    AND NOT EXISTS (
        SELECT 1 FROM delivery e WHERE e.organisation_id = d.organisation_id
            AND e.webhook_id = d.webhook_id AND e.turn = d.turn AND e.state = 'waiting'
            AND e.number < d.number
    )
ORDER BY d.next_at, d.number LIMIT :limit;
