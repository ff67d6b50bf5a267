"""Hashes and checks passwords (argon2id), and slows down whoever keeps guessing.

A login that does not exist costs the same work and gets the same answer as one that does. Waiting
grows per login and per source and has a small upper bound, so that guessing is hopeless while
nobody can lock somebody else out for long.
"""

import ctypes
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_MMAP_THRESHOLD = -3  # of glibc's malloc.h


def give_large_blocks_back() -> bool:
    """Has memory of a megabyte and more returned to the system when it is freed; False without glibc.

    glibc raises that bound by itself to the largest block ever freed, so that each thread that ever
    hashed kept the 19 MiB of a hash: a web process grew by so much half an hour into its day. A bound
    set by hand is not raised (mallopt(3)).
    """
    try:
        return bool(ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, 1 << 20))
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return False


give_large_blocks_back()

# OWASP's smallest recommended argon2id figures: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = _HASHER.hash("nobody has this password, this hash only costs the same time")

# A hash needs 19 MiB while it is made: two at once are enough, and the workers of the web process, of
# which there may be dozens, hand the work to them.
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="hashing")


def hash_password(password: str) -> str:
    """Makes an argon2id hash; tens of milliseconds, so call it in a thread."""
    return _THREADS.submit(_HASHER.hash, password).result()


def check_password(stored: str | None, password: str) -> bool:
    """Checks a password against its hash, or against nobody's with equal work; use a thread."""
    try:
        right = _THREADS.submit(_HASHER.verify, stored or _NOBODY, password).result()
        return right and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_new_hash(stored: str) -> bool:
    """Tells whether a hash was made with older parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


@dataclass(slots=True)
class _Tries:
    count: int = 0
    until: float = 0.0


@dataclass(slots=True)
class Throttle:
    """Counts failed tries per key (a login or a source), the oldest keys forgotten first.

    `free` tries cost nothing; each later one doubles the wait, up to `wait_max_s`."""

    free: int
    wait_max_s: float
    remembered: int
    _tries: OrderedDict[str, _Tries] = field(default_factory=OrderedDict[str, _Tries])

    def wait_s(self, key: str, now: float) -> float:
        """Gives the seconds this key still has to wait at monotonic `now`; 0 where it may try."""
        tries = self._tries.get(key)
        return max(0.0, tries.until - now) if tries else 0.0

    def spend(self, key: str, now: float) -> None:
        """Counts a try before it is known how it ends, so that parallel tries do not slip by."""
        tries = self._tries.setdefault(key, _Tries())
        self._tries.move_to_end(key)
        tries.count += 1
        over = tries.count - self.free
        if over >= 0:
            tries.until = now + min(self.wait_max_s, 2.0 ** min(over, 20))
        while len(self._tries) > self.remembered:
            self._tries.popitem(last=False)

    def forgive(self, key: str) -> None:
        """Forgets the tries of a key: it proved itself."""
        self._tries.pop(key, None)

    def give_back(self, key: str) -> None:
        """Takes back one try that succeeded; earlier failures of the key stay counted."""
        tries = self._tries.get(key)
        if tries is not None:
            tries.count = max(0, tries.count - 1)
            if tries.count < self.free:
                tries.until = 0.0
