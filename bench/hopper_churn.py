"""Leaves in a database what many attempts leave: rows changed, indexes with dead entries, grown tables.

The same rows are changed in the same order and by the same steps as the product changes them
(reserved, originated, final; in the call, then due again or closed), `BATCH` contacts to a transaction
and by one statement for all of them instead of one for each.
"""

from typing import Any

from hopper_town import ATTEMPT, CONTACT, NOON, Town, connected, id_of, run

from vyzov.core.instants import to_text

BATCH = 200
FACTS = ("attempt_reserved", "final")

_RESERVED = (
    "INSERT INTO attempt (id, organisation_id, campaign_id, contact_id, number, phone_id,"
    " number_ref, state, floor_id, fence, lease_until, campaign_version, rule_version, verdict,"
    " trunk_id, caller_id, call_id, reserved_at)"
    " SELECT replace(f.contact_id, '{contact}', '{attempt}'), f.organisation_id, :campaign,"
    " f.contact_id, 1, f.id, f.number_ref, 'reserved', :floor, 0, :at, 1, '2026-11',"
    " '{{\"allowed\":true}}', 'trunk', '+70005559999', f.contact_id, :at FROM contact_phone f"
    " WHERE f.organisation_id = :organisation AND f.contact_id >= :first AND f.contact_id <= :last"
    " AND f.position = 0",
    "UPDATE campaign_contact SET state_before = state, state = 'in_call', zone_bucket = 0,"
    " attempts_made = 1 WHERE organisation_id = :organisation AND campaign_id = :campaign"
    " AND contact_id >= :first AND contact_id <= :last",
    "UPDATE campaign_tally SET fresh = fresh - :count, in_call = in_call + :count,"
    " attempts = attempts + :count WHERE organisation_id = :organisation",
)
_ORIGINATED = (
    "UPDATE attempt SET state = 'originated', originated_at = :at WHERE organisation_id ="
    " :organisation AND id >= :attempt_first AND id <= :attempt_last",
)
_FINAL = (
    "UPDATE attempt SET state = 'final', outcome = 'no_answer', ended_at = :at"
    " WHERE organisation_id = :organisation AND id >= :attempt_first AND id <= :attempt_last",
    "UPDATE campaign_contact SET state_before = state, last_outcome = 'no_answer',"
    " state = CASE WHEN position % 2 = 0 THEN 'due' ELSE 'closed' END,"
    " next_due_at = CASE WHEN position % 2 = 0 THEN :later END,"
    " zone_bucket = CASE WHEN position % 2 = 0 THEN 1 + position % 14 ELSE 0 END"
    " WHERE organisation_id = :organisation AND campaign_id = :campaign"
    " AND contact_id >= :first AND contact_id <= :last",
    "UPDATE campaign_tally SET in_call = in_call - :count, due = due + :count / 2,"
    " closed = closed + :count - :count / 2 WHERE organisation_id = :organisation",
    "INSERT INTO outcome_tally VALUES (:organisation, :campaign, 'no_answer', :count)"
    " ON CONFLICT (organisation_id, campaign_id, outcome) DO UPDATE SET"
    " attempts = outcome_tally.attempts + excluded.attempts",
)
_FACT = (
    "INSERT INTO fact (organisation_id, floor_id, epoch, kind, version, at, clock_id, monotonic_ns,"
    " campaign_id, contact_id, attempt_id, data, dedupe, place, hash)"
    " SELECT organisation_id, 'churn', 1, '{kind}', 1, :at, 'bench', 0, :campaign, contact_id, id,"
    ' \'{{"number":1,"trunk":"trunk","mode":"agentless"}}\', id || \':{kind}\','
    " :place + ROW_NUMBER() OVER (ORDER BY id), reserved_at || id"
    " FROM attempt WHERE organisation_id = :organisation AND id >= :attempt_first"
    " AND id <= :attempt_last"
)


def churn(town: Town, attempts: int) -> None:
    """Makes so many attempts, one for each contact from the first one on."""
    assert attempts <= town.contacts, "one attempt for each contact"
    with connected(town.address, vacuum=False) as connection:
        for first in range(0, attempts, BATCH):
            _batch(connection, town, first, min(first + BATCH, attempts) - 1)
        # The server looks at what has changed by itself, within minutes: the bench does not wait.
        run(connection, "ANALYZE")


def _batch(connection: Any, town: Town, first: int, last: int) -> None:
    named: dict[str, Any] = {
        "organisation": town.organisation, "campaign": town.campaign, "floor": town.floor,
        "at": to_text(NOON), "later": to_text(NOON.replace(hour=14)), "count": last - first + 1,
        "first": id_of(CONTACT, first), "last": id_of(CONTACT, last),
        "attempt_first": id_of(ATTEMPT, first), "attempt_last": id_of(ATTEMPT, last),
    }  # fmt: skip
    facts = [_FACT.format(kind=kind) for kind in FACTS]
    for step, (statements, fact) in enumerate(
        ((_RESERVED, facts[0]), (_ORIGINATED, None), (_FINAL, facts[1]))
    ):
        run(connection, "BEGIN")
        for statement in statements:
            run(connection, statement.format(contact=CONTACT, attempt=ATTEMPT), named)
        if fact is not None:
            place = first * len(FACTS) + (step > 0) * (last - first + 1)
            run(connection, fact, {**named, "place": place})
        run(connection, "COMMIT")
