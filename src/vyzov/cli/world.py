"""`vyzov pstn` and `vyzov operators`: the made-up network and the program operators."""

import asyncio
import logging
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import uvloop

from vyzov.cli.precedence import come_first
from vyzov.cli.supervisor import watch_parent
from vyzov.pstn.box import BoxSettings, run_box
from vyzov.pstn.operators import OperatorSettings, run_operators


def run_pstn(settings: BoxSettings) -> None:
    """Runs the box until a signal."""
    _run(run_box(settings))


def run_program_operators(settings: OperatorSettings) -> None:
    """Runs program operators until a signal."""
    _run(run_operators(settings))


def box_settings(
    host: str, port: int, seed: int, ledger: Path, numbers: Path | None, *,
    listen_anywhere: bool, hurry: float, bad_network: float, as_json: bool,
) -> BoxSettings:  # fmt: skip
    return BoxSettings(
        ledger=ledger, port=port, host=host, seed=seed, numbers=numbers,
        listen_anywhere=listen_anywhere, hurry=hurry, bad_network=bad_network, json=as_json,
    )  # fmt: skip


def _run(work: Coroutine[Any, Any, None]) -> None:
    logging.getLogger("aioice").setLevel(logging.ERROR)
    come_first("world")

    async def run() -> None:
        task = asyncio.ensure_future(work)
        watch_parent(lambda: (task.cancel(), None)[1])
        try:
            await task
        except asyncio.CancelledError:
            return

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())
