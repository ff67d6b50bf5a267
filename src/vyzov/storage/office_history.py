"""Attempts, facts, results and recordings as the office reads them, and answers given once."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from vyzov.core.facts import Fact
from vyzov.core.instants import from_text, to_text
from vyzov.dialer.office_records import (
    AttemptQuery,
    AttemptRecord,
    DispositionRecord,
    FactQuery,
    FactRecord,
    Page,
    RecordingRecord,
    RememberedAnswer,
)
from vyzov.storage import tables as t
from vyzov.storage.office_base import OfficeBase, append_fact
from vyzov.storage.values import fact_of, json_object, texts_of, time_or_none

# A report reads facts in pieces, so that no snapshot of the database is held for its whole length.
FACTS_PER_PIECE = 2_000

SEARCHED_DIGITS_LEAST = 3
"""Fewer digits are in nearly every number, so they are searched in names alone."""


class History(OfficeBase):
    """The topic of `dialer.office_store.HistoryStore`."""

    def attempts(
        self, organisation: str, query: AttemptQuery, *, cursor: str | None = None, limit: int = 50
    ) -> Page[AttemptRecord]:
        """Returns attempts, latest first (ids grow with time, so they are the cursor)."""
        which = _attempts_of(organisation, query)
        if cursor is not None:
            which.append(t.attempt.c.id < cursor)
        with self._reading() as connection:
            found = connection.execute(
                _attempts().where(*which).order_by(t.attempt.c.id.desc()).limit(limit + 1)
            ).all()
        items = tuple(_attempt(row) for row in found[:limit])
        return Page(items, items[-1].id if len(found) > limit else None)

    def count_attempts(self, organisation: str, query: AttemptQuery) -> int:
        """Counts the attempts of a query."""
        which = _attempts_of(organisation, query)
        with self._reading() as connection:
            asked = (
                _attempts()
                .where(*which)
                .with_only_columns(sa.func.count(t.attempt.c.id), maintain_column_froms=True)
            )
            return int(connection.execute(asked).scalar_one())

    def attempt(self, organisation: str, attempt_id: str) -> AttemptRecord | None:
        """Returns an attempt by id."""
        with self._reading() as connection:
            row = connection.execute(
                _attempts().where(
                    t.attempt.c.organisation_id == organisation, t.attempt.c.id == attempt_id
                )
            ).first()
        return None if row is None else _attempt(row)

    def dispositions(self, organisation: str, attempt_id: str) -> tuple[DispositionRecord, ...]:
        """Returns all results ever given to an attempt, undone ones too, in order."""
        result = t.disposition.c
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(t.disposition)
                .where(result.organisation_id == organisation, result.attempt_id == attempt_id)
                .order_by(result.at, result.id)
            )
            return tuple(_disposition(row) for row in rows)

    def facts(
        self, organisation: str, query: FactQuery, *, after: int = 0, limit: int = 200
    ) -> tuple[FactRecord, ...]:
        """Returns facts with `seq` greater than `after`, in order of `seq`."""
        which = [*_facts_of(organisation, query), t.fact.c.seq > after]
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(t.fact).where(*which).order_by(t.fact.c.seq).limit(limit)
            )
            return tuple(_fact_record(dict(row)) for row in rows.mappings())

    def report_facts(self, organisation: str, query: FactQuery) -> Iterator[Fact]:
        """Yields all facts of a query in order, in bounded memory."""
        after = 0
        while piece := self.facts(organisation, query, after=after, limit=FACTS_PER_PIECE):
            yield from (record.fact for record in piece)
            after = piece[-1].seq

    def append_facts(self, organisation: str, facts: Sequence[Fact]) -> None:
        """Appends to the organisation's own stream; a known dedupe is skipped."""
        with self._writing() as connection:
            for fact in facts:
                append_fact(connection, organisation, fact)

    def recordings(
        self, organisation: str, *, attempt_id: str | None = None, limit: int = 100
    ) -> tuple[RecordingRecord, ...]:
        """Returns recordings, latest first."""
        which = [t.recording.c.organisation_id == organisation]
        if attempt_id is not None:
            which.append(t.recording.c.attempt_id == attempt_id)
        with self._reading() as connection:
            rows = connection.execute(
                _recordings().where(*which).order_by(t.recording.c.id.desc()).limit(limit)
            )
            return tuple(_recording(row) for row in rows)

    def recording(self, organisation: str, recording_id: str) -> RecordingRecord | None:
        """Returns a recording by id."""
        with self._reading() as connection:
            row = connection.execute(
                _recordings().where(
                    t.recording.c.organisation_id == organisation,
                    t.recording.c.id == recording_id,
                )
            ).first()
        return None if row is None else _recording(row)


