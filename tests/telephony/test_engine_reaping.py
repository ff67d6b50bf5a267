"""A killed engine's calls are ended by the next one, and no callee is called twice."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest
import uvloop
from callee import Callee
from engine_lab import EngineProcess, Floor, originate

from vyzov.dialer.ports import (
    Answered,
    Ended,
    Failed,
    LegEvent,
    RecordFinished,
    RecordStart,
    Ringing,
)
from vyzov.media.wav import parse_wav
from vyzov.sip.events import CallCancelled, CallEnded, Side, Stage
from vyzov.sip.evidence import rejection
from vyzov.telephony.native import reaping
from vyzov.telephony.native.journal import LegBook, Placed
from vyzov.telephony.native.reaping import Reaper

pytestmark = pytest.mark.timeout(90)


def test_a_callee_left_ringing_is_cancelled_by_the_restarted_engine(tmp_path: Path) -> None:
    async def story() -> None:
        async with Callee(answers=False) as callee:
            with EngineProcess(tmp_path) as first:
                async with Floor(tmp_path / "engine.sock") as floor:
                    floor.trunk(callee.port)
                    floor.send(originate("a"))
                    await floor.wait(Ringing, "a")
                first.kill()
            killed = time.monotonic()
            assert callee.count("CANCEL") == 0
            with EngineProcess(tmp_path) as second:
                await callee.wait(CallCancelled, 10.0)
                assert time.monotonic() - killed < 10
                async with Floor(tmp_path / "engine.sock") as floor:
                    snapshot = await floor.snapshot()
                    last = snapshot.legs["a"][-1]
                    assert isinstance(last, Failed)
                    assert (last.stage, last.code) == ("lost", 487)
                    # The floor may ask again for what it does not know: nobody rings twice.
                    floor.trunk(callee.port)
                    floor.send(originate("a"))
                    await asyncio.sleep(0.3)
                assert second.stop() == 0
            assert callee.count("INVITE") == 1
            # The ACK of the 487 arrived: the callee repeats nothing.
            assert callee.count("ACK") == 1

    uvloop.run(story())


def test_a_callee_left_in_silence_is_hung_up_on_by_the_restarted_engine(tmp_path: Path) -> None:
    async def story() -> None:
        async with Callee() as callee:
            with EngineProcess(tmp_path) as first:
                async with Floor(tmp_path / "engine.sock") as floor:
                    floor.trunk(callee.port)
                    floor.send(originate("a"))
                    await floor.wait(Answered, "a")
                    floor.send(RecordStart("a", "rec", "a.wav"))
                    await asyncio.sleep(2.5)
                first.kill()
            with EngineProcess(tmp_path) as second:
                ended = await callee.wait(CallEnded, 10.0)
                assert ended.side == "far"
                async with Floor(tmp_path / "engine.sock") as floor:
                    log = (await floor.snapshot()).legs["a"]
                    ends = [e for e in log if isinstance(e, Ended)]
                    assert [(e.side, e.cause) for e in ends] == [("engine", "engine_restarted")]
                    assert sum(isinstance(e, Answered) for e in log) == 1
                    saved = [e for e in log if isinstance(e, RecordFinished)]
                    assert len(saved) == 1
                    assert saved[0].seconds >= 1.0
                    wave = parse_wav(Path(saved[0].path).read_bytes())
                    assert (wave.rate, wave.channels) == (8000, 2)
                assert second.stop() == 0
            assert callee.count("INVITE") == 1
            assert callee.count("BYE") == 1

    uvloop.run(story())


def test_a_callee_who_answers_while_the_engine_is_dead_is_released(tmp_path: Path) -> None:
    async def story() -> None:
        async with Callee(ring_s=1.0) as callee:
            with EngineProcess(tmp_path) as first:
                async with Floor(tmp_path / "engine.sock") as floor:
                    floor.trunk(callee.port)
                    floor.send(originate("a"))
                    await floor.wait(Ringing, "a")
                first.kill()
            await asyncio.sleep(1.2)
            assert callee.sent_200_at is not None
            with EngineProcess(tmp_path) as second:
                await callee.wait(CallEnded, 10.0)
                async with Floor(tmp_path / "engine.sock") as floor:
                    log = (await floor.snapshot()).legs["a"]
                    # Somebody picked up: the floor must be able to count it.
                    assert [type(event) for event in log[-2:]] == [Answered, Ended]
                    assert isinstance(log[-1], Ended)
                    assert (log[-1].side, log[-1].cause) == ("engine", "engine_restarted")
                    # They were on the line for longer than we saw, but not since before it rang.
                    assert isinstance(log[-2], Answered)
                    seen_s = log[-2].at - callee.sent_200_at
                    rang_s = log[-2].at - next(e.at for e in log if isinstance(e, Ringing))
                    assert seen_s <= log[-2].unseen_s <= rang_s + 0.1
                assert second.stop() == 0
            assert callee.count("INVITE") == 1
            assert callee.count("ACK") >= 1
            assert callee.count("BYE") == 1

    uvloop.run(story())


def test_an_answer_that_is_only_repeated_after_the_doors_are_open_still_counts(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with Callee(ring_s=0.5) as callee:
            with EngineProcess(tmp_path) as first:
                async with Floor(tmp_path / "engine.sock") as floor:
                    floor.trunk(callee.port)
                    floor.send(originate("a"))
                    await floor.wait(Ringing, "a")
                first.kill()
            # The 2xx leaves 0, 0.5, 1.5, 3.5 and 7.5 s after the answer.
            await asyncio.sleep(0.5 + 3.6)
            with EngineProcess(tmp_path) as second:
                async with Floor(tmp_path / "engine.sock") as floor:
                    ended = await floor.wait(Ended, "a")
                    assert (ended.side, ended.cause) == ("engine", "engine_restarted")
                    log = (await floor.snapshot()).legs["a"]
                    assert [type(event) for event in log[-2:]] == [Answered, Ended]
                assert second.stop() == 0
            assert callee.count("BYE") == 1

    uvloop.run(story())


def test_a_stopped_engine_hangs_up_what_lives(tmp_path: Path) -> None:
    async def story() -> None:
        async with Callee() as answering, Callee(answers=False) as ringing:
            with EngineProcess(tmp_path) as engine:
                async with Floor(tmp_path / "engine.sock") as floor:
                    floor.trunk(answering.port)
                    floor.send(originate("a"))
                    await floor.wait(Answered, "a")
                    floor.trunk(ringing.port)
                    floor.send(originate("b"))
                    await floor.wait(Ringing, "b")
                    assert await asyncio.to_thread(engine.stop) == 0
                    ended = await floor.wait(Ended, "a")
                    assert (ended.side, ended.cause) == ("engine", "engine_stopping")
                    assert (await floor.wait(Failed, "b")).stage == "cancelled"
            await answering.wait(CallEnded)
            await ringing.wait(CallCancelled)

    uvloop.run(story())


# ---- what a far side says that has no such call any more -----------------------------------------


class Deaf:
    """Signalling whose words reach nobody."""

    agent: "Deaf"

    def __init__(self) -> None:
        self.agent = self

    def reap(self, leg: str, **about: object) -> None: ...

    def pump(self) -> None: ...


@pytest.mark.parametrize("leaves", [False, True])
def test_a_far_side_that_knows_no_call_has_a_moment_to_say_that_somebody_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leaves: bool
) -> None:
    monkeypatch.setattr(reaping, "LATE_S", 0.4)
    path = tmp_path / "legs.jsonl"
    book = LegBook(path)
    book.open("a", "floor", Placed("a", "127.0.0.1", 5060, "+70005550101", "+70005550102"))
    book.close()
    told: list[LegEvent] = []

    async def story() -> None:
        reaper = Reaper(LegBook(path), Deaf(), told.append)  # type: ignore[arg-type]
        running = asyncio.create_task(reaper.run(5.0))
        await asyncio.sleep(0)
        no_such_call = rejection("a", None, Stage.CANCELLED, (), 0.0)
        assert reaper.handle(no_such_call)
        await asyncio.wait_for(running, 2.0)  # Nobody waits for it before the doors open.
        assert told == []
        if leaves:
            assert reaper.handle(CallEnded("a", 0.0, Side.FAR, "bye"))
        await asyncio.sleep(0.6)

    asyncio.run(story())
    if leaves:
        assert [type(event) for event in told] == [Answered, Ended]
        assert told[-1].side == "engine", "they heard nobody, and that was us"  # type: ignore[attr-defined]
    else:
        (lost,) = told
        assert isinstance(lost, Failed)
        assert (lost.stage, lost.code) == ("lost", 0)


def test_that_somebody_answered_is_on_the_disk_before_they_are_hung_up_on(tmp_path: Path) -> None:
    path = tmp_path / "legs.jsonl"
    book = LegBook(path)
    book.open("a", "floor", Placed("a", "127.0.0.1", 5060, "+70005550101", "+70005550102"))

    def post(event: LegEvent) -> None:
        seq = book.next_seq(event.leg, "floor")
        book.note(replace(event, seq=seq, at=time.monotonic()))

    async def story() -> None:
        reaper = Reaper(book, Deaf(), post)  # type: ignore[arg-type]
        assert reaper.handle(CallEnded("a", 0.0, Side.US, "reaped"))

    asyncio.run(story())
    # The engine is killed here: what the agent has to send leaves only after `handle`.
    next_run = LegBook(path)
    assert [type(event) for event in next_run.legs["a"].events] == [Answered]
    told: list[LegEvent] = []

    async def next_story() -> None:
        reaper = Reaper(next_run, Deaf(), told.append)  # type: ignore[arg-type]
        assert reaper.handle(rejection("a", None, Stage.CANCELLED, (), 0.0))
        assert told == []
        reaper._close_rest()

    asyncio.run(next_story())
    (ended,) = told
    assert isinstance(ended, Ended)
    assert ended.side == "engine"
