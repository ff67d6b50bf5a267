"""A customer on a trunk and an agent in a browser: sound both ways, and what happens when it stops.

Every statement about sound is measured: frequency and level on the side that hears it.
"""

import asyncio
import hashlib
import time
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
import uvloop
from callee import Callee, CalleeCall
from engine_lab import Lab, originate
from softphone import Softphone

from vyzov.dialer.ports import (
    Answered,
    Bridge,
    BridgeJoined,
    BridgeLeft,
    DeviceAnswer,
    DeviceClose,
    DeviceDown,
    DeviceOffer,
    DeviceQuality,
    DeviceUp,
    Digit,
    Ended,
    Hangup,
    Hold,
    Mute,
    Play,
    PlayFinished,
    RecordFinished,
    RecordStart,
    RecordStop,
    SendDigits,
    StopPlay,
    Unbridge,
)
from vyzov.media.frame import Samples
from vyzov.media.g711 import Law
from vyzov.media.telephone_event import DigitReceiver, DigitSender
from vyzov.media.tones import dominant, level_dbm0
from vyzov.media.wav import parse_wav

pytestmark = pytest.mark.timeout(60)

CALLEE_HZ = 440.0
AGENT_HZ = 1200.0
COMFORT_HZ = 400.0


async def ready_phone(
    lab: Lab, leg: str = "dev", *, agent: str = "ann", **how: object
) -> Softphone:
    phone = Softphone(hz=AGENT_HZ, **how)  # type: ignore[arg-type]
    lab.floor.send(DeviceOffer(leg, agent, await phone.offer()))
    answer = await lab.floor.wait(DeviceAnswer, leg)
    await phone.take(answer.sdp)
    await lab.floor.wait(DeviceUp, leg)
    return phone


async def answered_call(lab: Lab, callee: Callee, leg: str = "a", **changes: object) -> CalleeCall:
    lab.floor.trunk(callee.port)
    before = len(callee.calls)
    lab.floor.send(originate(leg, **changes))
    await lab.floor.wait(Answered, leg)
    return await callee.call(before)


class Ears(Protocol):
    """Somebody who hears: a callee's call or a softphone."""

    def heard_sound(self, seconds: float) -> Samples: ...


async def until_heard(ears: Ears, hz: float, *, within: float = 4.0, limit_s: float = 8.0) -> None:
    """Waits until the last 200 ms are that tone and loud; a busy machine may need a while."""
    end = time.monotonic() + limit_s
    seen: list[tuple[float, float]] = []
    while time.monotonic() < end:
        await asyncio.sleep(0.04)
        sound = ears.heard_sound(0.2)
        if len(sound) >= 1600:
            seen.append((dominant(sound)[0], level_dbm0(sound)))
            if abs(seen[-1][0] - hz) <= within and seen[-1][1] > -30:
                return
    raise AssertionError(f"{hz} Hz was not heard; heard were {seen[-10:]}")


async def until_silent(ears: Ears, *, limit_s: float = 8.0) -> None:
    """Waits until nothing is heard, while packets go on coming."""
    end = time.monotonic() + limit_s
    level = 0.0
    while time.monotonic() < end:
        await asyncio.sleep(0.04)
        sound = ears.heard_sound(0.2)
        level = level_dbm0(sound) if len(sound) >= 1600 else 0.0
        if level < -60:
            return
    raise AssertionError(f"the last 200 ms still sound, {level:.0f} dBm0")


def sounds_in(channel: Samples, hz: float) -> bool:
    """Whether some 200 ms of a channel are that tone."""
    windows = (channel[at : at + 1600] for at in range(0, len(channel) - 1600, 400))
    return any(abs(dominant(w)[0] - hz) <= 4 and level_dbm0(w) > -30 for w in windows)


