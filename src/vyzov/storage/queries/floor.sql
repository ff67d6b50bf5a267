-- All a floor has to know to begin.

-- name: organisation
SELECT id, name, emergency_stop_at, created_at FROM organisation WHERE id = :organisation;

-- name: campaigns
SELECT
    c.id, c.principal_id, c.name, c.purpose, c.mode, c.state, c.list_id, c.lead_list_id,
    v.version, v.settings
FROM campaign c
JOIN campaign_version v
    ON v.organisation_id = c.organisation_id AND v.campaign_id = c.id AND v.valid_to IS NULL
WHERE c.organisation_id = :organisation AND c.floor_id = :floor AND c.state <> 'archived'
ORDER BY c.created_at, c.id;

-- name: trunks
SELECT * FROM trunk WHERE organisation_id = :organisation AND active = 1 ORDER BY created_at, id;

-- name: agents
-- Whoever was put on no floor works on the organisation's first.
SELECT u.id, u.name, u.login, u.role, u.language, w.wish, w.reason, w.since, d.kind
FROM user_account u
LEFT JOIN agent_wish w ON w.organisation_id = u.organisation_id AND w.agent_id = u.id
LEFT JOIN agent_device d ON d.organisation_id = u.organisation_id AND d.agent_id = u.id
WHERE u.organisation_id = :organisation AND u.disabled_at IS NULL AND u.role <> 'customer'
    AND (u.floor_id = :floor OR (u.floor_id = '' AND :floor = (
        SELECT f.id FROM floor f WHERE f.organisation_id = :organisation
        ORDER BY f.created_at, f.id LIMIT 1
    )))
ORDER BY u.created_at, u.id;

-- name: pause_limits
SELECT id, limit_s FROM pause_reason WHERE organisation_id = :organisation ORDER BY id;

-- name: phones
SELECT p.id, p.user_id, p.name, p.username, p.ha1
FROM desk_phone p
JOIN user_account u ON u.organisation_id = p.organisation_id AND u.id = p.user_id
WHERE p.organisation_id = :organisation AND p.revoked_at IS NULL AND u.disabled_at IS NULL
    AND (u.floor_id = :floor OR (u.floor_id = '' AND :floor = (
        SELECT f.id FROM floor f WHERE f.organisation_id = :organisation
        ORDER BY f.created_at, f.id LIMIT 1
    )))
ORDER BY p.created_at, p.id;

-- name: open_attempts
SELECT a.*, v.settings
FROM attempt a
JOIN campaign_version v
    ON v.organisation_id = a.organisation_id AND v.campaign_id = a.campaign_id
    AND v.version = a.campaign_version
WHERE a.organisation_id = :organisation AND a.floor_id = :floor
    AND a.state IN ('reserved', 'originated')
ORDER BY a.reserved_at, a.id;

-- name: unknown
-- What an engine that comes back may still tell the end of.
SELECT a.*, v.settings
FROM attempt a
JOIN campaign c ON c.organisation_id = a.organisation_id AND c.id = a.campaign_id
JOIN campaign_version v
    ON v.organisation_id = a.organisation_id AND v.campaign_id = a.campaign_id
    AND v.version = a.campaign_version
WHERE a.organisation_id = :organisation AND c.floor_id = :floor AND a.ended_at >= :since
    AND a.outcome = 'unknown' AND a.state = 'unknown'
ORDER BY a.ended_at DESC, a.id LIMIT 1000;

-- name: undisposed
SELECT a.*
FROM attempt a
JOIN campaign c ON c.organisation_id = a.organisation_id AND c.id = a.campaign_id
WHERE a.organisation_id = :organisation AND c.floor_id = :floor
    AND a.agent_id IS NOT NULL AND a.bridged_at IS NOT NULL
    AND a.state = 'final' AND a.ended_at >= :since
    AND NOT EXISTS (
        SELECT 1 FROM disposition d
        WHERE d.organisation_id = a.organisation_id AND d.attempt_id = a.id
            AND d.undone_at IS NULL
    )
ORDER BY a.ended_at, a.id;

-- name: abandonment
-- Who was joined after the limit counts as abandoned: the report folds the same facts.
SELECT
    a.campaign_id,
    SUBSTR(a.ended_at, 1, 10) AS day,
    SUM(
        CASE WHEN a.outcome = 'abandoned' OR EXISTS (
            SELECT 1 FROM fact f
            WHERE f.organisation_id = a.organisation_id AND f.attempt_id = a.id
                AND f.kind = 'bridged' AND f.data LIKE '%"within_limit":false%'
        ) THEN 1 ELSE 0 END
    ) AS abandoned,
    COUNT(*) AS answered
FROM attempt a
JOIN campaign c ON c.organisation_id = a.organisation_id AND c.id = a.campaign_id
WHERE a.organisation_id = :organisation AND c.floor_id = :floor AND a.ended_at >= :since
    AND a.outcome IN ('abandoned', 'answered_human')
GROUP BY a.campaign_id, SUBSTR(a.ended_at, 1, 10)
ORDER BY a.campaign_id, day;

-- name: last_fact
-- The latest life that wrote anything; how UTC stood then is in each of its facts.
SELECT f.epoch, f.place, f.at, f.clock_id, f.monotonic_ns
FROM fact_head h
JOIN fact f
    ON f.organisation_id = h.organisation_id AND f.floor_id = h.floor_id
    AND f.epoch = h.epoch AND f.place = h.place
WHERE h.organisation_id = :organisation AND h.floor_id = :floor AND h.place > 0 AND f.place > 0
ORDER BY h.epoch DESC LIMIT 1;

-- name: clock_facts
SELECT kind, at, clock_id, monotonic_ns, data
FROM fact
WHERE organisation_id = :organisation AND floor_id = :floor AND epoch = :epoch
    AND place > 0 AND place > :after AND kind IN ('clock_stepped', 'clock_trusted')
ORDER BY place DESC LIMIT 1;

-- name: heads
-- The latest lives of the floor and how many facts each wrote.
SELECT epoch, place FROM fact_head
WHERE organisation_id = :organisation AND floor_id = :floor AND place > 0
ORDER BY epoch DESC LIMIT 20;

-- name: recent_facts
-- What estimates are folded from; read by place, so that a long past costs nothing.
SELECT kind, version, at, clock_id, monotonic_ns, campaign_id, contact_id, attempt_id, agent_id,
    data, dedupe
FROM fact
WHERE organisation_id = :organisation AND floor_id = :floor AND epoch = :epoch
    AND place > 0 AND place > :after AND at >= :since
    AND kind IN (
        'attempt_reserved', 'agent_asked', 'bridged', 'abandoned', 'final', 'agent_state'
    )
ORDER BY place;

-- name: rule_facts
-- What rules of pace did, latest first; `ix_fact_rule` holds these alone.
SELECT kind, version, at, clock_id, monotonic_ns, campaign_id, contact_id, attempt_id, agent_id,
    data, dedupe
FROM fact
WHERE organisation_id = :organisation AND floor_id = :floor AND kind = 'pace_rule'
ORDER BY epoch DESC, place DESC LIMIT :limit;

-- name: history
SELECT a.id, a.reserved_at, a.outcome, a.bridged_at, a.ended_at, a.agent_id, d.result
FROM attempt a
LEFT JOIN disposition d
    ON d.organisation_id = a.organisation_id AND d.attempt_id = a.id AND d.undone_at IS NULL
WHERE a.organisation_id = :organisation AND a.contact_id = :contact
    AND a.state IN ('final', 'unknown')
ORDER BY a.reserved_at DESC, a.id DESC LIMIT :limit;
