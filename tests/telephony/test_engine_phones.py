"""A customer on a trunk and an agent at a desk phone: signing in, ringing, sound both ways, ends."""

import asyncio
import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
import uvloop
from callee import Callee
from engine_lab import EngineProcess, Floor, Lab, originate
from softphone import Softphone

from vyzov.dialer.phone_secrets import REALM
from vyzov.dialer.ports import (
    Answered,
    Bridge,
    BridgeJoined,
    BridgeLeft,
    DeviceAnswer,
    DeviceCall,
    DeviceClose,
    DeviceDown,
    DeviceOffer,
    DeviceRinging,
    DeviceUp,
    Hangup,
    Mute,
    PhoneRegistered,
    PhoneUnregistered,
    RecordFinished,
    RecordStart,
    RecordStop,
    RemovePhone,
    SetPhone,
    Snapshot,
)
from vyzov.media.tones import dominant, level_dbm0
from vyzov.pstn.desk_phone import DeskPhone, PhoneSettings
from vyzov.sip.events import CallCancelled, CallEnded, CallRejected, IncomingCall, Transport
from vyzov.telephony.native import phones

pytestmark = pytest.mark.timeout(60)

CALLEE_HZ = 440.0
PHONE_HZ = 700.0


def ha1(username: str, password: str) -> Mapping[str, str]:
    text = f"{username}:{REALM}:{password}"
    return {"SHA-256": hashlib.sha256(text.encode()).hexdigest()}


def set_phone(phone: str = "p1", username: str = "1001", password: str = "secret") -> SetPhone:
    return SetPhone(phone, username, ha1(username, password))


def desk_phone(lab: Lab, transport: Transport = Transport.UDP, **changes: object) -> DeskPhone:
    values = {"username": "1001", "password": "secret", "transport": transport} | changes
    signalling = lab.engine.signalling
    port = signalling.ports.get(transport, signalling.address[1])
    return DeskPhone(PhoneSettings("127.0.0.1", port, **values))  # type: ignore[arg-type]


async def lifted(lab: Lab, phone: DeskPhone, leg: str = "dev", agent: str = "ann") -> None:
    await phone.signed_in()
    lab.floor.send(DeviceCall(leg, agent, "p1"))
    await lab.floor.wait(DeviceUp, leg)


def test_a_phone_that_signs_in_is_told_and_stands_in_the_snapshot(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Lab(tmp_path) as lab:
            lab.floor.send(set_phone())
            async with desk_phone(lab) as phone:
                assert (await phone.signed_in()).code == 200
                told = await lab.floor.wait(PhoneRegistered)
                assert (told.phone, told.user_agent) == ("p1", "Vyzov program phone")
                assert told.address.startswith("udp:127.0.0.1:")
                snapshot = await lab.floor.snapshot()
                assert snapshot.phones == {"p1": told}
            gone = await lab.floor.wait(PhoneUnregistered)
            assert (gone.phone, gone.reason) == ("p1", "signed_out")
            assert (await lab.floor.snapshot()).phones == {}

    uvloop.run(scenario())


def test_a_wrong_password_and_a_removed_phone_do_not_sign_in(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Lab(tmp_path) as lab:
            lab.floor.send(set_phone())
            async with desk_phone(lab, password="wrong") as phone:
                assert (await phone.signed_in()).code == 403
            lab.floor.send(RemovePhone("p1"))
            async with desk_phone(lab) as phone:
                assert (await phone.signed_in()).code == 403
            assert not lab.floor.of(PhoneRegistered)

    uvloop.run(scenario())


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])
def test_an_agent_at_a_desk_phone_and_a_customer_hear_each_other(
    tmp_path: Path, transport: Transport
) -> None:
    async def scenario() -> None:
        async with Lab(tmp_path) as lab, Callee(hz=CALLEE_HZ) as callee:
            lab.floor.send(set_phone())
            async with desk_phone(lab, transport, hz=PHONE_HZ) as phone:
                await lifted(lab, phone)
                registered = lab.floor.of(PhoneRegistered)[0]
                assert registered.address.startswith(f"{transport}:127.0.0.1:")
                up = await lab.floor.wait(DeviceUp, "dev")
                assert (up.agent, up.codec) == ("ann", "PCMA")
                assert lab.floor.log("dev") == ["DeviceRinging", "DeviceUp"]
                lab.floor.trunk(callee.port)
                lab.floor.send(originate("a"))
                await lab.floor.wait(Answered, "a")
                customer = await callee.call()
                path = "one.wav"
                lab.floor.send(RecordStart("a", "rec", path), Bridge("a", "dev"))
                await lab.floor.wait(BridgeJoined, "a")
                await asyncio.sleep(1.2)
                for ears, hz in ((phone, CALLEE_HZ), (customer, PHONE_HZ)):
                    found, _ = dominant(ears.heard_sound(0.5))
                    assert found == pytest.approx(hz, abs=10)
                    assert -14 < level_dbm0(ears.heard_sound(0.5)) < -6
                lab.floor.send(Mute("dev", on=True))
                await asyncio.sleep(0.4)
                assert level_dbm0(customer.heard_sound(0.2)) < -40
                lab.floor.send(Mute("dev", on=False), RecordStop("a", "rec"))
                finished = await lab.floor.wait(RecordFinished, "a")
                assert finished.seconds > 1.0
                lab.floor.send(Hangup("a"))
                await lab.floor.wait(BridgeLeft, "a")
                # The line to the phone stays, for the next call.
                await asyncio.sleep(0.3)
                assert lab.floor.log("dev") == ["DeviceRinging", "DeviceUp"]
                assert (await lab.floor.snapshot()).devices == {"dev": "ann"}

    uvloop.run(scenario())


