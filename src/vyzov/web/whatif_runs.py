"""Runs estimates in a process of their own, one at a time, each within a limit of time.

A simulated day keeps a processor busy for minutes: it must never run where screens are served. What
an estimate is, and whether there is one, `vyzov whatif` and `vyzov plan` say; this file starts them,
waits, and keeps the latest answers of each organisation until the next or the end of this process.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from vyzov.dialer.ports import Clock
from vyzov.web.problems import Problem

Json = dict[str, Any]

SLACK = timedelta(seconds=30)
"""What starting and reading may take beside the runs themselves."""

ANSWER_MAX = 1_000_000


class RunVerb(StrEnum):
    """Which command makes an estimate."""

    WHATIF = "whatif"
    PLAN = "plan"


class RunState(StrEnum):
    """Where an estimate is."""

    NONE = "none"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(slots=True)
class Run:
    """One estimate: what was asked, since when, and what came of it."""

    state: RunState = RunState.NONE
    asked: Json = field(default_factory=dict[str, Any])
    since: datetime | None = None
    ended: datetime | None = None
    estimate: Json | None = None
    said: str = ""
    """Why there is none: the command's own sentence."""


class WhatIfRuns:
    """The estimates of one web process."""

    def __init__(self, clock: Clock, data: Path, limit: timedelta) -> None:
        """Runs nothing yet; `data` is the folder the command reads."""
        self._clock = clock
        self._data = data
        self._limit = limit
        self._latest: dict[tuple[str, RunVerb], Run] = {}
        self._task: asyncio.Task[None] | None = None

    def latest(self, organisation: str, verb: RunVerb = RunVerb.WHATIF) -> Run:
        """Returns the latest estimate of an organisation, running or over."""
        return self._latest.get((organisation, verb)) or Run()

    def start(
        self, organisation: str, asked: Json, words: Sequence[str], verb: RunVerb = RunVerb.WHATIF
    ) -> Run:
        """Starts an estimate; raises Problem conflict while another one runs here."""
        if self._task is not None and not self._task.done():
            raise Problem(
                "conflict", "An estimate is being made.", next_step="Wait until it is there."
            )
        run = Run(RunState.RUNNING, asked, self._clock.utc())
        self._latest[organisation, verb] = run
        self._task = asyncio.create_task(self._carry_out(run, verb, list(words)))
        return run

    def keep(self, organisation: str, verb: RunVerb, asked: Json) -> Run:
        """Keeps what needed no run as the latest, unless one is running: its answer is waited for."""
        run = Run(RunState.NONE, asked, self._clock.utc())
        if self.latest(organisation, verb).state is not RunState.RUNNING:
            self._latest[organisation, verb] = run
        return run

    async def close(self) -> None:
        """Ends what still runs."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _carry_out(self, run: Run, verb: RunVerb, words: list[str]) -> None:
        limit_s = self._limit.total_seconds()
        # A plan stands on what was asked alone: there is no folder for it to read.
        data = ["--data", str(self._data)] if verb is RunVerb.WHATIF else []
        command = [
            sys.executable, "-m", "vyzov", verb.value, "--json", *data, "--limit", f"{limit_s:g}",
            *words,
        ]  # fmt: skip
        try:
            async with asyncio.timeout(limit_s + SLACK.total_seconds()):
                out, said, code = await self._run(command)
            if code == 0:
                run.estimate, run.state = json.loads(out[:ANSWER_MAX]), RunState.DONE
            else:
                lines = said.decode("utf-8", "replace").strip().splitlines()
                run.said, run.state = (lines[-1] if lines else ""), RunState.FAILED
        except (TimeoutError, OSError, ValueError) as error:
            run.said, run.state = str(error), RunState.FAILED
        except asyncio.CancelledError:
            run.state = RunState.FAILED
            raise
        finally:
            run.ended = self._clock.utc()

    async def _run(self, command: list[str]) -> tuple[bytes, bytes, int]:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            out, said = await process.communicate()
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return out, said, process.returncode or 0
