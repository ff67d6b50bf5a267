"""The office's own journal: each entry of the stop-list, beside the database that has it.

A restored database is older than the world; what a floor did since stands in its journal, and this is
where the entries stand that people typed in. Written after the commit and made safe at once. Lifted
entries are not noted: put back, they stop a number once more, which harms nobody.
"""

import logging
import threading

from vyzov.core.errors import StoreFault
from vyzov.dialer.journal import JournalFile, Life, line_of
from vyzov.dialer.ports import Clock, Randomness
from vyzov.dialer.quarantine import OFFICE
from vyzov.dialer.writes import AddStop
from vyzov.storage.journal_files import JournalFolder

log = logging.getLogger("vyzov.office")


class StopJournal:
    """Notes entries of the stop-list; safe to use from any thread."""

    def __init__(self, folder: JournalFolder, clock: Clock, randomness: Randomness) -> None:
        """Opens nothing until there is something to note."""
        self._folder = folder
        self._clock = clock
        self._randomness = randomness
        self._lock = threading.Lock()
        self._files: dict[str, tuple[JournalFile, int]] = {}

    def note(self, organisation: str, number_ref: str, reason: str, source: str) -> None:
        """Notes an entry. Where that fails the entry stands all the same, and the log says so."""
        at = self._clock.utc()
        entry = AddStop(number_ref, reason, source, None, at)
        with self._lock:
            try:
                file, line = self._files.get(organisation) or (self._begin(organisation), 0)
                file.append(line_of(line + 1, at, (entry,), line + 1))
                self._files[organisation] = file, line + 1
                file.sync()
                file.settled()
            except (OSError, StoreFault):
                log.exception("an entry of the stop-list is not in the journal")

    def close(self) -> None:
        """Ends the files; all in them is in the database."""
        with self._lock:
            for file, _ in self._files.values():
                file.close(settled=True)
            self._files.clear()

    def _begin(self, organisation: str) -> JournalFile:
        began = self._clock.utc()
        life = Life(f"office:{self._randomness.new_id()}", organisation, OFFICE, 0, began)
        return self._folder.begin(life)
