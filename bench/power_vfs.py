"""A disk that loses power, laid under the libsqlite3 that this Python itself uses.

A VFS is registered in that very library by ctypes and made its default, so that every connection
the product opens goes through it without knowing. Reads, locks and shared memory stay those of the
system. Writes, truncations and deletions are carried out and also written down; what `xSync` was
asked to keep is kept. `cut` ends the life of the disk at a chosen operation: nothing more is
written, and `image` lays out what a disk could show after that: all that was synced, and of the rest
a subset by dice, torn at sectors of 512 bytes.
"""

import ctypes as c
import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
OK, IOERR = 0, 10
NAME = b"power"

_Code = c.CFUNCTYPE
_FILE = c.c_void_p


class Methods(c.Structure):
    """`sqlite3_io_methods`, version 3."""

    _fields_ = (
        ("version", c.c_int),
        *((name, c.c_void_p) for name in (
            "close", "read", "write", "truncate", "sync", "file_size", "lock", "unlock",
            "check_reserved", "control", "sector_size", "characteristics", "shm_map", "shm_lock",
            "shm_barrier", "shm_unmap", "fetch", "unfetch",
        )),
    )  # fmt: skip


class OpenFile(c.Structure):
    """`sqlite3_file`: what every file begins with."""

    _fields_ = (("methods", c.POINTER(Methods)),)


class Vfs(c.Structure):
    """`sqlite3_vfs`, version 3."""

    _fields_ = (
        ("version", c.c_int),
        ("file_bytes", c.c_int),
        ("path_bytes", c.c_int),
        ("next", c.c_void_p),
        ("name", c.c_char_p),
        ("data", c.c_void_p),
        *((name, c.c_void_p) for name in (
            "open", "delete", "access", "full_path", "dl_open", "dl_error", "dl_sym", "dl_close",
            "randomness", "sleep", "current_time", "last_error", "current_time_ms",
            "set_call", "get_call", "next_call",
        )),
    )  # fmt: skip


OPEN = _Code(c.c_int, c.c_void_p, c.c_void_p, _FILE, c.c_int, c.c_void_p)
DELETE = _Code(c.c_int, c.c_void_p, c.c_char_p, c.c_int)
CLOSE = _Code(c.c_int, _FILE)
WRITE = _Code(c.c_int, _FILE, c.c_void_p, c.c_int, c.c_int64)
TRUNCATE = _Code(c.c_int, _FILE, c.c_int64)
SYNC = _Code(c.c_int, _FILE, c.c_int)


class NoShim(Exception):
    """The libsqlite3 of this Python cannot be reached; the text says why."""


def library() -> c.CDLL:
    """The libsqlite3 behind the module `sqlite3`, not another copy of it."""
    import _sqlite3

    file = getattr(_sqlite3, "__file__", None)
    try:
        found = c.CDLL(file)
        found.sqlite3_vfs_find.restype = c.POINTER(Vfs)
        found.sqlite3_vfs_find.argtypes = (c.c_char_p,)
        found.sqlite3_libversion.restype = c.c_char_p
        register = found.sqlite3_vfs_register
    except (AttributeError, OSError) as error:
        raise NoShim(
            f"this Python hides its libsqlite3 ({error}); use one that links it"
        ) from error
    register.argtypes = (c.POINTER(Vfs), c.c_int)
    if found.sqlite3_libversion().decode() != sqlite3.sqlite_version:
        raise NoShim(f"{file} leads to another libsqlite3 than the one in use")
    return found


@dataclass(slots=True)
class Disk:
    """One file as the disk has it: what is safe, and in order what is not yet.

    What is pending is ("write", offset, bytes), ("truncate", size, b"") or ("delete", 0, b"")."""

    safe: bytes | None
    pending: list[tuple[str, int, bytes]] = field(default_factory=list[tuple[str, int, bytes]])


