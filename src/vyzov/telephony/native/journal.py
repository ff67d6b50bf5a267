"""What an engine knows of its legs, in memory and in a file that outlives it.

`LegBook` numbers the events of every leg, answers snapshots and forgets what nobody needs any more;
every change is a line of an append-only journal, given to the operating system before the call
returns, so a killed engine leaves behind what its successor must hang up. What to do with such legs
is decided in `reaping`. Device events that repeat (quality, descriptions) are not kept.
"""

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, cast

import orjson

from vyzov.dialer.ports import (
    AskStanding,
    DeviceAnswer,
    DeviceDown,
    DeviceQuality,
    DeviceUp,
    Digit,
    Ended,
    Failed,
    LegEvent,
    Refused,
    Standing,
)
from vyzov.dialer.wire import WireError, from_wire, to_wire
from vyzov.sip.events import Hop, Transport

log = logging.getLogger("vyzov.engine.journal")

KEEP_ENDED_S = 600.0
"""How long the events of a leg that is over are kept for a floor that never says `Forget`."""
EVENTS_PER_LEG_MAX = 1000
COMPACT_AT_BYTES = 32 * 1024 * 1024
_OVER = (Ended, Failed, Refused)
_LIVE_ONLY = (DeviceQuality, DeviceAnswer)


@dataclass(frozen=True, slots=True)
class Placed:
    """What must be known of a call to hang it up without having made it.

    `agent` is whose desk phone it rings, "" for a call to a customer; `to` is then the phone's URI.
    `to`, `caller_id` and `domain` (the host of From) are as the carrier was told; `name` is what a
    TLS certificate there must bear.
    """

    attempt: str
    host: str
    port: int
    to: str
    caller_id: str
    transport: str = "udp"
    agent: str = ""
    name: str = ""
    domain: str = ""

    @property
    def hop(self) -> Hop:
        """Where the call was sent to; a connection of an earlier run is none any more."""
        return Hop(self.host, self.port, Transport(self.transport), self.name)

    @classmethod
    def of_phone(cls, hop: Hop, uri: str, agent: str) -> "Placed":
        """Makes the note of a desk phone that is about to ring."""
        return cls("", hop.host, hop.port, uri, "", hop.transport.value, agent)


@dataclass(slots=True)
class LegRecord:
    """One leg: whose it is, what happened to it, and what of it outlives the engine."""

    leg: str
    floor: str
    placed: Placed | None = None
    dialog: str = ""
    recordings: dict[str, str] = field(default_factory=dict[str, str])
    events: list[LegEvent] = field(default_factory=list[LegEvent])
    seq: int = 0
    over_at: float | None = None
    forgotten: bool = False

    @property
    def was_answered(self) -> bool:
        """Whether the call has a dialog, which only a BYE ends."""
        return bool(self.dialog)


class Lines(Protocol):
    """Where a book's lines go: a file, or nowhere for an engine that keeps no journal."""

    def append(self, line: dict[str, Any]) -> None: ...
    def later(self, line: dict[str, Any]) -> None: ...
    def flush(self) -> None: ...
    def close(self) -> None: ...


class NoJournal:
    """Keeps nothing: for one call made from a command, which hangs up before it exits."""

    def append(self, line: dict[str, Any]) -> None:
        """Drops the line."""

    def later(self, line: dict[str, Any]) -> None:
        """Drops the line."""

    def flush(self) -> None:
        """Has nothing to write."""

    def close(self) -> None:
        """Has nothing to close."""


