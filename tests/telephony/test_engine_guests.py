"""More than two in a call: who hears whom is measured, both ways, by each party's own tone.

Every leg says one frequency; what a leg hears is read off by the strength of each frequency in what
arrived there, so that "nobody hears the supervisor" is a number and no promise.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
import uvloop
from callee import Callee, CalleeCall
from engine_lab import Lab, originate
from softphone import Softphone
from test_engine_phones import desk_phone, lifted, set_phone

from vyzov.dialer.ports import (
    Answered,
    Bridge,
    BridgeJoined,
    BridgeLeft,
    DeviceAnswer,
    DeviceOffer,
    DeviceUp,
    GuestJoined,
    GuestLeft,
    Hangup,
    Hold,
    Mute,
    RecordFinished,
    RecordStart,
    RecordStop,
    SetGuests,
    Unbridge,
)
from vyzov.media.frame import Samples
from vyzov.media.g711 import Law
from vyzov.media.wav import parse_wav

pytestmark = pytest.mark.timeout(90)

HZ = {"a": 440.0, "op": 1200.0, "sup": 740.0, "third": 1840.0}
"""The tone of each leg: the customer, the operator, and two guests."""
HEARD, UNHEARD = 600.0, 60.0
"""Amplitudes of 32,767: what is said comes with thousands, what is not said with next to nothing."""
ALL = tuple(HZ)
Pairs = frozenset[tuple[str, str]]


class Ears(Protocol):
    """Somebody who hears: a callee's call or a softphone."""

    def heard_sound(self, seconds: float) -> Samples: ...


def strength(sound: Samples, hz: float) -> float:
    """Returns the amplitude of one frequency (Goertzel's sum)."""
    turn = np.exp(-2j * np.pi * hz / 8000 * np.arange(len(sound)))
    return float(abs(turn @ sound.astype(float))) * 2 / max(1, len(sound))


def pairs(*both: str, **hears: str) -> Pairs:
    """Returns pairs of who hears whom: `both` hear each other, NAME="OTHER ..." hears those."""
    mutual = {(one, other) for one in both for other in both if one != other}
    return frozenset(mutual | {(one, who) for one, what in hears.items() for who in what.split()})


def measured(ears: Mapping[str, Ears], among: Iterable[str]) -> tuple[Pairs, dict[str, float]]:
    """Returns who hears whom by the last 300 ms, and what was neither clearly heard nor silent."""
    heard: set[tuple[str, str]] = set()
    unclear: dict[str, float] = {}
    for one, there in ears.items():
        sound = there.heard_sound(0.3)
        for other in among:
            level = strength(sound, HZ[other]) if len(sound) >= 2000 else 300.0
            if level >= HEARD:
                heard.add((one, other))
            elif level > UNHEARD:
                unclear[f"{one} of {other}"] = level
    return frozenset(heard), unclear


async def hear(ears: Mapping[str, Ears], expected: Pairs, *, limit_s: float = 12.0) -> None:
    """Waits until exactly these hear each other, twice in a row 300 ms apart."""
    end, good = time.monotonic() + limit_s, 0
    while good < 2:
        assert time.monotonic() < end, f"wanted {sorted(expected)}, heard {measured(ears, ears)}"
        await asyncio.sleep(0.3 if good else 0.05)
        found, unclear = measured(ears, ears)
        good = good + 1 if found == expected and not unclear else 0


async def phone_of(
    lab: Lab, leg: str, *, codec: str = "PCMA", hz: float | None = None
) -> Softphone:
    phone = Softphone(hz=hz or HZ[leg], codec=codec)
    lab.floor.send(DeviceOffer(leg, f"agent-{leg}", await phone.offer()))
    await phone.take((await lab.floor.wait(DeviceAnswer, leg)).sdp)
    await lab.floor.wait(DeviceUp, leg)
    return phone


