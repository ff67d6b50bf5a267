"""A look at one trunk from a command: an engine without floor, journal or database, and what it saw.

The same steps the engine takes for a running floor, and then, where a number is given, one call with
sound both ways. Nobody is called without a number.
"""

import asyncio
import secrets
import socket
import tempfile
from pathlib import Path
from typing import Any

from vyzov.dialer.ports import SetTrunk
from vyzov.sip.events import Transport
from vyzov.telephony.native.dns import NoNameServer, NotFound, Resolver
from vyzov.telephony.native.engine import Engine, EngineSettings
from vyzov.telephony.native.one_call import ANONYMOUS, TALK_SOUND, OneCall
from vyzov.telephony.native.signalling import NO_PORT, Listening
from vyzov.telephony.native.tls import TlsFiles
from vyzov.telephony.native.trunk_check import GOOD, Finding, Step, Steps

FLOOR = "command"
SOUND_SHARE = 0.5
"""Of the packets a talk of that length would bring, at least so many must have come."""
PACKETS_PER_S = 50


async def look_at(
    trunk: SetTrunk,
    *,
    name_servers: tuple[str, ...] = (),
    tls: TlsFiles | None = None,
    advertised_host: str = "",
    number: str = "",
    caller_id: str = ANONYMOUS,
    ring_timeout_s: float = 30.0,
    talk_s: float = 5.0,
) -> tuple[Steps, dict[str, Any] | None]:
    """Returns the steps of a look at the trunk, and what became of the call, if one was asked for.

    The call is placed only where there is a way to the carrier. Raises TimeoutError where the far
    side of the call never let go."""
    loop = asyncio.get_running_loop()
    ours = await _local_host(loop, trunk, name_servers)
    with tempfile.TemporaryDirectory(prefix="vyzov-trunk-") as scratch:
        settings = EngineSettings(
            socket=None,
            secret=secrets.token_bytes(32),
            journal=None,
            recordings=Path(scratch),
            sip_host=ours,
            rtp_host=ours,
            advertised_host="" if ours.startswith("127.") else advertised_host,
            name_servers=name_servers,
            listening=Listening(tcp_port=NO_PORT, tls_port=NO_PORT, tls=tls or TlsFiles()),
        )
        engine = Engine(settings, loop)
        call = OneCall(engine, talk_s=talk_s, sound=TALK_SOUND, on_event=None)
        await engine.start()
        try:
            engine.trunk_watch.set(trunk, FLOOR)
            steps = await engine.trunk_checks.check(trunk.trunk)
            # Some carriers never answer OPTIONS: whether they carry calls, only a call can tell.
            bad = [step for step, finding, _ in steps if finding not in GOOD]
            if not number or set(bad) - {Step.OPTIONS}:
                return steps, None
            result = await call.run(
                trunk, number=number, caller_id=caller_id, ring_timeout_s=ring_timeout_s
            )
            return (*steps, *call_steps(result, talk_s)), result
        finally:
            await engine.stop()


def works(steps: Steps) -> bool:
    """Tells whether calls go through: all steps are good, or sound was heard both ways."""
    bad = {step for step, finding, _ in steps if finding not in (*GOOD, Finding.NOT_ANSWERED)}
    heard = (Step.SOUND, Finding.OK) in {(step, finding) for step, finding, _ in steps}
    return not bad or (heard and bad == {Step.OPTIONS})


def call_steps(result: dict[str, Any], talk_s: float) -> Steps:
    """Says what a call proved: that the carrier connects, and that sound flows both ways."""
    if result["outcome"] != "answered":
        said = f"{result['code']} {result['phrase']}".strip() or str(result["refused"])
        finding = Finding.NOT_ANSWERED if result["ring_s"] else Finding.CALL_FAILED
        return ((Step.CALL.value, finding.value, said),)
    sent, heard = (int(result["rtp"].get(key, 0)) for key in ("rtp_sent", "rtp_received"))
    least = int(min(talk_s, result["talk_s"]) * PACKETS_PER_S * SOUND_SHARE)
    finding = Finding.OK
    if heard < least:
        finding = Finding.ONE_WAY if sent else Finding.SILENT
    return (
        (Step.CALL.value, Finding.OK.value, f"{result['talk_s']:.1f} s"),
        (Step.SOUND.value, finding.value, f"{sent} → / ← {heard}"),
    )


async def _local_host(
    loop: asyncio.AbstractEventLoop, trunk: SetTrunk, name_servers: tuple[str, ...]
) -> str:
    """Returns the address of this machine from which the trunk is reached; sends nothing there."""
    try:
        found = await Resolver(loop, name_servers).find(
            trunk.host, trunk.port, Transport(trunk.transport), ""
        )
    except (NotFound, NoNameServer):
        return "127.0.0.1"  # The first step will say so.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(found.targets[0].hop.address)
        except OSError:
            return "127.0.0.1"
        name: str = probe.getsockname()[0]
        return name
