"""Carries out a floor's writes inside one open transaction.

It knows which writes need a look before they are made (reservations, results, call-backs, fields
of a card); all others are one statement each. Which of them may go side by side is `write_lanes`'
word; beginning, locking, committing and rolling back is `sql_store`'s part.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache

from vyzov.core.chain import Stream
from vyzov.core.facts import Fact
from vyzov.core.instants import to_text
from vyzov.core.lookahead import UNSORTED, bucket_held_by
from vyzov.dialer import writes as w
from vyzov.storage.buckets import bucket_of_turn
from vyzov.storage.chain import append_facts
from vyzov.storage.lookahead import WAITING
from vyzov.storage.session import Ask, Row, Steps, abreast
from vyzov.storage.tally import Tally
from vyzov.storage.telling import tell_promise
from vyzov.storage.values import column, json_text, texts_of
from vyzov.storage.write_lanes import lanes_of, turns_of

# A floor that lost its lease may still tell what happened to its calls; it may no longer decide
# what becomes of contacts (but see `_release`), people and campaigns that another process now leads.
OF_THE_HOLDER_ONLY = (
    w.SetEntry, w.HoldEntry, w.AddCallback, w.CloseCallback, w.SetWish, w.SetDevice,
    w.SetCampaignState,
)  # fmt: skip

ONE_STATEMENT: dict[type[object], str] = {
    w.MarkOriginated: "mark_originated",
    w.UndoDisposition: "undo_disposition",
    w.AddRecording: "add_recording",
    w.SetWish: "set_wish",
    w.SetDevice: "set_device",
    w.SetCampaignState: "set_campaign_state",
    w.SetNote: "set_note",
    w.SetStage: "set_stage",
    w.NoteChange: "note_change",
}


@dataclass(slots=True)
class Transaction:
    """A transaction under way: whose it is, and what has come of it so far.

    `shared`: other writers work on the database at the same time."""

    organisation: str
    floor: str
    epoch: int
    stale: bool
    shared: bool
    new_id: Callable[[], str]
    restored: bool = False
    refused: dict[str, w.ReserveRefusal] = field(default_factory=dict[str, w.ReserveRefusal])
    seqs: tuple[int, ...] = ()
    tally: Tally = field(default_factory=Tally)
    _facts: list[tuple[Stream, Fact]] = field(default_factory=list[tuple[Stream, Fact]])

    def append(self, write: w.AppendFact) -> None:
        """Takes a fact, which stands in its stream once the transaction is settled."""
        epoch = self.epoch if write.epoch is None else write.epoch
        self._facts.append((Stream(self.organisation, self.floor, epoch), write.fact))

    def settle(self) -> Steps[None]:
        """Writes what the transaction has collected; to be done once, before the commit."""
        tallies: list[Ask] = []
        self.tally.settle(
            self.organisation,
            lambda name, values: tallies.append(Ask("hopper", name, values)),
        )
        self.seqs = yield from append_facts(self._facts, drawn=self.shared, beside=tallies)

    def ask(self, topic: str, name: str, values: Mapping[str, object]) -> Ask:
        """Returns the asking of a named statement with the organisation added to its values."""
        return Ask(topic, name, {**values, "organisation": self.organisation})


def carry_out(tx: Transaction, writes: Sequence[w.Write]) -> Steps[None]:
    """Makes writes in their order, as far as it matters; those that hang on a reservation among
    them which is refused are left out."""
    for turn in turns_of(writes):
        yield from abreast([_carry_out_lane(tx, lane) for lane in lanes_of(turn)])
    if tx.stale:
        yield from _release(tx, [write for write in writes if isinstance(write, w.SetEntry)])
    for write in writes:
        if isinstance(write, w.AppendFact) and write.fact.attempt not in tx.refused:
            tx.append(write)


def _carry_out_lane(tx: Transaction, lane: Sequence[w.Write]) -> Steps[None]:
    for write in lane:
        if w.attempt_of(write) in tx.refused:
            continue
        if tx.stale and isinstance(write, OF_THE_HOLDER_ONLY):
            continue
        yield from _carry_out_one(tx, write)


def _release(tx: Transaction, entries: Sequence[w.SetEntry]) -> Steps[None]:
    """Lets contacts go whose call a floor has ended that lost its lease.

    Who leads the floor now has read either the call, and ends it too, or nothing of it: then nobody
    else would ever take the contact out of its call."""
    let_go: set[tuple[str, str]] = set()
    for entry in entries:
        place = entry.campaign, entry.contact
        if entry.state != "in_call" and place not in let_go:
            [stranded] = yield [tx.ask("writes", "entry_is_stranded", values_of(entry))]
            if stranded.rows:
                let_go.add(place)
        if place in let_go:
            yield from _set_entry(tx, entry)


def _carry_out_one(tx: Transaction, write: w.Write) -> Steps[None]:
    match write:
        case w.Reserve():
            yield from _reserve(tx, write)
        case w.FinishAttempt():
            yield from _finish(tx, write)
        case w.SetEntry():
            yield from _set_entry(tx, write)
        case w.HoldEntry():
            yield from _hold_entry(tx, write)
        case w.AddStop():
            yield [tx.ask("writes", "add_stop", {**values_of(write), "id": tx.new_id()})]
        case w.AddCallback():
            yield from _add_callback(tx, write)
        case w.CloseCallback():
            close = tx.ask("writes", "close_callback", values_of(write))
            yield [tell_promise(tx.organisation, write), close]
        case w.AddDisposition():
            yield from _add_disposition(tx, write)
        case w.SetEmergencyStop():
            yield [tx.ask("writes", "set_emergency_stop", {"at": column(write.at)})]
        case w.SetField():
            yield from _set_field(tx, write)
        case w.Journalled():
            named = {**values_of(write), "floor": tx.floor, "epoch": tx.epoch}
            yield [tx.ask("journal", "set_mark", named)]
        case _:
            yield [tx.ask("writes", ONE_STATEMENT[type(write)], values_of(write))]


@cache
def _names_of(kind: type[w.Write]) -> tuple[str, ...]:
    return tuple(item.name for item in fields(kind))


def values_of(write: w.Write) -> dict[str, object]:
    """Returns the fields of a write as their columns hold them."""
    return {name: column(getattr(write, name)) for name in _names_of(type(write))}


def _reserve(tx: Transaction, write: w.Reserve) -> Steps[None]:
    values = values_of(write)
    [permission] = yield [tx.ask("reserve", "permission", values)]
    row = permission.first
    if row["known"]:
        return
    # What a journal tells of was permitted when it happened; the unique indexes still decide.
    refusal = None if tx.restored else _forbidden(row, write)
    if refusal is None:
        [made] = yield [tx.ask("reserve", "reserve", values)]
        refusal = None if made.rowcount == 1 else (yield from _taken(tx, values))
    if refusal is None:
        tx.tally.counted(write.campaign, "attempts")
    else:
        tx.refused[write.attempt] = refusal


def _forbidden(row: Row, write: w.Reserve) -> w.ReserveRefusal | None:
    if row["epoch"] != write.fence or row["lease_until"] <= to_text(write.at):
        return w.ReserveRefusal.STALE_FENCE
    if row["quarantined"]:
        return w.ReserveRefusal.QUARANTINE
    if row["emergency_stop_at"] is not None:
        return w.ReserveRefusal.EMERGENCY_STOP
    if row["campaign_state"] != "running" or row["floor_id"] != write.floor:
        return w.ReserveRefusal.CAMPAIGN_NOT_RUNNING
    if row["entry_state"] is None or row["phone_id"] is None:
        return w.ReserveRefusal.CONTACT_UNKNOWN
    if row["entry_state"] == "closed":
        return w.ReserveRefusal.CONTACT_CLOSED
    if row["entry_state"] == "in_call":
        return w.ReserveRefusal.CONTACT_IN_CALL
    if row["stopped"]:
        return w.ReserveRefusal.STOP_LISTED
    return None


def _taken(tx: Transaction, values: dict[str, object]) -> Steps[w.ReserveRefusal]:
    contact, number = yield [
        tx.ask("reserve", "live_contact", values), tx.ask("reserve", "live_number", values),
    ]  # fmt: skip
    if contact.rows:
        return w.ReserveRefusal.CONTACT_LIVE
    return w.ReserveRefusal.NUMBER_LIVE if number.rows else w.ReserveRefusal.ATTEMPT_EXISTS


def _finish(tx: Transaction, write: w.FinishAttempt) -> Steps[None]:
    values = values_of(write)
    was, finished = yield [
        tx.ask("writes", "before_the_end", values), tx.ask("writes", "finish_attempt", values),
    ]  # fmt: skip
    before, after = was.first, finished.first
    if after is None:
        return
    campaign = after["campaign_id"]
    tx.tally.ended(campaign, before["outcome"], after["outcome"])
    if after["answered_at"] is not None and before["answered_at"] is None:
        tx.tally.counted(campaign, "answered")


def _set_entry(tx: Transaction, write: w.SetEntry) -> Steps[None]:
    bucket = UNSORTED
    if write.state in WAITING:
        bucket = yield from _bucket(tx, write.contact, write.phone_position)
    values = {**values_of(write), "zone_bucket": bucket}
    [changed] = yield [tx.ask("writes", "set_entry", values)]
    if changed.rows:
        tx.tally.moved(write.campaign, changed.first["state_before"], write.state)


def _hold_entry(tx: Transaction, write: w.HoldEntry) -> Steps[None]:
    if write.version:
        bucket = bucket_held_by(write.version)
    else:
        bucket = yield from _bucket(tx, write.contact, write.phone_position)
    yield [tx.ask("hopper", "hold_entry", {**values_of(write), "bucket": bucket})]


def _bucket(tx: Transaction, contact: str, position: int) -> Steps[int]:
    def ask(name: str, values: Mapping[str, object]) -> Ask:
        return tx.ask("hopper", name, values)

    return (yield from bucket_of_turn(ask, contact, position))


def _add_callback(tx: Transaction, write: w.AddCallback) -> Steps[None]:
    values = values_of(write)
    # A promise told a second time must not come back to life after it was kept.
    [known] = yield [tx.ask("writes", "callback_known", values)]
    if not known.rows:
        yield [
            tx.ask("writes", "cancel_open_callback", values),
            tx.ask("writes", "add_callback", values),
        ]


def _add_disposition(tx: Transaction, write: w.AddDisposition) -> Steps[None]:
    values = values_of(write)
    [known] = yield [tx.ask("writes", "disposition_known", values)]
    if not known.rows:
        yield [
            tx.ask("writes", "undo_disposition", values),
            tx.ask("writes", "add_disposition", values),
        ]


def _set_field(tx: Transaction, write: w.SetField) -> Steps[None]:
    [found] = yield [tx.ask("writes", "fields", {"contact": write.contact})]
    if found.first is None:
        return
    card = texts_of(found.first["fields"])
    card.pop(write.name, None)
    if write.value:
        card[write.name] = write.value
    values = {"contact": write.contact, "fields": json_text(card)}
    yield [tx.ask("writes", "set_fields", values)]
