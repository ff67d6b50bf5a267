"""The telephone network in a box: a process that is everybody who can be called.

Wires the user agent, the callees, their lines and the ledger to sockets and one 20 ms clock. What a
callee does is decided by its plan and its ears; what is written of it by `verdict` and `ledger`.
It listens on loopback only, unless told otherwise: it answers anybody, without asking.
"""

import asyncio
import contextlib
import functools
import ipaddress
import json
import re
import secrets
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from vyzov.pstn.call import Call
from vyzov.pstn.chaos import ChaosProxy, Weather
from vyzov.pstn.clock import MediaClock
from vyzov.pstn.hearing import callee_ear
from vyzov.pstn.ledger import Ledger
from vyzov.pstn.line import Line
from vyzov.pstn.wire import PortRange, arrivals, stamped
from vyzov.simulation.people import Callee, Plan, callee_for, hurried, town
from vyzov.simulation.residents import Residents
from vyzov.simulation.scenario import People
from vyzov.sip.events import (
    Address,
    CallCancelled,
    CallEnded,
    DialogConfirmed,
    Hop,
    IncomingCall,
    SessionChanged,
    SipEvent,
)
from vyzov.sip.user_agent import UserAgent

_NUMBER = re.compile(r"\+\d[\d ().\-]{5,20}\d")
_DIALLED = re.compile(r"\+?\d{3,15}")
_RECEIVE_BUFFER = 4 << 20
BAD_NETWORK_DELAY_S = 0.03


@dataclass(frozen=True, slots=True)
class BoxSettings:
    """How a box is started; `numbers` is any text file with an international number per line.

    `hurry` divides the seconds callees ring and talk; `port` 0 takes any free one; a `host` beyond
    loopback needs `listen_anywhere` and, where it is a wildcard, `advertise`. `bad_network` is the
    share of signalling that is lost on the way, of what comes twice, and of what is overtaken.
    Where there are `people` of a scenario, they live at all numbers, their home hours in `zone`.
    """

    ledger: Path
    port: int = 5070
    host: str = "127.0.0.1"
    seed: int = 7
    numbers: Path | None = None
    listen_anywhere: bool = False
    advertise: str = ""
    rtp_first: int = 21000
    rtp_last: int = 24999
    hurry: float = 1.0
    ring_limit_s: float = 90.0
    username: str = "vyzov"
    password: str = "vyzov"  # noqa: S105 - the password of a made-up network
    realm: str = "pstn.box"
    bad_network: float = 0.0
    people: People | None = None
    zone: str = "Europe/Moscow"
    json: bool = False


class NotLoopback(ValueError):
    """The box was asked to listen beyond loopback without being told that this is meant."""


def read_numbers(path: Path) -> list[str]:
    """Reads the first international number (`+` and digits, spaced as people do) of each line."""
    found: list[str] = []
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        match = _NUMBER.search(line)
        if match:
            found.append("+" + re.sub(r"\D", "", match[0]))
    return found


