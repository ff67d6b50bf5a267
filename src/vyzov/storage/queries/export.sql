-- Everything that happened, in pieces: each begins after the last key of the one before.

-- name: facts
SELECT
    f.*, f.seq AS mark, h.stands_on
FROM fact f
LEFT JOIN fact_head h
    ON f.place = 1 AND h.organisation_id = f.organisation_id AND h.floor_id = f.floor_id
    AND h.epoch = f.epoch
WHERE f.seq > :after
ORDER BY f.seq LIMIT :limit;

-- name: calls
SELECT
    a.id AS mark, a.id AS attempt, a.call_id, a.campaign_id AS campaign, a.contact_id AS contact,
    a.number, a.state, a.outcome, a.detail, a.sip_code, a.q850, a.trunk_id AS trunk, a.caller_id,
    a.agent_id AS agent, d.result, a.reserved_at, a.originated_at, a.answered_at, a.bridged_at,
    a.ended_at, a.campaign_version, a.rule_version, r.path AS recording, r.seconds AS recording_s,
    r.sha256 AS recording_sha256, a.failover_of
FROM attempt a
LEFT JOIN disposition d
    ON d.organisation_id = a.organisation_id AND d.attempt_id = a.id AND d.undone_at IS NULL
LEFT JOIN recording r
    ON r.organisation_id = a.organisation_id AND r.attempt_id = a.id
    AND r.id = (
        SELECT MIN(f.id) FROM recording f
        WHERE f.organisation_id = a.organisation_id AND f.attempt_id = a.id
    )
WHERE a.id > :after
ORDER BY a.id LIMIT :limit;
