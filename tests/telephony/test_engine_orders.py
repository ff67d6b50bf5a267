"""What the engine refuses to dial, what it repeats to nobody, and whose events go where."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
import uvloop
from callee import Callee
from engine_lab import FLOOR, Floor, Lab, originate

from vyzov.dialer.ports import (
    Answered,
    AskSnapshot,
    Dialing,
    Ended,
    Failed,
    Forget,
    Hangup,
    Refused,
    Ringing,
    SetTrunk,
    Snapshot,
)
from vyzov.dialer.wire import to_wire
from vyzov.telephony.native.engine import Engine, EngineRunning
from vyzov.telephony.native.legs import Calls
from vyzov.telephony.native.link import EngineLink


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"fence": 0}, "fence"),
        ({"trunk": "elsewhere"}, "unknown_trunk"),
        ({"to": "70005550101"}, "bad_number"),
        ({"to": "+7000555010112345678"}, "bad_number"),
        ({"to": "+70005550101@evil.example"}, "bad_number"),
        ({"to": "+7000555٠101"}, "bad_number"),
        ({"to": ""}, "bad_number"),
        ({"caller_id": "a b"}, "bad_number"),
        ({"caller_name": "a\r\nb"}, "bad_number"),
    ],
)
def test_an_order_that_must_not_be_dialled_is_refused(
    changes: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            lab.floor.trunk(callee.port)
            lab.floor.send(originate("a", **changes))
            assert (await lab.floor.wait(Refused, "a")).reason == reason
            await asyncio.sleep(0.1)
            assert callee.requests == []
            assert lab.engine.calls.living == {}

    uvloop.run(story())


def test_an_order_older_than_its_not_after_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            lab.floor.trunk(callee.port)
            lab.floor.send(originate("a", not_after=time.monotonic() - 0.001))
            assert (await lab.floor.wait(Refused, "a")).reason == "stale"
            assert callee.requests == []

    uvloop.run(story())


def test_a_draining_engine_places_nothing_new(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            lab.floor.trunk(callee.port)
            lab.engine.calls.draining = True
            lab.floor.send(originate("a"))
            assert (await lab.floor.wait(Refused, "a")).reason == "draining"

    uvloop.run(story())


def test_the_same_order_twice_is_one_call(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee(answers=False) as callee:
            lab.floor.trunk(callee.port)
            lab.floor.send(originate("a"), originate("a"))
            await lab.floor.wait(Ringing, "a")
            await asyncio.sleep(0.1)
            assert callee.count("INVITE") == 1
            assert lab.floor.of(Refused) == []
            assert len(lab.floor.of(Dialing, "a")) == 1
            lab.floor.send(originate("a", attempt="another"))
            assert (await lab.floor.wait(Refused, "a")).reason == "duplicate"
            assert "a" in lab.engine.calls.living

    uvloop.run(story())


def test_a_service_number_is_dialled(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee(answers=False) as callee:
            lab.floor.trunk(callee.port)
            lab.floor.send(originate("a", to="112"))
            await lab.floor.wait(Ringing, "a")

    uvloop.run(story())


def test_a_lower_fence_is_refused_even_by_the_next_engine(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab:
            lab.floor.send(AskSnapshot(FLOOR, 7))
            await lab.floor.wait(Snapshot, count=2)
        async with Lab(tmp_path, fence=7) as lab, Callee() as callee:
            lab.floor.trunk(callee.port)
            lab.floor.send(originate("a", fence=6), originate("b", fence=7))
            assert (await lab.floor.wait(Refused, "a")).reason == "fence"
            await lab.floor.wait(Answered, "b")

    uvloop.run(story())


def test_hanging_up_before_an_answer_cancels(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee(answers=False) as callee:
            lab.floor.trunk(callee.port)
            lab.floor.send(originate("a"))
            await lab.floor.wait(Ringing, "a")
            lab.floor.send(Hangup("a"), Hangup("a"))
            failed = await lab.floor.wait(Failed, "a")
            assert (failed.code, failed.stage) == (487, "cancelled")
            assert [code for code, _ in failed.provisionals] == [100, 180]
            assert callee.count("CANCEL") == 1

    uvloop.run(story())


def test_a_forgotten_leg_leaves_the_snapshot_and_a_living_one_stays(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            lab.floor.trunk(callee.port)
            lab.floor.send(originate("a"), originate("b"))
            await lab.floor.wait(Answered, "a")
            await lab.floor.wait(Answered, "b")
            lab.floor.send(Hangup("a"))
            await lab.floor.wait(Ended, "a")
            lab.floor.send(Forget("a"), Forget("b"), Forget("nobody"))
            assert set((await lab.floor.snapshot()).legs) == {"b"}

    uvloop.run(story())


def test_two_floors_hear_only_of_their_own_legs(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            assert lab.settings.socket is not None
            async with Floor(lab.settings.socket, floor="other") as other:
                lab.floor.trunk(callee.port)
                lab.floor.send(originate("mine"))
                await lab.floor.wait(Answered, "mine")
                other.send(originate("theirs"))
                await other.wait(Answered, "theirs")
                assert lab.floor.log("theirs") == other.log("mine") == []
                assert set((await lab.floor.snapshot()).legs) == {"mine"}

    uvloop.run(story())


def test_a_floor_that_connects_anew_replaces_its_older_connection(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            assert lab.settings.socket is not None
            reader, writer = await asyncio.open_unix_connection(str(lab.settings.socket))
            writer.write(to_wire(AskSnapshot(FLOOR, 1)))
            assert b"Snapshot" in await reader.readline()
            # The first connection comes back by itself, and this one is closed in its turn.
            assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()
            lab.floor.trunk(callee.port)
            lab.floor.send(originate("a"))
            await lab.floor.wait(Answered, "a")

    uvloop.run(story())


def test_a_floor_process_that_lost_its_lease_is_turned_away(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab:
            lab.floor.send(AskSnapshot(FLOOR, 7))
            await lab.floor.wait(Snapshot, count=2)
            assert lab.settings.socket is not None
            reader, writer = await asyncio.open_unix_connection(str(lab.settings.socket))
            writer.write(to_wire(AskSnapshot(FLOOR, 6)))
            assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()
            lab.floor.send(AskSnapshot(FLOOR, 7))
            await lab.floor.wait(Snapshot, count=3)

    uvloop.run(story())


def test_broken_lines_cost_a_log_entry_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab:
            assert lab.settings.socket is not None
            reader, writer = await asyncio.open_unix_connection(str(lab.settings.socket))
            writer.write(to_wire(Hangup("a")) + b"{}\nnonsense\n\n")
            writer.write(to_wire(Dialing("a", 1, 1.0, "x")))
            writer.write(to_wire(AskSnapshot("third", 1)))
            assert b"Snapshot" in await reader.readline()
            writer.close()
            await writer.wait_closed()

    uvloop.run(story())
    said = " ".join(record.getMessage() for record in caplog.records)
    assert "before any AskSnapshot" in said
    assert "is not JSON" in said
    assert "sent an event" in said


def test_one_verbs_fault_leaves_the_engine_working(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Calls, leg: str, cause: str) -> None:
        raise RuntimeError(f"planted for {leg} {cause}")

    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            lab.floor.trunk(callee.port)
            with monkeypatch.context() as patched:
                patched.setattr(Calls, "hangup", fail)
                lab.floor.send(Hangup("a"))
                await lab.floor.snapshot()
            lab.floor.send(originate("b"))
            await lab.floor.wait(Answered, "b")

    uvloop.run(story())


def test_one_legs_fault_hangs_up_that_leg_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Calls._answered

    def fail_for_a(self: Calls, call: Any, event: Any) -> None:
        real(self, call, event)
        if call.leg == "a":
            raise RuntimeError("planted")

    monkeypatch.setattr(Calls, "_answered", fail_for_a)

    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            lab.floor.trunk(callee.port)
            lab.floor.send(originate("a"), originate("b"))
            ended = await lab.floor.wait(Ended, "a")
            assert (ended.side, ended.cause) == ("engine", "engine_fault")
            await lab.floor.wait(Answered, "b")
            assert "b" in lab.engine.calls.living

    uvloop.run(story())


def test_an_order_that_fails_inside_is_refused_aloud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Calls, *rest: Any) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(Calls, "_place", fail)

    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            lab.floor.trunk(callee.port)
            lab.floor.send(originate("a"))
            assert (await lab.floor.wait(Refused, "a")).reason == "engine_fault"

    uvloop.run(story())


def test_a_trunk_with_codecs_nobody_knows_is_offered_g711(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            lab.floor.trunk(callee.port, codecs=("G729",))
            lab.floor.send(originate("a"))
            assert (await lab.floor.wait(Answered, "a")).codec == "PCMA"

    uvloop.run(story())


def test_a_second_engine_on_the_same_journal_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab:
            with pytest.raises(EngineRunning, match="an engine already uses"):
                Engine(lab.settings, asyncio.get_running_loop())

    uvloop.run(story())


def test_an_address_nobody_can_reach_is_refused_at_the_start(tmp_path: Path) -> None:
    async def story() -> None:
        with pytest.raises(ValueError, match="set the engine's advertised_host"):
            async with Lab(tmp_path, sip_host="0.0.0.0"):
                pass

    uvloop.run(story())


def test_a_trunk_given_by_name_can_be_called_once_it_is_found(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            lab.floor.send(SetTrunk("carrier", "localhost", callee.port))
            await asyncio.wait_for(lab.engine.trunks.wait_known("carrier"), 5)
            lab.floor.send(originate("a"))
            await lab.floor.wait(Answered, "a")

    uvloop.run(story())


def test_trunks_are_told_again_to_a_new_engine(tmp_path: Path) -> None:
    async def story() -> None:
        async with Callee() as callee:
            async with Lab(tmp_path) as lab:
                link_events: list[Any] = []
                assert lab.settings.socket is not None
                link = EngineLink(
                    lab.settings.socket, floor="f", fence=lambda: 1, on_event=link_events.append
                )
                task = asyncio.create_task(link.run())
                link.send(SetTrunk("carrier", "127.0.0.1", callee.port))
                for _ in range(100):
                    await asyncio.sleep(0.02)
                    if link_events:
                        break
                assert link.connected
                assert link.dropped == 1
                assert lab.engine.trunks.get("carrier") is not None
            for _ in range(100):
                await asyncio.sleep(0.02)
                if type(link_events[-1]).__name__ == "EngineLost":
                    break
            else:
                raise AssertionError("the link did not tell that the engine is lost")
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    uvloop.run(story())
