"""A floor has one owner; a stale one dials nothing, in whatever order it and its successor act."""

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from vyzov import app
from vyzov.dialer.floor_places import FloorPlace
from vyzov.dialer.office_store import OfficeStore
from vyzov.dialer.ports import AskSnapshot, Hangup, Originate, Refused
from vyzov.dialer.runtime import Runtime, SystemClock, SystemDice
from vyzov.dialer.wire import to_wire
from vyzov.storage.office import open_office
from vyzov.telephony.native.control import Control, Door

TAKEN_WITHIN_S = 12.0
"""Ten seconds, and what a loaded machine takes to start an interpreter."""


# ---- between the lease's end and the successor's snapshot ----------------------------------------


@dataclass
class Wire:
    """An engine's door without an engine: what was carried out, and under which fence."""

    fences: dict[str, int] = field(default_factory=dict[str, int])
    dialled: list[str] = field(default_factory=list[str])
    now: float = 0.0

    def __post_init__(self) -> None:
        self.control = Control(
            verb=self._verb, snapshot=self._snapshot, came=lambda _: None, left=lambda _: None
        )

    def _verb(self, verb: Any, floor: str) -> None:
        fresh = self.now <= verb.not_after
        if fresh and verb.fence >= self.fences[floor]:
            self.dialled.append(verb.attempt)

    def _snapshot(self, ask: AskSnapshot) -> Any:
        if ask.fence < self.fences.get(ask.floor, ask.fence):
            return None
        self.fences[ask.floor] = ask.fence
        return Hangup("nothing")

    def door(self) -> Door:
        made = Door(self.control)
        made.connection_made(_Transport())  # type: ignore[arg-type]
        return made


class _Transport(asyncio.Transport):
    def __init__(self) -> None:
        self.closed = False

    def is_closing(self) -> bool:
        return self.closed

    def write(self, data: Any) -> None:
        del data

    def get_write_buffer_size(self) -> int:
        return 0

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True


def orders() -> Iterator[tuple[str, ...]]:
    """Every order of the stale owner's and its successor's acts that each of them can do in turn."""
    stale, successor = ("commit", "send"), ("take", "load", "ask")
    for places in itertools.combinations(range(5), 2):
        mine, theirs = iter(stale), iter(successor)
        yield tuple(next(mine) if place in places else next(theirs) for place in range(5))


@pytest.mark.parametrize("order", list(orders()), ids="-".join)
@pytest.mark.parametrize("slept_s", [0.0, 30.0])
def test_what_a_stale_owner_sends_is_refused_or_known_to_its_successor(
    order: tuple[str, ...], slept_s: float
) -> None:
    wire, epoch, reserved, loaded = Wire(), 1, False, False
    first = wire.door()
    wire.control.line(first, to_wire(AskSnapshot("day", 1)))
    adopted = seen = False
    for act in order:
        match act:
            case "commit":
                reserved = epoch == 1  # The database refuses a lower fence.
            case "send" if reserved:
                wire.now += slept_s
                order_of = Originate("leg", "a1", 1, 1.0, "t", "+70005550101", "", 16.0)
                wire.control.line(first, to_wire(order_of))
            case "take":
                epoch = 2
            case "load":
                loaded, adopted = True, reserved
            case "ask":
                assert loaded, "a successor reads the open attempts first"
                wire.control.line(wire.door(), to_wire(AskSnapshot("day", 2)))
                seen = bool(wire.dialled)
    assert len(wire.dialled) <= 1
    if wire.dialled:
        assert adopted, "it is an open attempt to the successor, not one to be made again"
        assert seen or order.index("send") < order.index("ask")
    if slept_s > 1.0 or order.index("send") > order.index("ask"):
        assert not wire.dialled


def test_an_owner_whose_lease_ran_out_by_its_own_clock_sends_no_originate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[Any] = []

    class Engine:
        def send(self, verb: Any) -> None:
            sent.append(verb)

    async def run() -> list[Any]:
        none: Any = None
        runtime = Runtime(none, none, floor_id="day", holder="me", on_died=lambda _: None)
        runtime.engine = Engine()
        inbox: list[Any] = []
        monkeypatch.setattr(runtime, "post", inbox.append)
        monkeypatch.setattr(runtime, "_lease_until", 100.0)
        send: Callable[[Any], None] = runtime._send
        order = Originate("leg", "a1", 1, 1e12, "t", "+70005550101", "", 16.0)
        for now in (99.9, 100.0):
            monkeypatch.setattr("vyzov.dialer.runtime.lease_clock", lambda now=now: now)
            send(order)
            send(Hangup("leg"))
        return inbox

    inbox = asyncio.run(run())
    assert [type(verb) for verb in sent] == [Originate, Hangup, Hangup]
    assert [(one.leg, one.reason) for one in inbox if isinstance(one, Refused)] == [
        ("leg", "lease")
    ]


