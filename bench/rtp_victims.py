"""The processes of `verify rtp` on our side: the engine, and those who talk through it.

`victims` answers calls over UDP, or over TLS with SRTP. Each leg speaks frames that carry who said
them and which one it is, and keeps every byte it hears in DIR/heard for the judge.
"""

import asyncio
import datetime as dt
import json
import os
import secrets
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Any

import uvloop
from connect_peers import lines, tell
from rtp_attack import FRAMES

from vyzov.cli.precedence import take_niceness
from vyzov.media import rtp
from vyzov.media.g711 import Law, encode
from vyzov.media.rtp import RtpSender
from vyzov.media.srtp import KEY_BYTES, Opener, Sealer
from vyzov.media.tones import tone
from vyzov.sip import sdp
from vyzov.sip.events import CallEnded, IncomingCall, SipEvent, Transport
from vyzov.sip.user_agent import UserAgent
from vyzov.telephony.native.engine import EngineSettings, serve
from vyzov.telephony.native.signalling import NO_PORT, Listening, Signalling
from vyzov.telephony.native.tls import TlsFiles

MARK = struct.Struct("!4sHI")
SAID = b"\x9c\x3aVi"
"""Mark of an honest frame: magic, leg, number (docs/formats.md)."""
VICTIM_HZ = 400.0
NAME = "victims.example"
ANSWER_AFTER_S = 0.5
"""Time in which the attacker already sprays the port a call will have."""
SPEAK_AFTER_S = 0.06
CAPTURED = 200
"""Packets of a victim handed to the attacker, to be played again."""
CONTROL_FRAMES = 25
RTP_FIRST, RTP_LAST = 47_000, 47_998


