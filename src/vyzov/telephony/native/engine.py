"""The embedded engine: composes SIP, sound, browsers, recordings and the control socket.

One process on uvloop, without a database, serving any number of floors. It carries out verbs and
reports events; no decision about a call is made here. A fault in one leg ends that leg, a fault of
the journal ends the engine: what cannot be written down must not be dialled.
"""

import asyncio
import contextlib
import fcntl
import ipaddress
import logging
import os
import random
import secrets
import signal
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from vyzov.dialer import ports
from vyzov.dialer.phone_secrets import REALM
from vyzov.dialer.ports import BridgeLeft, Ended, LegEvent, PlayFinished, Snapshot, Verb
from vyzov.media.recording import Finished
from vyzov.sip.events import SipEvent
from vyzov.sip.session import LOST, SESSION_EXPIRED
from vyzov.telephony.native import collector, orphans, webrtc
from vyzov.telephony.native.agreeing import NO_SOUND, NOT_SECURE
from vyzov.telephony.native.bridge import Party, Switchboard
from vyzov.telephony.native.clock import MediaClock
from vyzov.telephony.native.control import Control, line_of
from vyzov.telephony.native.devices import Devices
from vyzov.telephony.native.journal import LegBook, boot_id
from vyzov.telephony.native.legs import ENGINE_FAULT, Calls
from vyzov.telephony.native.orphans import Orphans
from vyzov.telephony.native.phones import Phones
from vyzov.telephony.native.port_pairs import PairShelf, PortRange, take_files
from vyzov.telephony.native.pulse import Pulse
from vyzov.telephony.native.reaping import Reaper, record_finished
from vyzov.telephony.native.recorder import LegRecorder, RecorderThread
from vyzov.telephony.native.signalling import Listening, Signalling
from vyzov.telephony.native.sources import SoundShelf, UnknownSound
from vyzov.telephony.native.tape import Tape, TraceSettings
from vyzov.telephony.native.tls import TlsContexts
from vyzov.telephony.native.trunk_check import Steps, TrunkChecks
from vyzov.telephony.native.trunk_watch import TrunkWatch
from vyzov.telephony.native.trunks import Trunks, is_address
from vyzov.telephony.native.turn import Turn

log = logging.getLogger("vyzov.engine")

EXPIRE_EVERY_S = 30.0
DRAIN_LIMIT_S = 3.0
RECORDERS_PER_LEG_MAX = 4
STOPPING = "engine_stopping"
OWN_CAUSES = frozenset(
    {orphans.CAUSE, STOPPING, ENGINE_FAULT, NO_SOUND, NOT_SECURE, SESSION_EXPIRED, LOST}
)
"""Ends nobody asked for: the engine gave up on the leg."""
SWITCH_INTERVAL_S = 0.001
"""How long the recording thread may hold the interpreter while a packet waits."""


class EngineRunning(RuntimeError):
    """Another engine uses the same journal; stop it first."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Where an engine listens and keeps what it must keep.

    `sip_port` 0 and `rtp_first` 0 let the system choose. `advertised_host` is the address carriers
    are told; `name_servers` are asked for carriers' names (ADDRESS[:PORT]; none: the system's own);
    `webrtc_hosts` the addresses browsers are told (empty: all of the machine, and
    127.0.0.1). `prompt_folders` are searched in order. `journal` None keeps no journal."""

    socket: Path | None
    secret: bytes
    journal: Path | None
    recordings: Path
    prompt_folders: tuple[Path, ...] = ()
    sip_host: str = "127.0.0.1"
    sip_port: int = 0
    rtp_host: str = "127.0.0.1"
    rtp_first: int = 0
    rtp_last: int = 0
    advertised_host: str = ""
    webrtc_hosts: tuple[str, ...] = field(default=())
    listening: Listening = field(default_factory=Listening)
    trace: TraceSettings | None = None
    name_servers: tuple[str, ...] = ()


