"""What a far side may do in mid-call, through the engine and real sockets: hold, digits, silence."""

import asyncio
import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop
from callee import Callee, CalleeCall
from engine_lab import Lab, originate

from vyzov.dialer.phone_secrets import REALM
from vyzov.dialer.ports import (
    Answered,
    DeviceCall,
    DeviceUp,
    Digit,
    Ended,
    Failed,
    Play,
    SetPhone,
)
from vyzov.media.telephone_event import DigitSender
from vyzov.pstn.desk_phone import DeskPhone, PhoneSettings
from vyzov.sip import sdp
from vyzov.sip.events import SessionChanged

RELAY = "application/dtmf-relay"


async def until(found: Callable[[], bool], limit_s: float = 5.0) -> None:
    """Waits for something to come true."""
    end = time.monotonic() + limit_s
    while not found():
        assert time.monotonic() < end, "it never came"
        await asyncio.sleep(0.02)


async def talk(lab: Lab, callee: Callee) -> CalleeCall:
    """Places a call that hears a tone of ours."""
    lab.floor.trunk(callee.port)
    lab.floor.send(originate("a"))
    await lab.floor.wait(Answered, "a")
    lab.floor.send(Play("a", "tone", "tone:440:-20", loop=True))
    call = await callee.call()
    await until(lambda: len(call.heard) > 10)
    return call


async def packets_in(call: CalleeCall, seconds: float) -> int:
    """Counts what the far side gets of us within so many seconds."""
    before = len(call.heard_at)
    await asyncio.sleep(seconds)
    return len(call.heard_at) - before


def test_a_far_side_that_holds_gets_no_sound_until_it_takes_us_back(tmp_path: Path) -> None:
    async def run() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            call = await talk(lab, callee)
            saved = lab.engine.book.legs["a"].dialog
            callee.hold(call, on=True)
            held = await callee.wait(SessionChanged)
            # What another run of the engine would need to hang up has moved on, too.
            await until(lambda: lab.engine.book.legs["a"].dialog != saved)
            assert held.direction == "sendonly"
            await asyncio.sleep(0.1)
            assert await packets_in(call, 0.5) == 0
            # What it plays meanwhile is still heard: hold music is sound.
            port = lab.engine.calls.living["a"].port
            before = port.receiver.received
            await asyncio.sleep(0.3)
            assert port.receiver.received > before + 5
            callee.hold(call, on=False)
            await until(lambda: not port.hushed)
            assert await packets_in(call, 0.5) > 10
            callee.hang_up(call)
            await lab.floor.wait(Ended, "a")

    uvloop.run(run())


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"a=sendrecv", b"a=inactive"), (b"c=IN IP4 127.0.0.1", b"c=IN IP4 0.0.0.0")],
    ids=["inactive", "zero address"],
)
def test_the_other_forms_of_hold_stop_our_sound_too(old: bytes, new: bytes, tmp_path: Path) -> None:
    async def run() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            call = await talk(lab, callee)
            port: int = call.sock.getsockname()[1]
            answer = sdp.answer(call.offer, address="127.0.0.1", port=port, session_id=1)
            callee.offer(call, answer.replace(old, new))
            await until(lambda: lab.engine.calls.living["a"].port.hushed)
            await asyncio.sleep(0.1)
            assert await packets_in(call, 0.4) == 0
            callee.offer(call, answer)
            await until(lambda: not lab.engine.calls.living["a"].port.hushed)
            assert await packets_in(call, 0.4) > 8

    uvloop.run(run())


def test_a_far_side_that_moves_in_mid_call_is_followed(tmp_path: Path) -> None:
    async def run() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            call = await talk(lab, callee)
            lab.floor.send(originate("b"))
            # The socket of a second call, which plays nothing, hears the first one from now on.
            moved = await callee.call(1)
            port: int = moved.sock.getsockname()[1]
            answer = sdp.answer(call.offer, address="127.0.0.1", port=port, session_id=1)
            await lab.floor.wait(Answered, "b")
            before = len(moved.heard_at)
            callee.offer(call, answer)
            # Its voice still comes from the old place, to which symmetric RTP leads back in time.
            await until(lambda: len(moved.heard_at) > before + 5)

    uvloop.run(run())


