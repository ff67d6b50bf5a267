"""The floor's journal as files: `FOLDER/FLOOR/MOMENT-LIFE-N.open`, `.jsonl` once all of it is saved,
`.damaged` where some of it could not be read.

A life holds a lock on its newest file for as long as its process lives, so nobody takes its journal
for a dead one's. A file that has grown to `FILE_BYTES` is turned over when the database has all of it;
of what is saved the oldest files go when the folder outgrows its bound. What is not saved never goes.
What a line means is `dialer.journal`'s.
"""

import errno
import fcntl
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from vyzov.core.errors import StoreFault
from vyzov.dialer.journal import Kept, Life, Pages, line_of_life, read, without_words_of

log = logging.getLogger("vyzov.journal")

FILE_BYTES = 16 * 1024 * 1024
OPEN, SAVED, DAMAGED = ".open", ".jsonl", ".damaged"
ENDINGS = (OPEN, SAVED, DAMAGED)


class FileOfLife:
    """The files of the life that writes now, one after another."""

    def __init__(self, folder: Path, life: Life, bytes_max: int) -> None:
        """Begins the first one."""
        self._folder = folder
        self._life = life
        self._bytes_max = bytes_max
        self._lock = threading.Lock()
        self._count = 0
        self._path = folder
        self._file = -1
        self._size = 0
        self._turn_at = FILE_BYTES
        self._open_next()

    def append(self, line: bytes) -> None:
        """Hands a line to the system, whole or not at all; raises `OSError`."""
        with self._lock:
            try:
                written = 0
                while written < len(line):
                    written += os.write(self._file, line[written:])
            except OSError:
                # Half a line in the middle would make the next one unreadable too.
                with suppress(OSError):
                    os.ftruncate(self._file, self._size)
                raise
            self._size += len(line)

    def sync(self) -> None:
        """Returns once all that was appended would outlive a power cut; raises `OSError`."""
        with self._lock:
            own = os.dup(self._file)
        try:
            os.fsync(own)
        finally:
            os.close(own)

    def settled(self) -> None:
        """Turns a large file over, and lets the oldest saved ones go.

        Where the disk does not allow it the large file goes on, and it is tried again later."""
        with self._lock:
            if self._size < self._turn_at:
                return
            before, former, size = self._path, self._file, self._size
            try:
                os.fsync(former)
                self._open_next()
            except OSError as fault:
                self._path, self._file, self._size = before, former, size
                self._turn_at = size + FILE_BYTES // 4
                log.warning("%s is not turned over: %s", before, fault.strerror)
                return
            self._turn_at = FILE_BYTES
            with suppress(OSError):
                before.rename(before.with_suffix(SAVED))
            os.close(former)
        with suppress(OSError):
            prune(self._folder.parent, self._bytes_max)

    def close(self, *, settled: bool) -> None:
        """Ends the life."""
        with self._lock:
            with suppress(OSError):
                os.fsync(self._file)
            self._end(settled=settled)

    def _open_next(self) -> None:
        self._count += 1
        moment = int(self._life.began.timestamp() * 1000)
        name = f"{moment:013d}-{self._life.id.replace(':', '-')}-{self._count:04d}{OPEN}"
        path, head = self._folder / name, line_of_life(self._life)
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.write(file, head) != len(head):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            _sync_folder(self._folder)
        except OSError:
            os.close(file)
            path.unlink(missing_ok=True)
            raise
        self._path, self._file, self._size = path, file, len(head)

    def _end(self, *, settled: bool) -> None:
        if settled:
            with suppress(OSError):
                self._path.rename(self._path.with_suffix(SAVED))
        os.close(self._file)


class LeftFile:
    """A file whose life is over, with its lock."""

    def __init__(self, path: Path, file: int) -> None:
        self._path = path
        self._file = file

    def pages(self) -> Iterator[Pages]:
        """What stands in it."""
        yield read_file(self._path)

    def done(self) -> None:
        """The database has all of it: it is kept as saved."""
        self._path.rename(self._path.with_suffix(SAVED))

    def set_aside(self) -> None:
        """Some of it could not be read: it stays as `.damaged`, whatever the bound says."""
        self._path.rename(self._path.with_suffix(DAMAGED))

    def release(self) -> None:
        """Gives the lock back."""
        os.close(self._file)


