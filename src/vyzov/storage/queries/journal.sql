-- The journal of a floor's lives: how much of it the database has, and what is put back from it.

-- name: mark
SELECT place FROM journal_mark WHERE organisation_id = :organisation AND life = :life;

-- name: set_mark
INSERT INTO journal_mark (organisation_id, life, floor_id, epoch, place)
VALUES (:organisation, :life, :floor, :epoch, :place)
ON CONFLICT (organisation_id, life) DO UPDATE SET place = excluded.place
WHERE journal_mark.place < excluded.place;

-- name: entry_is_behind
-- Whether a place in a campaign has seen fewer calls than a line tells; of the same call the end counts.
SELECT 1 FROM campaign_contact
WHERE organisation_id = :organisation AND campaign_id = :campaign AND contact_id = :contact
    AND (
        attempts_made < :attempts_made
        OR (attempts_made = :attempts_made AND state = 'in_call')
    );

-- name: marks
SELECT life, floor_id, epoch, place FROM journal_mark WHERE organisation_id = :organisation
ORDER BY floor_id, epoch, life;

-- name: standing_quarantine
SELECT id, began_at, backup_at, found FROM quarantine
WHERE organisation_id = :organisation AND lifted_at IS NULL
ORDER BY began_at DESC LIMIT 1;

-- name: begin_quarantine
INSERT INTO quarantine (organisation_id, id, began_at, backup_at, found)
VALUES (:organisation, :id, :began, :backup, :found);

-- name: note_quarantine
UPDATE quarantine SET found = :found WHERE organisation_id = :organisation AND id = :id;

-- name: lift_quarantine
UPDATE quarantine SET lifted_at = :at, lifted_by = :by, lift_reason = :reason
WHERE organisation_id = :organisation AND lifted_at IS NULL;

-- name: raise_fences
UPDATE floor_lease SET epoch = epoch + :by, holder = 'restored', lease_until = :past, address = ''
WHERE organisation_id = :organisation;

-- name: end_sessions
DELETE FROM web_session WHERE organisation_id = :organisation;

-- name: leases
SELECT floor_id, epoch FROM floor_lease WHERE organisation_id = :organisation ORDER BY floor_id;

-- name: open_attempts
SELECT
    a.id, a.campaign_id, a.contact_id, a.number, a.floor_id, a.fence, e.attempts_made,
    e.phone_position
FROM attempt a
LEFT JOIN campaign_contact e
    ON e.organisation_id = a.organisation_id AND e.campaign_id = a.campaign_id
    AND e.contact_id = a.contact_id
WHERE a.organisation_id = :organisation AND a.state IN ('reserved', 'originated') ORDER BY a.id;
