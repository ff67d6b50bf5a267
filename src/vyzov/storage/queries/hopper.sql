-- Who is next, read bucket by bucket: a bucket whose hours are closed is never walked over.

-- name: buckets
-- One step of the index for each bucket there is, however many contacts stand in it.
WITH RECURSIVE found (id) AS (
    SELECT MIN(zone_bucket) FROM campaign_contact
    WHERE organisation_id = :organisation AND campaign_id = :campaign AND state = :state
    UNION ALL
    SELECT (
        SELECT MIN(e.zone_bucket) FROM campaign_contact e
        WHERE e.organisation_id = :organisation AND e.campaign_id = :campaign
            AND e.state = :state AND e.zone_bucket > found.id
    )
    FROM found WHERE found.id IS NOT NULL
)
SELECT found.id, b.zones
FROM found
LEFT JOIN zone_bucket b ON b.organisation_id = :organisation AND b.id = found.id
WHERE found.id IS NOT NULL;

-- name: waiting
-- Those with an hour: promised calls, redials, and those held back before their first call.
SELECT contact_id, next_due_at, position FROM campaign_contact
WHERE organisation_id = :organisation AND campaign_id = :campaign AND state = :state
    AND zone_bucket = :bucket AND next_due_at <= :now
    AND (next_due_at, position) > (:after_due, :after)
ORDER BY next_due_at, position LIMIT :limit;

-- name: fresh
-- Those without an hour, by row. The hour is NULL for all; it stands in the order for the index.
SELECT contact_id, next_due_at, position FROM campaign_contact
WHERE organisation_id = :organisation AND campaign_id = :campaign AND state = 'fresh'
    AND zone_bucket = :bucket AND next_due_at IS NULL AND position > :after
ORDER BY next_due_at, position LIMIT :limit;

-- name: next_hour
SELECT MIN(next_due_at) AS at FROM campaign_contact
WHERE organisation_id = :organisation AND campaign_id = :campaign AND state = :state
    AND zone_bucket = :bucket AND next_due_at > :after;

-- name: tally
SELECT fresh, due, in_call, callback, closed, attempts, answered FROM campaign_tally
WHERE organisation_id = :organisation AND campaign_id = :campaign;

-- name: add_tally
INSERT INTO campaign_tally (
    organisation_id, campaign_id, fresh, due, in_call, callback, closed, attempts, answered
) VALUES (
    :organisation, :campaign, :fresh, :due, :in_call, :callback, :closed, :attempts, :answered
)
ON CONFLICT (organisation_id, campaign_id) DO UPDATE SET
    fresh = campaign_tally.fresh + excluded.fresh,
    due = campaign_tally.due + excluded.due,
    in_call = campaign_tally.in_call + excluded.in_call,
    callback = campaign_tally.callback + excluded.callback,
    closed = campaign_tally.closed + excluded.closed,
    attempts = campaign_tally.attempts + excluded.attempts,
    answered = campaign_tally.answered + excluded.answered;

-- name: add_outcome
INSERT INTO outcome_tally (organisation_id, campaign_id, outcome, attempts)
VALUES (:organisation, :campaign, :outcome, :attempts)
ON CONFLICT (organisation_id, campaign_id, outcome) DO UPDATE SET
    attempts = outcome_tally.attempts + excluded.attempts;

-- name: name_bucket
-- Two writers may draw one number at once: the later of them finds no bucket.
INSERT INTO zone_bucket (organisation_id, id, zones)
SELECT :organisation, COALESCE(MAX(id), 0) + 1, CAST(:zones AS TEXT) FROM zone_bucket
WHERE organisation_id = :organisation
ON CONFLICT DO NOTHING RETURNING id;

-- name: bucket_of_zones
SELECT id FROM zone_bucket WHERE organisation_id = :organisation AND zones = :zones;

-- name: zones_of_turn
SELECT f.zones, b.id AS bucket
FROM contact_phone f
LEFT JOIN zone_bucket b ON b.organisation_id = f.organisation_id AND b.zones = f.zones
WHERE f.organisation_id = :organisation AND f.contact_id = :contact
ORDER BY f.position;

-- name: hold_entry
UPDATE campaign_contact SET
    zone_bucket = :bucket,
    next_due_at = CASE
        WHEN next_due_at > :until THEN next_due_at ELSE COALESCE(:until, next_due_at)
    END
WHERE organisation_id = :organisation AND campaign_id = :campaign AND contact_id = :contact
    AND state = :state;

-- name: campaigns_there_are
SELECT organisation_id, id FROM campaign ORDER BY organisation_id, id;

-- name: has_unsorted
SELECT 1 FROM campaign_contact
WHERE organisation_id = :organisation AND campaign_id = :campaign AND state = :state
    AND zone_bucket = 0
LIMIT 1;

-- name: zones_there_are
SELECT DISTINCT zones FROM contact_phone WHERE organisation_id = :organisation ORDER BY zones;

-- name: sort_entries
UPDATE campaign_contact SET zone_bucket = COALESCE(
    (
        SELECT b.id FROM contact_phone f
        JOIN zone_bucket b ON b.organisation_id = f.organisation_id AND b.zones = f.zones
        WHERE f.organisation_id = campaign_contact.organisation_id
            AND f.contact_id = campaign_contact.contact_id
            AND f.position = campaign_contact.phone_position
    ),
    :nowhere
)
WHERE organisation_id = :organisation AND campaign_id = :campaign AND contact_id IN (
    SELECT e.contact_id FROM campaign_contact e
    WHERE e.organisation_id = :organisation AND e.campaign_id = :campaign AND e.state = :state
        AND e.zone_bucket = 0
    ORDER BY e.next_due_at, e.position LIMIT :limit
);
