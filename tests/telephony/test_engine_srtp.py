"""SRTP of trunks: offered on TLS only, demanded in words, and never a reason to hang up."""

import asyncio
import os
import secrets
import socket
import time
from pathlib import Path
from typing import Self

import pytest
import uvloop
from callee import Callee
from engine_lab import Lab, originate
from pki import Authority

from vyzov.dialer.ports import Answered, Ended, Hangup, Refused
from vyzov.media import rtp
from vyzov.media.frame import Samples
from vyzov.media.g711 import Law, decode, encode
from vyzov.media.rtp import RtpSender
from vyzov.media.srtp import KEY_BYTES, Opener, Sealer
from vyzov.media.tones import Tone, dominant
from vyzov.sip import sdp
from vyzov.sip.events import CallEnded, IncomingCall, SipEvent, Transport
from vyzov.sip.user_agent import UserAgent
from vyzov.telephony.native.signalling import NO_PORT, Listening, Signalling
from vyzov.telephony.native.tls import TlsFiles

NAME = "carrier.example"


class SecureCallee:
    """Answers over TLS and talks SRTP, or plain RTP where it is told to misbehave."""

    def __init__(self, certificate: Path, *, suite: str = "", plain: bool = False) -> None:
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._suite, self._plain = suite, plain
        self._signalling = Signalling(
            loop, ("127.0.0.1", 0), advertised_host="127.0.0.1", secret=b"secure",
            listening=Listening(tcp_port=NO_PORT, tls=TlsFiles(certificate=certificate)),
        )  # fmt: skip
        ports = self._signalling.ports
        self._signalling.agent = self.agent = UserAgent(
            local=self._signalling.address, ports=ports, secret=b"secure", accept_calls=True,
            new_token=lambda: secrets.token_hex(8),
        )  # fmt: skip
        self.port = ports[Transport.TLS]
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind(("127.0.0.1", 0))
        self.offer = b""
        self.leg = ""
        self.ended = asyncio.Event()
        self.heard: list[Samples] = []
        self.heard_plain = 0
        self.sealed: list[bytes] = []
        self._sealer: Sealer | None = None
        self._opener: Opener | None = None
        self._speaking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._signalling.begin(self._handle)
        self._loop.add_reader(self.socket.fileno(), self._hear)
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._speaking is not None:
            self._speaking.cancel()
        self._loop.remove_reader(self.socket.fileno())
        self._signalling.close()
        self.socket.close()

    @property
    def engine(self) -> tuple[str, int]:
        audio = sdp.parse(self.offer).media[0]
        return (audio.address, audio.port)

    def _handle(self, event: SipEvent) -> None:
        if isinstance(event, CallEnded):
            self.ended.set()
        if not isinstance(event, IncomingCall):
            return
        assert event.sdp is not None
        self.leg, self.offer = event.leg, event.sdp
        offered = sdp.parse(event.sdp)
        port: int = self.socket.getsockname()[1]
        if self._plain:
            text = sdp.offer(address="127.0.0.1", port=port, session_id=1, codecs=["PCMA"])
        else:
            keys = next(
                sdp.SrtpKeys(one.suite, os.urandom(len(one.key)))
                for one in offered.media[0].crypto
                if self._suite in one.suite
            )
            text = sdp.answer(
                offered, address="127.0.0.1", port=port, session_id=1, codecs=["PCMA"], crypto=keys
            )
            self.take(sdp.agree(text, event.sdp))
        self.agent.respond(event.leg, 200, sdp=text, now=time.monotonic())
        self._speaking = self._loop.create_task(self._speak())

    def take(self, agreed: sdp.Agreement) -> None:
        assert agreed.our_keys is not None
        assert agreed.their_keys is not None
        self._sealer = Sealer(agreed.our_keys.suite, agreed.our_keys.key)
        self._opener = Opener(agreed.their_keys.suite, agreed.their_keys.key)

    def rekey(self) -> None:
        """Offers the same session under a new key of ours."""
        offered = sdp.parse(self.offer).media[0].crypto
        keys = sdp.SrtpKeys(offered[0].suite, os.urandom(KEY_BYTES[offered[0].suite]))
        port: int = self.socket.getsockname()[1]
        text = sdp.offer(
            address="127.0.0.1", port=port, session_id=1, version=2, codecs=["PCMA"], crypto=keys
        )
        self.agent.reoffer(self.leg, text, time.monotonic())
        self._signalling.pump()
        self._sealer = Sealer(keys.suite, keys.key)

    async def _speak(self) -> None:
        voice, sender = Tone(400), RtpSender(secrets.randbits(32), 65_400, 5, 8)
        start, sent = time.monotonic(), 0
        while not self.ended.is_set():
            data = sender.packet(encode(voice.frame(), Law.PCMA))
            sealed = data if self._sealer is None else self._sealer.seal(data)
            assert sealed is not None
            self.sealed.append(sealed)
            self.socket.sendto(sealed, self.engine)
            sent += 1
            await asyncio.sleep(max(0.0, start + sent * 0.02 - time.monotonic()))

    def _hear(self) -> None:
        data = self.socket.recv(2048)
        opened = None if self._opener is None else self._opener.open(data, time.monotonic())
        packet = rtp.parse(opened or b"")
        if packet is not None:
            self.heard.append(decode(packet.payload, Law.PCMA))
        elif rtp.parse(data) is not None:
            self.heard_plain += 1


