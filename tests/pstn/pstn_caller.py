"""A small real caller for tests of the box: SIP by the user agent, RTP on a socket of its own.

Plays what it is told, presses nothing, hears the callee, and keeps every SIP datagram it saw.
"""

import asyncio
import itertools
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from vyzov.media.g711 import SILENCE, Law, decode, encode
from vyzov.media.prompts import PromptLibrary
from vyzov.media.rtp import RtpReceiver, RtpSender, parse
from vyzov.media.telephone_event import DigitReceiver
from vyzov.media.tones import tone
from vyzov.pstn.hearing import Heard, Memory, operator_ear
from vyzov.sip import sdp
from vyzov.sip.events import CallAnswered, CallEnded, CallProgress, CallRejected, SipEvent
from vyzov.sip.user_agent import Account, Address, Hop, UserAgent

_TOKENS = itertools.count(1)
Frames = Iterable[bytes]


def prompt_frames(library: PromptLibrary, name: str) -> Frames:
    """Returns a prompt as 20 ms of A-law each."""
    samples = library.load(name).samples
    for at in range(0, len(samples) - 159, 160):
        yield encode(samples[at : at + 160], Law.PCMA)


def tone_frames(hz: int, seconds: float) -> Frames:
    """Returns a steady tone."""
    samples = tone(hz, 1000, -14)
    row = [encode(samples[at : at + 160], Law.PCMA) for at in range(0, 8000, 160)]
    return itertools.islice(itertools.cycle(row), int(seconds * 50))


@dataclass
class Seen:
    """What one call of the test caller came to."""

    events: list[SipEvent] = field(default_factory=list)
    digits: list[str] = field(default_factory=list)
    voices: Counter[Heard] = field(default_factory=Counter)
    memory: Memory = field(default_factory=Memory)
    received: RtpReceiver = field(default_factory=RtpReceiver)
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    def of(self, kind: type[SipEvent]) -> list[SipEvent]:
        """Returns the events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def rejected(self) -> CallRejected:
        """The one rejection."""
        [event] = self.of(CallRejected)
        assert isinstance(event, CallRejected)
        return event

    @property
    def provisional(self) -> list[int]:
        """Codes of the provisional responses above 100."""
        return [event.code for event in self.events if isinstance(event, CallProgress)]


class Caller(asyncio.DatagramProtocol):
    """One caller on loopback."""

    def __init__(self, box: Address, account: Account | None = None) -> None:
        self.box = box
        self.account = account or Account("vyzov", "vyzov", "pstn.box")
        self.datagrams: list[tuple[str, bytes]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._seen: dict[str, Seen] = {}
        self._moved = asyncio.Event()

    async def open(self) -> None:
        """Opens the SIP socket."""
        self._loop = asyncio.get_running_loop()
        self._transport, _ = await self._loop.create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0)
        )
        self.agent = UserAgent(
            local=self._transport.get_extra_info("sockname")[:2],
            secret=b"test",
            new_token=lambda: f"token{next(_TOKENS)}",
        )

    def close(self) -> None:
        """Closes the SIP socket."""
        if self._timer:
            self._timer.cancel()
        self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.datagrams.append(("in", data))
        self.agent.receive(data, Hop(*addr[:2]), self._loop.time())
        self._pump()

    def sent(self, method: str) -> int:
        """Counts requests sent with a method, repeats included."""
        start = method.encode() + b" "
        return sum(side == "out" and data.startswith(start) for side, data in self.datagrams)

    async def call(
        self,
        leg: str,
        number: str,
        *,
        play: Callable[[float], Sequence[Frames]] | None = None,
        cancel_after_s: float | None = None,
        hang_up_after_play: bool = True,
        limit_s: float = 20.0,
    ) -> Seen:
        """Places a call, plays frames once answered, and returns when it is over."""
        seen = self._seen[leg] = Seen()
        wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        wire.bind(("127.0.0.1", 0))
        wire.setblocking(False)
        offer = sdp.offer(address="127.0.0.1", port=wire.getsockname()[1], session_id=1)
        self.agent.invite(
            leg, target=Hop(*self.box), to=number, caller_id="+70005550199", sdp=offer,
            account=self.account, now=self._loop.time(),
        )  # fmt: skip
        self._pump()
        sound = asyncio.create_task(
            self._sound(leg, wire, offer, play, hang_up_after_play=hang_up_after_play)
        )
        if cancel_after_s is not None:
            self._loop.call_later(cancel_after_s, self._cancel, leg)
        try:
            async with asyncio.timeout(limit_s):
                while not seen.of(CallRejected) and not seen.of(CallEnded):
                    self._moved.clear()
                    await self._moved.wait()
            await asyncio.sleep(0.1)
        finally:
            sound.cancel()
            wire.close()
        return seen

    def hang_up(self, leg: str) -> None:
        """Sends a BYE."""
        self.agent.bye(leg, self._loop.time())
        self._pump()

    def _cancel(self, leg: str) -> None:
        self.agent.cancel(leg, self._loop.time())
        self._pump()

    async def _sound(
        self,
        leg: str,
        wire: socket.socket,
        offer: bytes,
        play: Callable[[float], Sequence[Frames]] | None,
        *,
        hang_up_after_play: bool,
    ) -> None:
        seen = self._seen[leg]
        await seen.answered.wait()
        answer = next(event for event in seen.events if isinstance(event, CallAnswered))
        agreed = sdp.agree(offer, answer.sdp or b"")
        sender = RtpSender(7, 1, 1, agreed.payload)
        digits, ear = DigitReceiver(), operator_ear()
        frames = itertools.chain.from_iterable(play(0.0)) if play else iter(())
        start, ended = self._loop.time(), False
        for tick in itertools.count(1):
            frame = next(frames, None)
            if frame is None and play and not ended and hang_up_after_play:
                ended = True
                self.hang_up(leg)
            packet = sender.packet(frame or SILENCE[Law.PCMA])
            wire.sendto(packet, (agreed.address, agreed.port))
            for data in _drain(wire):
                parsed = parse(data)
                assert parsed is not None
                seen.received.receive(parsed, self._loop.time())
                if parsed.payload_type == agreed.payload:
                    ear.take(decode(parsed.payload, Law(agreed.codec)), self._loop.time())
                elif digit := digits.receive(parsed, self._loop.time()):
                    seen.digits.append(digit.character)
            if tick % 5 == 0:
                heard = ear.window(self._loop.time())
                seen.voices[heard] += 1
                seen.memory.window(heard, (tick - 5) / 50, tick / 50)
            await asyncio.sleep(max(0.0, start + tick * 0.02 - self._loop.time()))

    def _pump(self) -> None:
        for event in self.agent.events():
            if event.leg in self._seen:
                self._seen[event.leg].events.append(event)
                if isinstance(event, CallAnswered):
                    self._seen[event.leg].answered.set()
        for data, target in self.agent.messages_to_send():
            self.datagrams.append(("out", data))
            self._transport.sendto(data, target.address)
        if self._timer:
            self._timer.cancel()
        deadline = self.agent.next_deadline()
        if deadline is not None:
            self._timer = self._loop.call_at(deadline, self._due)
        self._moved.set()

    def _due(self) -> None:
        self.agent.handle_deadline(self._loop.time())
        self._pump()


def _drain(wire: socket.socket) -> Iterable[bytes]:
    while True:
        try:
            yield wire.recv(2048)
        except BlockingIOError:
            return
