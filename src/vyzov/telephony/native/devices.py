"""Agents' browsers: one audio leg per agent, offered, proven both ways, watched and replaced.

A leg is up once its connection stands and sound went both ways; it is down when it closes, when ICE
fails, when nothing was heard for five seconds, or when another tab of the agent takes over. What an
agent without a leg may do is decided by the floor.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from vyzov.core.call_value import SILENT_FOR
from vyzov.dialer.ports import (
    DeviceAnswer,
    DeviceDown,
    DeviceOffer,
    DeviceQuality,
    DeviceUp,
    LegEvent,
)
from vyzov.media.g711 import law_of
from vyzov.media.rtp import RtpPacket
from vyzov.telephony.native.bridge import Party, Switchboard
from vyzov.telephony.native.browser_sdp import BadOffer, narrow
from vyzov.telephony.native.clock import MediaClock
from vyzov.telephony.native.journal import LegBook
from vyzov.telephony.native.webrtc import BrowserLeg, FastLine, OpusLine

log = logging.getLogger("vyzov.engine.devices")

PROVEN_PACKETS = 3
"""Packets seen each way before a leg counts as up."""
NO_SOUND_S = SILENT_FOR.total_seconds()
CONNECT_LIMIT_S = 15.0
GIVE_UP_S = 30.0
"""After this long without sound the connection itself is closed."""
WATCH_S = 0.25
REPORT_S = 2.0
QUALITY_S = 5.0
DEVICES_MAX = 500

Post = Callable[[LegEvent], None]


@dataclass(slots=True, eq=False)
class Device:
    """One browser's leg."""

    leg: str
    agent: str
    floor: str
    codec: str
    browser: BrowserLeg
    offered_at: float
    party: Party | None = None
    up: bool = False
    over: bool = False
    reported_at: float = 0.0
    quality_at: float = 0.0
    counted: tuple[int, int] = (0, 0)
    tasks: set[asyncio.Task[None]] = field(default_factory=set["asyncio.Task[None]"])