def secure_lab(tmp_path: Path) -> tuple[Lab, Path]:
    authority = Authority(tmp_path)
    certificate = authority.leaf(NAME, "127.0.0.1")
    tls = TlsFiles(ca=authority.certificate)
    return Lab(tmp_path, listening=Listening(tcp_port=NO_PORT, tls=tls)), certificate


async def call(lab: Lab, port: int) -> Answered:
    lab.floor.trunk(port, transport="tls", tls_name=NAME, srtp="required", probe_s=0)
    lab.floor.send(originate("a"))
    return await lab.floor.wait(Answered, "a")


@pytest.mark.parametrize("suite", list(KEY_BYTES))
def test_a_trunk_on_tls_talks_sealed_in_every_suite_we_offer(suite: str, tmp_path: Path) -> None:
    async def story() -> None:
        lab, certificate = secure_lab(tmp_path)
        async with lab, SecureCallee(certificate, suite=suite) as callee:
            assert (await call(lab, callee.port)).codec == "PCMA"
            await asyncio.sleep(0.8)
            port = lab.engine.calls.living["a"].port
            assert port.receiver.received > 25
            assert len(callee.heard) > 25
            assert callee.heard_plain == 0
            assert b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" in callee.offer
            assert b"RTP/SAVP" in callee.offer
            lab.floor.send(Hangup("a"))
            ended = await lab.floor.wait(Ended, "a")
            assert ended.stats["srtp_refused"] == 0

    uvloop.run(story())


def test_bad_packets_are_counted_and_end_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        lab, certificate = secure_lab(tmp_path)
        async with lab, SecureCallee(certificate) as callee:
            await call(lab, callee.port)
            await asyncio.sleep(0.4)
            for number in range(300):
                noise = rtp.build(8, number, number * 160, 9, bytes(160))
                callee.socket.sendto(noise, callee.engine)
                callee.socket.sendto(callee.sealed[number % 10], callee.engine)
                if number % 30 == 0:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.4)
            port = lab.engine.calls.living["a"].port
            assert port.receiver.received == pytest.approx(len(callee.sealed), abs=3)
            lab.floor.send(Hangup("a"))
            ended = await lab.floor.wait(Ended, "a")
            assert (ended.side, ended.stats["srtp_refused"]) == ("us", 600)

    uvloop.run(story())


def test_new_keys_in_mid_call_are_taken(tmp_path: Path) -> None:
    async def story() -> None:
        lab, certificate = secure_lab(tmp_path)
        async with lab, SecureCallee(certificate) as callee:
            await call(lab, callee.port)
            await asyncio.sleep(0.4)
            heard: list[Samples] = []
            port = lab.engine.calls.living["a"].port
            port.on_hear = lambda packet, _: heard.append(decode(packet.payload, Law.PCMA))
            callee.rekey()
            await asyncio.sleep(0.8)
            assert len(heard) > 30
            assert dominant(heard[-1])[0] == pytest.approx(400, abs=8)
            before = len(callee.heard)
            await asyncio.sleep(0.2)
            assert len(callee.heard) > before

    uvloop.run(story())


def test_a_plain_answer_to_a_sealed_offer_ends_the_call_and_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        lab, certificate = secure_lab(tmp_path)
        async with lab, SecureCallee(certificate, plain=True) as callee:
            assert (await call(lab, callee.port)).codec == ""
            ended = await lab.floor.wait(Ended, "a")
            assert (ended.side, ended.cause) == ("engine", "no_srtp")
            assert callee.heard_plain == 0

    uvloop.run(story())
    assert "must be SRTP and the far side describes plain RTP" in caplog.text


def test_a_trunk_whose_keys_could_be_read_on_the_way_is_not_dialled(tmp_path: Path) -> None:
    async def story() -> None:
        async with Lab(tmp_path) as lab, Callee() as callee:
            lab.floor.trunk(callee.port, srtp="required", probe_s=0)
            lab.floor.send(originate("a"))
            refused = await lab.floor.wait(Refused, "a")
            assert refused.reason == "srtp_needs_tls"
            assert callee.count("INVITE") == 0

    uvloop.run(story())