def certificates(folder: Path) -> None:
    """Writes an authority, and a certificate for `NAME` with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    root, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority.example")])
    now, day = dt.datetime.now(dt.UTC), dt.timedelta(days=1)
    pem = serialization.Encoding.PEM
    for name, key, extension in (
        ("authority.example", root, x509.BasicConstraints(ca=True, path_length=0)),
        (NAME, own, x509.SubjectAlternativeName([x509.DNSName(NAME)])),
    ):
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - day)
            .not_valid_after(now + day)
            .add_extension(extension, critical=name != NAME)
            .sign(root, hashes.SHA256())
        )
        (folder / f"{name}.pem").write_bytes(made.public_bytes(pem))
    (folder / f"{NAME}.key").write_bytes(
        own.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


class Victim:
    """One leg of one call: speaks, listens, keeps what it heard."""

    def __init__(self, number: int, leg: str, offer: sdp.Session, folder: Path) -> None:
        self.number = number
        self.leg = leg
        self.over = False
        self.misbehaves = False
        self._loop = asyncio.get_running_loop()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        audio = offer.secure_audio or offer.audio
        assert audio is not None
        self.engine = (audio.address, audio.port)
        self.sealer: Sealer | None = None
        self.opener: Opener | None = None
        self.sent: list[str] = []
        self._sender = RtpSender(secrets.randbits(32), secrets.randbits(15), 0, 8)
        self._rest = encode(tone(VICTIM_HZ, 20), Law.PCMA)[MARK.size :]
        self._count = 0
        self._file = (folder / "heard" / f"{number}.alaw").open("wb")
        self._loop.add_reader(self.socket.fileno(), self._hear)

    def keys(self, answer: bytes, offer: bytes) -> None:
        agreed = sdp.agree(answer, offer)
        if agreed.our_keys is not None and agreed.their_keys is not None:
            self.sealer = Sealer(agreed.our_keys.suite, agreed.our_keys.key)
            self.opener = Opener(agreed.their_keys.suite, agreed.their_keys.key)

    async def speak(self) -> None:
        start = time.monotonic() + SPEAK_AFTER_S
        while not self.over:
            await asyncio.sleep(max(0.0, start + self._count * 0.02 - time.monotonic()))
            if self.over:
                return
            payload = MARK.pack(SAID, self.number, self._count) + self._rest
            if self.misbehaves and 100 <= self._count < 100 + CONTROL_FRAMES:
                # The judge must find the attacker's sound where it really is.
                payload = FRAMES[self._count % len(FRAMES)]
            self._count += 1
            data: bytes | None = self._sender.packet(payload)
            if self.sealer is not None:
                data = self.sealer.seal(data or b"")
            assert data is not None
            if len(self.sent) < CAPTURED:
                self.sent.append(data.hex())
            self.socket.sendto(data, self.engine)

    def _hear(self) -> None:
        try:
            data = self.socket.recv(2048)
        except OSError:
            return
        opened = data if self.opener is None else self.opener.open(data, time.monotonic())
        packet = rtp.parse(opened or b"")
        if packet is not None:
            self._file.write(packet.payload)

    def end(self) -> int:
        self.over = True
        self._loop.remove_reader(self.socket.fileno())
        self.socket.close()
        self._file.close()
        return self._count


class Victims:
    """Answers every call as `Victim`s do; the user part of the number called names the leg."""

    def __init__(self, folder: Path, *, sealed: bool) -> None:
        self._folder = folder
        self._sealed = sealed
        self._loop = asyncio.get_running_loop()
        tls = TlsFiles(folder / f"{NAME}.pem", folder / f"{NAME}.key") if sealed else TlsFiles()
        self._signalling = Signalling(
            self._loop, ("127.0.0.1", 0), advertised_host="127.0.0.1", secret=b"victims",
            listening=Listening(tcp_port=NO_PORT, tls=tls),
        )  # fmt: skip
        address, ports = self._signalling.address, self._signalling.ports
        self._signalling.agent = UserAgent(
            local=address, ports=ports, secret=b"victims", accept_calls=True,
            new_token=lambda: secrets.token_hex(8),
        )  # fmt: skip
        self.port = ports[Transport.TLS] if sealed else address[1]
        self.legs: dict[str, Victim] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._signalling.begin(self._handle)

    def _handle(self, event: SipEvent) -> None:
        if isinstance(event, IncomingCall):
            task = self._loop.create_task(self._answer(event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif isinstance(event, CallEnded) and event.leg in self.legs:
            victim = self.legs.pop(event.leg)
            tell(ended=victim.number, said=victim.end())

    async def _answer(self, event: IncomingCall) -> None:
        assert event.sdp is not None
        offer = sdp.parse(event.sdp)
        victim = Victim(int(event.to_user[-4:]), event.leg, offer, self._folder)
        self.legs[event.leg] = victim
        tell(called=victim.number, engine=victim.engine, victim=("127.0.0.1", victim.port))
        await asyncio.sleep(ANSWER_AFTER_S)
        suite = next(iter(KEY_BYTES))
        answer = sdp.answer(
            offer, address="127.0.0.1", port=victim.port, session_id=1, codecs=["PCMA"],
            crypto=sdp.SrtpKeys(suite, os.urandom(KEY_BYTES[suite])) if self._sealed else None,
        )  # fmt: skip
        victim.keys(answer, event.sdp)
        self._signalling.agent.respond(event.leg, 200, sdp=answer, now=time.monotonic())
        self._signalling.pump()
        await victim.speak()

    def sent_of(self, number: int) -> list[str]:
        return next((leg.sent for leg in self.legs.values() if leg.number == number), [])

    def misbehave(self, number: int) -> None:
        for leg in self.legs.values():
            leg.misbehaves = leg.misbehaves or leg.number == number


async def run_victims(options: dict[str, Any]) -> None:
    take_niceness()
    reader = await lines()
    victims = Victims(Path(options["out"]), sealed=options["sealed"])
    tell(port=victims.port)
    while line := await reader.readline():
        message = json.loads(line)
        if "sent" in message:
            tell(sent=message["sent"], packets=victims.sent_of(message["sent"]))
        elif "misbehave" in message:
            victims.misbehave(message["misbehave"])


async def run_engine(options: dict[str, Any]) -> None:
    out = Path(options["out"])
    tls = TlsFiles(ca=out / "authority.example.pem") if options["sealed"] else TlsFiles()
    await serve(
        EngineSettings(
            socket=Path(options["socket"]),
            secret=os.urandom(32),
            journal=out / "legs.jsonl",
            recordings=out / "recordings",
            webrtc_hosts=("127.0.0.1",),
            rtp_first=RTP_FIRST,
            rtp_last=RTP_LAST,
            listening=Listening(tcp_port=NO_PORT, tls=tls),
        )
    )


if __name__ == "__main__":
    parts = {"engine": run_engine, "victims": run_victims}
    uvloop.run(parts[sys.argv[1]](json.loads(sys.argv[2])))
