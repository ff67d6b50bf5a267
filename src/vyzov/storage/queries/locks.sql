-- What a writer holds on PostgreSQL until its transaction ends. SQLite has one writer at a time and
-- needs none of it. "Shared" lets others share it too; "alone" waits for them and keeps them out.
-- None of these stands in the way of a foreign key that points to the row.

-- name: floor
SELECT 1 FROM floor WHERE organisation_id = :organisation AND id = :floor FOR NO KEY UPDATE;

-- name: lease
SELECT 1 FROM floor_lease
WHERE organisation_id = :organisation AND floor_id = :floor FOR NO KEY UPDATE;

-- name: organisation_shared
SELECT 1 FROM organisation WHERE id = :organisation FOR SHARE;

-- name: organisation_alone
SELECT 1 FROM organisation WHERE id = :organisation FOR NO KEY UPDATE;

-- name: campaigns_shared
SELECT 1 FROM campaign
WHERE organisation_id = :organisation AND id = ANY(CAST(:campaigns AS text[]))
ORDER BY id FOR SHARE;

-- name: campaigns_alone
SELECT 1 FROM campaign
WHERE organisation_id = :organisation AND id = ANY(CAST(:campaigns AS text[]))
ORDER BY id FOR NO KEY UPDATE;

-- name: entries
SELECT 1 FROM campaign_contact e
JOIN unnest(CAST(:campaigns AS text[]), CAST(:contacts AS text[])) AS wanted (campaign, contact)
    ON e.campaign_id = wanted.campaign AND e.contact_id = wanted.contact
WHERE e.organisation_id = :organisation
ORDER BY e.campaign_id, e.contact_id FOR NO KEY UPDATE OF e;

-- name: phones
-- A phone that is erased meanwhile is one the number of which nobody may dial any more.
SELECT 1 FROM contact_phone
WHERE organisation_id = :organisation AND id = ANY(CAST(:phones AS text[]))
ORDER BY id FOR SHARE;

-- name: draw_seqs
SELECT nextval(pg_get_serial_sequence('fact', 'seq')) AS seq
FROM generate_series(1, CAST(:count AS integer));

-- name: known_facts
-- A new fact that was told by another writer meanwhile is refused by its index all the same.
-- One step of the index for each, however few rows the server believes there are.
SELECT known.dedupe FROM (
    SELECT (
        SELECT f.dedupe FROM fact f
        WHERE f.organisation_id = :organisation AND f.dedupe = told.dedupe
    ) AS dedupe
    FROM unnest(CAST(:dedupes AS text[])) AS told (dedupe)
) AS known
WHERE known.dedupe IS NOT NULL;

-- name: known_as
SELECT set_config('application_name', :name, false);

-- name: end_sleepers
-- A process that sleeps between two words of a pipeline is waited for without any time-out of the server's:
-- it is neither idle in its transaction nor in a statement. A live holder's transaction lasts for
-- thousandths of a second.
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = :name AND pid <> pg_backend_pid()
    AND clock_timestamp() - xact_start > interval '1 second';
