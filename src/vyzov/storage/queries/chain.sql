-- The chain of facts: where a stream stands, and how it goes on. All inside the fact's transaction.

-- name: lock_head
-- Writing nothing new, it takes the row: of two writers of a stream the second waits for the first.
UPDATE fact_head SET place = place
WHERE organisation_id = :organisation AND floor_id = :floor AND epoch = :epoch
RETURNING place, hash, stands_on;

-- name: head_before
SELECT epoch, place, hash, stands_on FROM fact_head
WHERE organisation_id = :organisation AND floor_id = :floor AND epoch < :epoch AND place > 0
ORDER BY epoch DESC LIMIT 1;

-- name: first_head
INSERT INTO fact_head (organisation_id, floor_id, epoch, place, hash, stands_on)
VALUES (:organisation, :floor, :epoch, :place, :hash, :stands_on)
ON CONFLICT DO NOTHING;

-- name: set_head
UPDATE fact_head SET place = :place, hash = :hash
WHERE organisation_id = :organisation AND floor_id = :floor AND epoch = :epoch;

-- name: last_seq
-- Right under SQLite's one write lock; a database with several writers draws from its sequence.
SELECT COALESCE(MAX(seq), 0) AS seq FROM fact;

-- name: append_fact
INSERT INTO fact (
    seq, organisation_id, floor_id, epoch, kind, version, at, clock_id, monotonic_ns, campaign_id,
    contact_id, attempt_id, agent_id, data, dedupe, place, hash
) VALUES (
    :seq, :organisation, :floor, :epoch, :kind, :version, :at, :clock_id, :monotonic_ns, :campaign,
    :contact, :attempt, :agent, :data, :dedupe, :place, :hash
) ON CONFLICT DO NOTHING;

-- name: known_fact
SELECT dedupe FROM fact WHERE organisation_id = :organisation AND dedupe = :dedupe;

-- name: unchained
SELECT * FROM fact WHERE place = 0 ORDER BY seq LIMIT :limit;

-- name: take_in
UPDATE fact SET place = :place, hash = :hash WHERE seq = :seq;

-- name: heads
SELECT organisation_id, floor_id, epoch, place, hash, stands_on FROM fact_head
WHERE place > 0
ORDER BY organisation_id, floor_id, epoch;
