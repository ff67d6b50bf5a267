"""Runs imports of lists beside the requests, a few at a time, and tells how far each is.

An import lives in this process's memory until it is a list in the store; one that is cut short leaves
nothing behind, for the store removes unfinished lists at the next start.
"""

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from vyzov.core.errors import VyzovError
from vyzov.dialer.office_records import ContactList
from vyzov.dialer.ports import Clock
from vyzov.web.problems import Problem, problem_of
from vyzov.web.settings import WebSettings

_REMEMBERED = 200

Work = Callable[[Callable[[int], None]], ContactList]
"""An import itself; it is given where to tell the rows done so far."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Import:
    """One import under way; `list_id` is there once it is done, `problem` once it failed."""

    id: str
    organisation: str
    name: str
    file_name: str
    rows_total: int
    started_at: datetime
    rows_done: int = 0
    list_id: str | None = None
    problem: Problem | None = None

    @property
    def state(self) -> str:
        """Names where the import is: importing, ready or failed."""
        if self.problem is not None:
            return "failed"
        return "ready" if self.list_id else "importing"


class Imports:
    """All imports of this process, the oldest forgotten first."""

    def __init__(self, clock: Clock, settings: WebSettings) -> None:
        self._clock = clock
        self._settings = settings
        self._turn = asyncio.Semaphore(settings.imports_at_once)
        self._known: OrderedDict[str, Import] = OrderedDict()
        self._running: set[asyncio.Task[None]] = set()

    def find(self, organisation: str, import_id: str) -> Import | None:
        """Finds an import of this organisation."""
        one = self._known.get(import_id)
        return one if one is not None and one.organisation == organisation else None

    def start(
        self,
        organisation: str,
        name: str,
        file_name: str,
        rows_total: int,
        work: Work,
        told: Callable[[], Awaitable[None]],
    ) -> Import:
        """Starts `work` in a thread, and afterwards `told`; Problem too_busy where many wait."""
        settings = self._settings
        if len(self._running) >= settings.imports_at_once + settings.imports_waiting_max:
            raise Problem("too_busy", headers={"Retry-After": "10"})
        one = Import(
            id=f"import-{secrets.token_hex(8)}",
            organisation=organisation,
            name=name,
            file_name=file_name,
            rows_total=rows_total,
            started_at=self._clock.utc(),
        )
        self._known[one.id] = one
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        task = asyncio.create_task(self._run(one, work, told))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return one

    async def _run(self, one: Import, work: Work, told: Callable[[], Awaitable[None]]) -> None:
        def done(rows: int) -> None:
            one.rows_done = rows

        async with self._turn:
            try:
                made = await asyncio.to_thread(work, done)
            except Exception as error:
                if not isinstance(error, VyzovError):
                    log.exception("an import failed")
                one.problem = problem_of(error)
            else:
                one.rows_done = made.rows_total
                one.list_id = made.id
                await told()

    async def close(self) -> None:
        """Waits for the import whose thread is at work; those waiting are given up."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