class Engine:
    """Everything of one engine; `serve` runs it as a process."""

    def __init__(self, settings: EngineSettings, loop: asyncio.AbstractEventLoop) -> None:
        """Binds its SIP socket and reads its journal; raises for a machine it does not fit."""
        webrtc.probe()
        self.settings = settings
        self.run_id = secrets.token_hex(8)
        self._loop = loop
        self._lock = _locked(settings.journal)
        advertised = _advertised(settings)
        hosts = webrtc.use_hosts(list(settings.webrtc_hosts))
        self.book = LegBook(settings.journal, boot=boot_id())
        self.clock = MediaClock(loop)
        self.trunks = Trunks(loop, name_servers=settings.name_servers, dice=_dice)
        self.shelf = SoundShelf(settings.prompt_folders)
        self.switchboard = Switchboard(self.post, self.clock)
        self.recordings = RecorderThread(loop)
        self.signalling = _signalling(settings, loop, self.book, advertised)
        self.pairs = PairShelf(
            loop, PortRange(settings.rtp_host, settings.rtp_first, settings.rtp_last)
        )
        self.calls = Calls(
            loop,
            signalling=self.signalling,
            ports=self.pairs,
            advertised_host=advertised,
            clock=self.clock,
            book=self.book,
            trunks=self.trunks,
            switchboard=self.switchboard,
            post=self.post,
            over=lambda call: self._party_over(call.party),
        )
        self.devices = Devices(
            loop,
            hosts=hosts,
            advertised_host=advertised,
            clock=self.clock,
            book=self.book,
            switchboard=self.switchboard,
            post=self.post,
            over=self._party_over,
        )
        self.orphans = Orphans(loop, self.calls, self.shelf, self.calls.hangup)
        self.control = Control(
            verb=self.carry_out,
            snapshot=self.snapshot,
            came=self._floor_came,
            left=self.orphans.floor_left,
        )
        self._turn = Turn(loop, self.book, self.control)
        self.signalling.door.tell = self.control.post_all
        self.phones = self._phones(advertised)
        self.trunk_watch = TrunkWatch(
            loop,
            signalling=self.signalling,
            trunks=self.trunks,
            tell=self.control.post,
            dice=_dice,
        )
        self.trunk_checks = TrunkChecks(
            loop,
            signalling=self.signalling,
            trunks=self.trunks,
            watch=self.trunk_watch,
            tls=TlsContexts(settings.listening.tls),
        )
        self._reaper: Reaper | None = None
        self._pulse: Pulse | None = None
        self._expiry: asyncio.TimerHandle | None = None

    def _phones(self, advertised: str) -> Phones:
        registrar = self.signalling.agent.registrar
        assert registrar is not None, "an agent with a realm has a registrar"
        return Phones(
            self._loop,
            signalling=self.signalling,
            registrar=registrar,
            ports=self.pairs,
            advertised_host=advertised,
            clock=self.clock,
            book=self.book,
            switchboard=self.switchboard,
            post=self.post,
            tell=self.control.post,
            over=self._party_over,
        )

    async def start(self) -> None:
        """Ends what an earlier run left, then opens the door to floors."""
        self._reaper = Reaper(self.book, self.signalling, self.post)
        self.signalling.begin(self._sip_event)
        await self._reaper.run()
        if self.settings.socket is not None:
            await self.control.listen(self.settings.socket)
            folder = self.settings.socket.parent
            self._pulse = Pulse(self._loop, folder, self.run_id, lambda: len(self.calls.living))
        self._expire()
        log.info("engine %s: SIP on %s:%d", self.run_id, *self.signalling.address)

    async def stop(self) -> None:
        """Hangs up everything, finishes recordings and closes; within a few seconds."""
        self.calls.draining = True
        self.trunk_checks.close()
        self.trunk_watch.close()
        if self._reaper is not None:
            self._reaper.stop()
        if self._pulse is not None:
            self._pulse.close()
        for leg in list(self.calls.living):
            self.calls.hangup(leg, STOPPING)
        self.phones.shut()
        await self.devices.shut()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_LIMIT_S):
                await self.calls.none_left()
        if self._expiry is not None:
            self._expiry.cancel()
        # A recording's end is posted on the loop, so the loop must turn once more after the thread.
        await self._loop.run_in_executor(None, self.recordings.close)
        await asyncio.sleep(0)
        self.control.close()
        await asyncio.sleep(0)
        self.orphans.close()
        self.trunks.close()
        self.clock.close()
        self.signalling.close()
        self.pairs.close()
        self.book.close()
        if self._lock is not None:
            self._lock.close()

    # ---- events out

    def post(self, event: LegEvent) -> None:
        """Numbers an event, keeps it and has it sent to its leg's floor at the end of this turn."""
        record = self.book.legs.get(event.leg)
        if record is None:
            log.warning("an event of the unknown leg %s is dropped: %r", event.leg, event)
            return
        seq = self.book.next_seq(event.leg, record.floor)
        event = replace(event, seq=seq, at=event.at or time.monotonic())
        if isinstance(event, Ended) and event.cause in OWN_CAUSES:
            event = replace(event, side="engine")
        line = line_of(event)
        self.book.note(event, line)
        self.control.later(record.floor, event, line)
        self._turn.ends_soon()
        if isinstance(event, PlayFinished):
            self.orphans.play_ended(event.leg, event.play, completed=event.completed)

    def snapshot(self, ask: ports.AskSnapshot) -> Snapshot | None:
        """Returns all that is known of a floor's legs, and raises the floor's fence.

        None for a fence below the one known: a newer process of that floor was here."""
        if ask.fence < self.book.fences.get(ask.floor, ask.fence):
            return None
        self.book.raise_fence(ask.floor, ask.fence)
        customers = [
            call.party
            for call in self.calls.living.values()
            if call.floor == ask.floor and call.party.is_customer
        ]
        return Snapshot(
            engine=self.run_id,
            at=time.monotonic(),
            legs=self.book.snapshot(ask.floor),
            bridges=tuple((one.leg, one.peer.leg) for one in customers if one.peer is not None),
            guests=tuple((one.leg, guest) for one in customers for guest in one.guests),
            devices=self.devices.agents(ask.floor) | self.phones.agents(ask.floor),
            phones=self.phones.registered(ask.floor),
            trunks=self.trunk_watch.findings(ask.floor),
            whole_since=self.book.whole_since,
        )

    def _floor_came(self, floor: str) -> None:
        self.orphans.floor_came(floor)
        if self.signalling.door.guard.changes:
            # After the snapshot: a floor takes nothing that comes before it.
            self._loop.call_soon(self.signalling.door.report)

    # ---- verbs in

    def carry_out(self, verb: Verb, floor: str) -> None:
        """Carries out a verb of a floor; legs that are gone are no fault."""
        if self.book.is_of_another(floor, verb):
            log.warning("floor %s has no say over the leg of %.100r", floor, verb)
            return
        match verb:
            case ports.Originate():
                self.calls.originate(verb, floor)
            case ports.Bridge():
                self._bridge(verb)
            case ports.Hangup(leg, cause):
                self.calls.hangup(leg, cause)
            case ports.Forget(leg):
                self.book.forget(leg)
                self._turn.ends_soon()
                self.signalling.agent.forget(leg)
            case ports.Play():
                self._play(verb)
            case ports.StopPlay(leg, play):
                party = self._party(leg)
                if party is not None:
                    party.hearing.stop(play or None)
            case ports.SendDigits(leg, digits):
                self.calls.send_digits(leg, digits)
            case ports.Unbridge(customer, comfort):
                party = self._party(customer)
                if party is not None:
                    self.switchboard.part(party, comfort=comfort)
            case ports.Hold(customer, on):
                party = self._party(customer)
                if party is not None:
                    self.switchboard.hold(party, self.shelf.hold() if on else None)
            case ports.Mute(agent, on):
                party = self._party(agent)
                if party is not None:
                    party.muted = on
            case ports.SetGuests():
                self._set_guests(verb)
            case ports.RecordStart():
                self._record(verb)
            case ports.RecordStop(leg, recording):
                party = self._party(leg)
                if party is not None:
                    self._stop_recording(party, recording)
            case ports.DeviceOffer():
                self.phones.replace(verb.agent, floor)
                self.devices.offer(verb, floor)
            case ports.DeviceClose(leg):
                self.devices.close(leg)
                self.phones.close(leg)
            case ports.DeviceCall():
                self.devices.replace(verb.agent, floor)
                self.phones.call(verb, floor)
            case ports.SetPhone():
                self.phones.set(verb, floor)
            case ports.RemovePhone(phone):
                self.phones.remove(phone, floor)
            case ports.SetTrunk():
                self.trunk_watch.set(verb, floor)
            case ports.RemoveTrunk(trunk):
                self.trunk_watch.remove(trunk, floor)
            case ports.CheckTrunk():
                self._check_trunk(verb, floor)
            case ports.Unban(source):
                self.signalling.door.unban(source)
            case ports.AskStanding():
                up = self.devices.agents(floor) | self.phones.agents(floor)
                self.control.post(floor, self.book.standing(verb, floor, up))
            case ports.AskSnapshot():
                log.error("AskSnapshot is answered at the door, not here")

    def _party(self, leg: str) -> Party | None:
        return self.calls.party(leg) or self.devices.party(leg) or self.phones.party(leg)

    def _bridge(self, verb: ports.Bridge) -> None:
        customer, agent = self._party(verb.customer), self._party(verb.agent)
        if customer is None or agent is None or customer is agent:
            # Either went while the verb was under way: the floor hears that they are apart.
            if verb.customer in self.calls.living:
                self.post(BridgeLeft(verb.customer, 0, 0.0, verb.agent))
            return
        self.switchboard.join(customer, agent, cue=verb.cue)

    def _set_guests(self, verb: ports.SetGuests) -> None:
        if verb.customer in self.calls.living:  # The guests of one that is over went with it.
            there = {leg: party for leg in verb.guests if (party := self._party(leg))}
            self.switchboard.set_guests(verb, self._party(verb.customer), there)

    def _play(self, verb: ports.Play) -> None:
        party = self._party(verb.leg)
        if party is None:
            return
        try:
            sound = self.shelf.sound(verb.source, loop=verb.loop)
        except UnknownSound as error:
            log.warning("leg %s: %s", verb.leg, error)
            self.post(PlayFinished(verb.leg, 0, 0.0, verb.play, completed=False))
            return
        party.hearing.play(verb.play, sound)

    def _check_trunk(self, verb: ports.CheckTrunk, floor: str) -> None:
        def done(steps: Steps) -> None:
            now = time.monotonic()
            self.control.post(floor, ports.TrunkChecked(verb.check, verb.trunk, now, steps))

        self.trunk_checks.start(verb.trunk, done)

    # ---- recordings

    def _record(self, verb: ports.RecordStart) -> None:
        party = self._party(verb.leg)
        if party is None or verb.recording in party.recorders:
            return
        root = self.settings.recordings.resolve()
        path = (root / verb.path).resolve()
        if not path.is_relative_to(root) or len(party.recorders) >= RECORDERS_PER_LEG_MAX:
            log.error("leg %s is not recorded to %r: it lies outside %s", verb.leg, verb.path, root)
            return
        self.book.note_recording(verb.leg, verb.recording, str(path))
        party.record(LegRecorder(self.recordings, verb.recording, path, time.monotonic()))

    def _stop_recording(self, party: Party, recording: str) -> None:
        recorder = party.stop_recording(recording)
        if recorder is not None:
            leg = party.leg
            recorder.finish(time.monotonic(), lambda done: self._recorded(leg, recording, done))

    def _recorded(self, leg: str, recording: str, finished: Finished | None) -> None:
        if finished is not None:
            self.post(record_finished(leg, recording, finished))
        self.book.drop_recording(leg, recording)

    # ---- ends

    def _party_over(self, party: Party) -> None:
        for recording in list(party.recorders):
            self._stop_recording(party, recording)

    def _sip_event(self, event: SipEvent) -> None:
        if self._reaper is not None and self._reaper.handle(event):
            return
        if self.trunk_checks.handle(event) or self.trunk_watch.handle(event):
            return
        if not self.phones.handle(event):
            self.calls.handle(event)

    def _expire(self) -> None:
        self.book.expire()
        collector.sweep(len(self.book.legs))
        self._expiry = self._loop.call_later(EXPIRE_EVERY_S, self._expire)


