"""The rows of one organisation in memory: what a floor's usual batches do to them, and what it reads.

A batch is usual where nothing in it needs a judgement: every reservation is permitted, every row that
it names is there. `is_usual` tells so before anything is changed; whatever else comes is left to SQL,
whose word then counts (see `memory`). Times stand as texts, as they do in the tables.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from vyzov.core.instants import to_text
from vyzov.core.lookahead import UNSORTED, bucket_held_by
from vyzov.dialer import writes as w
from vyzov.dialer.floor_store import DueContact, PastAttempt
from vyzov.storage.floor_reads import due_contact_of, past_attempt_of
from vyzov.storage.lookahead import STATES, WAITING, LookAhead
from vyzov.storage.memory_waiting import Entry, Waiting
from vyzov.storage.session import Ask, Row, Session
from vyzov.storage.tally import COLUMNS
from vyzov.storage.values import text_or_none, words_text

LIVE = ("reserved", "originated")
OVER = ("final", "unknown")
WISHES = ("offline", "pause", "ready")

Attempt = dict[str, Any]
"""The columns of an attempt that anything here asks for."""


class Rows:
    """One organisation's rows, and the number of the latest fact."""

    def __init__(self, session: Session, organisation: str) -> None:
        """Reads everything in one snapshot."""
        self._session, self._organisation = session, organisation
        self.turn = 0
        """Grows with each batch."""
        with session.reading():
            self._read()

    def _read(self) -> None:
        own = self._all("organisation")[0]
        self.seq = int(own["seq"])
        self.is_simple = not (own["consents"] or own["erased"])
        """Consents and erased people are looked up in the database itself."""
        self._closed = own["quarantined"] or own["emergency_stop_at"] is not None
        self._campaigns = {
            row["id"]: (row["state"], row["floor_id"]) for row in self._all("campaigns")
        }
        self.leases = {
            row["floor_id"]: (row["epoch"], row["holder"], row["lease_until"])
            for row in self._all("leases")
        }
        zones = {row["id"]: row["zones"] for row in self._all("buckets")}
        self._buckets = {text: bucket for bucket, text in zones.items()}
        self._phones: dict[str, list[Row]] = {}
        for row in self._all("phones"):
            self._phones.setdefault(row["contact_id"], []).append(row)
        self._cards = {row["id"]: row for row in self._all("cards")}
        self._entries = {
            (row["campaign_id"], row["contact_id"]): _entry(row) for row in self._all("places")
        }
        self._waiting = Waiting(zones)
        self._waiting.fill([one for one in self._entries.values() if one.state in WAITING])
        self._tallies = {row["campaign_id"]: dict(row) for row in self._all("tallies")}
        self._stops: dict[str, str | None] = {
            row["number_ref"]: row["valid_to"] for row in self._all("stops")
        }
        self._read_attempts()
        self._dedupes = {row["dedupe"] for row in self._all("dedupes")}
        self.marks = {row["life"]: int(row["place"]) for row in self._all("marks")}
        self._agents = {row["id"] for row in self._all("agents")}

    def _read_attempts(self) -> None:
        self._attempts: dict[str, Attempt] = {}
        self._of_contact: dict[str, list[Attempt]] = {}
        self._live_contacts: set[str] = set()
        self._live_numbers: set[str] = set()
        self._numbers: set[tuple[str, str, int, str]] = set()
        self._call_ids: set[str] = set()
        for row in self._all("attempts"):
            self._know(dict(row))
        self._results: dict[str, str] = {}
        self._dispositions: set[str] = set()
        for row in self._all("dispositions"):
            self._dispositions.add(row["id"])
            if row["undone_at"] is None:
                self._results[row["attempt_id"]] = row["result"]

    def _all(self, name: str) -> Sequence[Row]:
        return self._session.run("memory", name, {"organisation": self._organisation}).fetchall()

    # ---- whether a batch is usual

    def is_usual(self, batch: w.Batch, floor: str) -> bool:
        """True where the batch can be carried out as it is written, in memory."""
        stopped: set[str] = set()
        led: set[str] = set()
        moved: set[str] = set()
        reserved: set[str] = set()
        for write in batch:
            if type(write) is w.AppendFact:  # Most of all that is written.
                if write.epoch is not None:
                    return False
                continue
            match write:
                case w.Journalled() | w.MarkOriginated() | w.AddRecording() | w.NoteChange():
                    continue
                case w.SetEntry():
                    usual = write.state in STATES and self._has_bucket(write)
                    moved.add(write.contact)
                case w.FinishAttempt():
                    usual = write.state in OVER
                case w.Reserve():
                    names = {write.contact, write.number_ref, write.attempt}
                    clash = write.number_ref in stopped or write.contact in moved or led
                    usual = not clash and reserved.isdisjoint(names) and self._permits(write, floor)
                    reserved |= names
                case w.AddDisposition():
                    usual = write.attempt in self._attempts
                case w.AddCallback():
                    usual = (write.campaign, write.contact) in self._entries
                case w.CloseCallback():
                    usual = write.state in ("kept", "missed", "cancelled")
                case w.SetWish():
                    usual = write.wish in WISHES and write.agent in self._agents
                case w.AddStop():
                    usual = True
                    stopped.add(write.number_ref)
                case w.HoldEntry():
                    usual = self._has_bucket(write)
                    moved.add(write.contact)
                case w.UndoDisposition():
                    usual = True
                case w.SetCampaignState():
                    usual = write.campaign in self._campaigns
                    led.add(write.campaign)
                case _:
                    usual = False
            if not usual:
                return False
        return True

    def _has_bucket(self, write: w.SetEntry | w.HoldEntry) -> bool:
        phones = self._phones.get(write.contact, ())
        return all(phone["zones"] in self._buckets for phone in phones)

    def _permits(self, write: w.Reserve, floor: str) -> bool:
        """True where the database would make this reservation: no gate is shut, no row in the way."""
        entry = self._entries.get((write.campaign, write.contact))
        epoch, _, until = self.leases[floor]
        way = write.campaign, write.contact, write.number, write.failover_of
        return (
            entry is not None
            and entry.state not in ("closed", "in_call")
            and not self._closed
            and write.floor == floor
            and write.fence == epoch
            and to_text(write.at) < until
            and self._campaigns.get(write.campaign) == ("running", floor)
            and not self._is_stopped(write.number_ref, write.at)
            and write.contact not in self._live_contacts
            and write.number_ref not in self._live_numbers
            and write.attempt not in self._attempts
            and write.call_id not in self._call_ids
            and way not in self._numbers
            and any(
                phone["id"] == write.phone and phone["number_ref"] == write.number_ref
                for phone in self._phones.get(write.contact, ())
            )
        )

    def _is_stopped(self, number_ref: str, at: datetime) -> bool:
        until = self._stops.get(number_ref, "")
        return until is None or (until != "" and until > to_text(at))

    # ---- carrying a usual batch out

    def carry_out(self, batch: w.Batch) -> tuple[int, ...]:
        """Carries a usual batch out; returns the numbers of the facts that are new."""
        self.turn += 1
        seqs: list[int] = []
        known = self._dedupes
        for write in batch:
            if type(write) is w.AppendFact:
                dedupe = write.fact.dedupe
                if dedupe not in known:
                    known.add(dedupe)
                    self.seq += 1
                    seqs.append(self.seq)
                continue
            match write:
                case w.Journalled(life, place):
                    self.marks[life] = max(place, self.marks.get(life, 0))
                case w.SetEntry():
                    self._set_entry(write)
                case w.Reserve():
                    self._reserve(write)
                case w.MarkOriginated(attempt):
                    row = self._attempts.get(attempt)
                    if row is not None and row["state"] == "reserved":
                        row["state"] = "originated"
                case w.FinishAttempt():
                    self._finish(write)
                case w.HoldEntry():
                    self._hold_entry(write)
                case w.AddDisposition(key, attempt, result=result):
                    if key not in self._dispositions:
                        self._dispositions.add(key)
                        self._results[attempt] = result
                case w.UndoDisposition(attempt):
                    self._results.pop(attempt, None)
                case w.SetCampaignState(campaign, state):
                    self._campaigns[campaign] = state, self._campaigns[campaign][1]
                case w.AddStop(number_ref):
                    self._stops[number_ref] = None
                case _:
                    pass  # It is read by nobody here.
        return tuple(seqs)

    def _reserve(self, write: w.Reserve) -> None:
        self._know(
            {
                "id": write.attempt, "campaign_id": write.campaign, "contact_id": write.contact,
                "number": write.number, "number_ref": write.number_ref, "state": "reserved",
                "call_id": write.call_id, "failover_of": write.failover_of,
                "reserved_at": to_text(write.at), "answered_at": None, "bridged_at": None,
                "ended_at": None, "outcome": None, "agent_id": None,
            }
        )  # fmt: skip
        self._tally(write.campaign)["attempts"] += 1

    def _know(self, row: Attempt) -> None:
        self._attempts[row["id"]] = row
        self._of_contact.setdefault(row["contact_id"], []).append(row)
        self._call_ids.add(row["call_id"])
        self._numbers.add(
            (row["campaign_id"], row["contact_id"], row["number"], row["failover_of"])
        )
        if row["state"] in LIVE:
            self._live_contacts.add(row["contact_id"])
            self._live_numbers.add(row["number_ref"])

    def _finish(self, write: w.FinishAttempt) -> None:
        row = self._attempts.get(write.attempt)
        if row is None:
            return
        was_live = row["state"] in LIVE
        if not was_live and (row["state"] != "unknown" or write.state != "final"):
            return
        known = row["answered_at"] is not None
        row["state"], row["outcome"] = write.state, write.outcome
        row["answered_at"] = text_or_none(write.answered_at) or row["answered_at"]
        row["bridged_at"] = text_or_none(write.bridged_at) or row["bridged_at"]
        row["ended_at"] = to_text(write.ended_at or write.at)
        row["agent_id"] = row["agent_id"] if write.agent is None else write.agent
        if was_live:
            self._live_contacts.discard(row["contact_id"])
            self._live_numbers.discard(row["number_ref"])
        if row["answered_at"] is not None and not known:
            self._tally(row["campaign_id"])["answered"] += 1

    def _set_entry(self, write: w.SetEntry) -> None:
        entry = self._entries.get((write.campaign, write.contact))
        if entry is None:
            return
        if entry.state in WAITING:
            self._waiting.remove(entry)
        if entry.state != write.state:
            tally = self._tally(write.campaign)
            tally[entry.state] -= 1
            tally[write.state] += 1
        waits = write.state in WAITING
        entry.state, entry.next_due = write.state, text_or_none(write.next_due)
        entry.attempts_made, entry.phone_position = write.attempts_made, write.phone_position
        entry.last_outcome, entry.callback_agent = write.last_outcome, write.callback_agent
        entry.failover_of, entry.tried = write.failover_of, words_text(write.tried)
        entry.bucket = self._bucket(write.contact, write.phone_position) if waits else UNSORTED
        entry.due = None
        if waits:
            self._waiting.add(entry)

    def _hold_entry(self, write: w.HoldEntry) -> None:
        entry = self._entries.get((write.campaign, write.contact))
        if entry is None or entry.state != write.state:
            return
        if entry.state in WAITING:
            self._waiting.remove(entry)
        until = text_or_none(write.until)
        if until is not None and (entry.next_due is None or entry.next_due <= until):
            entry.next_due = until
        if write.version:
            entry.bucket = bucket_held_by(write.version)
        else:
            entry.bucket = self._bucket(write.contact, write.phone_position)
        entry.due = None
        if entry.state in WAITING:
            self._waiting.add(entry)

    def _bucket(self, contact: str, position: int) -> int:
        phones = self._phones.get(contact)
        return self._buckets[phones[position % len(phones)]["zones"]] if phones else UNSORTED

    def _tally(self, campaign: str) -> dict[str, Any]:
        if campaign not in self._tallies:
            self._tallies[campaign] = dict.fromkeys(COLUMNS, 0)
        return self._tallies[campaign]

    # ---- reading: what the look-ahead asks

    def rows(self, topic: str, name: str, **values: object) -> Sequence[Row]:
        """Answers a statement of the look-ahead as SQL would."""
        assert topic == "hopper", "only the look-ahead asks here"
        if name == "tally":
            tally = self._tallies.get(str(values["campaign"]))
            return [] if tally is None else [tally]
        return self._waiting.answer(name, values)

    def rows_all(self, asked: Sequence[Ask]) -> list[Sequence[Row]]:
        """Answers several statements."""
        return [self.rows(one.topic, one.name, **one.values) for one in asked]

    def due(self, ahead: LookAhead, limit: int, exclude: Collection[str]) -> list[DueContact]:
        """Reads who is next, as `floor_reads.due_contacts` does."""
        found: list[DueContact] = []
        places = ahead.contacts(exclude, limit)
        while piece := list(islice(places, limit - len(found))):
            read = (self.contact(ahead.campaign, contact, ahead.now) for contact in piece)
            found += [one for one in read if one is not None]
        return found

    def contact(self, campaign: str, contact: str, now: datetime) -> DueContact | None:
        """Reads one contact's place in a campaign; None once it has no number any more."""
        entry, phones = self._entries.get((campaign, contact)), self._phones.get(contact)
        if entry is None or not phones:
            return None
        turn = phones[entry.phone_position % len(phones)]
        number_ref: str = turn["number_ref"]
        live, stopped = number_ref in self._live_numbers, self._is_stopped(number_ref, now)
        due = entry.due
        if due is None or due.number_live is not live or due.stop_listed is not stopped:
            turns = [
                {**dict(phone), "stopped": stopped, "live": live} if phone is turn else phone
                for phone in phones
            ]
            due = entry.due = due_contact_of(self._row(entry), turns)
        return due

    def _row(self, entry: Entry) -> Mapping[str, Any]:
        card = self._cards[entry.contact]
        return {
            **dict(card), "contact_id": entry.contact, "campaign_id": entry.campaign,
            "state": entry.state, "next_due_at": entry.next_due,
            "attempts_made": entry.attempts_made, "phone_position": entry.phone_position,
            "last_outcome": entry.last_outcome, "callback_agent": entry.callback_agent,
            "failover_of": entry.failover_of, "tried": entry.tried, "consent": 0,
        }  # fmt: skip

    def past(self, contact: str, limit: int) -> list[PastAttempt]:
        """Reads a contact's finished attempts, latest first."""
        rows = [row for row in self._of_contact.get(contact, ()) if row["state"] in OVER]
        rows.sort(key=lambda row: (row["reserved_at"], row["id"]), reverse=True)
        return [
            past_attempt_of({**row, "result": self._results.get(row["id"])}) for row in rows[:limit]
        ]

    def left(self) -> list[tuple[str, str, str]]:
        """Returns how every contact stands: campaign, contact and state, by row of the list."""
        return [(one.campaign, one.contact, one.state) for one in self._entries.values()]


def _entry(row: Row) -> Entry:
    return Entry(
        campaign=row["campaign_id"], contact=row["contact_id"], position=row["position"],
        state=row["state"], next_due=row["next_due_at"], attempts_made=row["attempts_made"],
        phone_position=row["phone_position"], last_outcome=row["last_outcome"],
        callback_agent=row["callback_agent"], failover_of=row["failover_of"],
        tried=row["tried"], bucket=row["zone_bucket"],
    )  # fmt: skip