# ---- real processes ------------------------------------------------------------------------------


@dataclass
class Site:
    """An installation with two floors, and the floor processes started for it."""

    settings: app.Settings
    office: OfficeStore
    processes: list["subprocess.Popen[bytes]"] = field(
        default_factory=list["subprocess.Popen[bytes]"]
    )

    def start(self) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-m", "vyzov", "floor", "--data", str(self.settings.data),
             "--given", '{"floor_processes": 2}'],
            env=os.environ | {"PYTHONPATH": str(Path(app.__file__).parent.parent)},
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.processes.append(process)
        return process

    def owners(self) -> list[int]:
        now = datetime.now(UTC)
        return [pid_of(one) for one in self.office.floor_map().floors if one.has_owner(now)]

    def until(self, is_so: Callable[[], bool], limit_s: float = 40.0) -> float:
        began = time.monotonic()
        while not is_so():
            assert time.monotonic() < began + limit_s, self.office.floor_map().floors
            time.sleep(0.05)
        return time.monotonic() - began


def pid_of(place: FloorPlace) -> int:
    return int(place.holder.partition(":")[0])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    settings = app.load_settings(tmp_path / "data")
    app.prepare(settings)
    app.first_run(
        settings, login="admin", name="Admin", password_hash=PasswordHasher().hash("a password")
    )
    office = open_office(settings.database, clock=SystemClock(), randomness=SystemDice())
    office.create_floor(office.organisations()[0].id, "Evening")
    made = Site(settings, office)
    yield made
    for process in made.processes:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


def test_two_processes_share_two_floors_and_one_takes_over_what_the_other_loses(site: Site) -> None:
    one = site.start()
    two = site.start()
    site.until(lambda: sorted(site.owners()) in ([one.pid, two.pid], [two.pid, one.pid])
               or len(site.owners()) == 2)  # fmt: skip
    stopped = next(process for process in (one, two) if process.pid in site.owners())
    other = two if stopped is one else one
    fences = {place.id: place.epoch for place in site.office.floor_map().floors}
    stopped.send_signal(signal.SIGSTOP)
    took_s = site.until(lambda: site.owners() == [other.pid, other.pid])
    assert took_s <= TAKEN_WITHIN_S
    after = {place.id: place.epoch for place in site.office.floor_map().floors}
    assert all(after[floor] >= fences[floor] for floor in fences)
    assert after != fences
    stopped.send_signal(signal.SIGCONT)
    time.sleep(3.0)
    assert site.owners() == [other.pid, other.pid], "who wakes takes nothing back"
    assert stopped.poll() is None, "it stays, and takes the next floor that is free"
    other.kill()
    assert site.until(lambda: site.owners() == [stopped.pid, stopped.pid]) <= TAKEN_WITHIN_S


def test_the_emergency_stop_outlives_its_floor(site: Site) -> None:
    organisation = site.office.organisations()[0].id
    site.office.set_emergency_stop(organisation, datetime.now(UTC) - timedelta(minutes=1))
    process = site.start()
    site.until(lambda: len(site.owners()) == 2)
    assert stopped_on_screen(site)
    process.kill()
    process.wait()
    site.start()
    site.until(lambda: len(site.owners()) == 2 and process.pid not in site.owners())
    assert stopped_on_screen(site)


def stopped_on_screen(site: Site) -> bool:
    """Reads what a floor tells a web process that connects."""

    async def read(path: str) -> bool:
        async with asyncio.timeout(20):
            while True:
                try:
                    reader, writer = await asyncio.open_unix_connection(path, limit=1 << 20)
                except OSError:
                    await asyncio.sleep(0.1)
                    continue
                try:
                    while line := await reader.readline():
                        if b'"floor:' in line:
                            return b'"stopped":true' in line
                finally:
                    writer.close()

    place = site.office.floor_map().floors[0]
    return asyncio.run(read(place.address.removeprefix("unix:")))
