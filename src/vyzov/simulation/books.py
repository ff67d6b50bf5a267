"""Holds what a simulated floor had acknowledged against what stands in its database at the end.

Every write that was carried out is kept as it was asked for; at the end each is looked for in the
tables, column by column, in words of its own: no query of the product is used.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from vyzov.core.facts import Fact
from vyzov.core.instants import to_text
from vyzov.dialer import writes as w
from vyzov.dialer.office_records import StopSource

Found = tuple[str, str]
"""A rule and what breaks it."""


@dataclass(slots=True)
class Books:
    """The latest of each kind of write that a store has carried out."""

    reserved: dict[str, w.Reserve] = field(default_factory=dict[str, w.Reserve])
    finished: dict[str, w.FinishAttempt] = field(default_factory=dict[str, w.FinishAttempt])
    originated: dict[str, w.MarkOriginated] = field(default_factory=dict[str, w.MarkOriginated])
    entries: dict[tuple[str, str], w.SetEntry] = field(
        default_factory=dict[tuple[str, str], w.SetEntry]
    )
    results: dict[str, w.AddDisposition] = field(default_factory=dict[str, w.AddDisposition])
    recordings: dict[str, w.AddRecording] = field(default_factory=dict[str, w.AddRecording])
    stops: dict[str, w.AddStop] = field(default_factory=dict[str, w.AddStop])
    promises: dict[str, w.AddCallback] = field(default_factory=dict[str, w.AddCallback])
    wishes: dict[str, w.SetWish] = field(default_factory=dict[str, w.SetWish])
    facts: dict[str, Fact] = field(default_factory=dict[str, Fact])
    refused: set[str] = field(default_factory=set[str])

    def committed(self, write: w.Write, result: w.CommitResult) -> None:
        """Keeps one write that was carried out."""
        self.refused.update(result.refused)
        if getattr(write, "attempt", None) in result.refused:
            return
        match write:
            case w.Reserve(attempt):
                self.reserved.setdefault(attempt, write)
            case w.FinishAttempt(attempt, state):
                before = self.finished.get(attempt)
                if before is None or (before.state == "unknown" and state == "final"):
                    self.finished[attempt] = write
            case w.MarkOriginated(attempt) if attempt not in self.finished:
                self.originated.setdefault(attempt, write)
            case w.SetEntry(campaign, contact) if not result.stale:
                self.entries[campaign, contact] = write
            case w.HoldEntry(campaign, contact) if not result.stale:
                self._held(write, (campaign, contact))
            case w.AddDisposition(key):
                self.results.setdefault(key, write)
            case w.AddRecording(key):
                self.recordings.setdefault(key, write)
            case w.AddStop(number_ref):
                self.stops.setdefault(number_ref, write)
            case w.AddCallback(key) if not result.stale:
                self.promises.setdefault(key, write)
            case w.SetWish(agent) if not result.stale:
                self.wishes[agent] = write
            case w.AppendFact(fact) if fact.attempt not in result.refused:
                self.facts.setdefault(fact.dedupe, fact)
            case _:
                pass

    def _held(self, write: w.HoldEntry, place: tuple[str, str]) -> None:
        """A contact that is held waits at least until then, where it is still as it was read."""
        asked, until = self.entries.get(place), write.until
        if asked is None or until is None or asked.state != write.state:
            return
        if asked.next_due is None or asked.next_due <= until:
            self.entries[place] = replace(asked, next_due=until)

    def compare(self, connection: sqlite3.Connection) -> Iterator[Found]:
        """Yields what the tables lack or have otherwise."""
        yield from self._attempts(connection)
        yield from self._people(connection)
        yield from self._said(connection)
        yield from self._facts(connection)

    def _attempts(self, connection: sqlite3.Connection) -> Iterator[Found]:
        rows = {row["id"]: row for row in connection.execute("SELECT * FROM attempt")}
        for key, asked in self.reserved.items():
            row = rows.get(key)
            if row is None:
                yield "A5", f"{key} was reserved and is not in the books"
                continue
            wanted: dict[str, object] = {
                "campaign_id": asked.campaign, "contact_id": asked.contact,
                "number_ref": asked.number_ref, "number": asked.number, "fence": asked.fence,
                "trunk_id": asked.trunk, "caller_id": asked.caller_id, "call_id": asked.call_id,
                "campaign_version": asked.campaign_version, "rule_version": asked.rule_version,
                "reserved_at": _text(asked.at), "failover_of": asked.failover_of,
            }  # fmt: skip
            if key in self.originated:
                wanted["originated_at"] = _text(self.originated[key].at)
            if (end := self.finished.get(key)) is not None:
                wanted |= _end(end)
            yield from _unlike("B1", f"attempt {key}", row, wanted)

    def _people(self, connection: sqlite3.Connection) -> Iterator[Found]:
        places = {
            (row["campaign_id"], row["contact_id"]): row
            for row in connection.execute("SELECT * FROM campaign_contact")
        }
        for (campaign, contact), asked in self.entries.items():
            wanted: dict[str, object] = {
                "state": asked.state, "next_due_at": _text(asked.next_due),
                "attempts_made": asked.attempts_made, "phone_position": asked.phone_position,
                "last_outcome": asked.last_outcome, "callback_agent": asked.callback_agent,
                "closed_reason": asked.closed_reason, "failover_of": asked.failover_of,
            }  # fmt: skip
            yield from _unlike("B1", f"contact {contact}", places[campaign, contact], wanted)
        wishes = {row["agent_id"]: row for row in connection.execute("SELECT * FROM agent_wish")}
        for agent, asked in self.wishes.items():
            wanted = {"wish": asked.wish, "reason": asked.reason, "since": _text(asked.since)}
            yield from _unlike("E4", f"the wish of {agent}", wishes.get(agent), wanted)
        stops = {
            row["number_ref"]: row
            for row in connection.execute("SELECT * FROM stop_list WHERE valid_to IS NULL")
        }
        for number_ref, asked in self.stops.items():
            row = stops.get(number_ref)
            what = f"the stop of {number_ref[:8]}"
            made: dict[str, object] = {
                "reason": asked.reason, "source": asked.source, "attempt_id": asked.attempt,
            }  # fmt: skip
            # One that the office had made before stands as the office made it.
            by_office = row is not None and row["source"] == StopSource.OFFICE.value
            yield from _unlike("B4", what, row, {} if by_office else made)

    def _said(self, connection: sqlite3.Connection) -> Iterator[Found]:
        results = {row["id"]: row for row in connection.execute("SELECT * FROM disposition")}
        for key, asked in self.results.items():
            wanted: dict[str, object] = {
                "attempt_id": asked.attempt, "contact_id": asked.contact, "agent_id": asked.agent,
                "result": asked.result, "note": asked.note, "at": _text(asked.at),
            }  # fmt: skip
            yield from _unlike("B3", f"result {key}", results.get(key), wanted)
        tapes = {row["id"]: row for row in connection.execute("SELECT * FROM recording")}
        for key, asked in self.recordings.items():
            wanted = {
                "attempt_id": asked.attempt, "path": asked.path, "seconds": asked.seconds,
                "bytes": asked.bytes, "sha256": asked.sha256,
            }  # fmt: skip
            yield from _unlike("B2", f"recording {key}", tapes.get(key), wanted)
        promises = {row["id"]: row for row in connection.execute("SELECT * FROM callback")}
        for key, asked in self.promises.items():
            wanted = {
                "contact_id": asked.contact, "due_at": _text(asked.due_at), "agent_id": asked.agent,
                "attempt_id": asked.attempt,
            }  # fmt: skip
            yield from _unlike("B4", f"promise {key}", promises.get(key), wanted)
        yield from self._promised(connection)

    def _promised(self, connection: sqlite3.Connection) -> Iterator[Found]:
        """Whoever waits for a promised call has one open promise, and nobody else has any."""
        open_ = {
            (row["campaign_id"], row["contact_id"])
            for row in connection.execute("SELECT * FROM callback WHERE state = 'open'")
        }
        waits = {
            (row["campaign_id"], row["contact_id"])
            for row in connection.execute("SELECT * FROM campaign_contact WHERE state = 'callback'")
        }
        for campaign, contact in sorted(open_ - waits):
            yield "B4", f"{contact} is promised a call in {campaign} and waits for none"
        for campaign, contact in sorted(waits - open_):
            yield "B4", f"{contact} waits in {campaign} for a promise that is over"

    def _facts(self, connection: sqlite3.Connection) -> Iterator[Found]:
        never, missing = self.refused - self.reserved.keys(), dict(self.facts)
        for row in connection.execute(
            "SELECT dedupe, kind, at, clock_id, monotonic_ns, campaign_id, contact_id, attempt_id,"
            " agent_id FROM fact"
        ):
            if row["attempt_id"] in never:
                yield "A5", f"{row['dedupe']} is told of an attempt that was refused"
            asked = missing.pop(row["dedupe"], None)
            if asked is not None and row[1:] != (wanted := _columns_of(asked)):
                named = dict(zip(row.keys()[1:], wanted, strict=True))
                yield from _unlike("C1", f"fact {asked.dedupe}", row, named)
        for key in missing:
            yield from _unlike("C1", f"fact {key}", None, {})


def _columns_of(fact: Fact) -> tuple[object, ...]:
    return (
        fact.kind.value, _text(fact.at), fact.clock_id, fact.monotonic_ns, fact.campaign,
        fact.contact, fact.attempt, fact.agent,
    )  # fmt: skip


def _end(end: w.FinishAttempt) -> dict[str, object]:
    """What the end of an attempt must have left in its row; what it does not say may stand."""
    wanted: dict[str, object] = {
        "state": end.state, "outcome": end.outcome, "detail": end.detail,
        "sip_code": end.sip_code, "q850": end.q850, "ended_at": _text(end.ended_at or end.at),
    }  # fmt: skip
    told: Mapping[str, object] = {
        "answered_at": _text(end.answered_at), "bridged_at": _text(end.bridged_at),
        "agent_id": end.agent,
    }  # fmt: skip
    return wanted | {name: value for name, value in told.items() if value is not None}


def _text(at: datetime | None) -> str | None:
    return None if at is None else to_text(at)


def _unlike(
    rule: str, what: str, row: sqlite3.Row | None, wanted: Mapping[str, object]
) -> Iterator[Found]:
    if row is None:
        yield rule, f"{what} was told saved and is not in the books"
        return
    for name, value in wanted.items():
        if row[name] != value:
            yield rule, f"{what} has {name} {row[name]!r}, it was told {value!r}"
