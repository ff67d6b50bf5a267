"""Sound under bad networks, through the real engine: relay, recording, keys, class, reports."""

import asyncio
from collections.abc import Coroutine
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvloop
from bad_line import RoughCallee, Script, Weather, bursts
from callee import Callee, CalleeCall
from engine_lab import Lab, originate

from vyzov.dialer.ports import (
    Answered,
    Bridge,
    BridgeJoined,
    Classified,
    Digit,
    Ended,
    Failed,
    Hangup,
    OneWay,
    RecordFinished,
    RecordStart,
    RecordStop,
    Ringing,
)
from vyzov.media.frame import Samples
from vyzov.media.g711 import Law
from vyzov.media.tones import Burst, dominant, level_dbm0, render, tone
from vyzov.media.wav import parse_wav

PITCHES = (500.0, 650.0, 800.0, 950.0)
SILENT: Samples = np.zeros(160, dtype=np.int16)


def run(story: Coroutine[Any, Any, None]) -> None:
    uvloop.run(story)


async def joined(lab: Lab, customer: Callee, operator: Callee) -> tuple[CalleeCall, CalleeCall]:
    """Joins a customer with an operator at a desk phone, both behind trunks, and records."""
    lab.floor.trunk(operator.port)
    lab.floor.send(originate("operator"))
    theirs = await operator.call()
    await lab.floor.wait(Answered, "operator")
    lab.floor.trunk(customer.port)
    lab.floor.send(originate("a", classify=True))
    ours = await customer.call()
    await lab.floor.wait(Answered, "a")
    lab.floor.send(Bridge("a", "operator", cue=False), RecordStart("a", "a", "a.wav"))
    await lab.floor.wait(BridgeJoined, "a")
    return ours, theirs


async def recorded(lab: Lab) -> tuple[Samples, Samples]:
    lab.floor.send(RecordStop("a", "a"))
    finished = await lab.floor.wait(RecordFinished, "a")
    lab.floor.send(Hangup("a"), Hangup("operator"))
    await lab.floor.wait(Ended, "a")
    sound = parse_wav(Path(finished.path).read_bytes())
    return sound.samples[:, 0], sound.samples[:, 1]


def found_bursts(sound: Samples) -> list[tuple[float, float]]:
    """The bursts in a recording: when each began in seconds, and its pitch."""
    found: list[tuple[float, float]] = []
    window = 160
    loud = [
        level_dbm0(sound[at : at + window]) > -25 for at in range(0, len(sound) - window, window)
    ]
    at = 0
    while at < len(loud):
        if not loud[at]:
            at += 1
            continue
        end = at + 15
        whole = sound[at * window : end * window]
        if len(whole) == 15 * window:
            found.append((at * 0.02, dominant(whole)[0]))
        # Holes of lost packets are within it; the next burst is a second later.
        at = end + 5
    return found


def relayed(call: CalleeCall) -> list[tuple[int, int, int]]:
    """Sequence, time stamp and size of what a leg was sent, the first at 0, in order of numbers."""
    first = call.packets[0]
    return sorted(
        (
            (p.sequence - first.sequence + 0x8000 & 0xFFFF) - 0x8000,
            (p.timestamp - first.timestamp + 2**31 & 0xFFFFFFFF) - 2**31,
            len(p.payload),
        )
        for p in call.packets
        if p.payload_type in (0, 8)
    )


