"""The floor's line to its database: one thread, one queue, everything in order.

What may not wait is given up when the database is away: reservations, and reads that are asked
again. All other batches stand in the journal before they stand in the queue; they wait, at most
`backlog_max` of them, and are written in groups once the database answers. It counts as away when it
says so and also when it says nothing for `ANSWER_S`: a commit that hangs is a loss. Where the journal
itself cannot be written (a full disk) dialling stops as well, though the database may be well.

`put`, `look` and `sync` are called by the runtime; the thread answers through `back`. What the floor
makes of it is the floor's.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vyzov.core.errors import InvalidRequest
from vyzov.dialer import effects as fx
from vyzov.dialer.floor_store import FloorStore
from vyzov.dialer.journal import Journal, JournalFile, Life, apply_all, line_of
from vyzov.dialer.ports import Clock
from vyzov.dialer.reading import read_due
from vyzov.dialer.writes import Batch, Journalled, Reserve, attempt_of

log = logging.getLogger("vyzov.floor")

BACKLOG_BATCHES_MAX = 20_000
ANSWER_S = 1.0
RETRY_S = 0.5
GROUP_BATCHES = 100
CLOSE_S = 2.0
STORE, JOURNAL = "store", "journal"


@dataclass(frozen=True, slots=True)
class _Saving:
    """A batch on its way to the database, with its place in the journal."""

    effect: fx.Commit
    place: int


@dataclass(frozen=True, slots=True)
class _Asking:
    """A call that somebody waits for: the lease. It goes before everything that waits."""

    call: Callable[[], None]


_Job = _Saving | _Asking | fx.LoadDue | fx.LoadHistory | fx.Reload


class StoreLine:
    """All traffic of one floor with its database."""

    def __init__(
        self, store: FloorStore, floor_id: str, clock: Clock, *,
        back: Callable[[fx.Input], None], on_full: Callable[[str], None],
        backlog_max: int = BACKLOG_BATCHES_MAX,
    ) -> None:  # fmt: skip
        """`back` takes inputs for the floor from any thread; `on_full` is told that no more fits."""
        self._store = store
        self._floor_id = floor_id
        self._clock = clock
        self._back = back
        self._on_full = on_full
        self._backlog_max = backlog_max
        self._life = ""
        self._file: JournalFile | None = None
        self._place = self._lines = 0
        self._unwritten: deque[bytes] = deque()
        self._last_batch = self._synced_batch = 0
        self._jobs: deque[_Job] = deque()
        self._ready = threading.Condition()
        self._troubles: dict[str, str] = {}
        self._busy_since: float | None = None
        self._retry_at = 0.0
        self._alone = 0
        self._reload_wanted = False
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)

    @property
    def away(self) -> bool:
        """True while nothing may be dialled because nothing can be saved."""
        return bool(self._troubles)

    @property
    def waiting(self) -> int:
        """How many batches are not in the database yet."""
        with self._ready:
            return sum(isinstance(job, _Saving) for job in self._jobs)

    # ---- called by the runtime

    def start(self) -> None:
        self._thread.start()

    def begin(self, life: Life, file: JournalFile) -> None:
        """Keeps a journal from here on."""
        with self._ready:
            self._life, self._file = life.id, file

    def put(self, effect: fx.Commit | fx.LoadDue | fx.LoadHistory | fx.Reload) -> None:
        """Takes what the floor wants of the database; never waits for it."""
        with self._ready:
            if self._troubles and self._gives_up(effect):
                return
            if len(self._jobs) >= self._backlog_max:
                # What is in the journal is safe there; the next life begins with it.
                self._on_full(f"{len(self._jobs)} batches wait for the database; no more fit")
                return
            if isinstance(effect, fx.Commit):
                self._place += 1
                self._jobs.append(_Saving(effect, self._place))
                if not effect.giveup:
                    self._last_batch = effect.batch
                    self._write(self._place, effect.writes)
            else:
                self._jobs.append(effect)
            self._ready.notify()

    def call(self, work: Callable[[], None]) -> None:
        """Runs something in the database's thread, before all that waits."""
        with self._ready:
            self._jobs.appendleft(_Asking(work))
            self._ready.notify()

    def fault(self, error: Exception) -> None:
        """Takes note that a call did not succeed."""
        with self._ready:
            self._trouble(STORE, str(error))

    def well(self) -> None:
        """Takes note that a call succeeded."""
        with self._ready:
            self._well(STORE)

    def look(self) -> None:
        """Notices a database that says nothing, and tries again to write the journal."""
        with self._ready:
            since = self._busy_since
            if since is not None and self._clock.monotonic() - since >= ANSWER_S:
                self._trouble(STORE, f"it has not answered for {ANSWER_S:g} s")
            if self._unwritten:
                self._write_on()

    def sync(self) -> None:
        """Makes the journal safe from a power cut while the database cannot be; the floor is told
        up to which batch it is. May block: not to be called from an event loop."""
        with self._ready:
            batch, file = self._last_batch, self._file
            if batch == self._synced_batch or file is None or self._unwritten:
                return
        try:
            file.sync()
        except OSError as error:
            with self._ready:
                self._trouble(JOURNAL, f"the journal cannot be written: {error.strerror}")
            return
        self._synced_batch = batch
        with self._ready:
            if not self._unwritten:
                self._well(JOURNAL)
        self._back(fx.Kept(batch))

    def close(self) -> None:
        """Saves what can be saved within a limit; what cannot stays in the journal."""
        with self._ready:
            self._closed = True
            self._ready.notify()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(CLOSE_S if not self._troubles else 0.0)
        with self._ready:
            file, self._file = self._file, None
            settled = not any(isinstance(job, _Saving) for job in self._jobs)
            settled = settled and self._busy_since is None and not self._unwritten
        if file is not None:
            file.close(settled=settled)

    def apply_left(self, journal: Journal) -> None:
        """Applies what lives of this floor that are over left behind; in the database's thread."""
        for left in journal.left(self._floor_id):
            damaged = 0
            try:
                for pages in left.pages():
                    damaged += pages.damaged
                    if pages.life is None:
                        continue
                    done = apply_all(self._store, pages.life, pages.kept)
                    for one in done.left_out:
                        log.error("batch %d of %s was left out", one.place, pages.life.id)
                    log.info("%d batches of %s are saved now", done.batches, pages.life.id)
                if damaged:
                    log.error("%d lines of a journal cannot be read; it is set aside", damaged)
                    left.set_aside()
                else:
                    left.done()
            finally:
                left.release()

    # ---- the journal, under the lock

    def _write(self, place: int, batch: Batch) -> None:
        if self._file is not None:
            self._lines += 1
            self._unwritten.append(line_of(place, self._clock.utc(), batch, self._lines))
            self._write_on()

    def _write_on(self) -> None:
        if self._file is None:
            return
        try:
            while self._unwritten:
                self._file.append(self._unwritten[0])
                self._unwritten.popleft()
        except OSError as error:
            self._trouble(JOURNAL, f"the journal cannot be written: {error.strerror}")
        else:
            self._well(JOURNAL)

    # ---- well and away, under the lock

    def _trouble(self, what: str, reason: str) -> None:
        first = not self._troubles
        known = what in self._troubles
        self._troubles[what] = reason
        if not known:
            log.warning("nothing is dialled: %s", reason)
        if first:
            kept = [job for job in self._jobs if not self._gives_up(job)]
            self._jobs = deque(kept)
            self._back(fx.StoreAway(reason))

    def _well(self, what: str) -> None:
        if self._troubles.pop(what, None) is None or self._troubles:
            return
        log.info("the database and the journal are well again")
        self._back(fx.StoreBack())
        if self._reload_wanted:
            self._reload_wanted = False
            self._jobs.append(fx.Reload())
        self._ready.notify()

    def _gives_up(self, job: object) -> bool:
        """Answers what may not wait for a database that is away; False for what is to wait."""
        effect = job.effect if isinstance(job, _Saving) else job
        match effect:
            case fx.Commit(batch, _, giveup=True):
                self._back(fx.CommitFailed(batch, "the database is away"))
            case fx.LoadDue(campaign):
                self._back(fx.DueLoaded(campaign, (), effect.limit, None, None, effect.only))
            case fx.LoadHistory():
                pass
            case fx.Reload():
                self._reload_wanted = True
            case _:
                return False
        return True

    # ---- the database's thread

    def _run(self) -> None:
        while (job := self._next()) is not None:
            try:
                self._do(job)
            except Exception:
                # Without this thread nothing would ever be saved, and nobody would notice.
                log.exception("the line to the database has failed")
                self._on_full("the line to the database has failed")
                return
            finally:
                with self._ready:
                    self._busy_since = None

    def _next(self) -> _Job | None:
        with self._ready:
            while True:
                wait = None
                if self._jobs:
                    wait = self._retry_at - self._clock.monotonic()
                    if wait <= 0 or isinstance(self._jobs[0], _Asking):
                        break
                if self._closed and (not self._jobs or self._troubles):
                    return None
                self._ready.wait(wait)
            if self._closed and self._troubles:
                return None
            self._busy_since = self._clock.monotonic()
            return self._jobs.popleft()

    def _do(self, job: _Job) -> None:
        match job:
            case _Asking(call):
                call()
            case _Saving():
                self._save(self._group(job))
            case fx.LoadDue():
                self._read(job, lambda: read_due(self._store, job, self._clock.utc()))
            case fx.LoadHistory(attempt, contact):
                self._read(
                    job,
                    lambda: fx.HistoryLoaded(attempt, tuple(self._store.history(contact))),
                )
            case fx.Reload():
                self._read(job, lambda: fx.Reloaded(self._store.load_floor(self._floor_id)))

    def _group(self, first: _Saving) -> list[_Saving]:
        """Batches that wait behind one another are one transaction; a reservation is one alone."""
        group = [first]
        if self._alone:
            self._alone -= 1
            return group
        with self._ready:
            while not first.effect.giveup and self._jobs and len(group) < GROUP_BATCHES:
                job = self._jobs[0]
                if not isinstance(job, _Saving) or job.effect.giveup:
                    break
                group.append(job)
                self._jobs.popleft()
        return group

    def _save(self, group: Sequence[_Saving]) -> None:
        writes: Batch = tuple(write for one in group for write in one.effect.writes)
        if self._life:
            writes = (*writes, Journalled(self._life, group[-1].place))
        try:
            result = self._store.commit(writes)
        except InvalidRequest as error:
            if len(group) > 1:
                # Each on its own, from the queue: one that the database does not answer must still
                # come before those behind it.
                with self._ready:
                    self._jobs.extendleft(reversed(group))
                    self._alone = len(group)
                return
            # It would be refused for ever, and everything behind it would wait: a defect of ours.
            log.exception("a batch cannot be written and was left out")
            self._back(fx.CommitFailed(group[0].effect.batch, str(error)))
            return
        except Exception as error:  # noqa: BLE001 - the database's own errors differ by driver
            self._not_saved(group, error)
            return
        with self._ready:
            if group[0].effect.giveup:
                made = tuple(
                    write
                    for write in group[0].effect.writes
                    if attempt_of(write) not in result.refused
                )
                if any(isinstance(write, Reserve) for write in made):
                    self._write(group[0].place, made)
            saved_all = not any(isinstance(job, _Saving) for job in self._jobs)
            for one in group:
                self._back(fx.Committed(one.effect.batch, result.refused))
            self._well(STORE)
            if self._file is not None and saved_all and not self._unwritten:
                self._file.settled()
        if result.stale:
            self._back(fx.LeaseLost())

    def _not_saved(self, group: Sequence[_Saving], error: Exception) -> None:
        with self._ready:
            waits = not group[0].effect.giveup
            if waits:
                self._jobs.extendleft(reversed(group))
            self._retry_at = self._clock.monotonic() + RETRY_S
            self._trouble(STORE, str(error))
            if not waits:
                self._gives_up(group[0])

    def _read(self, effect: object, work: Callable[[], fx.Input]) -> None:
        try:
            answer = work()
        except Exception as error:  # noqa: BLE001 - the database's own errors differ by driver
            with self._ready:
                self._retry_at = self._clock.monotonic() + RETRY_S
                self._trouble(STORE, str(error))
                self._gives_up(effect)
            return
        with self._ready:
            self._well(STORE)
        self._back(answer)