class Devices:
    """All agents' legs of an engine."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        hosts: list[str],
        advertised_host: str,
        clock: MediaClock,
        book: LegBook,
        switchboard: Switchboard,
        post: Post,
        over: Callable[[Party], None],
    ) -> None:
        """Has none; `over` is told of each party that goes."""
        self._loop = loop
        self._hosts = hosts
        known = advertised_host in hosts or advertised_host.startswith("127.")
        self._advertised = "" if known else advertised_host
        self._clock = clock
        self._book = book
        self._switchboard = switchboard
        self._post = post
        self._over = over
        self._closing: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self.living: dict[str, Device] = {}

    # ---- verbs

    def offer(self, verb: DeviceOffer, floor: str) -> None:
        """Answers a browser's offer in a task; the agent's earlier leg is replaced at once."""
        self.replace(verb.agent, floor)
        if verb.leg in self.living:
            self._down(self.living[verb.leg], "replaced")
        self._book.open(verb.leg, floor)
        try:
            if len(self.living) >= DEVICES_MAX:
                raise BadOffer(f"{DEVICES_MAX} browsers are connected already")
            offer = narrow(verb.sdp, self._hosts)
        except BadOffer as error:
            log.warning("leg %s of agent %s: %s", verb.leg, verb.agent, error)
            self._post(DeviceDown(verb.leg, 0, 0.0, verb.agent, "bad_offer"))
            return
        now = time.monotonic()
        browser = BrowserLeg(offer, lambda state: self._changed(device, state))
        device = Device(verb.leg, verb.agent, floor, offer.codec, browser, now, quality_at=now)
        self.living[verb.leg] = device
        task = self._loop.create_task(self._answer(device))
        device.tasks.add(task)
        task.add_done_callback(device.tasks.discard)
        if self._timer is None:
            self._timer = self._loop.call_later(WATCH_S, self._watch)

    def replace(self, agent: str, floor: str) -> None:
        """Closes the browser's leg of an agent who takes another device."""
        for device in list(self.living.values()):
            if (device.agent, device.floor) == (agent, floor):
                self._down(device, "replaced")

    def close(self, leg: str) -> None:
        """Closes a leg; one that is gone is no fault."""
        device = self.living.get(leg)
        if device is not None:
            self._down(device, "closed")

    def party(self, leg: str) -> Party | None:
        """Returns the sound of a leg that is up."""
        device = self.living.get(leg)
        return device.party if device is not None and device.up else None

    def agents(self, floor: str) -> dict[str, str]:
        """Returns the agents of a floor by their legs that are up."""
        return {d.leg: d.agent for d in self.living.values() if d.up and d.floor == floor}

    async def shut(self) -> None:
        """Closes all legs and waits for their connections."""
        for device in list(self.living.values()):
            self._down(device, "engine")
        if self._timer is not None:
            self._timer.cancel()
        if self._closing:
            await asyncio.wait(self._closing, timeout=2.0)

    # ---- inside

    async def _answer(self, device: Device) -> None:
        try:
            sdp, line = await device.browser.answer(self._advertised)
        except Exception:
            # aiortc raises its own and plain ValueErrors for what it cannot take.
            log.exception("leg %s of agent %s: the offer failed", device.leg, device.agent)
            self._down(device, "bad_offer")
            return
        if device.over:
            line.close()
            return
        party = Party(device.leg, device.floor, line, self._post)
        device.party = party
        line.on_hear = lambda packet, now: _says(party, packet, now)
        self._clock.add(device, party.hearing.tick)
        self._post(DeviceAnswer(device.leg, 0, 0.0, device.agent, sdp))

    def _changed(self, device: Device, state: str) -> None:
        if state == "failed":
            self._down(device, "ice")
        elif state == "closed":
            self._down(device, "closed")

    def _down(self, device: Device, reason: str) -> None:
        if device.over:
            return
        device.over = True
        del self.living[device.leg]
        self._clock.discard(device)
        party = device.party
        if party is not None:
            self._switchboard.part(party, comfort=True)
            party.end()
            self._over(party)
        device.up = False
        self._post(DeviceDown(device.leg, 0, 0.0, device.agent, reason))
        closing = self._loop.create_task(device.browser.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closed)

    def _closed(self, task: asyncio.Task[None]) -> None:
        self._closing.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.warning("a browser's connection did not close cleanly: %r", task.exception())

    def _watch(self) -> None:
        self._timer = None
        now = time.monotonic()
        for device in list(self.living.values()):
            try:
                self._look(device, now)
            except Exception:
                log.exception("leg %s of agent %s failed", device.leg, device.agent)
                self._down(device, "ice")
        if self.living:
            self._timer = self._loop.call_later(WATCH_S, self._watch)

    def _look(self, device: Device, now: float) -> None:
        line = device.browser.line
        if device.party is None or line is None or not device.browser.connected:
            if now - device.offered_at > CONNECT_LIMIT_S:
                self._down(device, "ice")
            return
        last = line.receiver.last_at
        quiet = now - (device.offered_at if last is None else last)
        proven = line.receiver.received >= PROVEN_PACKETS and line.sent >= PROVEN_PACKETS
        if not device.up and proven and quiet < 1.0:
            device.up = True
            device.quality_at = now
            self._post(DeviceUp(device.leg, 0, 0.0, device.agent, device.codec))
        elif device.up and quiet > NO_SOUND_S:
            device.up = False
            self._switchboard.part(device.party, comfort=True)
            self._post(DeviceDown(device.leg, 0, 0.0, device.agent, "no_sound"))
        elif quiet > GIVE_UP_S:
            self._down(device, "no_sound")
            return
        self._report(device, line, now)

    def _report(self, device: Device, line: FastLine | OpusLine, now: float) -> None:
        if now - device.reported_at >= REPORT_S:
            device.reported_at = now
            line.report()
        if device.up and now - device.quality_at >= QUALITY_S:
            device.quality_at = now
            received, lost = line.receiver.received, max(0, line.receiver.lost)
            here = (received - device.counted[0], max(0, lost - device.counted[1]))
            device.counted = (received, lost)
            share = here[1] / (here[0] + here[1]) if sum(here) else 1.0
            there = 0.0 if line.heard is None else line.heard.loss_share
            self._post(
                DeviceQuality(
                    device.leg, 0, 0.0, device.agent, line.rtt_ms, round(max(share, there), 4)
                )
            )


def _says(party: Party, packet: RtpPacket, now: float) -> None:
    law = law_of(packet.payload_type)
    if law is not None:
        party.says(packet, law, now)
