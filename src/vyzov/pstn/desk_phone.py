"""A program desk phone: signs in at Vyzov over UDP or TCP, lifts when it rings, speaks one tone.

An agent without hardware tries a desk phone with it, and tests ring it. Its SIP is ours, so it
proves that the parts fit; that we read the standards right is for foreign phones to show.
"""

import asyncio
import contextlib
import logging
import secrets
import socket
import time
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from vyzov.media import rtp
from vyzov.media.frame import Samples, silent_frame
from vyzov.media.g711 import Law, decode, encode, law_of
from vyzov.media.rtp import RtpSender
from vyzov.media.tones import Tone
from vyzov.sip import sdp
from vyzov.sip.events import (
    CallCancelled,
    CallEnded,
    IncomingCall,
    RegistrationChanged,
    SipEvent,
)
from vyzov.sip.registration import SignIn
from vyzov.sip.stream import Framer
from vyzov.sip.user_agent import Account, Hop, Transport, UserAgent

log = logging.getLogger("vyzov.pstn.desk_phone")

FRAME_S = 0.02
HEARD_FRAMES = 500
EXPIRES_S = 60
SIGNS_OUT_WITHIN_S = 2.0
LONGEST = 65_535
TRUNK = "phone"
CALLS_MAX = 2


@dataclass(frozen=True, slots=True)
class PhoneSettings:
    """Where a phone signs in and how it behaves.

    `hz` 0 speaks silence; `ring_s` passes before it lifts, None: nobody ever does."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    transport: Transport = Transport.UDP
    hz: float = 700.0
    ring_s: float | None = 0.2


class DeskPhone:
    """One phone: `async with` signs it in and out again."""

    def __init__(
        self, settings: PhoneSettings, *, tell: Callable[[SipEvent], None] = lambda _event: None
    ) -> None:
        """Does nothing yet; `tell` hears of everything that happens to it."""
        self.settings = settings
        self._tell = tell
        self.events: list[SipEvent] = []
        self.heard: deque[Samples] = deque(maxlen=HEARD_FRAMES)
        self.leg = ""
        """The call in hand, "" for none."""
        self.muted = False
        """Sends nothing at all, as a phone with a broken microphone cable."""
        self._news = asyncio.Event()
        self._framer = Framer(accepted=False)
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._sound: socket.socket | None = None

    # ---- what a person does with it

    async def __aenter__(self) -> Self:
        """Connects and asks to sign in."""
        self._loop = asyncio.get_running_loop()
        settings = self.settings
        if settings.transport is Transport.UDP:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
            self._socket.connect((settings.host, settings.port))
        else:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._socket.setblocking(False)
            await self._loop.sock_connect(self._socket, (settings.host, settings.port))
        self._server = Hop(settings.host, settings.port, settings.transport)
        host, port = self._socket.getsockname()[:2]
        self._host = str(host)
        self._agent = UserAgent(
            local=(host, port),
            secret=secrets.token_bytes(16),
            new_token=lambda: secrets.token_hex(8),
            user_agent="Vyzov program phone",
            accept_calls=True,
        )
        self._loop.add_reader(self._socket.fileno(), self._readable)
        self._agent.registrations.start(
            SignIn(
                TRUNK,
                self._server,
                f"{settings.username}@{settings.host}",
                Account(settings.username, settings.password),
                EXPIRES_S,
            ),
            time.monotonic(),
        )
        self._pump()
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Hangs up and signs out."""
        self.hang_up()
        self._agent.registrations.stop_all(time.monotonic())
        self._pump()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SIGNS_OUT_WITHIN_S):
                while not self._agent.registrations.quiet:
                    self._news.clear()
                    await self._news.wait()
        self.vanish()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def vanish(self) -> None:
        """Goes without a word, as one whose cable was pulled."""
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._quiet()
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()

    def hang_up(self) -> None:
        """Puts the receiver down, if it is lifted."""
        if self.leg:
            self._agent.bye(self.leg, time.monotonic())
            self._quiet()
            self._pump()

    async def signed_in(self, limit_s: float = 5.0) -> RegistrationChanged:
        """Returns the answer to the sign-in, whatever it is; raises TimeoutError."""
        event = await self.wait(RegistrationChanged, limit_s)
        assert isinstance(event, RegistrationChanged)
        return event

    async def wait(self, kind: type[SipEvent], limit_s: float = 5.0, count: int = 1) -> SipEvent:
        """Returns the `count`-th event of a kind, waiting for it; raises TimeoutError."""
        async with asyncio.timeout(limit_s):
            while len(found := [e for e in self.events if isinstance(e, kind)]) < count:
                self._news.clear()
                await self._news.wait()
        return found[count - 1]

    def heard_sound(self, seconds: float) -> Samples:
        """Returns the last so many seconds heard, 8 kHz."""
        frames = list(self.heard)[-round(seconds * 50) :]
        return np.concatenate(frames) if frames else np.zeros(0, dtype=np.int16)

    # ---- signalling

    def _readable(self) -> None:
        try:
            data = self._socket.recv(LONGEST)
        except OSError:
            return
        if self.settings.transport is Transport.UDP:
            messages = [data]
        elif data:
            messages = self._framer.feed(data)
        else:
            log.warning("Vyzov closed the connection of phone %s", self.settings.username)
            self._loop.remove_reader(self._socket.fileno())
            return
        for message in messages:
            self._agent.receive(message, self._server, time.monotonic())
            self._pump()

    def _pump(self) -> None:
        for event in self._agent.events():
            self._take(event)
            self.events.append(event)
            self._tell(event)
            self._news.set()
        for data, _ in self._agent.messages_to_send():
            # Small enough for any socket buffer; where it is lost, the agent's timers repeat it.
            try:
                self._socket.send(data)
            except OSError as error:
                log.warning("%d bytes could not be sent: %s", len(data), error)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._agent.next_deadline()
        if due is not None:
            self._timer = self._loop.call_later(max(0.001, due - time.monotonic()), self._fire)

    def _fire(self) -> None:
        self._timer = None
        self._agent.handle_deadline(time.monotonic())
        self._pump()

    def _take(self, event: SipEvent) -> None:
        if isinstance(event, IncomingCall):
            if self.leg or event.sdp is None:
                self._agent.respond(event.leg, 486, now=time.monotonic())
                return
            self.leg = event.leg
            self._agent.respond(event.leg, 180, now=time.monotonic())
            if self.settings.ring_s is not None:
                self._start(self._lift(event.leg, event.sdp, self.settings.ring_s))
        elif isinstance(event, CallEnded | CallCancelled) and event.leg == self.leg:
            self._quiet()

    # ---- sound

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _lift(self, leg: str, offer: bytes, ring_s: float) -> None:
        await asyncio.sleep(ring_s)
        if self.leg != leg:
            return
        self._sound = sound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sound.setblocking(False)
        sound.bind((self._host, 0))
        self._loop.add_reader(sound.fileno(), self._hear, sound)
        offered = sdp.parse(offer)
        answer = sdp.answer(
            offered, address=self._host, port=sound.getsockname()[1], session_id=1,
            codecs=[Law.PCMA.value],
        )  # fmt: skip
        self._agent.respond(leg, 200, sdp=answer, now=time.monotonic())
        self._pump()
        audio = offered.audio
        if audio is not None:
            await self._speak(leg, sound, (audio.address, audio.port))

    async def _speak(self, leg: str, sound: socket.socket, target: tuple[str, int]) -> None:
        voice = Tone(self.settings.hz) if self.settings.hz else None
        sender = RtpSender(
            secrets.randbits(32), secrets.randbits(15), secrets.randbits(31), Law.PCMA.payload_type
        )
        start, sent = time.monotonic(), 0
        while self.leg == leg:
            if not self.muted:
                frame = silent_frame() if voice is None else voice.frame()
                sound.sendto(sender.packet(encode(frame, Law.PCMA)), target)
            sent += 1
            await asyncio.sleep(max(0.0, start + sent * FRAME_S - time.monotonic()))

    def _hear(self, sound: socket.socket) -> None:
        try:
            packet = rtp.parse(sound.recv(2048))
        except OSError:
            return
        law = None if packet is None else law_of(packet.payload_type)
        if packet is not None and law is not None:
            self.heard.append(decode(packet.payload, law))

    def _quiet(self) -> None:
        self.leg = ""
        if self._sound is not None:
            self._loop.remove_reader(self._sound.fileno())
            self._sound.close()
            self._sound = None