@pytest.mark.parametrize(
    ("weather", "ptime"),
    [
        (Weather(loss=0.03, twice=0.05, jitter_s=0.06), 1),
        (Weather(loss=0.2, jitter_s=0.02), 1),
        (Weather(loss=0.01, jitter_s=0.2), 1),
        (Weather(loss=0.02, jitter_s=0.05), 3),
        (Weather(loss=0.02, jitter_s=0.05), 0.5),
    ],
    ids=["3 %, twice, 60 ms", "20 %", "200 ms", "60 ms packets", "10 ms packets"],
)
def test_a_bad_line_is_heard_recorded_and_understood(
    weather: Weather, ptime: float, tmp_path: Path
) -> None:
    async def story() -> None:
        customer = RoughCallee(bursts(*PITCHES), weather=weather, frames_per_packet=ptime)
        customer.keys = [(75, "7"), (90, "1"), (105, "#")]
        async with Lab(tmp_path) as lab, customer, Callee(hz=1500) as operator:
            _, theirs = await joined(lab, customer, operator)
            begun = lab.engine.calls.living["a"].party.recorders["a"]._handed_at
            await asyncio.sleep(4.6)
            sent, lost = customer.sent, customer.lost
            left, right = await recorded(lab)
            assert customer.said_at is not None
            shift = customer.said_at - begun
            heard = [(at - shift, hz) for at, hz in found_bursts(left)]
            assert len(heard) >= 3, heard
            for at, hz in heard:
                second = round(at)
                # By the time stamps: as late as the quickest packets of the line, no less even.
                assert abs(at - second) < 0.1, heard
                assert hz == pytest.approx(PITCHES[second], abs=6)
            assert dominant(right[4000:20_000])[0] == pytest.approx(1500, abs=3)
            digits = [event.digit for event in lab.floor.of(Digit, "a")]
            assert digits == ["7", "1", "#"]
            told = relayed(theirs)
            numbers = [number for number, _, _ in told]
            assert len(numbers) == len(set(numbers)), "a packet was passed on twice"
            assert all(size == 160 for _, _, size in told)
            stats = lab.floor.of(Ended, "a")[0].stats
            assert stats["rtp_lost"] / sent == pytest.approx(lost / sent, abs=0.03)
            assert stats["rtp_foreign"] == 0

    run(story())


def test_a_change_of_source_and_a_jump_of_time_are_heard_through(tmp_path: Path) -> None:
    async def story() -> None:
        customer = RoughCallee(
            bursts(*PITCHES, 1100.0), weather=Weather(loss=0.02, jitter_s=0.04),
            changes_at=110, jumps_at=170,
        )  # fmt: skip
        async with Lab(tmp_path) as lab, customer, Callee() as operator:
            _, theirs = await joined(lab, customer, operator)
            await asyncio.sleep(5.2)
            left, _ = await recorded(lab)
            pitches = [hz for _, hz in found_bursts(left)]
            for hz in (950.0, 1100.0):
                assert any(abs(one - hz) < 6 for one in pitches), pitches
            starts = [at for at, _ in found_bursts(left)]
            assert all(0.85 < b - a < 1.15 for a, b in pairwise(starts)), starts
            stats = lab.floor.of(Ended, "a")[0].stats
            assert stats["rtp_lost"] < 20
            # Towards the operator it is one source all the time.
            assert len({packet.ssrc for packet in theirs.packets}) == 1

    run(story())


@pytest.mark.parametrize(
    ("lines", "size"),
    [(["a=ptime:40"], 320), (["a=ptime:10"], 80), (["a=ptime:60", "a=maxptime:30"], 240)],
    ids=["ptime 40", "ptime 10", "maxptime 30"],
)
def test_the_far_side_gets_packets_of_the_length_it_asks_for(
    lines: list[str], size: int, tmp_path: Path
) -> None:
    async def story() -> None:
        customer = RoughCallee(bursts(), sdp_lines=lines)
        async with Lab(tmp_path) as lab, customer, Callee(hz=1500) as operator:
            ours, _ = await joined(lab, customer, operator)
            await asyncio.sleep(1.5)
            told = relayed(ours)
            # The frame in which own silence and the operator's voice meet may be cut short.
            assert sum(length != size for _, _, length in told) <= 2, told[:10]
            heard = ours.heard_sound(2.0)[-8000:]
            assert dominant(heard)[0] == pytest.approx(1500, abs=3)
            left, right = await recorded(lab)
            assert dominant(right[6000:])[0] == pytest.approx(1500, abs=3)
            assert abs(len(left) - len(right)) == 0

    run(story())


def test_silence_suppression_is_no_dead_call_and_no_loss(tmp_path: Path) -> None:
    def spoken(frame: int) -> Samples | None:
        # A word each second and a half, and nothing at all in between.
        return tone(700, 300, -12)[frame % 75 * 160 :][:160] if frame % 75 < 15 else None

    async def story() -> None:
        customer = RoughCallee(spoken)
        async with Lab(tmp_path) as lab, customer, Callee() as operator:
            _, theirs = await joined(lab, customer, operator)
            await asyncio.sleep(5.5)
            left, _ = await recorded(lab)
            starts = [at for at, _ in found_bursts(left)]
            assert len(starts) >= 3
            assert all(1.45 < b - a < 1.55 for a, b in pairwise(starts))
            told = relayed(theirs)
            numbers = [number for number, _, _ in told]
            # Our own silence fills the pauses; the stream towards the operator has no hole.
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
            assert not lab.floor.of(OneWay)
            assert lab.floor.of(Ended, "a")[0].stats["rtp_lost"] == 0

    run(story())


