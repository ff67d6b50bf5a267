"""`vyzov call` as a person types it: a carrier's demand for a password, and what is said of it."""

import asyncio
import json
import os
import sys
from typing import Any

from engine_lab import NUMBER, SOURCE
from scripted_carrier import Request, ScriptedCarrier

WEAK = 'WWW-Authenticate: Digest realm="carrier", nonce="n", algorithm=MD5'


def demands(request: Request) -> list[bytes]:
    if request.method != "INVITE":
        return []
    if request.header("Authorization"):
        return [request.reply("486 Busy Here")]
    return [request.reply("401 Unauthorized", WEAK)]


async def called(port: int, *options: str) -> tuple[int, str]:
    """Runs the command and returns its status and what it printed."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "vyzov", "call", NUMBER, "--trunk", f"sip:127.0.0.1:{port}",
        "--user", "vyzov", "--password", "secret", "--ring-timeout", "5", *options,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    out, _ = await asyncio.wait_for(running.communicate(), 30.0)
    return running.returncode or 0, out.decode()


def test_a_carrier_that_offers_only_md5_is_explained_with_the_option_that_helps() -> None:
    async def run() -> None:
        async with ScriptedCarrier(demands) as carrier:
            status, said = await called(carrier.port)
            assert status == 0
            assert "offers only MD5" in said
            assert "--allow-md5" in said
            assert len(carrier.of("INVITE")) == 1

    asyncio.run(run())


def test_with_the_option_the_password_is_given_and_nothing_is_explained() -> None:
    async def run() -> None:
        async with ScriptedCarrier(demands) as carrier:
            status, said = await called(carrier.port, "--allow-md5", "--json")
            assert status == 0
            result: dict[str, Any] = json.loads(said.splitlines()[-1])
            assert (result["code"], result["challenge_refused"]) == (486, "")
            assert len(carrier.of("INVITE")) == 2

    asyncio.run(run())
