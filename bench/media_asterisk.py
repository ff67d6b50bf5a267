"""Asterisk as the engine of `bench media --legs trunk`: the same calls, bridged and recorded by it.

A customer is called through one trunk, the operator's desk phone through another, `Dial` joins them,
MixMonitor records the talk into one WAV file, both ways mixed: the cheapest way Asterisk has. It is
driven over AMI; what that costs us is not counted, what it costs Asterisk is.
"""

import asyncio
import hashlib
import secrets
import sys
import wave
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ari import Ami
from media import LIMIT_S, Recorded
from media_peers import CUSTOMERS, PHONES
from sip_carrier import free_port

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from asterisk import Asterisk

WRITTEN_S = 5.0
PJSIP = """[global]
type = global
taskprocessor_overload_trigger = pjsip_only
[transport]
type = transport
protocol = udp
bind = 127.0.0.1:{own}
"""
TRUNK = """[{name}]
type = endpoint
transport = transport
context = none
disallow = all
allow = alaw
aors = {name}
direct_media = no
dtmf_mode = rfc4733
[{name}]
type = aor
contact = sip:127.0.0.1:{port}
"""
EXTENSIONS = """[bench]
exten => join,1,Dial(PJSIP/${OPERATOR}@operators,10)
"""
MANAGER = """[general]
enabled = yes
bindaddr = 127.0.0.1
port = {port}
[vyzov]
secret = {secret}
read = call
write = all
"""


class AsteriskSwitch:
    """A running Asterisk behind the door that `bench media` has for engines."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._asterisk: Asterisk | None = None
        self._ami: Ami | None = None
        self._run = secrets.token_hex(4)
        self._bridged: dict[str, int] = {}
        self._changed = asyncio.Event()
        self._gone: set[str] = set()
        self._tasks: set[asyncio.Task[object]] = set()
        self._paths: dict[str, Path] = {}

    @property
    def pids(self) -> Sequence[int]:
        """Its one process."""
        return () if self._asterisk is None else (self._asterisk.process.pid,)

    @property
    def version(self) -> str:
        """Its version, once started."""
        return "" if self._asterisk is None else self._asterisk.version

    async def start(self, peers: Mapping[str, int]) -> None:
        """Starts it and signs in at its manager."""
        port, secret = free_port(), secrets.token_hex(8)
        trunks = "".join(TRUNK.format(name=name, port=port) for name, port in peers.items())
        self._asterisk = Asterisk(
            self._out / "instance",
            pjsip=PJSIP.format(own=free_port()) + trunks,
            extensions=EXTENSIONS,
            rtp=(20_000, 29_999),
            manager=MANAGER.format(port=port, secret=secret),
        )
        await asyncio.to_thread(self._asterisk.wait_ready)
        self._ami = await Ami.open(port, secret, self._hear)

    async def join(self, bridged: int, number: int) -> str:
        """Calls customer and operator and joins them; returns the customer's Call-ID."""
        assert self._ami is not None
        leg = self._leg(bridged, number)
        await self._ami.act(
            "Originate", Channel=f"PJSIP/{CUSTOMERS[number]}@carrier", Context="bench",
            Exten="join", Priority="1", Variable=f"OPERATOR={PHONES[number]}", ChannelId=leg,
            Timeout="10000", Async="true",
        )  # fmt: skip
        await asyncio.wait_for(self._until(lambda: self._bridged.get(leg, 0) >= 2), LIMIT_S)
        told = await self._ami.act("Getvar", Channel=leg, Variable="CHANNEL(pjsip,call-id)")
        return told["Value"]

    def record(self, bridged: int, number: int, path: str) -> None:
        """Begins to record into a file below DIR/recordings."""
        assert self._ami is not None
        leg = self._leg(bridged, number)
        file = self._out / "recordings" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        self._paths[leg] = file
        doing = self._ami.act("MixMonitor", Channel=leg, File=str(file))
        task: asyncio.Task[object] = asyncio.get_running_loop().create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def end(self, bridged: int, number: int) -> Recorded | None:
        """Finishes the recording and hangs up; None where no whole file comes of it."""
        assert self._ami is not None
        leg = self._leg(bridged, number)
        await self._ami.act("StopMixMonitor", Channel=leg)
        await self._ami.act("Hangup", Channel=leg)
        await asyncio.wait_for(self._until(lambda: leg in self._gone), LIMIT_S)
        for _ in range(round(WRITTEN_S / 0.1)):
            found = whole(self._paths[leg], self._out)
            if found is not None:
                return found
            await asyncio.sleep(0.1)
        return None

    def close(self) -> None:
        """Ends it."""
        if self._ami is not None:
            self._ami.close()
        if self._asterisk is not None:
            self._asterisk.stop()

    def _leg(self, bridged: int, number: int) -> str:
        return f"{self._run}-{bridged}-{number}"

    def _hear(self, event: Mapping[str, str]) -> None:
        if event["Event"] == "BridgeEnter":
            leg = event["Linkedid"]
            self._bridged[leg] = self._bridged.get(leg, 0) + 1
        elif event["Event"] == "Hangup":
            self._gone.add(event["Uniqueid"])
        else:
            return
        self._changed.set()

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            # Every event wakes all who wait; each looks again for itself.
            self._changed.clear()
            await self._changed.wait()


def whole(path: Path, out: Path) -> Recorded | None:
    """What is told of a finished WAV file; None while its header does not say its length."""
    try:
        data = path.read_bytes()
        with wave.open(str(path)) as file:
            moments, rate = file.getnframes(), file.getframerate()
    except (OSError, EOFError, wave.Error):
        return None
    if moments == 0 or len(data) < moments * 2:
        return None
    digest = hashlib.sha256(data).hexdigest()
    return Recorded(path.relative_to(out), moments / rate, len(data), digest)
