"""Our SIP sockets as the tests of connections use them, with everything they told."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

from engine_lab import CALLER, NUMBER, SECRET
from pki import Authority

from vyzov.sip import sdp
from vyzov.sip.events import (
    Hop,
    SipEvent,
    Transport,
)
from vyzov.sip.user_agent import Account
from vyzov.telephony.native.signalling import Listening, Signalling
from vyzov.telephony.native.sip_sockets import StreamLimits
from vyzov.telephony.native.tls import TlsFiles

E = TypeVar("E", bound=SipEvent)
OFFER = sdp.offer(address="127.0.0.1", port=40_002, session_id=1)
OPTIONS = (
    "OPTIONS sip:vyzov@127.0.0.1 SIP/2.0\r\n"
    "Via: SIP/2.0/TCP 127.0.0.1:9;rport;branch=z9hG4bK{n}\r\n"
    "Max-Forwards: 70\r\nFrom: <sip:them@127.0.0.1>;tag=1\r\nTo: <sip:vyzov@127.0.0.1>\r\n"
    "Call-ID: call-{n}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


class Ours:
    """The engine's sockets and agent, with everything it told."""

    def __init__(self, listening: Listening | None = None, **options: object) -> None:
        self._listening = listening
        self._options = options
        self.events: list[SipEvent] = []
        self.gone: list[str] = []

    async def __aenter__(self) -> Self:
        self.sip = Signalling(
            asyncio.get_running_loop(),
            ("127.0.0.1", 0),
            advertised_host="127.0.0.1",
            secret=SECRET,
            listening=self._listening,
            **self._options,  # type: ignore[arg-type]
        )
        self.sip.begin(self.events.append)
        told = self.sip.lost

        def lost(hop: Hop, reason: str, *, stood: bool) -> None:
            self.gone.append(reason)
            told(hop, reason, stood=stood)

        self.sip.lost = lost  # type: ignore[method-assign]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.sip.close()
        await asyncio.sleep(0.01)

    def call(self, target: Hop, *, leg: str = "leg", body: bytes = OFFER) -> None:
        self.sip.agent.invite(
            leg, target=target, to=NUMBER, caller_id=CALLER, sdp=body, account=Account(),
            now=time.monotonic(),
        )  # fmt: skip
        self.sip.pump()

    def bye(self, leg: str = "leg") -> None:
        self.sip.agent.bye(leg, time.monotonic())
        self.sip.pump()

    def probe(self, target: Hop) -> None:
        self.sip.agent.options(target, time.monotonic())
        self.sip.pump()

    async def wait(self, kind: type[E], *, count: int = 1, limit_s: float = 6.0) -> E:
        end = time.monotonic() + limit_s
        while True:
            found = [event for event in self.events if isinstance(event, kind)]
            if len(found) >= count:
                return found[count - 1]
            assert time.monotonic() < end, f"no {kind.__name__}; came: {self.events}"
            await asyncio.sleep(0.01)

    def tcp(self) -> int:
        return self.sip.ports[Transport.TCP]


async def until(holds: Callable[[], bool], limit_s: float = 5.0) -> None:
    end = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < end, "it never came true"
        await asyncio.sleep(0.01)


async def rest(reader: asyncio.StreamReader) -> bytes:
    """Reads up to the end of a connection, whether it ends politely or not."""
    try:
        return await asyncio.wait_for(reader.read(), 2)
    except ConnectionError:
        return b""


def tls(authority: Authority, certificate: Path | None = None, **limits: object) -> Listening:
    return Listening(
        tls=TlsFiles(certificate=certificate, ca=authority.certificate),
        limits=StreamLimits(**limits),  # type: ignore[arg-type]
    )