def test_digits_in_info_requests_are_keys_pressed(tmp_path: Path) -> None:
    async def run() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            call = await talk(lab, callee)
            callee.inform(call, RELAY, b"Signal=5\r\nDuration=240\r\n")
            first = await lab.floor.wait(Digit, "a")
            callee.inform(call, "application/dtmf", b"#")
            second = await lab.floor.wait(Digit, "a", count=2)
            assert [(d.digit, d.duration_ms) for d in (first, second)] == [("5", 240), ("#", 100)]

    uvloop.run(run())


def test_a_far_side_that_sends_each_key_twice_presses_it_once(tmp_path: Path) -> None:
    async def run() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            call = await talk(lab, callee)
            call.digits = DigitSender("7", 101)
            await lab.floor.wait(Digit, "a")
            callee.inform(call, RELAY, b"Signal=7\r\nDuration=160\r\n")
            callee.inform(call, RELAY, b"Signal=7\r\nDuration=160\r\n")
            await asyncio.sleep(0.3)
            assert [event.digit for event in lab.floor.of(Digit, "a")] == ["7"]

    uvloop.run(run())


def test_a_call_whose_far_side_stops_refreshing_is_hung_up(tmp_path: Path) -> None:
    async def run() -> None:
        short = (("Session-Expires", "4;refresher=uas"),)
        async with Lab(tmp_path) as lab, Callee(answer_headers=short) as callee:
            begun = time.monotonic()
            await talk(lab, callee)
            ended = await lab.floor.wait(Ended, "a", limit_s=6.0)
            # Nobody asked for it: the floor must not take it for a hang-up of either side.
            assert (ended.side, ended.cause) == ("engine", "session_expired")
            assert 2.5 < time.monotonic() - begun < 4.5
            await until(lambda: callee.count("BYE") == 1)

    uvloop.run(run())


def test_a_call_we_refresh_lives_on(tmp_path: Path) -> None:
    async def run() -> None:
        short = (("Session-Expires", "4;refresher=uac"),)
        async with Lab(tmp_path) as lab, Callee(answer_headers=short) as callee:
            call = await talk(lab, callee)
            await asyncio.sleep(3.5)
            assert callee.count("UPDATE") == 1
            assert lab.floor.of(Ended, "a") == []
            callee.hang_up(call)
            await lab.floor.wait(Ended, "a")

    uvloop.run(run())


def test_a_call_asks_for_the_session_timer_of_its_trunk(tmp_path: Path) -> None:
    async def run() -> None:
        async with Lab(tmp_path) as lab, Callee(answers=False) as callee:
            lab.floor.trunk(callee.port)
            lab.floor.send(originate("a", ring_timeout_s=0.5))
            await callee.call()
            lab.floor.trunk(callee.port, session_expires_s=0)
            lab.floor.send(originate("b", ring_timeout_s=0.5))
            await callee.call(1)
            raw = [event.raw for event in callee.events if hasattr(event, "raw")]
            assert b"\r\nSession-Expires: 1800\r\n" in raw[0]
            assert b"Session-Expires" not in raw[1]
            failed = await lab.floor.wait(Failed, "a")
            told = dict(failed.evidence)
            assert told["provisionals"][0].split()[1] == "100"
            assert told["provisionals"][1].endswith("Ringing;tag=" + told["provisionals"][1][-16:])

    uvloop.run(run())


def test_a_desk_phone_on_hold_gets_no_sound_until_it_is_taken_back(tmp_path: Path) -> None:
    async def run() -> None:
        async with Lab(tmp_path) as lab:
            secret = hashlib.sha256(f"1001:{REALM}:secret".encode()).hexdigest()
            lab.floor.send(SetPhone("p1", "1001", {"SHA-256": secret}))
            place = ("127.0.0.1", lab.engine.signalling.address[1])
            async with DeskPhone(
                PhoneSettings(*place, username="1001", password="secret")
            ) as phone:
                await phone.signed_in()
                lab.floor.send(DeviceCall("dev", "ann", "p1"))
                await lab.floor.wait(DeviceUp, "dev")
                port = lab.engine.phones.living["dev"].port
                phone._agent.hold(phone.leg, time.monotonic())
                phone._pump()
                await until(lambda: port.hushed)
                phone._agent.unhold(phone.leg, time.monotonic())
                phone._pump()
                await until(lambda: not port.hushed)

    uvloop.run(run())
