"""What becomes of calls whose floor is gone, by the policy each call came with."""

import asyncio
import time
from pathlib import Path

import pytest
import uvloop
from callee import Callee
from engine_lab import Floor, Lab, originate
from hypothesis import given
from hypothesis import strategies as st

from vyzov.dialer.ports import (
    Answered,
    Bridge,
    BridgeJoined,
    Ended,
    Failed,
    Orphan,
    PlayFinished,
    Ringing,
    Snapshot,
)
from vyzov.media.tones import dominant, tone
from vyzov.media.wav import Encoding, header
from vyzov.sip.events import CallCancelled, CallEnded
from vyzov.telephony.native.orphans import Phase, due

QUICK = Orphan(ringing_s=0.3, unmatched_s=0.3, bridged_s=0.8, prompt="harbour")


def put_prompt(folder: Path, name: str, hz: float, ms: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    data = tone(hz, ms).astype("<i2").tobytes()
    (folder / f"{name}.wav").write_bytes(header(Encoding.PCM16, 1, 8000, len(data)) + data)


@given(st.sampled_from(Phase), st.floats(0, 4000))
def test_a_policy_is_a_limit_for_each_phase(phase: Phase, waited: float) -> None:
    policy = Orphan(ringing_s=2, unmatched_s=5, bridged_s=1800)
    limit = {Phase.RINGING: 2, Phase.UNMATCHED: 5, Phase.BRIDGED: 1800}[phase]
    assert due(phase, waited, policy) == (waited >= limit)


def test_an_orphan_that_rings_is_cancelled(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee(answers=False) as callee:
            lab.floor.trunk(callee.port)
            lab.floor.send(originate("a", orphan=QUICK))
            await lab.floor.wait(Ringing, "a")
            left = time.monotonic()
            await lab.floor.leave()
            await callee.wait(CallCancelled)
            assert 0.25 < time.monotonic() - left < 1.0

    uvloop.run(story())


def test_an_orphan_who_waits_hears_the_message_and_is_released(tmp_path: Path) -> None:
    put_prompt(tmp_path / "prompts", "harbour", 920, 600)

    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            lab.floor.trunk(callee.port)
            lab.floor.send(originate("a", orphan=QUICK))
            await lab.floor.wait(Answered, "a")
            call = await callee.call()
            await lab.floor.leave()
            await asyncio.wait_for(call.ended.wait(), 5)
            assert dominant(call.heard_sound(0.4))[0] == pytest.approx(920, abs=3)
            assert lab.settings.socket is not None
            async with Floor(lab.settings.socket) as again:
                log = (await again.snapshot()).legs["a"]
                ended = [e for e in log if isinstance(e, Ended)]
                assert [(e.side, e.cause) for e in ended] == [("engine", "orphan")]
                assert [e.completed for e in log if isinstance(e, PlayFinished)] == [True]

    uvloop.run(story())


def test_an_orphan_without_a_prompt_to_hear_is_released_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            lab.floor.trunk(callee.port)
            lab.floor.send(originate("a", orphan=QUICK))
            await lab.floor.wait(Answered, "a")
            await lab.floor.leave()
            await callee.wait(CallEnded, 3)

    uvloop.run(story())


def test_an_orphan_who_talks_goes_on_until_its_limit(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as customer, Callee(hz=900) as desk:
            lab.floor.trunk(customer.port)
            lab.floor.send(originate("a", orphan=QUICK))
            await lab.floor.wait(Answered, "a")
            lab.floor.trunk(desk.port)
            lab.floor.send(originate("b", orphan=QUICK))
            await lab.floor.wait(Answered, "b")
            lab.floor.send(Bridge("a", "b", cue=False))
            await lab.floor.wait(BridgeJoined, "a")
            left = time.monotonic()
            await lab.floor.leave()
            await asyncio.sleep(0.5)
            heard = (await customer.call()).heard_sound(0.2)
            assert dominant(heard)[0] == pytest.approx(900, abs=3)
            await customer.wait(CallEnded, 3)
            assert time.monotonic() - left > 0.7

    uvloop.run(story())


def test_a_floor_that_returns_in_time_keeps_its_calls(tmp_path: Path) -> None:
    put_prompt(tmp_path / "prompts", "harbour", 920, 3000)

    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as one, Callee(answers=False) as two:
            lab.floor.trunk(one.port)
            lab.floor.send(originate("a", orphan=QUICK))
            await lab.floor.wait(Answered, "a")
            lab.floor.trunk(two.port)
            lab.floor.send(originate("b", orphan=Orphan(ringing_s=1.0)))
            await lab.floor.wait(Ringing, "b")
            await lab.floor.leave()
            # The message to the one who waits is under way when the floor returns.
            await asyncio.sleep(0.7)
            assert lab.settings.socket is not None
            async with Floor(lab.settings.socket) as again:
                stopped = await again.wait(PlayFinished, "a")
                assert (stopped.play, stopped.completed) == ("orphan", False)
                # A floor listens only from its snapshot on: what its coming ended must stand there.
                (first,) = again.of(Snapshot)
                assert [e for e in first.legs["a"] if isinstance(e, PlayFinished)] == [stopped]
                await asyncio.sleep(1.2)
                assert again.of(Ended) == again.of(Failed) == []
                assert set(lab.engine.calls.living) == {"a", "b"}

    uvloop.run(story())