class PowerDisk:
    """The shim, and the disks of one run. `begin` makes it the default, `end` takes it away."""

    def __init__(self) -> None:
        self._library = library()
        self._under = self._library.sqlite3_vfs_find(None)
        self._vfs = Vfs()
        c.memmove(c.byref(self._vfs), self._under, c.sizeof(Vfs))
        self._vfs.name, self._vfs.next = NAME, None
        self._kept: list[object] = []
        self._tables: dict[int, Methods] = {}
        self._paths: dict[int, str] = {}
        self._under_open = OPEN(self._vfs.open)
        self._under_delete = DELETE(self._vfs.delete)
        self._vfs.open = self._keep(OPEN(self._open))
        self._vfs.delete = self._keep(DELETE(self._delete))
        self.disks: dict[str, Disk] = {}
        self.operations = 0
        self.syncs = 0
        self.cut_at = 0
        self.is_cut = False

    def begin(self, cut_at: int) -> None:
        """Starts anew; the power goes at operation `cut_at` (0: never)."""
        self.disks, self.operations, self.syncs = {}, 0, 0
        self.cut_at, self.is_cut = cut_at, False
        if self._library.sqlite3_vfs_register(c.byref(self._vfs), 1) != OK:
            raise NoShim("libsqlite3 refused the shim")

    def end(self) -> None:
        """Gives the library its own file access back; open connections keep the shim."""
        self._library.sqlite3_vfs_register(self._under, 1)

    def image(self, folder: Path, dice: random.Random) -> None:
        """Lays out in `folder` what the disk shows when the power is back."""
        manner = dice.choice(("nothing", "everything", "some", "some", "some"))
        for path, disk in self.disks.items():
            name = Path(path).name
            if name.endswith("-shm"):
                continue
            found = after(disk, manner, dice)
            if found is not None:
                (folder / name).write_bytes(found)

    # ---- what libsqlite3 calls

    def _keep(self, made: "c._CFuncPtr") -> int:
        self._kept.append(made)
        return c.cast(made, c.c_void_p).value or 0

    def _open(self, _vfs: int, name: int, file: int, flags: int, out: int) -> int:
        code = self._under_open(c.addressof(self._under.contents), name, file, flags, out)
        opened = c.cast(file, c.POINTER(OpenFile)).contents
        if code != OK or not name or not opened.methods:
            return code
        path = c.string_at(name).decode()
        self._paths[file] = path
        if path not in self.disks:
            self.disks[path] = Disk(Path(path).read_bytes() or None)
        opened.methods = c.pointer(self._table(c.addressof(opened.methods.contents)))
        return code

    def _table(self, under: int) -> Methods:
        """The table of a kind of file with the four functions that change the disk replaced."""
        made = self._tables.get(under)
        if made is None:
            made = Methods()
            c.memmove(c.byref(made), under, c.sizeof(Methods))
            write, truncate = WRITE(made.write), TRUNCATE(made.truncate)
            sync, close = SYNC(made.sync), CLOSE(made.close)
            made.write = self._keep(WRITE(self._writer(write)))
            made.truncate = self._keep(TRUNCATE(self._truncater(truncate)))
            made.sync = self._keep(SYNC(self._sync))
            made.close = self._keep(CLOSE(self._closer(close)))
            self._kept += [write, truncate, sync, close]
            self._tables[under] = made
        return made

    def _goes_on(self, path: str, act: str, place: int, what: bytes) -> bool:
        """Writes one change down; False where the power is gone, be it in this very change."""
        if self.is_cut:
            return False
        self.operations += 1
        if act != "sync":
            self.disks.setdefault(path, Disk(None)).pending.append((act, place, what))
        self.is_cut = self.operations == self.cut_at
        return not self.is_cut

    def _writer(self, under: Callable[..., int]) -> Callable[[int, int, int, int], int]:
        def write(file: int, source: int, size: int, offset: int) -> int:
            if not self._goes_on(self._paths[file], "write", offset, c.string_at(source, size)):
                return IOERR
            return under(file, source, size, offset)

        return write

    def _truncater(self, under: Callable[..., int]) -> Callable[[int, int], int]:
        def truncate(file: int, size: int) -> int:
            if not self._goes_on(self._paths[file], "truncate", size, b""):
                return IOERR
            return under(file, size)

        return truncate

    def _sync(self, file: int, _flags: int) -> int:
        path = self._paths[file]
        if not self._goes_on(path, "sync", 0, b""):
            return IOERR
        disk = self.disks[path]
        disk.safe = carried_out(disk.safe, disk.pending)
        disk.pending = []
        self.syncs += 1
        return OK

    def _closer(self, under: Callable[..., int]) -> Callable[[int], int]:
        def close(file: int) -> int:
            self._paths.pop(file, None)
            return under(file)

        return close

    def _delete(self, _vfs: int, name: bytes, sync_folder: int) -> int:
        path = name.decode()
        if path in self.disks and not self._goes_on(path, "delete", 0, b""):
            return IOERR
        code = self._under_delete(c.addressof(self._under.contents), name, sync_folder)
        if sync_folder and path in self.disks:
            self.disks[path] = Disk(None)
        return code


def carried_out(safe: bytes | None, pending: list[tuple[str, int, bytes]]) -> bytes | None:
    """All changes made, in order. A file that was opened and synced exists, be it empty."""
    now: bytearray | None = bytearray(safe or b"")
    for act, place, what in pending:
        now = _changed(now, act, place, what)
    return None if now is None else bytes(now)


def _changed(now: bytearray | None, act: str, place: int, what: bytes) -> bytearray | None:
    if act == "delete":
        return None
    now = bytearray() if now is None else now
    if act == "truncate":
        del now[place:]
        now.extend(bytes(place - len(now)))
        return now
    now.extend(bytes(max(0, place + len(what) - len(now))))
    now[place : place + len(what)] = what
    return now


def after(disk: Disk, manner: str, dice: random.Random) -> bytes | None:
    """What stands in a file after the cut. A deletion that was lost takes with it what came
    later: that went into another file, which no folder names."""
    now = None if disk.safe is None else bytearray(disk.safe)
    for act, place, what in disk.pending:
        survives = manner == "everything" or (manner == "some" and dice.random() < 0.5)
        torn = manner == "some" and act == "write" and dice.random() < 0.4
        if act == "delete" and not survives:
            break
        if torn:
            for at, piece in _sectors(place, what):
                if dice.random() < 0.5:
                    now = _changed(now, "write", at, piece)
        elif survives:
            now = _changed(now, act, place, what)
    return None if now is None else bytes(now)


def _sectors(place: int, what: bytes) -> list[tuple[int, bytes]]:
    """A write cut where the disk's sectors end."""
    found: list[tuple[int, bytes]] = []
    at = place
    while at < place + len(what):
        end = min(place + len(what), (at // SECTOR + 1) * SECTOR)
        found.append((at, what[at - place : end - place]))
        at = end
    return found