class JournalFolder:
    """All journals of an installation. `bytes_max` bounds what is kept of saved ones."""

    def __init__(self, folder: Path, *, bytes_max: int) -> None:
        self.folder = folder
        self._bytes_max = bytes_max

    def begin(self, life: Life) -> FileOfLife:
        """Opens the journal of a life; raises `StoreFault` where nothing can be written there."""
        folder = self.folder / life.floor
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return FileOfLife(folder, life, self._bytes_max)
        except OSError as fault:
            raise StoreFault(
                f"The journal in {folder} cannot be written: {fault.strerror}.",
                "See that the disk has room and that the folder belongs to who runs Vyzov.",
            ) from fault

    def left(self, floor: str) -> Iterator[LeftFile]:
        """Files that may hold what the database lacks and whose process is gone, oldest first."""
        for path in sorted((self.folder / floor).glob(f"*{OPEN}")):
            try:
                file = os.open(path, os.O_RDWR)
            except FileNotFoundError:
                continue
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(file)
                continue
            if not path.exists():
                # Whoever held it a moment ago has saved all of it.
                os.close(file)
                continue
            yield LeftFile(path, file)


def read_file(path: Path) -> Pages:
    """Reads one file of a journal."""
    return read(path.read_bytes().splitlines(keepends=True))


def read_all(folder: Path) -> dict[Life, list[Kept]]:
    """Reads all journals of a folder, for a restore: the lines of each life in order of place."""
    found: dict[Life, dict[int, Kept]] = {}
    for path in sorted(path for ending in ENDINGS for path in folder.glob(f"*/*{ending}")):
        pages = read_file(path)
        if pages.life is not None:
            lines = found.setdefault(pages.life, {})
            lines.update({one.place: one for one in pages.kept})
    return {life: [lines[place] for place in sorted(lines)] for life, lines in found.items()}


def prune(folder: Path, bytes_max: int) -> int:
    """Removes the oldest saved files until the folder holds at most so much; returns how many."""
    files = sorted(folder.glob(f"*/*{SAVED}"), key=lambda path: path.name)
    # Another floor's process may rename or remove a file meanwhile.
    sizes = {path: _size_of(path) for path in (*files, *folder.glob(f"*/*{OPEN}"))}
    total = sum(sizes.values())
    gone = 0
    for path in files:
        if total <= bytes_max:
            break
        total -= sizes[path]
        path.unlink(missing_ok=True)
        gone += 1
    return gone


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def forget_words_of(
    folder: Path, contacts: frozenset[str], attempts: frozenset[str]
) -> tuple[int, list[Path]]:
    """Writes journals anew without what was noted about these people; returns how many lines were
    changed, and the files a living process holds, which cannot be changed now."""
    changed = 0
    held: list[Path] = []
    for path in sorted(path for ending in ENDINGS for path in folder.glob(f"*/*{ending}")):
        try:
            file = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Read under the lock only: a life that still wrote may have ended a moment ago.
            changed += _written_anew(path, contacts, attempts)
        except BlockingIOError:
            held.append(path)
        finally:
            os.close(file)
    return changed, held


def _written_anew(path: Path, contacts: frozenset[str], attempts: frozenset[str]) -> int:
    before = path.read_bytes().splitlines(keepends=True)
    after = [without_words_of(line, contacts, attempts) for line in before]
    differing = sum(old != new for old, new in zip(before, after, strict=True))
    if differing:
        draft = path.with_suffix(".draft")
        draft.touch(mode=0o600)
        with draft.open("wb") as file:
            file.write(b"".join(after))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    return differing


def _sync_folder(folder: Path) -> None:
    own = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(own)
    finally:
        os.close(own)