class Box:
    """Every callee of one run: `start`, then calls may come, then `stop`."""

    def __init__(self, settings: BoxSettings) -> None:
        self._settings = settings
        self._check_host()
        numbers = read_numbers(settings.numbers) if settings.numbers else []
        ours = numbers if settings.people is None else []
        self.town: Mapping[str, Callee] = town(ours, settings.seed) if ours else {}
        self._residents = Residents(self, settings.seed)
        self._dialled: Counter[str] = Counter()
        self._by_leg: dict[str, Call] = {}
        self._by_call_id: dict[str, Call] = {}
        self._opened = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._ports = PortRange(settings.host, settings.rtp_first, settings.rtp_last)
        self._clock = MediaClock(self._tick, self._skip)
        self._weather: ChaosProxy | None = None

    def _check_host(self) -> None:
        host = self._settings.host
        if not ipaddress.ip_address(host).is_loopback and not self._settings.listen_anywhere:
            raise NotLoopback(
                f"the network in a box would listen on {host}, where strangers can reach it: "
                "use 127.0.0.1, or --listen-anywhere if that is what you want"
            )

    async def start(self) -> Address:
        """Opens the ledger and the SIP port; returns the address it listens on."""
        settings = self._settings
        self._loop = asyncio.get_running_loop()
        self._wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        fair = settings.bad_network == 0.0
        self._wire.bind((settings.host, settings.port if fair else 0))
        with contextlib.suppress(OSError):
            self._wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self.address: Address = stamped(self._wire).getsockname()[:2]
        if not fair:
            share = settings.bad_network
            self._weather = await ChaosProxy.open(
                self.address,
                Weather(share, share, share, BAD_NETWORK_DELAY_S),
                seed=settings.seed,
                listen=(settings.host, settings.port),
                streams=False,
            )
            # Callers only ever see the address in front, so what they send in a call comes by it.
            self.address = self._weather.address
        self._agent = UserAgent(
            local=self.address,
            secret=secrets.token_bytes(16),
            new_token=functools.partial(secrets.token_hex, 8),
            user_agent="pstn-in-a-box",
            advertised=(self._media_host, self.address[1]),
            accept_calls=True,
        )
        self.ledger = Ledger(settings.ledger, self.now)
        kinds = Counter(callee.kind.value for callee in self.town.values())
        self.ledger.line("box", seed=settings.seed, address=list(self.address), kinds=dict(kinds))
        self._loop.add_reader(self._wire.fileno(), self._received)
        self._clock.start(self._loop)
        return self.address

    async def stop(self) -> None:
        """Ends every call, gives the BYEs half a second, and closes the book."""
        live = list(self._by_call_id.values())
        for call in live:
            call.closed_by_box()
        self._pump()
        if live:
            await asyncio.sleep(0.5)
        self._clock.stop()
        if self._deadline:
            self._deadline.cancel()
        self._loop.remove_reader(self._wire.fileno())
        self._wire.close()
        if self._weather:
            self._weather.close()
            self.ledger.line("weather", **self._weather.counts.to_json())
        self.ledger.line("end", invites=self.ledger.invites, calls=sum(self._dialled.values()))
        self.ledger.close()

    # ---- what calls ask of the box -----------------------------------------------------------

    @property
    def utc(self) -> datetime:
        """The present moment, the calendar of people with hours."""
        return datetime.now(UTC)

    def now(self) -> float:
        """Monotonic seconds, the clock of every `t` in the ledger."""
        return time.monotonic()

    def later(self, delay_s: float, act: Callable[[], None]) -> asyncio.TimerHandle:
        """Runs `act` after `delay_s` and sends what came of it."""

        def run() -> None:
            act()
            self._pump()

        return self._loop.call_later(delay_s, run)

    def open_line(self, call: Call) -> Line:
        """Opens a callee's RTP port."""
        del call
        self._opened += 1
        host, wire = self._media_host, self._ports.open()
        return Line(wire, callee_ear(), host=host, number=self._opened)

    def respond(
        self,
        leg: str,
        code: int,
        phrase: str,
        body: bytes | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Answers a leg's INVITE."""
        self._agent.respond(leg, code, phrase, sdp=body, headers=headers, now=self.now())

    def challenge(self, leg: str, code: int) -> None:
        """Asks a leg's caller who it is."""
        self._agent.challenge(leg, code=code, realm=self._settings.realm, now=self.now())

    def knows(self, leg: str) -> bool:
        """Tells whether the leg's INVITE carries the right password."""
        settings = self._settings
        return self._agent.check_credentials(
            leg, username=settings.username, password=settings.password
        )

    def hang_up(self, leg: str) -> None:
        """Sends a BYE."""
        self._agent.bye(leg, self.now())

    def finished(self, call: Call) -> None:
        """Drops a call whose record is written."""
        self._by_call_id.pop(call.call_id, None)

    # ---- the wire ----------------------------------------------------------------------------

    @property
    def _media_host(self) -> str:
        return self._settings.advertise or self._settings.host

    def _received(self) -> None:
        for data, source, at in arrivals(self._wire):
            self.ledger.datagram("in", data, source, at)
            self._agent.receive(data, Hop(*source), self.now())
        self._pump()

    def _due(self) -> None:
        self._agent.handle_deadline(self.now())
        self._pump()

    def _pump(self) -> None:
        """Carries events to their calls and datagrams to the wire until nothing is left."""
        events = self._agent.events()
        while events:
            for event in events:
                self._happened(event)
            events = self._agent.events()
        for data, target in self._agent.messages_to_send():
            self.ledger.datagram("out", data, target.address)
            with contextlib.suppress(OSError):
                self._wire.sendto(data, target.address)
        deadline = self._agent.next_deadline()
        if self._deadline:
            self._deadline.cancel()
        if deadline is not None:
            wait = max(0.0, deadline - self.now())
            self._deadline = self._loop.call_later(wait, self._due)

    def _happened(self, event: SipEvent) -> None:
        if isinstance(event, IncomingCall):
            self._invited(event)
            return
        call = self._by_leg.get(event.leg)
        if call is None or call.leg != event.leg:
            return
        match event:
            case DialogConfirmed():
                call.confirmed()
            case SessionChanged(sdp=offer):
                call.session_changed(offer)
            case CallCancelled():
                call.cancelled()
                self._forget(event.leg)
            case CallEnded(cause=cause):
                call.ended_by_caller(cause)
                self._forget(event.leg)
            case _:
                pass

    def _invited(self, incoming: IncomingCall) -> None:
        known = self._by_call_id.get(incoming.call_id)
        if known is not None:
            self._by_leg[incoming.leg] = known
            known.invited_again(incoming)
            return
        if not _DIALLED.fullmatch(incoming.to_user):
            self.respond(incoming.leg, 404, "Not Found")
            return
        number = "+" + incoming.to_user.lstrip("+")
        if any(call.number == number for call in self._by_call_id.values()):
            # A telephone in use is busy, whoever calls twice; the checker counts these.
            self.ledger.line("second_call", call_id=incoming.call_id, number=number)
            self.respond(incoming.leg, 486, "Busy Here")
            return
        self._dialled[number] += 1
        plan = self._plan(number, self._dialled[number])
        call = Call(self, replace(incoming, to_user=number), plan, self._settings.ring_limit_s)
        self._by_leg[incoming.leg] = self._by_call_id[incoming.call_id] = call
        call.begin()

    def _plan(self, number: str, count: int) -> Plan:
        """What the `count`-th call to a number meets."""
        settings = self._settings
        if settings.people is None:
            callee = self.town.get(number) or callee_for(number, settings.seed)
            return callee.plan(count, settings.hurry)
        self._residents.settle(number, settings.people, settings.zone)
        return hurried(self._residents.plan(number, count), settings.hurry)

    def _forget(self, leg: str) -> None:
        self._by_leg.pop(leg, None)
        self._agent.forget(leg)

    def _tick(self, due: float) -> None:
        for call in tuple(self._by_call_id.values()):
            call.tick(due)
        self._pump()  # A callee may have hung up just now.

    def _skip(self, ticks: int) -> None:
        for call in tuple(self._by_call_id.values()):
            call.skip(ticks)


async def run_box(settings: BoxSettings) -> None:
    """Runs a box until SIGINT or SIGTERM; prints where it listens, as JSON where asked."""
    box = Box(settings)
    host, port = await box.start()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    _say(
        settings,
        {"name": "pstn", "ready": True, "host": host, "port": port, "seed": settings.seed},
        f"The network in a box listens on {host}:{port}; ledger: {settings.ledger}",
    )
    try:
        await stop.wait()
    finally:
        await box.stop()
    _say(
        settings,
        {"name": "pstn", "ready": False, "invites": box.ledger.invites},
        f"The network in a box is closed after {box.ledger.invites} INVITEs.",
    )


def _say(settings: BoxSettings, machine: Mapping[str, object], human: str) -> None:
    text = json.dumps(machine) if settings.json else human
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
