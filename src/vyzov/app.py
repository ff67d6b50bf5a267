"""The composition root: the only file that names concrete adapters.

One function a process kind: `run_engine`, `run_floor`, `run_web`, `run_worker`. All of them are told
where the data folder is and find everything else in `Settings`.
"""

import asyncio
import contextlib
import itertools
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vyzov.settings import DATABASE_VARIABLE, Settings, load_settings, save_settings, write_first

if TYPE_CHECKING:
    from vyzov.dialer.floor import Floor
    from vyzov.dialer.runtime import Runtime
    from vyzov.telephony.native.signalling import Listening
    from vyzov.web.floor_door import FloorDoor

# Whoever starts a process needs its settings, too.
__all__ = ["DATABASE_VARIABLE", "Settings", "load_settings", "save_settings", "write_first"]

log = logging.getLogger("vyzov.app")
ORGANISATION = "Vyzov"
FIRST_ANCHOR_S = 60.0
DRAIN_LIMIT_S = 60.0
PROMPTS = Path(__file__).parent / "media" / "prompts"


def prepare(settings: Settings) -> None:
    """Makes the folders of an installation; they belong to the user who runs Vyzov alone."""
    for folder in (
        settings.data,
        settings.engine_socket.parent,
        settings.recordings,
        settings.prompts,
        settings.logs,
    ):
        folder.mkdir(parents=True, exist_ok=True)
    settings.data.chmod(0o700)
    settings.secret()


def first_run(settings: Settings, *, login: str, password_hash: str, name: str) -> bool:
    """Brings the database to this version's schema; True where it was filled for the first time."""
    from vyzov.dialer.runtime import SystemClock, SystemDice
    from vyzov.storage.first_run import first_run as fill

    made = fill(
        settings.database, clock=SystemClock(), randomness=SystemDice(),
        number_salt=os.urandom(32).hex(), organisation=ORGANISATION, login=login, name=name,
        password_hash=password_hash,
    )  # fmt: skip
    return made is not None


def sip_listening(settings: Settings) -> "Listening":
    """Says where SIP is listened for over connections, and with which certificates."""
    from vyzov.sip.guard import Limits
    from vyzov.telephony.native.signalling import Listening
    from vyzov.telephony.native.sip_sockets import StreamLimits
    from vyzov.telephony.native.tls import TlsFiles

    def file(name: str) -> Path | None:
        return settings.data / name if name else None  # A full path stays what it is.

    return Listening(
        tcp_port=settings.sip_tcp_port,
        tls_port=settings.sip_tls_port,
        tls=TlsFiles(
            certificate=file(settings.tls_certificate),
            key=file(settings.tls_key),
            ca=file(settings.tls_ca),
        ),
        limits=StreamLimits(
            accepted_max=settings.sip_connections_max,
            per_source_max=settings.sip_connections_per_source,
        ),
        product=settings.sip_product,
        guard=Limits(
            stranger_rate=float(settings.sip_stranger_rate),
            stranger_burst=2.0 * settings.sip_stranger_rate,
            strangers_rate=float(settings.sip_strangers_rate),
            strangers_burst=2.0 * settings.sip_strangers_rate,
            known_rate=float(settings.sip_known_rate),
            known_burst=2.0 * settings.sip_known_rate,
            failures_max=settings.sip_ban_failures,
            ban_s=float(settings.sip_ban_s),
        ),
    )


def prompt_folders(settings: Settings) -> tuple[Path, ...]:
    """Says where prompts are looked for, in order: uploaded ones, those of folders, the samples."""
    return (settings.prompts, *(Path(folder) for folder in settings.prompt_folders), PROMPTS)


async def run_engine(settings: Settings, ready: Callable[[asyncio.Event], None]) -> None:
    """The engine's process: SIP, RTP, browsers, recording; no database."""
    from vyzov.telephony.native.engine import EngineSettings, serve
    from vyzov.telephony.native.tape import TraceSettings

    stop = asyncio.Event()
    ready(stop)
    await serve(
        EngineSettings(
            socket=settings.engine_socket,
            sip_host=settings.sip_host,
            rtp_host=settings.sip_host,
            sip_port=settings.sip_port,
            rtp_first=settings.rtp_first,
            rtp_last=settings.rtp_last,
            advertised_host=settings.advertised_host or settings.sip_host,
            webrtc_hosts=settings.webrtc_hosts,
            secret=settings.secret(),
            trace=TraceSettings(
                settings.sip_trace, settings.sip_trace_mb, settings.sip_trace_numbers
            ),
            prompt_folders=prompt_folders(settings),
            recordings=settings.recordings,
            journal=settings.data / "run" / "legs.jsonl",
            listening=sip_listening(settings),
            name_servers=settings.dns_servers,
        ),
        stop,
    )


