"""Faults of the machine under a call: a full disk, a part that breaks. What must happen anyway:
the floor hears what became of its call, no socket stays open, other calls go on."""

import asyncio
import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop
from callee import Callee
from engine_lab import Lab, originate

from vyzov.dialer.phone_secrets import REALM
from vyzov.dialer.ports import (
    Answered,
    DeviceCall,
    DeviceDown,
    Ended,
    Failed,
    Hangup,
    PhoneRegistered,
    Refused,
    SetPhone,
)
from vyzov.pstn.desk_phone import DeskPhone, PhoneSettings
from vyzov.sip.user_agent import UserAgent
from vyzov.telephony.native import journal
from vyzov.telephony.native.journal import Journal, LegBook, read_lines

DESCRIPTORS = Path("/proc/self/fd")


def full(*_: object) -> int:
    """Stands for a write to a disk without room."""
    raise OSError(errno.ENOSPC, "No space left on device")


def broken(*_: object) -> Any:
    """Stands for a part that breaks."""
    raise RuntimeError("broken")


def set_phone() -> SetPhone:
    ha1 = hashlib.sha256(f"1001:{REALM}:secret".encode()).hexdigest()
    return SetPhone("p1", "1001", {"SHA-256": ha1})


def desk_phone(lab: Lab) -> DeskPhone:
    port = lab.engine.signalling.address[1]
    return DeskPhone(PhoneSettings("127.0.0.1", port, username="1001", password="secret"))


def sockets(lab: Lab) -> int:
    """Counts the sockets this process has open, but for pairs that rest between two calls."""
    found = -2 * lab.engine.pairs.resting
    for name in DESCRIPTORS.iterdir():
        try:
            found += str(name.readlink()).startswith("socket:")
        except OSError:
            continue
    return found


def test_a_call_that_cannot_be_journalled_is_refused_and_keeps_no_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            lab.floor.trunk(callee.port)
            await lab.floor.snapshot()
            before = sockets(lab)
            monkeypatch.setattr(journal, "_write_all", full)
            for leg in "abc":
                lab.floor.send(originate(leg))
                assert (await lab.floor.wait(Refused, leg)).reason == "engine_fault"
            assert callee.requests == []
            assert sockets(lab) == before
            monkeypatch.undo()
            lab.floor.send(originate("d"))
            await lab.floor.wait(Answered, "d")

    uvloop.run(story())


def test_a_floor_hears_of_its_calls_while_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            lab.floor.trunk(callee.port)
            await lab.floor.snapshot()
            before = sockets(lab)
            lab.floor.send(originate("a"))
            await lab.floor.wait(Answered, "a")
            monkeypatch.setattr(journal, "_write_all", full)
            lab.floor.send(Hangup("a", "over"))
            assert (await lab.floor.wait(Ended, "a")).cause == "over"
            assert sockets(lab) == before + len(callee.calls)
            monkeypatch.undo()

    uvloop.run(story())


def test_an_invite_that_cannot_be_built_is_refused_and_keeps_no_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            lab.floor.trunk(callee.port)
            await lab.floor.snapshot()
            before = sockets(lab)
            monkeypatch.setattr(UserAgent, "invite", broken)
            lab.floor.send(originate("a"))
            assert (await lab.floor.wait(Refused, "a")).reason == "engine_fault"
            assert lab.engine.calls.living == {}
            assert sockets(lab) == before

    uvloop.run(story())


def _judging_breaks(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab.engine.trunks, "judge", broken)


def _ending_breaks(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab.engine.calls, "_over", broken)


@pytest.mark.parametrize("breaks", [_judging_breaks, _ending_breaks])
def test_a_rejection_is_told_whatever_breaks_while_it_is_carried_through(
    breaks: Callable[[Lab, pytest.MonkeyPatch], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee(answers=False) as callee:
            lab.floor.trunk(callee.port)
            await lab.floor.snapshot()
            before = sockets(lab)
            breaks(lab, monkeypatch)
            lab.floor.send(originate("a", ring_timeout_s=0.3))
            assert (await lab.floor.wait(Failed, "a")).code == 487
            await asyncio.sleep(0.1)
            assert lab.floor.log("a").count("Failed") == 1
            assert lab.engine.calls.living == {}
            assert sockets(lab) == before + len(callee.calls)

    uvloop.run(story())


def test_a_desk_phone_that_cannot_be_journalled_keeps_no_socket_and_does_not_ring_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab:
            lab.floor.send(set_phone())
            async with desk_phone(lab) as phone:
                await phone.signed_in()
                await lab.floor.wait(PhoneRegistered)
                before = sockets(lab)
                monkeypatch.setattr(journal, "_write_all", full)
                lab.floor.send(DeviceCall("a", "ann", "p1", 10.0))
                assert (await lab.floor.wait(DeviceDown, "a")).reason == "no_port"
                monkeypatch.undo()
                assert lab.engine.phones.living == {}
                assert sockets(lab) == before
                agent = lab.engine.signalling.agent
                lab.engine.signalling.pump()
                for _ in range(100):
                    await asyncio.sleep(0.02)
                    agent.forget("a")
                    if "a" not in agent._legs:
                        return
                raise AssertionError("the phone rings on")

    uvloop.run(story())


# ---- the journal itself --------------------------------------------------------------------------


def test_a_line_cut_short_by_a_full_disk_spoils_no_later_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    kept = Journal(path, lambda: iter(()))
    real = os.write
    room = [10]

    def little(file: int, data: bytes) -> int:
        taken = min(len(data), room[0])
        room[0] -= taken
        return real(file, data[:taken]) if taken else full()

    monkeypatch.setattr(os, "write", little)
    with pytest.raises(OSError, match="No space"):
        kept.append({"do": "fence", "floor": "f", "fence": 1})
    room[0] = 1000
    kept.append({"do": "fence", "floor": "f", "fence": 2})
    kept.append({"do": "fence", "floor": "f", "fence": 3})
    monkeypatch.undo()
    kept.close()
    assert [line["fence"] for line in read_lines(path)] == [2, 3]


def test_a_journal_without_room_to_be_rewritten_goes_on_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    book = LegBook(path)
    monkeypatch.setattr(journal, "COMPACT_AT_BYTES", 400)
    descriptors = sum(1 for _ in DESCRIPTORS.iterdir())
    monkeypatch.setattr(os, "fsync", full)
    failed = 0
    for fence in range(1, 41):
        try:
            book.raise_fence("floor", fence)
        except OSError:
            failed += 1
    assert 0 < failed < 20
    assert sum(1 for _ in DESCRIPTORS.iterdir()) == descriptors
    monkeypatch.undo()
    book.raise_fence("floor", 41)
    book.close()
    assert LegBook(path).fences == {"floor": 41}
