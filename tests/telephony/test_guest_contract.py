"""One story of a bridge with guests, told to the engine of the network and to the made-up one.

Both must tell the same events in the same order and show the same snapshots: what the floor learns on
the one holds on the other.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from unittest.mock import MagicMock

import pytest
import uvloop
from callee import Callee
from engine_lab import FLOOR, Lab, originate
from softphone import Softphone

from vyzov.dialer import ports
from vyzov.simulation.engine import SimulatedEngine
from vyzov.simulation.people import Callee as Person
from vyzov.simulation.people import CalleeKind
from vyzov.simulation.world_time import Timeline

pytestmark = pytest.mark.timeout(90)

LEGS = ("op", "sup", "third")


def guests(roles: Mapping[str, str], *pairs: tuple[str, str]) -> ports.SetGuests:
    return ports.SetGuests("a", dict(roles), tuple(pairs))


STORY: tuple[ports.Verb, ...] = (
    # Nobody is beside a customer who talks with nobody.
    guests({"sup": "listen"}),
    ports.Bridge("a", "op"),
    guests({"sup": "listen"}, ("sup", "a"), ("sup", "op")),
    guests({"sup": "listen"}, ("sup", "a"), ("sup", "op")),
    guests({"sup": "whisper", "op": "barge", "gone": "barge", "third": "barge"}),
    guests({"third": "barge"}),
    guests({"third": "barge", "sup": "consult"}),
    # Take over: the guests go with the old bridge, then there are two again.
    ports.Bridge("a", "sup"),
    guests({"op": "listen"}),
    ports.DeviceClose("op"),
    guests({"third": "barge"}),
    ports.Unbridge("a", comfort=True),
)
TOLD = [
    ("GuestLeft", "sup", ""),
    ("BridgeJoined", "op", ""),
    ("GuestJoined", "sup", "listen"),
    ("GuestLeft", "op", ""),
    ("GuestLeft", "gone", ""),
    ("GuestJoined", "sup", "whisper"),
    ("GuestJoined", "third", "barge"),
    ("GuestLeft", "sup", ""),
    ("GuestJoined", "sup", "consult"),
    ("GuestLeft", "third", ""),
    ("GuestLeft", "sup", ""),
    ("BridgeLeft", "op", ""),
    ("BridgeJoined", "sup", ""),
    ("GuestJoined", "op", "listen"),
    ("GuestLeft", "op", ""),
    ("GuestJoined", "third", "barge"),
    ("GuestLeft", "third", ""),
    ("BridgeLeft", "sup", ""),
]
BEFORE_THE_END = ((("a", "sup"),), (("a", "third"),))


def told(events: list[ports.Event]) -> list[tuple[str, str, str]]:
    return [
        (
            type(one).__name__,
            str(getattr(one, "guest", "") or getattr(one, "agent", "")),
            str(getattr(one, "role", "")),
        )
        for one in events
        if isinstance(one, ports.OF_BRIDGES) and one.leg == "a"
    ]


def shown(seen: ports.Snapshot) -> object:
    return (seen.bridges, seen.guests)


def test_the_engine_of_the_network_tells_the_story(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            phones = [await ready(lab, leg) for leg in LEGS]
            lab.floor.trunk(callee.port)
            lab.floor.send(originate("a"))
            await lab.floor.wait(ports.Answered, "a")
            lab.floor.send(*STORY[:-1])
            assert shown(await lab.floor.snapshot()) == BEFORE_THE_END
            lab.floor.send(STORY[-1])
            assert shown(await lab.floor.snapshot()) == ((), ())
            assert told(lab.floor.events) == TOLD
            for phone in phones:
                await phone.close()

    uvloop.run(story())


async def ready(lab: Lab, leg: str) -> Softphone:
    phone = Softphone()
    lab.floor.send(ports.DeviceOffer(leg, f"agent-{leg}", await phone.offer()))
    await phone.take((await lab.floor.wait(ports.DeviceAnswer, leg)).sdp)
    await lab.floor.wait(ports.DeviceUp, leg)
    return phone


class Ear:
    """A floor's end of a made-up engine."""

    def __init__(self) -> None:
        self.events: list[ports.Event] = []

    def hear(self, event: ports.Event) -> None:
        self.events.append(event)

    def closed(self) -> None:
        """Is never shut here."""


def test_the_made_up_engine_tells_the_same_story() -> None:
    timeline, ear = Timeline(datetime(2026, 11, 23, 12, tzinfo=UTC)), Ear()
    person = Person("+70005550101", CalleeKind.ANSWERS_AND_SPEAKS, 4)
    engine = SimulatedEngine(timeline, lambda _to, n: person.plan(n), MagicMock(), Random(1))
    engine.connect(ear, FLOOR, 1)
    engine.carry_out(ports.SetTrunk("carrier", "127.0.0.1", 5060), FLOOR)
    for leg in LEGS:
        engine.carry_out(ports.DeviceOffer(leg, f"agent-{leg}", "v=0"), FLOOR)
    order = originate("a", not_after=timeline.now + 1)
    engine.carry_out(order, FLOOR)
    assert timeline.run_until(
        timeline.now + 60, lambda: any(isinstance(one, ports.Answered) for one in ear.events)
    )
    for verb in STORY[:-1]:
        engine.carry_out(verb, FLOOR)
    engine.carry_out(ports.AskSnapshot(FLOOR, 1), FLOOR)
    assert shown(ear.events[-1]) == BEFORE_THE_END  # type: ignore[arg-type]
    engine.carry_out(STORY[-1], FLOOR)
    assert told(ear.events) == TOLD


def test_a_made_up_callee_hears_whom_the_pairs_let_them_hear() -> None:
    timeline, ear = Timeline(datetime(2026, 11, 23, 12, tzinfo=UTC)), Ear()
    person = Person("+70005550101", CalleeKind.ANSWERS_AND_SPEAKS, 4)
    engine = SimulatedEngine(timeline, lambda _to, n: person.plan(n), MagicMock(), Random(1))
    engine.connect(ear, FLOOR, 1)
    engine.carry_out(ports.SetTrunk("carrier", "127.0.0.1", 5060), FLOOR)
    for leg in LEGS:
        engine.carry_out(ports.DeviceOffer(leg, f"agent-{leg}", "v=0"), FLOOR)
    engine.carry_out(originate("a", not_after=timeline.now + 1), FLOOR)
    timeline.run_until(timeline.now + 60, lambda: engine.calls["a"].answered_at is not None)
    heard: list[str] = []
    both = (("a", "op"), ("a", "sup"))
    for verb in (
        ports.Bridge("a", "op"), guests({"sup": "whisper"}, ("a", "op")), ports.Mute("op", on=True),
        guests({"sup": "barge"}, *both), ports.Mute("sup", on=True), guests({}),
        ports.Mute("op", on=False), ports.Hold("a", on=True),
    ):  # fmt: skip
        engine.carry_out(verb, FLOOR)
        heard.append(engine.calls["a"].hears)
    assert heard == [
        "operator", "operator", "silence", "operator", "silence", "silence", "operator", "sound",
    ]  # fmt: skip