class Journal:
    """An append-only file of JSON lines, in the order in which they were given.

    `append` has its line, and all that waits, with the operating system when it returns; `later`
    lets a line wait for the next of these or for `flush`."""

    def __init__(self, path: Path, whole: Callable[[], Iterator[dict[str, Any]]]) -> None:
        """Rewrites `path` from `whole` (all that must be kept) and opens it for appending."""
        self._path = path
        self._whole = whole
        self._size = 0
        self._torn = False
        self._waiting = b""
        self._file = self._rewritten()

    def append(self, line: dict[str, Any]) -> None:
        """Writes one line now, behind those that wait; raises as `flush` does."""
        self._waiting += orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
        self.flush()

    def later(self, line: dict[str, Any]) -> None:
        """Takes a line that nothing hangs on until the next `flush`."""
        self._waiting += orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)

    def flush(self) -> None:
        """Writes what waits; past `COMPACT_AT_BYTES` the file is rewritten without dead legs.

        A fault of the disk is raised; what it cut short is lost and spoils no later line."""
        data, self._waiting = self._waiting, b""
        if not data:
            return
        torn, self._torn = self._torn, True
        _write_all(self._file, b"\n" + data if torn else data)
        self._torn = False
        self._size += len(data)
        if self._size > COMPACT_AT_BYTES:
            self._size //= 2  # Where there is no room for a new file, the old one goes on a while.
            former, self._file = self._file, self._rewritten()
            os.close(former)

    def close(self) -> None:
        """Writes what waits and closes the file; the journal stays where it is."""
        with contextlib.suppress(OSError):
            self.flush()
        os.close(self._file)

    def _rewritten(self) -> int:
        fresh = self._path.with_name(self._path.name + ".new")
        data = b"".join(
            orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in self._whole()
        )
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        try:
            _write_all(file, data)
            os.fsync(file)
            fresh.replace(self._path)
        except OSError:
            os.close(file)
            raise
        # A busy engine may keep more than the bound: the next rewrite waits for as much again.
        self._size = min(len(data), COMPACT_AT_BYTES // 2)
        return file


def _write_all(file: int, data: bytes) -> None:
    """Writes every byte: the system takes fewer where a disk is almost full."""
    written = os.write(file, data)
    while written < len(data):
        written += os.write(file, memoryview(data)[written:])


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yields the lines of a journal, passing over a last line the kill cut short."""
    if not path.exists():
        return
    broken = 0
    with path.open("rb") as file:
        for line in file:
            try:
                yield cast("dict[str, Any]", orjson.loads(line))
            except orjson.JSONDecodeError:
                broken += 1
    if broken:
        log.warning("%s: %d lines are no JSON (a kill cuts the last one short)", path, broken)


class LegBook:
    """All legs of an engine with their events, kept in step with a journal."""

    def __init__(
        self, path: Path | None, now: Callable[[], float] = time.monotonic, boot: str = ""
    ) -> None:
        """Reads what an earlier run left at `path` and rewrites it without what is over.

        None keeps no journal. `boot` names the run of the machine: what an earlier one wrote may not
        have reached the disk, so the journal is not whole then. A fault of the disk is raised: an
        engine that cannot write its journal must not dial."""
        self._now = now
        self.legs: dict[str, LegRecord] = {}
        self.fences: dict[str, int] = {}
        self.sip_port = 0
        self.whole_since = now()
        """The monotonic second since which no leg is missing that was opened and not forgotten."""
        self._boot = boot
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            for line in read_lines(path):
                self._replay(line)
            self._keep_anew()
        self._journal: Lines = NoJournal() if path is None else Journal(path, self._whole)

    def flush(self) -> None:
        """Has every event noted so far with the operating system; a fault of the disk is raised."""
        self._journal.flush()

    def close(self) -> None:
        """Closes the journal."""
        self._journal.close()

    def raise_fence(self, floor: str, fence: int) -> None:
        """Notes the lowest fence the engine will dial for a floor; it never sinks."""
        if fence > self.fences.get(floor, -1):
            self.fences[floor] = fence
            self._journal.append({"do": "fence", "floor": floor, "fence": fence})

    def note_sip_port(self, port: int) -> None:
        """Keeps the SIP port: a CANCEL matches its INVITE only from the same address."""
        if port != self.sip_port:
            self.sip_port = port
            self._journal.append({"do": "sip_port", "port": port})

    def open(self, leg: str, floor: str, placed: Placed | None = None) -> LegRecord:
        """Begins a leg; for a call this line is on the disk's way before its INVITE leaves."""
        record = LegRecord(leg, floor, placed)
        self.legs[leg] = record
        self._journal.append(_open_line(record))
        return record

    def next_seq(self, leg: str, floor: str) -> int:
        """Returns the number of the next event of a leg, opening the leg where it is new."""
        record = self.legs.get(leg) or self.open(leg, floor)
        record.seq += 1
        return record.seq

    def note(self, event: LegEvent, line: bytes | None = None) -> None:
        """Keeps an event that `next_seq` numbered; it is written by the next `flush` at the latest.

        `line` is what `to_wire` gave for it, if known."""
        record = self.legs[event.leg]
        self._take(record, event)
        if not isinstance(event, _LIVE_ONLY):
            self._journal.later(_event_line(event, line))

    def note_dialog(self, leg: str, dialog: str) -> None:
        """Keeps an answered call's dialog, so that another run can send its BYE."""
        self.legs[leg].dialog = dialog
        self._journal.append({"do": "dialog", "leg": leg, "dialog": dialog})

    def note_recording(self, leg: str, recording: str, path: str) -> None:
        """Keeps the path of a recording that is being written."""
        self.legs[leg].recordings[recording] = path
        self._journal.append({"do": "recording", "leg": leg, "id": recording, "path": path})

    def drop_recording(self, leg: str, recording: str) -> None:
        """Notes that a recording is whole; a leg forgotten meanwhile goes now."""
        record = self.legs.get(leg)
        if record is None or record.recordings.pop(recording, None) is None:
            return
        self._journal.append({"do": "recorded", "leg": leg, "id": recording})
        if record.forgotten:
            self.forget(leg)

    def forget(self, leg: str) -> None:
        """Drops a leg that is over; one that lives or still records is kept until then."""
        record = self.legs.get(leg)
        if record is None:
            return
        record.forgotten = True
        if record.over_at is not None and not record.recordings:
            del self.legs[leg]
            self._journal.later({"do": "forget", "leg": leg})

    def _keep_anew(self) -> None:
        """Keeps what is over from now on: while there was no engine, no floor could ask for it.

        After a reboot the monotonic clock starts anew and an old time lies in the future: what an
        earlier boot saw has no time any more, and is dropped."""
        now = self._now()
        for record in list(self.legs.values()):
            if record.over_at is not None and record.over_at <= now:
                record.over_at = now
        self.expire()

    def expire(self) -> None:
        """Drops legs that have been over for `KEEP_ENDED_S`."""
        now = self._now()
        for record in list(self.legs.values()):
            over = record.over_at
            if over is not None and not record.recordings and not 0 <= now - over < KEEP_ENDED_S:
                del self.legs[record.leg]
                # Whoever asks for what was dialled before that gets no whole answer any more.
                self.whole_since = max(self.whole_since, min(over, now))

    def snapshot(self, floor: str) -> dict[str, tuple[LegEvent, ...]]:
        """Returns the event log of every leg of a floor."""
        return {
            leg: tuple(record.events)
            for leg, record in self.legs.items()
            if record.floor == floor and record.events
        }

    def standing(self, verb: AskStanding, floor: str, devices: Mapping[str, str]) -> Standing:
        """Returns how a floor's legs stand, in brief; `devices` are those that live."""
        if verb.leg:
            return self._standing_of_leg(verb, floor)
        legs = {
            leg: record.events[-1].seq
            for leg, record in self.legs.items()
            if record.floor == floor and record.events
        }
        return Standing(verb.ask, self._now(), legs, devices)

    def _standing_of_leg(self, verb: AskStanding, floor: str) -> Standing:
        record, legs = self.legs.get(verb.leg), dict[str, int]()
        if record is not None and record.floor == floor and record.events:
            legs[verb.leg] = record.events[-1].seq
        return Standing(verb.ask, self._now(), legs, {}, verb.leg)

    def is_of_another(self, floor: str, verb: object) -> bool:
        """True where a verb is about a leg that belongs to another floor."""
        for name in ("leg", "customer"):
            record = self.legs.get(getattr(verb, name, ""))
            if record is not None and record.floor != floor:
                return True
        return False

    def unfinished(self) -> list[LegRecord]:
        """Returns the legs that are not over: after a start, what the last run left behind."""
        return [record for record in self.legs.values() if record.over_at is None]

    def _take(self, record: LegRecord, event: LegEvent) -> None:
        record.seq = max(record.seq, event.seq)
        if isinstance(event, (*_OVER, DeviceDown)):
            record.over_at = event.at
        elif isinstance(event, DeviceUp):
            record.over_at = None
        if isinstance(event, _LIVE_ONLY):
            return
        if len(record.events) < EVENTS_PER_LEG_MAX or not isinstance(event, Digit):
            record.events.append(event)

    def _replay(self, line: dict[str, Any]) -> None:
        try:
            self._replay_known(line)
        except (KeyError, TypeError, ValueError, WireError) as error:
            # An older build wrote it: what can be read of the rest still hangs up real calls.
            log.warning("a journal line was passed over (%r): %.200s", error, line)

    def _replay_known(self, line: dict[str, Any]) -> None:
        match line["do"]:
            case "fence":
                self.fences[line["floor"]] = int(line["fence"])
            case "whole":
                if self._boot and line["boot"] == self._boot:
                    self.whole_since = min(self.whole_since, float(line["since"]))
            case "sip_port":
                self.sip_port = int(line["port"])
            case "open":
                placed = None if line["placed"] is None else Placed(**line["placed"])
                self.legs[line["leg"]] = LegRecord(line["leg"], line["floor"], placed)
            case "event":
                event = from_wire(orjson.dumps(line["event"]))
                if isinstance(event, LegEvent):
                    self._take(self.legs[event.leg], event)
            case "dialog":
                self.legs[line["leg"]].dialog = str(line["dialog"])
            case "recording":
                self.legs[line["leg"]].recordings[line["id"]] = str(line["path"])
            case "recorded":
                self.legs[line["leg"]].recordings.pop(line["id"], None)
            case "forget":
                self.legs.pop(line["leg"], None)
            case unknown:
                raise ValueError(f"unknown kind of line {unknown!r}")

    def _whole(self) -> Iterator[dict[str, Any]]:
        yield {"do": "whole", "since": self.whole_since, "boot": self._boot}
        yield {"do": "sip_port", "port": self.sip_port}
        for floor, fence in self.fences.items():
            yield {"do": "fence", "floor": floor, "fence": fence}
        for record in self.legs.values():
            yield _open_line(record)
            for event in record.events:
                yield _event_line(event)
            if record.dialog:
                yield {"do": "dialog", "leg": record.leg, "dialog": record.dialog}
            for recording, path in record.recordings.items():
                yield {"do": "recording", "leg": record.leg, "id": recording, "path": path}


def boot_id() -> str:
    """Names the run of the machine; "" where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def numbered(event: LegEvent, seq: int) -> LegEvent:
    """Returns the event with its number."""
    return replace(event, seq=seq)


def _open_line(record: LegRecord) -> dict[str, Any]:
    placed = record.placed
    return {
        "do": "open",
        "leg": record.leg,
        "floor": record.floor,
        "placed": None
        if placed is None
        else {
            "attempt": placed.attempt,
            "host": placed.host,
            "port": placed.port,
            "to": placed.to,
            "caller_id": placed.caller_id,
            "transport": placed.transport,
            "agent": placed.agent,
            "name": placed.name,
            "domain": placed.domain,
        },
    }


def _event_line(event: LegEvent, line: bytes | None = None) -> dict[str, Any]:
    return {"do": "event", "event": orjson.Fragment((line or to_wire(event)).rstrip())}