async def bridged(lab: Lab, callee: Callee) -> CalleeCall:
    lab.floor.trunk(callee.port)
    lab.floor.send(originate("a"))
    await lab.floor.wait(Answered, "a")
    lab.floor.send(Bridge("a", "op", cue=False))
    await lab.floor.wait(BridgeJoined, "a")
    return await callee.call()


def guests(role: str, hears: Pairs, *legs: str) -> SetGuests:
    return SetGuests("a", dict.fromkeys(legs, role), tuple(sorted(hears)))


TWO = pairs("a", "op")
LISTEN = TWO | pairs(sup="a op")
WHISPER = LISTEN | pairs(op="sup")
BARGE = pairs("a", "op", "sup")


def test_listen_whisper_barge_and_take_over_are_heard_by_whom_they_should(tmp_path: Path) -> None:
    """Line 3 of the supervisor: measured in every state, and what each recording holds."""

    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee(hz=HZ["a"]) as callee:
            operator, supervisor = await phone_of(lab, "op"), await phone_of(lab, "sup")
            ears: dict[str, Ears] = {"op": operator, "sup": supervisor}
            ears["a"] = await bridged(lab, callee)
            await hear(ears, TWO)
            for role, matrix in (("listen", LISTEN), ("whisper", WHISPER), ("barge", BARGE)):
                lab.floor.send(RecordStart("a", role, f"{role}.wav"), guests(role, matrix, "sup"))
                await hear(ears, matrix)
                lab.floor.send(RecordStop("a", role))
            told = [(one.guest, one.role) for one in lab.floor.of(GuestJoined, "a")]
            assert told == [("sup", "listen"), ("sup", "whisper"), ("sup", "barge")]
            seen = await lab.floor.snapshot()
            assert (seen.bridges, seen.guests) == ((("a", "op"),), (("a", "sup"),))
            lab.floor.send(Bridge("a", "sup", cue=False))
            await hear(ears, pairs("a", "sup"))
            log = [one for one in lab.floor.log("a") if one != "RecordFinished"]
            assert log[-3:] == ["GuestLeft", "BridgeLeft", "BridgeJoined"]
            seen = await lab.floor.snapshot()
            assert (seen.bridges, seen.guests) == ((("a", "sup"),), ())
            holds = {}
            for role in ("listen", "whisper", "barge"):
                saved = await lab.floor.wait(
                    RecordFinished, "a", where=lambda e, role=role: e.recording == role
                )
                holds[role] = channels(Path(saved.path))
            # Left is the customer alone, right what the customer heard: a whisper is in neither.
            assert holds == {
                "listen": ({"a"}, {"op"}),
                "whisper": ({"a"}, {"op"}),
                "barge": ({"a"}, {"op", "sup"}),
            }
            await operator.close()
            await supervisor.close()

    uvloop.run(story())


