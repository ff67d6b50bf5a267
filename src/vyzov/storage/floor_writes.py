"""Carries out a floor's writes inside one open transaction.

It knows which writes need a look before they are made (reservations, results, call-backs, fields
of a card); all others are one statement each. Beginning, locking, committing and rolling back is
`sql_store`'s part.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from vyzov.core.chain import Stream
from vyzov.core.instants import to_text
from vyzov.core.lookahead import UNSORTED, bucket_held_by
from vyzov.dialer import writes as w
from vyzov.storage.buckets import bucket_of_turn
from vyzov.storage.chain import Chain
from vyzov.storage.lookahead import WAITING
from vyzov.storage.session import Answer, Row, Session
from vyzov.storage.tally import Tally
from vyzov.storage.values import column, json_text, texts_of

# A floor that lost its lease may still tell what happened to its calls; it may no longer decide
# what becomes of contacts, people and campaigns that another floor process now leads.
OF_THE_HOLDER_ONLY = (
    w.SetEntry, w.HoldEntry, w.AddCallback, w.CloseCallback, w.SetWish, w.SetDevice,
    w.SetCampaignState,
)  # fmt: skip

ONE_STATEMENT: dict[type[object], str] = {
    w.MarkOriginated: "mark_originated",
    w.CloseCallback: "close_callback",
    w.UndoDisposition: "undo_disposition",
    w.AddRecording: "add_recording",
    w.SetWish: "set_wish",
    w.SetDevice: "set_device",
    w.SetCampaignState: "set_campaign_state",
    w.SetNote: "set_note",
    w.SetStage: "set_stage",
}


@dataclass(slots=True)
class Transaction:
    """A transaction under way: whose it is, and what has come of it so far."""

    session: Session
    organisation: str
    floor: str
    epoch: int
    stale: bool
    new_id: Callable[[], str]
    chain: Chain
    restored: bool = False
    refused: dict[str, w.ReserveRefusal] = field(default_factory=dict[str, w.ReserveRefusal])
    seqs: list[int] = field(default_factory=list[int])
    tally: Tally = field(default_factory=Tally)

    def settle(self) -> None:
        """Writes what the transaction has collected; to be called once, before the commit."""
        self.chain.settle()
        self.tally.settle(
            self.organisation, lambda name, values: self.run("hopper", name, dict(values))
        )

    def run(self, topic: str, name: str, values: dict[str, object]) -> Answer:
        """Executes a named statement with the organisation added to its values."""
        return self.session.run(topic, name, {**values, "organisation": self.organisation})


def carry_out(tx: Transaction, write: w.Write) -> None:
    """Makes one write, unless it hangs on a reservation that was refused in this batch."""
    if w.attempt_of(write) in tx.refused:
        return
    if tx.stale and isinstance(write, OF_THE_HOLDER_ONLY):
        return
    match write:
        case w.Reserve():
            _reserve(tx, write)
        case w.FinishAttempt():
            _finish(tx, write)
        case w.SetEntry():
            _set_entry(tx, write)
        case w.HoldEntry():
            _hold_entry(tx, write)
        case w.AppendFact():
            _append_fact(tx, write)
        case w.AddStop():
            tx.run("writes", "add_stop", {**_values(write), "id": tx.new_id()})
        case w.AddCallback():
            _add_callback(tx, write)
        case w.AddDisposition():
            _add_disposition(tx, write)
        case w.SetEmergencyStop():
            tx.run("writes", "set_emergency_stop", {"at": column(write.at)})
        case w.SetField():
            _set_field(tx, write)
        case w.Journalled():
            named = {**_values(write), "floor": tx.floor, "epoch": tx.epoch}
            tx.run("journal", "set_mark", named)
        case _:
            tx.run("writes", ONE_STATEMENT[type(write)], _values(write))


def _values(write: w.Write) -> dict[str, object]:
    return {item.name: column(getattr(write, item.name)) for item in fields(write)}


def _reserve(tx: Transaction, write: w.Reserve) -> None:
    values = _values(write)
    row = tx.run("reserve", "permission", values).fetchone()
    if row["known"]:
        return
    # What a journal tells of was permitted when it happened; the unique indexes still decide.
    refusal = None if tx.restored else _forbidden(row, write)
    if refusal is None:
        made = tx.run("reserve", "reserve", values).rowcount == 1
        refusal = None if made else _taken(tx, values)
    if refusal is None:
        tx.tally.counted(write.campaign, "attempts")
    if refusal is not None:
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


def _taken(tx: Transaction, values: dict[str, object]) -> w.ReserveRefusal:
    if tx.run("reserve", "live_contact", values).fetchone():
        return w.ReserveRefusal.CONTACT_LIVE
    if tx.run("reserve", "live_number", values).fetchone():
        return w.ReserveRefusal.NUMBER_LIVE
    return w.ReserveRefusal.ATTEMPT_EXISTS


def _finish(tx: Transaction, write: w.FinishAttempt) -> None:
    values = _values(write)
    known = tx.run("writes", "was_answered", values).fetchone()
    row = tx.run("writes", "finish_attempt", values).fetchone()
    if row is not None and row["answered_at"] is not None and not known:
        tx.tally.counted(row["campaign_id"], "answered")


def _set_entry(tx: Transaction, write: w.SetEntry) -> None:
    waits = write.state in WAITING
    bucket = _bucket(tx, write.contact, write.phone_position) if waits else UNSORTED
    row = tx.run("writes", "set_entry", {**_values(write), "zone_bucket": bucket}).fetchone()
    if row is not None:
        tx.tally.moved(write.campaign, row["state_before"], write.state)


def _hold_entry(tx: Transaction, write: w.HoldEntry) -> None:
    if write.version:
        bucket = bucket_held_by(write.version)
    else:
        bucket = _bucket(tx, write.contact, write.phone_position)
    tx.run("hopper", "hold_entry", {**_values(write), "bucket": bucket})


def _bucket(tx: Transaction, contact: str, position: int) -> int:
    def rows(name: str, values: Mapping[str, object]) -> Sequence[Any]:
        return tx.run("hopper", name, dict(values)).fetchall()

    return bucket_of_turn(rows, contact, position)


def _append_fact(tx: Transaction, write: w.AppendFact) -> None:
    epoch = tx.epoch if write.epoch is None else write.epoch
    seq = tx.chain.append(Stream(tx.organisation, tx.floor, epoch), write.fact)
    if seq is not None:
        tx.seqs.append(seq)


def _add_callback(tx: Transaction, write: w.AddCallback) -> None:
    values = _values(write)
    # A promise told a second time must not come back to life after it was kept.
    if not tx.run("writes", "callback_known", values).fetchone():
        tx.run("writes", "cancel_open_callback", values)
        tx.run("writes", "add_callback", values)


def _add_disposition(tx: Transaction, write: w.AddDisposition) -> None:
    values = _values(write)
    if not tx.run("writes", "disposition_known", values).fetchone():
        tx.run("writes", "undo_disposition", values)
        tx.run("writes", "add_disposition", values)


def _set_field(tx: Transaction, write: w.SetField) -> None:
    row = tx.run("writes", "fields", {"contact": write.contact}).fetchone()
    if row is None:
        return
    card = texts_of(row["fields"])
    card.pop(write.name, None)
    if write.value:
        card[write.name] = write.value
    tx.run("writes", "set_fields", {"contact": write.contact, "fields": json_text(card)})
