"""Tells which process sleeps on the database: stopped while it writes to SQLite, so that nobody else can.

A floor or web process that was stopped (SIGSTOP, a debugger, a container being frozen) between the
beginning and the end of a transaction keeps SQLite's lock for as long as it is stopped: another floor
cannot even take over its lease. PostgreSQL ends such a transaction by itself. Who keeps the lock is read
from Linux's own table, because opening the file here and closing it again would take away the locks of
this very process; where there is no such table nobody is found. What to do about it the supervisor
decides.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

LOCKS = Path("/proc/locks")
SHARED_MEMORY = "-shm"
WRITE_LOCK, RECOVERY_LOCK = 120, 122
"""The bytes of SQLite's shared memory which a writer and a recovery lock (SQLite, WAL-mode file
format, section 2.3)."""
STOPPED = ("T", "t")


def keepers(locks: str, inode: int) -> Iterator[int]:
    """Yields the processes that keep others from writing, by the text of the table of locks."""
    for line in locks.splitlines():
        words = line.split()
        if len(words) != 8 or words[1] != "POSIX" or words[3] != "WRITE":
            # Those who wait have a word more.
            continue
        pid, place, first, last = words[4:]
        if place.rpartition(":")[2] != str(inode):
            continue
        begin, end = int(first), float("inf") if last == "EOF" else int(last)
        if begin <= WRITE_LOCK <= end or begin <= RECOVERY_LOCK <= end:
            yield int(pid)


def is_stopped(pid: int) -> bool:
    """Tells whether a process is stopped by a signal or a debugger."""
    with suppress(OSError):
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return status.rpartition(")")[2].split()[0] in STOPPED
    return False


def sleeping_on(database: str) -> Callable[[int], bool]:
    """Returns the question whether a process sleeps on this database; nobody does on a server's."""
    if "://" in database:
        return lambda _pid: False
    shared = Path(database + SHARED_MEMORY)

    def sleeps(pid: int) -> bool:
        if not is_stopped(pid):
            return False
        with suppress(OSError):
            return pid in keepers(LOCKS.read_text(encoding="ascii"), shared.stat().st_ino)
        return False

    return sleeps
