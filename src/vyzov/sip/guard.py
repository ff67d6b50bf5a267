"""Decides, before anything is parsed, whether a message from an address is taken at all.

Each address has a bucket of tokens: a small one for strangers, a large one for those this agent
deals with. All strangers together draw from one more bucket, because a datagram's source is easily
forged and a thousand forged addresses are no reason for a thousand budgets. An address that keeps
failing to authenticate is banned for a while. Every table is bounded, and everything that is
turned away is counted. What the refused message was is nobody's business here.
"""

from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address

COST_BYTES = 4096
"""A message costs one token, and one more for each so many bytes."""
SHOWN_MAX = 200
_TRIES_TO_KEEP = 16
KNOWN_S = 900.0
"""How long an address stays known after the last sign of business with it."""


class Verdict(StrEnum):
    """What becomes of a message."""

    TAKEN = "taken"
    TOO_MANY = "too_many"
    BANNED = "banned"


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of a guard; rates are messages a second, spans seconds.

    `stranger_*` is for each unknown address, `strangers_*` for all of them together, `known_*` for
    each address this agent deals with. `failures_max` failed authentications within `failures_s`
    ban an address for `ban_s`; 0 bans nobody.
    """

    stranger_rate: float = 20.0
    stranger_burst: float = 40.0
    strangers_rate: float = 100.0
    strangers_burst: float = 200.0
    known_rate: float = 3000.0
    known_burst: float = 6000.0
    failures_max: int = 10
    failures_s: float = 600.0
    ban_s: float = 600.0
    sources_max: int = 10_000


@dataclass(frozen=True, slots=True)
class SourceState:
    """One address as the guard sees it: what it sent, what was dropped, until when it is banned.

    `source` is an IPv4 address or an IPv6 network of 64 bits, with a port where the books of one
    port are kept apart; `banned_for_s` is 0 where it is not banned.
    """

    source: str
    known: bool
    taken: int
    dropped: int
    failures: int
    banned_for_s: float


@dataclass(frozen=True, slots=True)
class Totals:
    """What a guard did since it began: messages taken and dropped, bans, addresses forgotten."""

    taken: int
    too_many: int
    banned: int
    bans: int
    forgotten: int


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float

    def draw(self, cost: float, rate: float, burst: float, now: float) -> bool:
        """Takes `cost` tokens where there are as many."""
        self.tokens = min(burst, self.tokens + (now - self.at) * rate)
        self.at = now
        if self.tokens < cost:
            return False
        self.tokens -= cost
        return True


@dataclass(slots=True)
class _Source:
    bucket: _Bucket
    known_until: float = 0.0
    taken: int = 0
    dropped: int = 0
    failures: int = 0
    failed_at: float = 0.0


_Key = tuple[str, int]
"""An address with one port of it, or with 0 for the whole address."""


def source_of(host: str) -> str:
    """Names what is limited as one: an IPv4 address, or the /64 an IPv6 address lies in.

    One subscriber has a whole /64 to send from. Text that is no address stands for itself.
    """
    if ":" not in host:
        return host
    try:
        address = IPv6Address(host.partition("%")[0])
    except ValueError:
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    network = int(address) >> 64 << 64
    return f"{IPv6Address(network)}/64"


class Guard:
    """The budgets and bans of one agent. `now` is monotonic seconds throughout."""

    def __init__(self, limits: Limits, now: float) -> None:
        self.limits = limits
        self.changes = 0
        """Grows with every drop, ban and lifted ban: what a watcher compares."""
        self._all = _Bucket(limits.strangers_burst, now)
        self._sources: OrderedDict[_Key, _Source] = OrderedDict()
        self._bans: OrderedDict[str, float] = OrderedDict()
        self._counts = dict.fromkeys(Verdict, 0)
        self._ban_count = 0
        self._forgotten = 0

    def judge(self, host: str, port: int, size: int, now: float) -> Verdict:
        """Judges one message of `size` bytes from `host` and `port`, and counts it."""
        name = source_of(host) if ":" in host else host
        source = self._sources.get((host, port))
        if source is None or source.known_until <= now:
            source = self._source((name, 0), now)
        verdict = self._verdict(name, source, 1 + size // COST_BYTES, now)
        self._counts[verdict] += 1
        if verdict is Verdict.TAKEN:
            source.taken += 1
        else:
            source.dropped += 1
            self.changes += 1
        return verdict

    def know(self, host: str, now: float, port: int = 0) -> None:
        """Takes an address, or one port of it, for one this agent deals with, for `KNOWN_S`.

        To be called for whom this agent sends requests to and whoever proved to be part of a
        call (the whole address), and for a phone that proved its password (its port alone: others
        may sit behind the same address). The known are not banned: a carrier behind whose address
        somebody else guesses passwords must not be cut off.
        """
        name = host if port or ":" not in host else source_of(host)
        source = self._source((name, port), now)
        if source.known_until <= now:
            source.bucket = _Bucket(self.limits.known_burst, now)
        source.known_until = now + KNOWN_S

    def knows(self, host: str, port: int, now: float) -> bool:
        """Tells whether an address, or this port of it, is one this agent deals with."""
        keys = ((host, port), (source_of(host), 0))
        return any(key in self._sources and self._sources[key].known_until > now for key in keys)

    def failed(self, host: str, now: float) -> bool:
        """Counts a failed authentication; True where the address is banned by it.

        To be called only where the answer belongs to a challenge sent to that very address, or
        anybody could have anybody banned by forged datagrams.
        """
        limits = self.limits
        name = source_of(host)
        source = self._source((name, 0), now)
        if now - source.failed_at > limits.failures_s:
            source.failures = 0
        source.failures += 1
        source.failed_at = now
        if not limits.failures_max or source.failures < limits.failures_max:
            return False
        if source.known_until > now:
            return False
        self._bans[name] = now + limits.ban_s
        self._bans.move_to_end(name)
        while len(self._bans) > limits.sources_max:
            self._bans.popitem(last=False)
        source.failures = 0
        self._ban_count += 1
        self.changes += 1
        return True

    def succeeded(self, host: str, now: float) -> None:
        """Forgives earlier failures: somebody there knows a password."""
        self._source((source_of(host), 0), now).failures = 0

    def unban(self, source: str) -> bool:
        """Lifts the ban of an address or /64; False where there is none."""
        name = source if source in self._bans else source_of(source)
        if self._bans.pop(name, None) is None:
            return False
        self.changes += 1
        return True

    def totals(self) -> Totals:
        """Returns what was done since the beginning."""
        counts = self._counts
        return Totals(
            taken=counts[Verdict.TAKEN],
            too_many=counts[Verdict.TOO_MANY],
            banned=counts[Verdict.BANNED],
            bans=self._ban_count,
            forgotten=self._forgotten,
        )

    def sources(self, now: float) -> tuple[SourceState, ...]:
        """Returns the banned and the dropped, worst first, `SHOWN_MAX` at most."""
        found: list[SourceState] = []
        blank = _Source(_Bucket(0.0, now))
        for name, until in self._bans.items():
            if until > now:
                found.append(_state(name, self._sources.get((name, 0), blank), until - now, now))
        banned = {state.source for state in found}
        for (name, port), source in self._sources.items():
            if (source.dropped or source.failures) and name not in banned:
                found.append(_state(f"{name} port {port}" if port else name, source, 0.0, now))
        found.sort(key=lambda state: (-state.banned_for_s, -state.dropped, state.source))
        return tuple(found[:SHOWN_MAX])

    def _verdict(self, name: str, source: _Source, cost: float, now: float) -> Verdict:
        limits = self.limits
        if source.known_until > now:
            enough = source.bucket.draw(cost, limits.known_rate, limits.known_burst, now)
            return Verdict.TAKEN if enough else Verdict.TOO_MANY
        until = self._bans.get(name)
        if until is not None:
            if until > now:
                return Verdict.BANNED
            del self._bans[name]
        enough = source.bucket.draw(
            cost, limits.stranger_rate, limits.stranger_burst, now
        ) and self._all.draw(cost, limits.strangers_rate, limits.strangers_burst, now)
        return Verdict.TAKEN if enough else Verdict.TOO_MANY

    def _source(self, key: _Key, now: float) -> _Source:
        """Finds or makes the books of an address; the one longest unseen makes room.

        An address we deal with is kept instead while a stranger can go.
        """
        source = self._sources.get(key)
        if source is not None:
            self._sources.move_to_end(key)
            return source
        if len(self._sources) >= self.limits.sources_max:
            self._make_room(now)
        source = self._sources[key] = _Source(_Bucket(self.limits.stranger_burst, now))
        return source

    def _make_room(self, now: float) -> None:
        for _ in range(_TRIES_TO_KEEP):
            key, source = self._sources.popitem(last=False)
            if source.known_until <= now:
                break
            # Back to the young end: forged addresses must not push a carrier out of the table.
            self._sources[key] = source
        else:
            self._sources.popitem(last=False)
        self._forgotten += 1


def _state(name: str, source: _Source, banned_for_s: float, now: float) -> SourceState:
    return SourceState(
        source=name,
        known=source.known_until > now,
        taken=source.taken,
        dropped=source.dropped,
        failures=source.failures,
        banned_for_s=banned_for_s,
    )