def test_hanging_up_the_phone_in_a_talk_leaves_the_customer_on_the_line(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Lab(tmp_path) as lab, Callee(hz=CALLEE_HZ) as callee:
            lab.floor.send(set_phone())
            async with desk_phone(lab) as phone:
                await lifted(lab, phone)
                lab.floor.trunk(callee.port)
                lab.floor.send(originate("a"))
                await lab.floor.wait(Answered, "a")
                customer = await callee.call()
                lab.floor.send(Bridge("a", "dev"))
                await lab.floor.wait(BridgeJoined, "a")
                phone.hang_up()
                down = await lab.floor.wait(DeviceDown, "dev")
                assert (down.agent, down.reason) == ("ann", "closed")
                await lab.floor.wait(BridgeLeft, "a")
                await asyncio.sleep(0.8)
                assert dominant(customer.heard_sound(2.0))[0] == pytest.approx(400, abs=10)
                # Rung once more the agent is back with the same customer.
                lab.floor.send(DeviceCall("dev2", "ann", "p1"))
                await lab.floor.wait(DeviceUp, "dev2")
                lab.floor.send(Bridge("a", "dev2"))
                await lab.floor.wait(BridgeJoined, "a", count=2)

    uvloop.run(scenario())


def test_closing_the_device_hangs_the_phone_up(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Lab(tmp_path) as lab:
            lab.floor.send(set_phone())
            async with desk_phone(lab) as phone:
                await lifted(lab, phone)
                lab.floor.send(DeviceClose("dev"))
                assert (await lab.floor.wait(DeviceDown, "dev")).reason == "closed"
                await phone.wait(CallEnded)

    uvloop.run(scenario())


def test_a_phone_whose_connection_breaks_cannot_be_rung(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Lab(tmp_path) as lab:
            lab.floor.send(set_phone())
            phone = desk_phone(lab, Transport.TCP)
            await phone.__aenter__()
            await phone.signed_in()
            await lab.floor.wait(PhoneRegistered)
            phone.vanish()
            gone = await lab.floor.wait(PhoneUnregistered)
            assert (gone.phone, gone.reason) == ("p1", "lost")
            lab.floor.send(DeviceCall("dev", "ann", "p1"))
            assert (await lab.floor.wait(DeviceDown, "dev")).reason == "not_registered"

    uvloop.run(scenario())


def test_a_phone_nobody_lifts_is_given_up(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Lab(tmp_path) as lab:
            lab.floor.send(set_phone())
            async with desk_phone(lab, ring_s=None) as phone:
                await phone.signed_in()
                lab.floor.send(DeviceCall("dev", "ann", "p1", ring_timeout_s=0.5))
                await lab.floor.wait(DeviceRinging, "dev")
                down = await lab.floor.wait(DeviceDown, "dev")
                assert down.reason == "no_answer"
                await phone.wait(CallCancelled)

    uvloop.run(scenario())


def test_a_phone_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Lab(tmp_path) as lab:
            lab.floor.send(
                set_phone(), DeviceCall("d1", "ann", "p1"), DeviceCall("d2", "ann", "no")
            )
            for leg in ("d1", "d2"):
                assert (await lab.floor.wait(DeviceDown, leg)).reason == "not_registered"

    uvloop.run(scenario())


def test_a_phone_in_use_says_busy(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Lab(tmp_path) as lab:
            lab.floor.send(set_phone())
            async with desk_phone(lab) as phone:
                await lifted(lab, phone)
                lab.floor.send(DeviceCall("other", "bob", "p1"))
                assert (await lab.floor.wait(DeviceDown, "other")).reason == "busy"
                assert lab.floor.log("dev") == ["DeviceRinging", "DeviceUp"]

    uvloop.run(scenario())


def test_a_repeated_order_rings_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Lab(tmp_path) as lab:
            lab.floor.send(set_phone())
            async with desk_phone(lab) as phone:
                await phone.signed_in()
                order = DeviceCall("dev", "ann", "p1")
                lab.floor.send(order, order)
                await lab.floor.wait(DeviceUp, "dev")
                lab.floor.send(order)
                await asyncio.sleep(0.3)
                assert len([e for e in phone.events if isinstance(e, IncomingCall)]) == 1
                assert lab.floor.log("dev") == ["DeviceRinging", "DeviceUp"]

    uvloop.run(scenario())


def test_an_agent_has_one_device_the_latest(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Lab(tmp_path) as lab:
            lab.floor.send(set_phone())
            browser = Softphone()
            async with desk_phone(lab) as phone:
                await lifted(lab, phone)
                lab.floor.send(DeviceOffer("web", "ann", await browser.offer()))
                answer = await lab.floor.wait(DeviceAnswer, "web")
                await browser.take(answer.sdp)
                assert (await lab.floor.wait(DeviceDown, "dev")).reason == "replaced"
                await lab.floor.wait(DeviceUp, "web")
                lab.floor.send(DeviceCall("dev2", "ann", "p1"))
                assert (await lab.floor.wait(DeviceDown, "web")).reason == "replaced"
                await lab.floor.wait(DeviceUp, "dev2")
            await browser.close()

    uvloop.run(scenario())


def test_a_phone_that_falls_silent_is_down_and_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phones, "NO_SOUND_S", 0.6)

    async def scenario() -> None:
        async with Lab(tmp_path) as lab:
            lab.floor.send(set_phone())
            async with desk_phone(lab) as phone:
                await lifted(lab, phone)
                phone.muted = True
                assert (await lab.floor.wait(DeviceDown, "dev")).reason == "no_sound"
                assert (await lab.floor.snapshot()).devices == {}
                phone.muted = False
                await lab.floor.wait(DeviceUp, "dev", count=2)

    uvloop.run(scenario())


def test_a_phone_that_is_lifted_and_never_heard_is_hung_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phones, "NEVER_HEARD_S", 0.6)

    async def scenario() -> None:
        async with Lab(tmp_path) as lab:
            lab.floor.send(set_phone())
            async with desk_phone(lab) as phone:
                phone.muted = True
                await phone.signed_in()
                lab.floor.send(DeviceCall("dev", "ann", "p1"))
                assert (await lab.floor.wait(DeviceDown, "dev")).reason == "no_sound"
                await phone.wait(CallEnded)
                assert not lab.floor.of(DeviceUp)

    uvloop.run(scenario())


def test_removing_a_phone_ends_its_call(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Lab(tmp_path) as lab:
            lab.floor.send(set_phone())
            async with desk_phone(lab) as phone:
                await lifted(lab, phone)
                lab.floor.send(RemovePhone("p1"))
                assert (await lab.floor.wait(DeviceDown, "dev")).reason == "closed"
                assert (await lab.floor.wait(PhoneUnregistered)).reason == "removed"
                await phone.wait(CallEnded)

    uvloop.run(scenario())


def test_calls_of_a_phone_to_us_are_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Lab(tmp_path) as lab:
            lab.floor.send(set_phone())
            async with desk_phone(lab) as phone:
                await phone.signed_in()
                phone._agent.invite(
                    "mine", target=phone._server, to="+70005550101", caller_id="1001",
                    sdp=b"", account=phone._agent.registrations._living["phone"].plan.account,
                    now=time.monotonic(),
                )  # fmt: skip
                phone._pump()
                refused = await phone.wait(CallRejected)
                assert isinstance(refused, CallRejected)
                assert refused.code == 403

    uvloop.run(scenario())


def test_a_killed_engine_leaves_no_phone_connected(tmp_path: Path) -> None:
    async def scenario() -> None:
        first = EngineProcess(tmp_path)
        floor = Floor(tmp_path / "engine.sock")
        await floor.__aenter__()
        journal = (tmp_path / "journal.jsonl").read_text().splitlines()
        port = [line["port"] for line in map(json.loads, journal) if line["do"] == "sip_port"][-1]
        floor.send(set_phone())
        settings = PhoneSettings("127.0.0.1", port, "1001", "secret")
        async with DeskPhone(settings) as phone:
            await phone.signed_in()
            floor.send(DeviceCall("dev", "ann", "p1"))
            await floor.wait(DeviceUp, "dev")
            first.kill()
            await floor.leave()
            with EngineProcess(tmp_path):
                await phone.wait(CallEnded, limit_s=10.0)
                again = Floor(tmp_path / "engine.sock", fence=2)
                async with again:
                    snapshot = again.of(Snapshot)[0]
                    down = snapshot.legs["dev"][-1]
                    assert isinstance(down, DeviceDown)
                    assert (down.agent, down.reason) == ("ann", "engine")
                    assert snapshot.devices == {}

    uvloop.run(scenario())
