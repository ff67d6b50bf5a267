"""What the tests of an engine's trunks share: a told trunk, its findings, a registrar, a zone."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop
from engine_lab import Floor, Lab
from scripted_carrier import Request

from vyzov.dialer.ports import SetTrunk, TrunkState

Story = Callable[[Lab], Awaitable[None]]


def told(tmp_path: Path, story: Story, **settings: Any) -> None:
    async def run() -> None:
        async with Lab(tmp_path, **settings) as lab:
            await story(lab)

    uvloop.run(run())


def trunk(port: int, **changes: Any) -> SetTrunk:
    return replace(SetTrunk("carrier", "127.0.0.1", port, probe_s=0.0), **changes)


async def state(floor: Floor, where: str, count: int = 1) -> TrunkState:
    return await floor.wait(TrunkState, where=lambda found: found.state == where, count=count)


def registrar(request: Request) -> list[bytes]:
    if not request.header("Authorization"):
        challenge = 'WWW-Authenticate: Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth"'
        return [request.reply("401 Unauthorized", challenge)]
    return [request.reply("200 OK", f"Contact: {request.header('Contact')}", "Expires: 300")]


def zone(*ports: int) -> dict[tuple[str, str], tuple[int, tuple[str, ...]]]:
    targets = tuple(f"{rank} 0 {port} host.test." for rank, port in enumerate(ports))
    return {
        ("_sip._udp.carrier.test", "SRV"): (60, targets),
        ("_sip._tcp.carrier.test", "SRV"): (60, targets),
        ("host.test", "A"): (60, ("127.0.0.1",)),
    }


def named(transport: str = "udp") -> SetTrunk:
    return SetTrunk("carrier", "carrier.test", 0, transport=transport, probe_s=0.0)


async def found(lab: Lab) -> None:
    await asyncio.wait_for(lab.engine.trunks.wait_known("carrier"), 5)
