-- The one write that lets a call out. All of it runs inside one write transaction.

-- name: permission
-- A stop-list entry counts from the moment it is committed, whatever clock dated it: valid_from is
-- never compared, so that a clock a second ahead cannot let one more call out.
SELECT
    COALESCE((
        SELECT a.campaign_id = :campaign AND a.contact_id = :contact AND a.number = :number
            AND a.call_id = :call_id
        FROM attempt a WHERE a.organisation_id = :organisation AND a.id = :attempt
    ), FALSE) AS known,
    l.epoch,
    l.lease_until,
    o.emergency_stop_at,
    EXISTS (
        SELECT 1 FROM quarantine q WHERE q.organisation_id = :organisation AND q.lifted_at IS NULL
    ) AS quarantined,
    c.state AS campaign_state,
    c.floor_id,
    e.state AS entry_state,
    p.id AS phone_id,
    EXISTS (
        SELECT 1 FROM stop_list s
        WHERE s.organisation_id = :organisation AND s.number_ref = :number_ref
            AND (s.valid_to IS NULL OR s.valid_to > :at)
    ) AS stopped
FROM organisation o
LEFT JOIN floor_lease l ON l.organisation_id = o.id AND l.floor_id = :floor
LEFT JOIN campaign c ON c.organisation_id = o.id AND c.id = :campaign
LEFT JOIN campaign_contact e
    ON e.organisation_id = o.id AND e.campaign_id = :campaign AND e.contact_id = :contact
LEFT JOIN contact_phone p
    ON p.organisation_id = o.id AND p.id = :phone
    AND p.contact_id = :contact AND p.number_ref = :number_ref
WHERE o.id = :organisation;

-- name: reserve
-- The unique indexes decide: one live attempt per contact and per number, one row per number of attempt.
INSERT INTO attempt (
    id, organisation_id, campaign_id, contact_id, number, phone_id, number_ref, state, floor_id,
    fence, lease_until, campaign_version, rule_version, verdict, trunk_id, caller_id, call_id,
    reserved_at, failover_of
) VALUES (
    :attempt, :organisation, :campaign, :contact, :number, :phone, :number_ref, 'reserved', :floor,
    :fence, :lease_until, :campaign_version, :rule_version, :verdict, :trunk, :caller_id, :call_id,
    :at, :failover_of
) ON CONFLICT DO NOTHING;

-- name: live_contact
SELECT 1 FROM attempt
WHERE organisation_id = :organisation AND contact_id = :contact
    AND state IN ('reserved', 'originated');

-- name: live_number
SELECT 1 FROM attempt
WHERE organisation_id = :organisation AND number_ref = :number_ref
    AND state IN ('reserved', 'originated');
