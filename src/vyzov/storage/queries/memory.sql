-- All that a store in memory begins with: the rows of one organisation, read whole.

-- name: organisation
SELECT
    o.emergency_stop_at,
    EXISTS (
        SELECT 1 FROM quarantine q WHERE q.organisation_id = o.id AND q.lifted_at IS NULL
    ) AS quarantined,
    EXISTS (SELECT 1 FROM consent k WHERE k.organisation_id = o.id) AS consents,
    EXISTS (
        SELECT 1 FROM contact c WHERE c.organisation_id = o.id AND c.erased_at IS NOT NULL
    ) AS erased,
    (SELECT COALESCE(MAX(seq), 0) FROM fact) AS seq
FROM organisation o WHERE o.id = :organisation;

-- name: campaigns
SELECT id, state, floor_id FROM campaign WHERE organisation_id = :organisation;

-- name: leases
SELECT floor_id, epoch, holder, lease_until FROM floor_lease WHERE organisation_id = :organisation;

-- name: places
SELECT * FROM campaign_contact WHERE organisation_id = :organisation
ORDER BY campaign_id, position, contact_id;

-- name: phones
SELECT id, contact_id, position, e164, number_ref, country, zones FROM contact_phone
WHERE organisation_id = :organisation ORDER BY contact_id, position;

-- name: cards
SELECT
    c.id, c.language, c.stage, c.temperature, c.list_id, c.row, l.file_name, p.name, p.fields, p.note
FROM contact c
JOIN contact_list l ON l.organisation_id = c.organisation_id AND l.id = c.list_id
LEFT JOIN contact_person p ON p.organisation_id = c.organisation_id AND p.contact_id = c.id
WHERE c.organisation_id = :organisation;

-- name: buckets
SELECT id, zones FROM zone_bucket WHERE organisation_id = :organisation;

-- name: tallies
SELECT campaign_id, fresh, due, in_call, callback, closed, attempts, answered
FROM campaign_tally WHERE organisation_id = :organisation;

-- name: attempts
SELECT
    id, campaign_id, contact_id, number, number_ref, state, call_id, failover_of, reserved_at,
    answered_at, bridged_at, ended_at, outcome, agent_id
FROM attempt WHERE organisation_id = :organisation;

-- name: dispositions
SELECT id, attempt_id, result, undone_at FROM disposition WHERE organisation_id = :organisation;

-- name: stops
-- An entry without an end comes last, so that it is the one that counts.
SELECT number_ref, valid_to FROM stop_list WHERE organisation_id = :organisation
ORDER BY CASE WHEN valid_to IS NULL THEN 1 ELSE 0 END, valid_to;

-- name: dedupes
SELECT dedupe FROM fact WHERE organisation_id = :organisation;

-- name: marks
SELECT life, place FROM journal_mark WHERE organisation_id = :organisation;

-- name: agents
SELECT id FROM user_account WHERE organisation_id = :organisation;