def greeting(frame: int) -> Samples:
    """A person: a second of something like a voice, then waiting."""
    if not 30 <= frame < 75:
        return SILENT
    times = (np.arange(160) + frame * 160) / 8000
    voice = sum(np.sin(2 * np.pi * 140 * n * times) / n for n in range(1, 12))
    return (3500 * voice * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * times))).astype(np.int16)


@pytest.mark.parametrize(
    "weather",
    [Weather(loss=0.05, jitter_s=0.1), Weather(jitter_s=0.2), Weather(loss=0.15)],
    ids=["5 %, 100 ms", "200 ms", "15 %"],
)
def test_a_person_is_told_from_a_machine_on_a_bad_line(weather: Weather, tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, RoughCallee(greeting, weather=weather) as customer:
            lab.floor.trunk(customer.port)
            lab.floor.send(originate("a", classify=True))
            told = await lab.floor.wait(Classified, "a")
            assert (told.answer_class, told.detail) == ("human", "greeting_short")

    run(story())


def test_reports_go_both_ways_and_their_word_is_kept_with_the_end(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, RoughCallee(bursts(500.0)) as customer:
            lab.floor.trunk(customer.port)
            lab.floor.send(originate("a"))
            await lab.floor.wait(Answered, "a")
            for _ in range(80):
                await asyncio.sleep(0.1)
                stats = lab.engine.calls.living["a"].port.stats()
                if "rtt_ms" in stats and customer.reports:
                    break
            lab.floor.send(Hangup("a"))
            ended = await lab.floor.wait(Ended, "a")
            await asyncio.sleep(0.05)
            assert ended.stats["rtcp_received"] >= 2
            assert 0 <= ended.stats["rtt_ms"] < 200
            assert ended.stats["far_lost"] == 0
            assert customer.reports[-1].goodbye
            assert customer.reports[0].sent_packets is not None

    run(story())


def test_it_is_told_who_does_not_hear_whom(tmp_path: Path) -> None:
    def silent(frame: int) -> Samples | None:
        return SILENT if frame < 25 else None

    async def story() -> None:
        mute = RoughCallee(silent, rtcp_port=False)
        deaf = RoughCallee(bursts(500.0), hears=False)
        async with Lab(tmp_path) as lab, mute, deaf:
            lab.floor.trunk(mute.port)
            lab.floor.send(originate("mute"))
            await lab.floor.wait(Answered, "mute")
            lab.floor.trunk(deaf.port)
            lab.floor.send(originate("deaf"))
            unheard = await lab.floor.wait(OneWay, "mute", limit_s=9)
            assert unheard.unheard == "far"
            assert unheard.quiet_s >= 4
            deafened = await lab.floor.wait(OneWay, "deaf", limit_s=9)
            assert deafened.unheard == "us"
            assert {"mute", "deaf"} <= set(lab.engine.calls.living)

    run(story())


def beeping(*steps: Burst) -> Script:
    sound = np.tile(render(steps), 20)
    return lambda frame: sound[frame * 160 : frame * 160 + 160]


@pytest.mark.parametrize(
    ("script", "heard"),
    [
        (beeping(Burst((425,), 350), Burst((), 350)), "busy"),
        (beeping(*[Burst((hz,), 330) for hz in (950, 1400, 1800)], Burst((), 1000)),
         "special_information"),
    ],
    ids=["busy", "three tones"],
)  # fmt: skip
def test_tones_before_the_answer_are_evidence_and_reach_nobody(
    script: Script, heard: str, tmp_path: Path
) -> None:
    async def story() -> None:
        callee = RoughCallee(bursts(), early=script, early_s=2.6, final=480, law=Law.PCMU)
        async with Lab(tmp_path) as lab, callee:
            lab.floor.trunk(callee.port)
            lab.floor.send(originate("a"))
            ringing = await lab.floor.wait(Ringing, "a", where=lambda event: bool(event.heard))
            assert (ringing.code, ringing.early_media, ringing.heard) == (183, True, heard)
            failed = await lab.floor.wait(Failed, "a")
            assert (failed.code, failed.heard) == (480, heard)

    run(story())
