-- A contact whose turn may have come, with all that permission and the desk need.

-- name: contact
SELECT
    e.contact_id, e.campaign_id, e.state, e.next_due_at, e.attempts_made, e.phone_position,
    e.last_outcome, e.callback_agent, e.failover_of, e.tried, c.language, c.stage, c.temperature, c.list_id, c.row,
    l.file_name, p.name, p.fields, p.note,
    EXISTS (
        SELECT 1 FROM consent k
        JOIN campaign m ON m.organisation_id = k.organisation_id AND m.id = e.campaign_id
        WHERE k.organisation_id = e.organisation_id AND k.contact_id = e.contact_id
            AND k.channel = 'phone' AND k.purpose IN ('any', m.purpose)
            AND k.given_at <= :now AND (k.revoked_at IS NULL OR k.revoked_at > :now)
    ) AS consent
FROM campaign_contact e
JOIN contact c ON c.organisation_id = e.organisation_id AND c.id = e.contact_id
JOIN contact_list l ON l.organisation_id = e.organisation_id AND l.id = c.list_id
LEFT JOIN contact_person p ON p.organisation_id = e.organisation_id AND p.contact_id = e.contact_id
WHERE e.organisation_id = :organisation AND e.campaign_id = :campaign AND e.contact_id = :contact;

-- name: phones
SELECT
    f.id, f.position, f.e164, f.number_ref, f.country, f.zones,
    EXISTS (
        SELECT 1 FROM stop_list s
        WHERE s.organisation_id = f.organisation_id AND s.number_ref = f.number_ref
            AND (s.valid_to IS NULL OR s.valid_to > :now)
    ) AS stopped,
    EXISTS (
        SELECT 1 FROM attempt a
        WHERE a.organisation_id = f.organisation_id AND a.number_ref = f.number_ref
            AND a.state IN ('reserved', 'originated')
    ) AS live
FROM contact_phone f
WHERE f.organisation_id = :organisation AND f.contact_id = :contact
ORDER BY f.position;
