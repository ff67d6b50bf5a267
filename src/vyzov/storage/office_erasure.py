"""Erasing a person from the database: words go, ids, references and facts stay.

What is on disk beside the database is `erase_files`' part; who is meant and what is printed
afterwards is left to the command and the API, which both come here.
"""

from typing import Any

import sqlalchemy as sa

from vyzov.core.facts import Fact, FactKind
from vyzov.dialer.audit_records import AuditAction
from vyzov.dialer.erasure import Person
from vyzov.storage import tables as t
from vyzov.storage.entering import settle
from vyzov.storage.list_undo import replaced_words
from vyzov.storage.office_base import OfficeBase, append_fact
from vyzov.storage.office_lists import salt_of
from vyzov.storage.office_scripts import forget_answers_of, words_said
from vyzov.storage.tables_access import audit_entry
from vyzov.storage.tally import Tally
from vyzov.storage.values import json_text, number_reference, texts_of, words_of, words_text

ERASED = "erased"
ROWS_PER_PIECE = 5_000


class Erasure(OfficeBase):
    """The part of `dialer.office_store.ContactStore` about erasing people."""

    def contacts_of_number(self, organisation: str, e164: str) -> tuple[str, ...]:
        """Returns the ids of contacts that have a number and are not erased."""
        phone = t.contact_phone.c
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(phone.contact_id)
                .where(phone.organisation_id == organisation, phone.e164 == e164)
                .distinct()
                .order_by(phone.contact_id)
            )
            return tuple(row.contact_id for row in rows)

    def person(self, organisation: str, contact_id: str) -> Person | None:
        """Returns all that is known of a contact in words, None where there is no such contact."""
        with self._reading() as connection:
            return _person(connection, organisation, contact_id)

    def erase_contact(
        self, organisation: str, contact_id: str, *, by: str = "", stop: bool = False
    ) -> tuple[str, ...] | None:
        """Erases the personal part for good; returns the paths of recordings to be removed.

        With `stop` the contact's numbers are never to be called, known by their references alone."""
        # What it takes away must not go into the log of changes word by word.
        with self._writing(audited=False) as connection:
            if stop:
                self._hold_reservations(connection, organisation)
            person = _person(connection, organisation, contact_id)
            if person is None:
                return None
            if stop:
                self._stop_numbers(connection, organisation, contact_id)
            now = self._now_text()
            _forget_recordings(connection, organisation, contact_id)
            _forget_rows(connection, person)
            _forget_answers(connection, person)
            forget_answers_of(connection, organisation, contact_id)
            _forget_changes(connection, person)
            self._note_act(connection, organisation, AuditAction.ERASE, "contact", contact_id)
            _forget_person(connection, organisation, contact_id, now)
            self._tell_erased(connection, person, by, now)
        return person.recordings

    def erase_number(self, organisation: str, e164: str) -> bool:
        """Forgets the plain form of a number that only the stop-list has; its reference stays."""
        with self._writing() as connection:
            reference = number_reference(salt_of(connection, organisation), e164)
            which = (
                t.stop_number.c.organisation_id == organisation,
                t.stop_number.c.number_ref == reference,
            )
            return connection.execute(t.stop_number.delete().where(*which)).rowcount > 0

    def _stop_numbers(self, connection: sa.Connection, organisation: str, contact_id: str) -> None:
        phone, stop = t.contact_phone.c, t.stop_list.c
        standing = sa.exists().where(
            stop.organisation_id == phone.organisation_id,
            stop.number_ref == phone.number_ref,
            stop.valid_to.is_(None),
        )
        rows = connection.execute(
            sa.select(phone.number_ref)
            .where(phone.organisation_id == organisation, phone.contact_id == contact_id, ~standing)
            .distinct()
        ).all()
        for row in rows:
            stop_id = self._new_id()
            connection.execute(
                t.stop_list.insert().values(
                    id=stop_id, organisation_id=organisation, number_ref=row.number_ref,
                    reason=ERASED, source=ERASED, valid_from=self._now_text(),
                )
            )  # fmt: skip
            told = {
                "stop": stop_id, "number_ref": row.number_ref, "reason": ERASED, "source": ERASED,
            }  # fmt: skip
            self._tell(connection, organisation, FactKind.STOP_LISTED, f"{stop_id}:stopped", told)
            self._note_stop(organisation, row.number_ref, ERASED, ERASED)

    def _tell_erased(self, connection: sa.Connection, person: Person, by: str, now: str) -> None:
        fact = Fact(
            kind=FactKind.CONTACT_ERASED,
            at=self._now(),
            clock_id=self._clock_id,
            monotonic_ns=int(self._clock.monotonic() * 1e9),
            dedupe=f"{person.contact}:erased:{now}",
            contact=person.contact,
            data={
                "by": by,
                "numbers": len(person.numbers),
                "attempts": len(person.attempts),
                "recordings": len(person.recordings),
            },
        )
        append_fact(connection, person.organisation, fact)