async def run_floor(settings: Settings, ready: Callable[[asyncio.Event], None]) -> None:
    """A floor process: the dialer, the only writer of attempts and call facts of its floors."""
    from vyzov.dialer.claims import Claim, Claims
    from vyzov.dialer.hosting import Host
    from vyzov.dialer.runtime import SystemClock, SystemDice
    from vyzov.storage.floors import find_floor
    from vyzov.storage.office import open_office

    stop = asyncio.Event()
    ready(stop)
    _forget_sockets(settings)
    office = open_office(settings.database, clock=SystemClock(), randomness=SystemDice())
    wanted = "" if settings.floor in ("", "main") else find_floor(settings.database, settings.floor)

    async def take(claim: Claim) -> HeldFloor | None:
        held = HeldFloor(settings, claim.floor)
        return held if await held.open(claim.gone) else None

    host = Host(
        lambda: office.floor_map().floors, take, Claims(wanted), SystemClock(),
        settings.floor_processes,
    )  # fmt: skip
    await host.run(stop)


class HeldFloor:
    """A floor this process owns: its store, its engine's connection, its door, from lease to release."""

    def __init__(self, settings: Settings, floor_id: str) -> None:
        """Owns nothing yet."""
        from vyzov import __version__
        from vyzov.dialer.replay import RecordedFloor
        from vyzov.dialer.runtime import Runtime, SystemDice
        from vyzov.sip.identity import derive
        from vyzov.storage.anchors import AnchorBook
        from vyzov.storage.database import open_floor_store
        from vyzov.storage.journal_files import JournalFolder
        from vyzov.storage.replay_book import ReplayBook
        from vyzov.telephony.native.link import EngineLink

        secret, dice = settings.secret(), SystemDice()
        self._anchors = AnchorBook(settings.database, settings.data / "anchors.jsonl", floor_id)
        self._anchor_s = 60.0 * settings.anchor_minutes
        self._book = ReplayBook(
            settings.data / "replay", floor_id, key=os.urandom(32), version=__version__,
            recordings=str(settings.recordings), limit_mb=settings.record_inputs_mb,
        )  # fmt: skip
        self._id = floor_id
        self._holder = f"{os.getpid()}:{dice.new_id()}"
        self._lost = asyncio.Event()
        self._store = open_floor_store(settings.database, randomness=dice)
        self._floor = RecordedFloor(
            floor_id,
            dice=dice,
            call_id_of=lambda attempt: derive(secret, attempt).call_id,
            recordings=str(settings.recordings),
            tape=self._book,
        )
        runtime = self._runtime = Runtime(
            self._floor, self._store, floor_id=floor_id, holder=self._holder,
            on_died=self._died, backlog_max=settings.backlog_batches,
            journal=JournalFolder(settings.journal, bytes_max=settings.journal_mb << 20),
        )  # fmt: skip
        self._link = runtime.engine = EngineLink(
            settings.engine_socket,
            floor=floor_id,
            fence=lambda: runtime.fence,
            on_event=runtime.post,
        )
        self._socket = settings.floor_socket(floor_id)
        self._door = runtime.screens = _door(self._socket, runtime)

    def _died(self, reason: str) -> None:
        log.error("floor %s is given up: %s", self._id, reason)
        self._runtime.died = True
        self._lost.set()

    async def open(self, gone: str) -> bool:
        """Takes the lease and reads the floor; False where somebody else was quicker."""
        taken = False
        try:
            taken = await self._runtime.open(address=f"unix:{self._socket}", gone=gone)
        finally:
            if not taken:
                await asyncio.to_thread(self._close)
        return taken

    async def live(self) -> None:
        """Works until the lease is lost, the floor fails, or it is cancelled."""
        server = await self._door.serve()
        waiter = asyncio.create_task(self._lost.wait())
        work = asyncio.gather(self._runtime.run(), self._link.run(), self._note_anchors())
        try:
            await asyncio.wait({work, waiter}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            work.cancel()
            waiter.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await work  # What it failed with is on its way already.
            server.close()
            self._door.close()
            self._socket.unlink(missing_ok=True)
            await asyncio.to_thread(self._close)  # Other floors of this process go on meanwhile.

    async def drain(self) -> None:
        """Dials nothing more, gives up what rings, and waits for talks to end, within a limit."""
        if not self._runtime.died:
            await drain(self._floor, self._runtime)

    async def _note_anchors(self) -> None:
        """Notes where the facts stand, now and every so often; a floor goes on without."""
        waits = itertools.chain((FIRST_ANCHOR_S,), itertools.repeat(self._anchor_s))
        for wait in waits:
            try:
                await asyncio.to_thread(self._anchors.note, datetime.now(UTC))
            except Exception:
                log.exception("where the facts of floor %s stand could not be noted", self._id)
            await asyncio.sleep(wait)

    def _close(self) -> None:
        self._runtime.close()
        self._book.close()
        if not self._runtime.store_away:
            self._store.close()


async def drain(floor: "Floor", runtime: "Runtime") -> None:
    """Dials nothing more, gives up what rings, and waits for talks to end, within a limit."""
    from vyzov.dialer import effects as fx

    runtime.post(fx.Leave())
    loop = asyncio.get_running_loop()
    end = loop.time() + DRAIN_LIMIT_S
    while loop.time() < end:
        await asyncio.sleep(0.2)
        if floor.is_quiet():
            return


def _forget_sockets(settings: Settings) -> None:
    """Removes the sockets of floor processes that are no more."""
    for path in settings.engine_socket.parent.glob("floor-*.sock"):
        pid = path.name.split("-")[1]
        if not pid.isdecimal() or not Path(f"/proc/{pid}").exists():
            path.unlink(missing_ok=True)


def _door(socket: Path, runtime: "Runtime") -> "FloorDoor":
    """The floor's socket for the web process: asks and lost browsers go into its inbox."""
    from vyzov.dialer import effects as fx
    from vyzov.web.floor_door import FloorDoor

    def asked(ask: int, request: dict[str, Any]) -> None:
        who = request["as"]
        args = {k: v for k, v in request.items() if k not in ("id", "do", "as")}
        runtime.post(
            fx.Ask(
                ask, str(request["do"]), str(who["user"]), str(who["organisation"]),
                str(who["role"]), str(who.get("connection") or ""), args,
            )
        )  # fmt: skip

    def gone(connections: list[str]) -> None:
        for connection in connections:
            runtime.post(fx.Ask(0, "desk.detach", "", "", "", connection, {}))

    return FloorDoor(socket, on_ask=asked, on_gone=gone)


async def run_worker(settings: Settings, ready: Callable[[asyncio.Event], None]) -> None:
    """The worker process: brings what waits in the outbox to the webhooks."""
    from datetime import timedelta

    from vyzov import __version__
    from vyzov.dialer.runtime import SystemClock, SystemDice
    from vyzov.integrations.pulse import keep_pulse
    from vyzov.integrations.sending import Sender
    from vyzov.integrations.worker import Patience, Worker
    from vyzov.storage.outbox import Outbox

    stop = asyncio.Event()
    ready(stop)
    clock, dice = SystemClock(), SystemDice()
    outbox = Outbox(settings.database, clock=clock, randomness=dice)
    sender = Sender(private=settings.webhook_private)
    worker = Worker(
        outbox, outbox.whose, sender, clock=clock, dice=dice,
        holder=f"{os.getpid()}:{dice.new_id()}", version=__version__,
        patience=Patience(
            dead_after=timedelta(days=settings.webhook_dead_days),
            keep=timedelta(days=settings.webhook_keep_days),
        ),
    )  # fmt: skip
    pulse = asyncio.create_task(keep_pulse(settings.worker_pulse, worker, clock))
    try:
        await worker.run(stop)
    finally:
        pulse.cancel()
        await sender.close()
        outbox.close()


def sip_servers(settings: Settings) -> tuple[str, ...]:
    """Says where desk phones sign in, as people type it into them: transport, host and port."""
    host = settings.advertised_host or settings.sip_host
    ports = {"udp": settings.sip_port, "tcp": settings.sip_tcp_port or settings.sip_port}
    if settings.tls_certificate:
        ports["tls"] = settings.sip_tls_port or settings.sip_port + 1
    return tuple(f"{name}:{host}:{port}" for name, port in ports.items())


async def run_web(settings: Settings, ready: Callable[[asyncio.Event], None]) -> None:
    """The web process: API, live socket, screens."""
    from vyzov.dialer.runtime import SystemClock, SystemDice
    from vyzov.storage.journal_files import JournalFolder
    from vyzov.storage.office import open_office
    from vyzov.storage.office_journal import StopJournal
    from vyzov.storage.prompt_files import PromptFiles
    from vyzov.web.server import serve
    from vyzov.web.settings import WebSettings

    stop = asyncio.Event()
    ready(stop)
    clock, dice = SystemClock(), SystemDice()
    folder = JournalFolder(settings.journal, bytes_max=settings.journal_mb << 20)
    stops = StopJournal(folder, clock, dice)
    await serve(
        open_office(
            settings.database,
            clock=clock,
            randomness=dice,
            stops=stops,
            prompts=PromptFiles(settings.prompts),
        ),
        WebSettings(
            host=settings.web_host,
            port=settings.web_port,
            recordings=settings.recordings,
            prompt_folders=prompt_folders(settings),
            prompt_voice=settings.prompt_voice,
            data=settings.data,
            sip_servers=sip_servers(settings),
            sip_trace=settings.sip_trace,
            extra_origins=settings.extra_origins,
            secure_cookie=settings.secure_cookie,
            trusted_proxies=settings.trusted_proxies,
            webhook_private=settings.webhook_private,
        ),
        stop=stop,
    )
    stops.close()
