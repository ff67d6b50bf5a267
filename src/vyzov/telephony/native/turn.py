"""The end of a turn of the engine's loop: what it brought goes to the disk, then to the floors.

Events of one waking are written in one piece each way, and a floor never hears of what the journal does
not hold. What must be on the disk before a message leaves is written at once, in `journal`.
"""

import asyncio
import logging

from vyzov.telephony.native.control import Control
from vyzov.telephony.native.journal import LegBook

log = logging.getLogger("vyzov.engine")


class Turn:
    """Ends each turn once, however many events it brought."""

    def __init__(self, loop: asyncio.AbstractEventLoop, book: LegBook, control: Control) -> None:
        """Flushes `book`, then `control`."""
        self._loop = loop
        self._book = book
        self._control = control
        self._ends = False

    def ends_soon(self) -> None:
        """There is something to write once what is at hand was done."""
        if not self._ends:
            self._ends = True
            self._loop.call_soon(self._end)

    def _end(self) -> None:
        self._ends = False
        try:
            self._book.flush()
        except OSError:
            # A full disk must not keep a floor from hearing what became of its call.
            log.exception("events are not in the journal")
        self._control.flush()