def _person(connection: sa.Connection, organisation: str, contact_id: str) -> Person | None:
    def rows(table: sa.Table, *columns: str, by: str = "contact_id") -> list[sa.Row[Any]]:
        return list(
            connection.execute(
                sa.select(*(table.c[name] for name in columns)).where(
                    table.c.organisation_id == organisation, table.c[by] == contact_id
                )
            )
        )

    if not rows(t.contact, "id", by="id"):
        return None
    words: list[str] = []
    for row in rows(t.contact_person, "name", "fields", "note"):
        words += [row.name, row.note, *texts_of(row.fields).values()]
    for row in rows(t.disposition, "fields", "note"):
        words += [row.note, *texts_of(row.fields).values()]
    words += words_said(connection, organisation, contact_id)
    for row in rows(t.import_row, "raw", "replaced"):
        words += [*words_of(row.raw), *replaced_words(row.replaced)]
    attempts = rows(t.attempt, "id", "call_id", "state")
    ids = [row.id for row in attempts]
    recordings = connection.execute(
        sa.select(t.recording.c.path)
        .where(t.recording.c.organisation_id == organisation, t.recording.c.attempt_id.in_(ids))
        .order_by(t.recording.c.id)
    )
    return Person(
        organisation=organisation,
        contact=contact_id,
        numbers=tuple(row.e164 for row in rows(t.contact_phone, "e164")),
        words=tuple(dict.fromkeys(word.strip() for word in words if word.strip())),
        attempts=tuple(ids),
        call_ids=tuple(row.call_id for row in attempts if row.call_id),
        recordings=tuple(row.path for row in recordings),
        live=any(row.state in ("reserved", "originated") for row in attempts),
    )


def _forget_rows(connection: sa.Connection, person: Person) -> None:
    """Empties rows of files that were turned away and name one of the person's numbers."""
    tails = [number.lstrip("+")[-10:] for number in person.numbers]
    row = t.import_row.c
    after = ("", 0)
    while tails:
        found = connection.execute(
            sa.select(row.list_id, row.row, row.raw)
            .where(
                row.organisation_id == person.organisation,
                row.contact_id.is_(None),
                sa.tuple_(row.list_id, row.row) > sa.tuple_(*after),
            )
            .order_by(row.list_id, row.row)
            .limit(ROWS_PER_PIECE)
        ).all()
        if not found:
            return
        after = (found[-1].list_id, found[-1].row)
        for one in found:
            digits = "".join(letter for letter in one.raw if letter.isdigit())
            if any(tail in digits for tail in tails):
                connection.execute(
                    t.import_row.update()
                    .where(
                        row.organisation_id == person.organisation,
                        row.list_id == one.list_id,
                        row.row == one.row,
                    )
                    .values(raw=words_text(()), args=json_text({}))
                )


def _forget_answers(connection: sa.Connection, person: Person) -> None:
    """Drops kept answers of the API that speak of the person: asked again, they are made anew."""
    answer = t.idempotency.c
    for token in (person.contact, *person.numbers):
        connection.execute(
            t.idempotency.delete().where(
                answer.organisation_id == person.organisation,
                answer.body.contains(token, autoescape=True),
            )
        )


def _forget_changes(connection: sa.Connection, person: Person) -> None:
    """Empties what the log of changes tells of the person; that something was changed stays."""
    entry = audit_entry.c
    theirs = [sa.and_(entry.kind == "contact", entry.object_id == person.contact)]
    for words in (entry.before, entry.after):
        theirs += [words.contains(number, autoescape=True) for number in person.numbers]
    connection.execute(
        audit_entry.update()
        .where(entry.organisation_id == person.organisation, sa.or_(*theirs))
        .values(before=json_text({}), after=json_text({}))
    )


def _forget_recordings(
    connection: sa.Connection, organisation: str, contact_id: str
) -> tuple[str, ...]:
    recording = t.recording.c
    attempts = sa.select(t.attempt.c.id).where(
        t.attempt.c.organisation_id == organisation, t.attempt.c.contact_id == contact_id
    )
    which = sa.and_(recording.organisation_id == organisation, recording.attempt_id.in_(attempts))
    rows = connection.execute(sa.select(recording.path).where(which).order_by(recording.id)).all()
    connection.execute(t.recording.delete().where(which))
    return tuple(row.path for row in rows)


def _forget_person(connection: sa.Connection, organisation: str, contact_id: str, now: str) -> None:
    numbers = sa.select(t.contact_phone.c.number_ref).where(
        t.contact_phone.c.organisation_id == organisation,
        t.contact_phone.c.contact_id == contact_id,
    )
    connection.execute(
        t.stop_number.delete().where(
            t.stop_number.c.organisation_id == organisation,
            t.stop_number.c.number_ref.in_(numbers),
        )
    )
    for table in (t.contact_phone, t.contact_person):
        connection.execute(
            table.delete().where(
                table.c.organisation_id == organisation, table.c.contact_id == contact_id
            )
        )
    emptied: list[tuple[sa.Table, str, dict[str, object]]] = [
        (
            t.import_row,
            "contact_id",
            {"raw": words_text(()), "args": json_text({}), "replaced": ""},
        ),
        (t.disposition, "contact_id", {"fields": json_text({}), "note": ""}),
        (t.contact, "id", {"erased_at": now}),
    ]
    for table, column, values in emptied:
        connection.execute(
            table.update()
            .where(table.c.organisation_id == organisation, table.c[column] == contact_id)
            .values(**values)
        )
    entry, promise = t.campaign_contact.c, t.callback.c
    closed = connection.execute(
        t.campaign_contact.update()
        .where(
            entry.organisation_id == organisation,
            entry.contact_id == contact_id,
            entry.state != "in_call",
        )
        .values(
            state_before=entry.state,
            state="closed",
            closed_reason="erased",
            next_due_at=None,
            callback_agent=None,
        )
        .returning(entry.campaign_id, entry.state_before)
    )
    tally = Tally()
    for row in closed:
        tally.moved(row.campaign_id, row.state_before, "closed")
    settle(connection, organisation, tally)
    connection.execute(
        t.callback.update()
        .where(
            promise.organisation_id == organisation,
            promise.contact_id == contact_id,
            promise.state == "open",
        )
        .values(state="cancelled")
    )