_dice = random.Random(secrets.randbits(128)).random
"""Dice for waits and for choices among servers; nothing here has to be hard to guess."""


def _signalling(
    settings: EngineSettings, loop: asyncio.AbstractEventLoop, book: LegBook, advertised: str
) -> Signalling:
    """Binds the SIP sockets, on the port of the last run where the system may choose."""
    made = Signalling(
        loop,
        (settings.sip_host, settings.sip_port),
        advertised_host=advertised,
        secret=settings.secret,
        port_before=book.sip_port,
        realm=REALM,
        listening=settings.listening,
    )
    if settings.trace is not None and settings.trace.keep_mb > 0:
        made.tape = Tape(settings.trace)
    book.note_sip_port(made.address[1])
    return made


def _advertised(settings: EngineSettings) -> str:
    """Returns the address carriers are told; raises ValueError where nobody could reach it."""
    host = settings.advertised_host or settings.sip_host
    if not is_address(host) or ipaddress.IPv4Address(host).is_unspecified:
        raise ValueError(
            f"carriers cannot reach {host!r}: set the engine's advertised_host to the IPv4 address "
            "by which they see this machine"
        )
    return host


def _locked(journal: Path | None) -> IO[bytes] | None:
    """Holds the journal against a second engine; the kernel lets go when this process dies."""
    if journal is None:
        return None
    journal.parent.mkdir(parents=True, exist_ok=True)
    lock = journal.with_name(journal.name + ".lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise EngineRunning(
            f"an engine already uses {journal}; stop it, or give this one its own journal"
        ) from error
    return lock


async def serve(settings: EngineSettings, stop: asyncio.Event | None = None) -> None:
    """Runs an engine until `stop` is set or it is cancelled; without one, until SIGTERM or SIGINT.

    Then every call is hung up and every recording finished, which takes a few seconds at most."""
    loop = asyncio.get_running_loop()
    engine = Engine(settings, loop)
    stopping = stop or asyncio.Event()
    if stop is None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
    await engine.start()
    take_files()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    collector.settle()
    try:
        await stopping.wait()
    finally:
        log.info("engine %s stops (process %d)", engine.run_id, os.getpid())
        await engine.stop()
