"""A lease that ran out and is not prolonged yet stops dialling before anybody is reserved for nothing."""

import asyncio
from typing import Any

import pytest
from conftest import QUICK, Build, Centre, plan

from vyzov.core.facts import FactKind
from vyzov.dialer import effects as fx
from vyzov.dialer.ports import Hangup, Originate, Refused
from vyzov.dialer.runtime import LEASE_SPAN_S, Runtime


def begun(centre: Centre, count: int) -> str:
    campaign = centre.campaign(count, mode="agentless", lines_max=20, calls_per_second=8)
    centre.everybody(plan(talk_s=2.0))
    centre.open(campaign)
    return campaign


def test_nobody_is_reserved_from_the_end_of_the_lease_until_it_is_prolonged(centre: Centre) -> None:
    campaign = begun(centre, 40)
    world = centre.world
    assert centre.until(lambda: len(centre.attempts()) > 4)
    assert world.process is not None
    world.process.post(fx.LeaseOver())
    world.run(0.1)
    before = len(centre.attempts())
    world.run(5.0)
    assert len(centre.attempts()) == before
    assert centre.live_campaign(campaign).why == ("lease_over", {})
    world.process.post(fx.LeaseKept())
    assert centre.until(lambda: len(centre.attempts()) > before, 2.0)


def test_a_lease_that_cannot_be_prolonged_uses_up_one_batch_of_attempts_at_most(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(centre, 200)
    world = centre.world
    assert centre.until(lambda: len(centre.attempts()) > 8)
    process = world.process
    assert process is not None
    with monkeypatch.context() as slow:
        slow.setattr(process, "_prolong", lambda _asked_at: True)
        slow.setattr(process, "_lease_until", world.timeline.now)
        before = len(centre.attempts())
        world.run(4 * LEASE_SPAN_S)
        lost = centre.facts(FactKind.ATTEMPT_REFUSED)
        assert {fact.data["reason"] for fact in lost} <= {"lease"}
        assert len(lost) <= 8
        assert len(centre.attempts()) == before
        assert not centre.room.lease_held
    process._prolong(world.timeline.now)
    after = len(centre.attempts())
    assert centre.until(lambda: len(centre.attempts()) > after + 20)
    assert len(centre.facts(FactKind.ATTEMPT_REFUSED)) == len(lost)


class FloorThatListens:
    """Notes what it is stepped with."""

    def __init__(self) -> None:
        self.inputs: list[Any] = []

    def step(self, item: Any, now: fx.Now) -> list[Any]:
        del now
        self.inputs.append(item)
        return []


def test_the_floor_hears_of_the_end_of_its_lease_before_the_next_input(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    floor: Any = FloorThatListens()
    none: Any = None

    async def run() -> None:
        runtime = Runtime(floor, none, floor_id="day", holder="me", on_died=lambda _: None)
        monkeypatch.setattr(runtime, "_lease_until", 100.0)
        for now in (99.0, 100.0, 101.0):
            monkeypatch.setattr("vyzov.dialer.runtime.lease_clock", lambda now=now: now)
            runtime._step(fx.Tick())
        monkeypatch.setattr(runtime, "_lease_until", 106.0)
        runtime._step(fx.Tick())

    asyncio.run(run())
    tick = fx.Tick()
    assert floor.inputs == [tick, fx.LeaseOver(), tick, tick, fx.LeaseKept(), tick]


def test_an_originate_under_way_when_the_lease_ends_comes_back_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[Any] = []
    none: Any = None

    class Engine:
        def send(self, verb: Any) -> None:
            sent.append(verb)

    async def run() -> None:
        floor: Any = FloorThatListens()
        runtime = Runtime(floor, none, floor_id="day", holder="me", on_died=lambda _: None)
        runtime.engine = Engine()
        monkeypatch.setattr(runtime, "_lease_until", 100.0)
        monkeypatch.setattr("vyzov.dialer.runtime.lease_clock", lambda: 100.0)
        order = Originate("leg", "a1", 1, 1e12, "t", "+70005550101", "", 16.0)
        runtime._carry_out(fx.SendVerb(order))
        runtime._carry_out(fx.SendVerb(Hangup("leg")))
        back = runtime._inbox.get_nowait()
        assert isinstance(back, Refused)
        assert back.reason == "lease"

    asyncio.run(run())
    assert sent == [Hangup("leg")]


@pytest.mark.parametrize(
    ("answers", "ours", "steps"),
    [
        ((True,), True, True),
        ((False,), False, False),
        ((None, None, True), True, True),
        ((None, None, False), False, False),
        ((None,) * 100, False, False),
    ],
)
def test_who_slept_beyond_the_lease_decides_nothing_before_the_database_says_whose_it_is(
    monkeypatch: pytest.MonkeyPatch, answers: tuple[bool | None, ...], ours: bool, steps: bool
) -> None:
    floor: Any = FloorThatListens()
    none: Any = None
    given_up: list[str] = []
    clock = {"now": 100.0}
    said = iter(answers)

    async def run() -> None:
        runtime = Runtime(floor, none, floor_id="day", holder="me", on_died=given_up.append)

        async def renew() -> bool | None:
            clock["now"] += LEASE_SPAN_S / 20
            return next(said)

        monkeypatch.setattr(runtime, "_renew", renew)
        monkeypatch.setattr("vyzov.dialer.runtime.lease_clock", lambda: clock["now"])
        monkeypatch.setattr("vyzov.dialer.runtime.LOOK_S", 0.0)
        working = asyncio.create_task(runtime._work())
        await asyncio.sleep(0)
        clock["now"] += 2 * LEASE_SPAN_S
        runtime.post(fx.StoreAway("slept"))
        await asyncio.wait([working], timeout=1.0)
        assert working.done() is not ours
        working.cancel()

    asyncio.run(run())
    assert (fx.StoreAway("slept") in floor.inputs) is steps
    assert bool(given_up) is (answers[-1] is None)


def test_who_slept_beyond_the_lease_books_nothing_while_the_database_is_away(
    build: Build,
) -> None:
    """Its timers would ring for calls that another one leads: a talk would be booked as abandoned."""
    centre = build(faults=QUICK)
    centre.everybody(plan(ring_s=3.0))
    ann = centre.operator()
    centre.open(centre.campaign(1, agents=(ann,)))
    sleeper = centre.world.process
    assert sleeper is not None
    centre.ready(ann)
    centre.reach("ringing")
    sleeper.freeze(14.0)
    centre.world.start()
    assert centre.until(lambda: centre.world.is_up, 9.0)
    centre.come_back(ann)
    centre.world.run(14.0 - 9.0)
    centre.world.take_store_away(8.0)
    centre.world.run(14.0)
    assert not sleeper.alive
    centre.kill_floor()  # The next life finds what the sleeper kept.
    centre.settle()
    assert centre.facts(FactKind.ABANDONED) == []