def test_a_supervisor_at_a_desk_phone_is_heard_as_one_in_a_browser(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee(hz=HZ["a"], law=Law.PCMU) as callee:
            operator = await phone_of(lab, "op")
            lab.floor.send(set_phone())
            async with desk_phone(lab, hz=HZ["sup"]) as phone:
                await lifted(lab, phone, "sup", "sue")
                ears: dict[str, Ears] = {"op": operator, "sup": phone}
                ears["a"] = await bridged(lab, callee)
                for role, matrix in (("whisper", WHISPER), ("barge", BARGE)):
                    lab.floor.send(guests(role, matrix, "sup"))
                    await hear(ears, matrix)
                lab.floor.send(Hangup("a"))
                await lab.floor.wait(GuestLeft, "a")
            await operator.close()

    uvloop.run(story())


def channels(path: Path) -> tuple[set[str], set[str]]:
    """Returns whose tones the last 300 ms of the left and of the right channel hold."""
    samples = parse_wav(path.read_bytes()).samples[-2400:]
    left, right = (
        {leg for leg, hz in HZ.items() if strength(samples[:, side], hz) > HEARD} for side in (0, 1)
    )
    return left, right


def test_a_consultation_is_not_heard_by_the_held_customer_and_four_confer(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee(hz=HZ["a"]) as callee:
            # One of them through Opus: the mix must not depend on how a browser is spoken to.
            phones = [
                await phone_of(lab, "op"),
                await phone_of(lab, "sup", codec="PCMU"),
                await phone_of(lab, "third", codec="opus"),
            ]
            ears: dict[str, Ears] = dict(zip(("op", "sup", "third"), phones, strict=True))
            ears["a"] = await bridged(lab, callee)
            await hear(ears, TWO)
            lab.floor.send(Hold("a", on=True), guests("consult", pairs("op", "sup"), "sup"))
            await hear(ears, pairs("op", "sup"))
            everybody = pairs(*ALL)
            lab.floor.send(Hold("a", on=False), guests("conference", everybody, "sup", "third"))
            await hear(ears, everybody)
            lab.floor.send(Mute("sup", on=True))
            await hear(ears, frozenset(one for one in everybody if one[1] != "sup"))
            # Who leaves is muted no more in their next call, and the rest go on.
            lab.floor.send(guests("conference", pairs("a", "op", "third"), "third"))
            await hear(ears, pairs("a", "op", "third"))
            lab.floor.send(guests("", frozenset()))
            await hear(ears, TWO)
            assert [one.guest for one in lab.floor.of(GuestLeft, "a")] == ["sup", "third"]
            for phone in phones:
                await phone.close()

    uvloop.run(story())


def test_guests_go_with_the_bridge_and_a_lost_guest_with_their_leg(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee(hz=HZ["a"]) as callee:
            operator, supervisor = await phone_of(lab, "op"), await phone_of(lab, "sup")
            ears: dict[str, Ears] = {"op": operator, "a": await bridged(lab, callee)}
            lab.floor.send(guests("barge", BARGE, "sup"))
            await lab.floor.wait(GuestJoined, "a")
            await supervisor.close()
            assert (await lab.floor.wait(GuestLeft, "a")).guest == "sup"
            await hear(ears, TWO)
            supervisor = await phone_of(lab, "third")
            lab.floor.send(guests("listen", TWO | pairs(third="a op"), "third"))
            await lab.floor.wait(GuestJoined, "a", count=2)
            lab.floor.send(Unbridge("a", comfort=True))
            await lab.floor.wait(BridgeLeft, "a")
            assert lab.floor.log("a")[-2:] == ["GuestLeft", "BridgeLeft"]
            # Alone, the customer has no guests, and neither has a call that is over.
            lab.floor.send(guests("listen", LISTEN, "third"))
            await lab.floor.wait(GuestLeft, "a", count=3)
            lab.floor.send(Hangup("a"), guests("listen", LISTEN, "third"))
            await lab.floor.snapshot()
            await operator.close()
            await supervisor.close()

    uvloop.run(story())


def test_an_engine_lets_no_fifth_leg_in_and_none_that_is_gone(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee(hz=HZ["a"]) as callee:
            names = ("op", "sup", "third")
            phones = [await phone_of(lab, leg) for leg in names]
            phones.append(await phone_of(lab, "fourth", hz=2200.0))
            await bridged(lab, callee)
            crowd = {"sup": "barge", "third": "barge", "fourth": "barge", "nobody": "barge"}
            lab.floor.send(SetGuests("a", {"op": "barge", **crowd}, (("a", "sup"),)))
            await lab.floor.wait(GuestLeft, "a", count=3)
            left = [one.guest for one in lab.floor.of(GuestLeft, "a")]
            assert left == ["op", "fourth", "nobody"]
            seen = await lab.floor.snapshot()
            assert seen.guests == (("a", "sup"), ("a", "third"))
            for phone in phones:
                await phone.close()

    uvloop.run(story())
