-- What a floor writes besides reservations. Each may be repeated without effect.

-- name: mark_originated
UPDATE attempt SET state = 'originated', originated_at = :at
WHERE organisation_id = :organisation AND id = :attempt AND state = 'reserved';

-- name: finish_attempt
-- Unknown may become final once the engine tells; final is never taken back.
UPDATE attempt SET
    state = :state, outcome = :outcome, detail = :detail, sip_code = :sip_code, q850 = :q850,
    answered_at = COALESCE(:answered_at, answered_at),
    bridged_at = COALESCE(:bridged_at, bridged_at),
    ended_at = COALESCE(:ended_at, :at),
    agent_id = COALESCE(:agent, agent_id)
WHERE organisation_id = :organisation AND id = :attempt
    AND (state IN ('reserved', 'originated') OR (state = 'unknown' AND :state = 'final'))
RETURNING campaign_id, outcome, answered_at;

-- name: before_the_end
SELECT outcome, answered_at FROM attempt
WHERE organisation_id = :organisation AND id = :attempt;

-- name: set_entry
UPDATE campaign_contact SET
    state_before = state, zone_bucket = :zone_bucket,
    state = :state, next_due_at = :next_due, attempts_made = :attempts_made,
    phone_position = :phone_position, last_outcome = :last_outcome,
    callback_agent = :callback_agent, closed_reason = :closed_reason,
    failover_of = :failover_of, tried = :tried
WHERE organisation_id = :organisation AND campaign_id = :campaign AND contact_id = :contact
RETURNING state_before;

-- name: entry_is_stranded
-- Whether a contact is held in a call that is over: no attempt of it lives.
SELECT 1 FROM campaign_contact AS place
WHERE organisation_id = :organisation AND campaign_id = :campaign AND contact_id = :contact
    AND state = 'in_call' AND attempts_made <= :attempts_made
    AND NOT EXISTS (
        SELECT 1 FROM attempt
        WHERE organisation_id = place.organisation_id AND contact_id = place.contact_id
            AND state IN ('reserved', 'originated')
    );

-- name: add_stop
INSERT INTO stop_list (
    id, organisation_id, number_ref, reason, source, attempt_id, valid_from, valid_to
) VALUES (:id, :organisation, :number_ref, :reason, :source, :attempt, :at, NULL)
ON CONFLICT DO NOTHING;

-- name: cancel_open_callback
UPDATE callback SET state = 'cancelled'
WHERE organisation_id = :organisation AND campaign_id = :campaign AND contact_id = :contact
    AND state = 'open' AND id <> :id;

-- name: add_callback
INSERT INTO callback (
    id, organisation_id, campaign_id, contact_id, due_at, agent_id, state, created_at, attempt_id
) VALUES (:id, :organisation, :campaign, :contact, :due_at, :agent, 'open', :at, :attempt)
ON CONFLICT DO NOTHING;

-- name: callback_known
SELECT 1 FROM callback WHERE organisation_id = :organisation AND id = :id;

-- name: close_callback
UPDATE callback SET state = :state
WHERE organisation_id = :organisation AND campaign_id = :campaign AND contact_id = :contact
    AND state = 'open';

-- name: disposition_known
SELECT 1 FROM disposition WHERE organisation_id = :organisation AND id = :id;

-- name: undo_disposition
UPDATE disposition SET undone_at = :at
WHERE organisation_id = :organisation AND attempt_id = :attempt AND undone_at IS NULL;

-- name: add_disposition
-- Who was erased while the result was being written is not written about any more.
INSERT INTO disposition (
    id, organisation_id, attempt_id, contact_id, agent_id, result, fields, note, at
) VALUES (
    :id, :organisation, :attempt, :contact, :agent, :result,
    CASE WHEN EXISTS (
        SELECT 1 FROM contact c
        WHERE c.organisation_id = :organisation AND c.id = :contact AND c.erased_at IS NOT NULL
    ) THEN '{}' ELSE :fields END,
    CASE WHEN EXISTS (
        SELECT 1 FROM contact c
        WHERE c.organisation_id = :organisation AND c.id = :contact AND c.erased_at IS NOT NULL
    ) THEN '' ELSE :note END,
    :at
);

-- name: add_recording
INSERT INTO recording (
    id, organisation_id, attempt_id, path, seconds, bytes, sha256, finished_at
)
SELECT :id, a.organisation_id, a.id, :path, :seconds, :bytes, :sha256, :at
FROM attempt a
WHERE a.organisation_id = :organisation AND a.id = :attempt
ON CONFLICT DO NOTHING;

-- name: set_wish
INSERT INTO agent_wish (organisation_id, agent_id, wish, reason, since)
VALUES (:organisation, :agent, :wish, :reason, :since)
ON CONFLICT (organisation_id, agent_id)
DO UPDATE SET wish = excluded.wish, reason = excluded.reason, since = excluded.since;

-- name: set_device
INSERT INTO agent_device (organisation_id, agent_id, kind, since)
VALUES (:organisation, :agent, :kind, :since)
ON CONFLICT (organisation_id, agent_id)
DO UPDATE SET kind = excluded.kind, since = excluded.since;

-- name: set_campaign_state
UPDATE campaign SET state = :state WHERE organisation_id = :organisation AND id = :campaign;

-- name: set_emergency_stop
UPDATE organisation SET emergency_stop_at = :at WHERE id = :organisation;

-- name: note_change
INSERT INTO audit_entry (
    id, organisation_id, at, changed_by, token_id, action, kind, object_id, before, after
) VALUES (
    :id, :organisation, :at, :by, '', 'change', :kind, :object_id, :before, :after
) ON CONFLICT (organisation_id, id) DO NOTHING;

-- name: set_note
UPDATE contact_person SET note = :text
WHERE organisation_id = :organisation AND contact_id = :contact;

-- name: fields
SELECT fields FROM contact_person
WHERE organisation_id = :organisation AND contact_id = :contact;

-- name: set_fields
UPDATE contact_person SET fields = :fields
WHERE organisation_id = :organisation AND contact_id = :contact;

-- name: set_stage
UPDATE contact SET stage = :stage, temperature = :temperature
WHERE organisation_id = :organisation AND id = :contact;