class Answers(OfficeBase):
    """The topic of `dialer.office_store.AnswerMemory`."""

    def remembered_answer(self, organisation: str, key: str, route: str) -> RememberedAnswer | None:
        """Returns the answer once given to this key on this route."""
        with self._reading() as connection:
            return _remembered(connection, organisation, key, route)

    def remember_answer(
        self, organisation: str, key: str, route: str, status: int, body: str
    ) -> RememberedAnswer:
        """Keeps an answer; where one is kept already, returns that one and changes nothing."""
        with self._writing() as connection:
            known = _remembered(connection, organisation, key, route)
            if known is not None:
                return known
            now = self._now()
            connection.execute(
                t.idempotency.insert().values(
                    organisation_id=organisation,
                    key=key,
                    route=route,
                    status=status,
                    body=body,
                    created_at=to_text(now),
                )
            )
        return RememberedAnswer(status=status, body=body, created_at=now)

    def forget_answers(self, before: datetime) -> int:
        """Forgets answers given before a time, of all organisations."""
        with self._writing() as connection:
            return connection.execute(
                t.idempotency.delete().where(t.idempotency.c.created_at < to_text(before))
            ).rowcount


def _remembered(
    connection: sa.Connection, organisation: str, key: str, route: str
) -> RememberedAnswer | None:
    answer = t.idempotency.c
    row = connection.execute(
        sa.select(t.idempotency).where(
            answer.organisation_id == organisation, answer.key == key, answer.route == route
        )
    ).first()
    if row is None:
        return None
    return RememberedAnswer(status=row.status, body=row.body, created_at=from_text(row.created_at))


def _campaigns_of(organisation: str, principal_id: str) -> sa.Select[Any]:
    return sa.select(t.campaign.c.id).where(
        t.campaign.c.organisation_id == organisation, t.campaign.c.principal_id == principal_id
    )


def _attempts_of(organisation: str, query: AttemptQuery) -> list[sa.ColumnElement[bool]]:
    attempt = t.attempt.c
    which: list[sa.ColumnElement[bool]] = [attempt.organisation_id == organisation]
    for column, value in (
        (attempt.campaign_id, query.campaign_id),
        (attempt.contact_id, query.contact_id),
        (attempt.agent_id, query.agent_id),
        (attempt.outcome, query.outcome),
        (attempt.state, query.state),
        (t.disposition.c.result, query.result),
    ):
        if value is not None:
            which.append(column == value)
    if query.principal_id is not None:
        which.append(attempt.campaign_id.in_(_campaigns_of(organisation, query.principal_id)))
    if query.search.strip():
        which.append(_is_of(query.search.strip()))
    if query.recorded_s is not None:
        recording = t.recording.c
        which.append(
            sa.exists().where(
                recording.organisation_id == attempt.organisation_id,
                recording.attempt_id == attempt.id,
                recording.seconds >= query.recorded_s,
            )
        )
    if query.since is not None:
        which.append(attempt.reserved_at >= to_text(query.since))
    if query.until is not None:
        which.append(attempt.reserved_at < to_text(query.until))
    return which


def _is_of(search: str) -> sa.ColumnElement[bool]:
    """Whose name, or the digits of whose number, contain what is searched."""
    digits = "".join(letter for letter in search if letter.isascii() and letter.isdigit())
    by_name = t.contact_person.c.name_folded.contains(search.casefold(), autoescape=True)
    if len(digits) < SEARCHED_DIGITS_LEAST:
        return by_name
    return sa.or_(by_name, t.contact_phone.c.e164.contains(digits))