@pytest.mark.parametrize(
    ("codec", "law"), [("PCMA", Law.PCMA), ("PCMU", Law.PCMA), ("opus", Law.PCMU)]
)
def test_customer_and_agent_hear_each_other(codec: str, law: Law, tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee(hz=CALLEE_HZ, law=law) as callee:
            phone = await ready_phone(lab, codec=codec)
            assert (await lab.floor.wait(DeviceUp, "dev")).codec == codec
            call = await answered_call(lab, callee)
            lab.floor.send(Bridge("a", "dev"))
            assert (await lab.floor.wait(BridgeJoined, "a")).agent == "dev"
            await until_heard(call, AGENT_HZ)
            await until_heard(phone, CALLEE_HZ)
            assert (await lab.floor.snapshot()).bridges == (("a", "dev"),)
            lab.floor.send(Hangup("a"))
            await lab.floor.wait(Ended, "a")
            assert lab.floor.log("a")[-2:] == ["BridgeLeft", "Ended"]
            await until_silent(phone)
            assert (await lab.floor.snapshot()).devices == {"dev": "ann"}
            await phone.close()
            assert (await lab.floor.wait(DeviceDown, "dev")).reason == "closed"

    uvloop.run(story())


def test_the_customers_stream_stays_one_stream_through_every_change(tmp_path: Path) -> None:
    """Prompt, silence, bridge, hold and prompt again: one SSRC, no sequence number missing."""

    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            phone = await ready_phone(lab)
            call = await answered_call(lab, callee)
            for change in (
                Play("a", "p", "tone:700:-15:200"), Bridge("a", "dev"), Hold("a", on=True),
                Hold("a", on=False), Play("a", "q", "tone:800:-15:200"), Unbridge("a"),
            ):  # fmt: skip
                lab.floor.send(change)
                await asyncio.sleep(0.3)
            packets = list(call.packets)
            assert len({p.ssrc for p in packets}) == 1
            steps = [(b.sequence - a.sequence) & 0xFFFF for a, b in pairwise(packets)]
            assert set(steps) == {1}
            times = [(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairwise(packets)]
            assert min(times) >= 160
            assert sum(times) == pytest.approx(
                (packets[-1].sequence - packets[0].sequence) * 160, rel=0.1
            )
            await phone.close()

    uvloop.run(story())


def test_hold_mute_and_part_are_heard(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee(hz=CALLEE_HZ) as callee:
            phone = await ready_phone(lab)
            call = await answered_call(lab, callee)
            lab.floor.send(Bridge("a", "dev", cue=False), Hold("a", on=True))
            await until_silent(phone)
            # Its notes, 392 and 523 Hz, come every four seconds.
            await until_heard(call, 523, within=8)
            lab.floor.send(Hold("a", on=False), Mute("dev", on=True))
            await until_heard(phone, CALLEE_HZ)
            await until_silent(call)
            lab.floor.send(Mute("dev", on=False))
            await until_heard(call, AGENT_HZ)
            lab.floor.send(Unbridge("a", comfort=True))
            await lab.floor.wait(BridgeLeft, "a")
            await until_heard(call, COMFORT_HZ, within=6)
            await until_silent(phone)
            await phone.close()

    uvloop.run(story())


def test_the_agent_hears_a_cue_and_the_customer_does_not_wait_for_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee(hz=CALLEE_HZ) as callee:
            phone = await ready_phone(lab)
            call = await answered_call(lab, callee)
            await asyncio.sleep(0.3)
            phone.heard.clear()
            packets = len(call.packets)
            lab.floor.send(Bridge("a", "dev"))
            joined = await lab.floor.wait(BridgeJoined, "a")
            await asyncio.sleep(0.6)
            # The notes of the cue are at 660 and 880 Hz, over the customer's 440 Hz.
            heard = phone.heard_sound(2.0)
            spectrum = {
                hz: max(
                    abs(np.exp(-2j * np.pi * hz * np.arange(400) / 8000) @ heard[i : i + 400]) / 200
                    for i in range(0, len(heard) - 400, 80)
                )
                for hz in (660, 880, 1000)
            }
            assert spectrum[660] > 10 * spectrum[1000] or spectrum[660] > 800
            assert spectrum[880] > 800
            first = next(
                at
                for at, sound in zip(
                    call.heard_at[packets:], list(call.heard)[packets:], strict=False
                )
                if level_dbm0(sound) > -30
            )
            assert first - joined.at < 0.5
            await phone.close()

    uvloop.run(story())


def test_a_recording_holds_what_was_said_and_what_was_heard(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee(hz=CALLEE_HZ) as callee:
            phone = await ready_phone(lab)
            call = await answered_call(lab, callee)
            started = time.monotonic()
            lab.floor.send(
                RecordStart("a", "rec", "calls/a.wav"), Play("a", "p", "tone:700:-15:1000")
            )
            await lab.floor.wait(PlayFinished, "a")
            lab.floor.send(Bridge("a", "dev"))
            await until_heard(call, AGENT_HZ)
            await asyncio.sleep(0.5)
            lab.floor.send(RecordStop("a", "rec"))
            length = time.monotonic() - started
            saved = await lab.floor.wait(RecordFinished, "a")
            assert saved.seconds == pytest.approx(length, abs=0.3)
            data = Path(saved.path).read_bytes()
            assert len(data) == saved.bytes
            assert hashlib.sha256(data).hexdigest() == saved.sha256
            assert Path(saved.path) == tmp_path / "recordings" / "calls" / "a.wav"
            assert not Path(f"{saved.path}.part").exists()
            wave = parse_wav(data)
            left, right = wave.samples[:, 0], wave.samples[:, 1]
            assert sounds_in(left, CALLEE_HZ)
            assert not sounds_in(left, AGENT_HZ)
            assert not sounds_in(left, 700)
            # Heard were the prompt first and the agent at the end, and never the customer.
            assert sounds_in(right[: len(right) // 2], 700)
            assert sounds_in(right[-8000:], AGENT_HZ)
            assert not sounds_in(right, CALLEE_HZ)
            await phone.close()

    uvloop.run(story())


def test_a_recording_ends_with_its_call(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee(hz=CALLEE_HZ) as callee:
            call = await answered_call(lab, callee)
            lab.floor.send(RecordStart("a", "rec", "a.wav"))
            await asyncio.sleep(0.5)
            callee.hang_up(call)
            await lab.floor.wait(Ended, "a")
            assert (await lab.floor.wait(RecordFinished, "a")).seconds > 0.3

    uvloop.run(story())


def test_a_recording_outside_its_folder_is_not_made(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            await answered_call(lab, callee)
            lab.floor.send(RecordStart("a", "rec", "../stolen.wav"), Hangup("a"))
            await lab.floor.wait(Ended, "a")
            assert lab.floor.of(RecordFinished) == []
            assert list(tmp_path.rglob("stolen*")) == []

    uvloop.run(story())


def test_keys_go_both_ways(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            call = await answered_call(lab, callee)
            call.digits = DigitSender("19#")
            await lab.floor.wait(Digit, "a", count=3)
            lab.floor.send(SendDigits("a", "42*"))
            await asyncio.sleep(1.2)
            assert [d.digit for d in lab.floor.of(Digit, "a")] == ["1", "9", "#"]
            assert all(80 <= d.duration_ms <= 200 for d in lab.floor.of(Digit, "a"))
            receiver = DigitReceiver()
            pressed = [
                digit.character
                for packet in call.packets
                if packet.payload_type == 101
                and (digit := receiver.receive(packet, time.monotonic())) is not None
            ]
            assert pressed == ["4", "2", "*"]

    uvloop.run(story())


def test_a_play_is_stopped_replaced_and_finished(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            call = await answered_call(lab, callee)
            lab.floor.send(Play("a", "one", "tone:700:-15", loop=True))
            await until_heard(call, 700)
            lab.floor.send(Play("a", "two", "tone:800:-15", loop=True), StopPlay("a", "two"))
            lab.floor.send(Play("a", "three", "tone:900:-15:100"))
            lab.floor.send(Play("a", "four", "prompt:missing"), Play("a", "five", "nonsense"))
            await lab.floor.wait(PlayFinished, "a", where=lambda e: e.play == "three")
            lab.floor.send(Play("a", "six", "tone:700:-15", loop=True), StopPlay("a", ""))
            await lab.floor.wait(PlayFinished, "a", where=lambda e: e.play == "six")
            ended = {e.play: e.completed for e in lab.floor.of(PlayFinished, "a")}
            assert ended == {
                "one": False, "two": False, "three": True, "four": False, "five": False,
                "six": False,
            }  # fmt: skip

    uvloop.run(story())


def test_an_agent_who_closes_the_tab_leaves_the_customer_with_a_comfort_tone(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee(hz=300) as callee:
            phone = await ready_phone(lab)
            call = await answered_call(lab, callee)
            lab.floor.send(Bridge("a", "dev"))
            await lab.floor.wait(BridgeJoined, "a")
            await phone.close()
            assert (await lab.floor.wait(DeviceDown, "dev")).reason == "closed"
            assert (await lab.floor.wait(BridgeLeft, "a")).agent == "dev"
            await until_heard(call, COMFORT_HZ, within=6)
            # A new leg of the same agent takes the same call.
            again = await ready_phone(lab, "dev2")
            lab.floor.send(Bridge("a", "dev2"))
            await lab.floor.wait(BridgeJoined, "a", count=2)
            await until_heard(call, AGENT_HZ)
            await again.close()

    uvloop.run(story())


def test_a_second_tab_takes_over(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab:
            first = await ready_phone(lab, "dev")
            second = await ready_phone(lab, "dev2")
            assert (await lab.floor.wait(DeviceDown, "dev")).reason == "replaced"
            assert (await lab.floor.snapshot()).devices == {"dev2": "ann"}
            lab.floor.send(DeviceClose("dev2"))
            assert (await lab.floor.wait(DeviceDown, "dev2")).reason == "closed"
            await first.close()
            await second.close()

    uvloop.run(story())


@pytest.mark.slow
def test_a_silent_leg_is_down_and_quality_is_told_before(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab:
            phone = await ready_phone(lab)
            quality = await lab.floor.wait(DeviceQuality, "dev", limit_s=8)
            assert quality.loss_share < 0.05
            assert quality.rtt_ms is not None
            assert 0 <= quality.rtt_ms < 200
            phone.track.quiet = True
            quiet_since = time.monotonic()
            down = await lab.floor.wait(DeviceDown, "dev", limit_s=10)
            assert down.reason == "no_sound"
            assert 4 < time.monotonic() - quiet_since < 8
            await phone.close()

    uvloop.run(story())


def test_a_bad_offer_is_told_and_harms_nobody(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab:
            for turn, sdp in enumerate(
                ["", "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n", "v=0\r\nm=audio 9 X 8\r\n"]
            ):
                lab.floor.send(DeviceOffer(f"bad-{turn}", f"agent-{turn}", sdp))
                down = await lab.floor.wait(DeviceDown, f"bad-{turn}")
                assert down.reason == "bad_offer"
            phone = await ready_phone(lab)
            await phone.close()

    uvloop.run(story())


def test_a_bridge_with_a_leg_that_is_gone_is_told_as_parted(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            await answered_call(lab, callee)
            lab.floor.send(Bridge("a", "nobody"))
            assert (await lab.floor.wait(BridgeLeft, "a")).agent == "nobody"
            lab.floor.send(Bridge("nobody", "a"), Hangup("nobody"), Hold("nobody", on=True))
            lab.floor.send(Hangup("a"))
            await lab.floor.wait(Ended, "a")

    uvloop.run(story())