def _facts_of(organisation: str, query: FactQuery) -> list[sa.ColumnElement[bool]]:
    fact = t.fact.c
    which: list[sa.ColumnElement[bool]] = [fact.organisation_id == organisation]
    for column, value in (
        (fact.campaign_id, query.campaign_id),
        (fact.contact_id, query.contact_id),
        (fact.attempt_id, query.attempt_id),
        (fact.agent_id, query.agent_id),
    ):
        if value is not None:
            which.append(column == value)
    if query.principal_id is not None:
        which.append(fact.campaign_id.in_(_campaigns_of(organisation, query.principal_id)))
    if query.kinds:
        which.append(fact.kind.in_(query.kinds))
    if query.since is not None:
        which.append(fact.at >= to_text(query.since))
    if query.until is not None:
        which.append(fact.at < to_text(query.until))
    return which


def _attempts() -> sa.Select[Any]:
    attempt, person, phone = t.attempt.c, t.contact_person.c, t.contact_phone.c
    result, recording = t.disposition.c, t.recording.c
    recording_id = (
        sa.select(sa.func.min(recording.id))
        .where(
            recording.organisation_id == attempt.organisation_id,
            recording.attempt_id == attempt.id,
        )
        .correlate(t.attempt)
        .scalar_subquery()
    )
    return (
        sa.select(
            t.attempt,
            person.name.label("contact_name"),
            phone.e164,
            result.result,
            recording_id.label("recording_id"),
        )
        .outerjoin(
            t.contact_person,
            sa.and_(
                person.organisation_id == attempt.organisation_id,
                person.contact_id == attempt.contact_id,
            ),
        )
        .outerjoin(
            t.contact_phone,
            sa.and_(phone.organisation_id == attempt.organisation_id, phone.id == attempt.phone_id),
        )
        .outerjoin(
            t.disposition,
            sa.and_(
                result.organisation_id == attempt.organisation_id,
                result.attempt_id == attempt.id,
                result.undone_at.is_(None),
            ),
        )
    )


def _recordings() -> sa.Select[Any]:
    attempt, recording = t.attempt.c, t.recording.c
    return sa.select(t.recording, attempt.agent_id, attempt.campaign_id).join(
        t.attempt,
        sa.and_(
            attempt.organisation_id == recording.organisation_id,
            attempt.id == recording.attempt_id,
        ),
    )


def _fact_record(row: dict[Any, Any]) -> FactRecord:
    return FactRecord(
        seq=row["seq"],
        organisation_id=row["organisation_id"],
        floor_id=row["floor_id"],
        epoch=row["epoch"],
        fact=fact_of(row),
    )


def _attempt(row: sa.Row[Any]) -> AttemptRecord:
    return AttemptRecord(
        id=row.id,
        campaign_id=row.campaign_id,
        contact_id=row.contact_id,
        number=row.number,
        phone_id=row.phone_id,
        e164=row.e164,
        contact_name=row.contact_name or "",
        state=row.state,
        floor_id=row.floor_id,
        campaign_version=row.campaign_version,
        rule_version=row.rule_version,
        verdict=json_object(row.verdict),
        trunk_id=row.trunk_id,
        caller_id=row.caller_id,
        call_id=row.call_id,
        reserved_at=from_text(row.reserved_at),
        originated_at=time_or_none(row.originated_at),
        answered_at=time_or_none(row.answered_at),
        bridged_at=time_or_none(row.bridged_at),
        ended_at=time_or_none(row.ended_at),
        outcome=row.outcome,
        detail=row.detail,
        sip_code=row.sip_code,
        q850=row.q850,
        agent_id=row.agent_id,
        result=row.result,
        recording_id=row.recording_id,
        failover_of=row.failover_of,
    )


def _disposition(row: sa.Row[Any]) -> DispositionRecord:
    return DispositionRecord(
        id=row.id,
        attempt_id=row.attempt_id,
        contact_id=row.contact_id,
        agent_id=row.agent_id,
        result=row.result,
        fields=texts_of(row.fields),
        note=row.note,
        at=from_text(row.at),
        undone_at=time_or_none(row.undone_at),
    )


def _recording(row: sa.Row[Any]) -> RecordingRecord:
    return RecordingRecord(
        id=row.id,
        attempt_id=row.attempt_id,
        agent_id=row.agent_id,
        campaign_id=row.campaign_id,
        path=row.path,
        seconds=row.seconds,
        bytes=row.bytes,
        sha256=row.sha256,
        finished_at=from_text(row.finished_at),
    )
