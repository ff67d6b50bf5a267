"""Where a carrier's name leads: NAPTR, SRV and A, and which of the addresses a call takes.

RFC 3263 names the questions, RFC 2782 the order: the lowest priority first, among equals by weight
and dice. A target that did not answer rests for a while, so that the next call takes another. Only
IPv4 addresses are used, since the engine's sockets are of that kind.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.nameserver
import dns.resolver

from vyzov.sip.events import Hop, Transport

TARGETS_MAX = 16
RECORDS_MAX = 32
NAPTR_MAX = 3
"""Names one NAPTR may lead to before the search ends."""
TTL_LEAST_S = 5.0
TTL_MOST_S = 3600.0
TTL_UNKNOWN_S = 300.0
LOOK_UP_LIMIT_S = 5.0

_PORTS = {Transport.UDP: 5060, Transport.TCP: 5060, Transport.TLS: 5061}
_SRV = {Transport.UDP: "_sip._udp", Transport.TCP: "_sip._tcp", Transport.TLS: "_sips._tcp"}
_NAPTR = {Transport.UDP: "sip+d2u", Transport.TCP: "sip+d2t", Transport.TLS: "sips+d2t"}


class NotFound(LookupError):
    """The name leads nowhere: it does not exist, or says that the service is not offered."""


class NoNameServer(LookupError):
    """No name server answered: what was known before still holds."""


@dataclass(frozen=True, slots=True)
class Target:
    """One address a name leads to; a lower `priority` is tried first, `weight` shares the load."""

    hop: Hop
    priority: int = 0
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """All a name leads to, for `ttl_s` seconds; `how` says by which records, for people."""

    targets: tuple[Target, ...]
    ttl_s: float
    how: str


@dataclass(slots=True)
class Resting:
    """Addresses that did not answer lately, until when (monotonic seconds)."""

    until: dict[Hop, float] = field(default_factory=dict[Hop, float])

    def rest(self, hop: Hop, until: float) -> None:
        """Lets an address rest."""
        self.until[hop] = max(until, self.until.get(hop, 0.0))

    def wake(self, hop: Hop) -> None:
        """Takes an address back: it answered."""
        self.until.pop(hop, None)

    def awake(self, targets: Iterable[Target], now: float) -> list[Target]:
        """Returns the targets that do not rest."""
        return [one for one in targets if self.until.get(one.hop, 0.0) <= now]


def choose(
    targets: Sequence[Target], resting: Resting, now: float, dice: float
) -> tuple[Hop, int] | None:
    """Returns the address to take and how many others are left; None for no targets.

    Of the lowest priority that is awake, by weight (RFC 2782). Where all rest, they are asked all
    the same: whether the trunk is dead is not decided here. `dice` is in 0..1."""
    awake = resting.awake(targets, now)
    among = awake or list(targets)
    if not among:
        return None
    lowest = min(one.priority for one in among)
    group = [one for one in among if one.priority == lowest]
    # An address of weight 0 is hardly ever taken beside others, but never shut out.
    weights = [one.weight or 0.1 for one in group]
    mark = dice * sum(weights)
    chosen = group[-1]
    for one, weight in zip(group, weights, strict=True):
        mark -= weight
        if mark < 0:
            chosen = one
            break
    return chosen.hop, sum(1 for one in awake if one.hop != chosen.hop)


class Resolver:
    """Answers where a name leads; `servers` are `ADDRESS[:PORT]`, none for the system's own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, servers: Sequence[str] = ()) -> None:
        """Asks nobody yet; raises ValueError for a server that is no address."""
        self._loop = loop
        self._own = bool(servers)
        self._asks: dns.asyncresolver.Resolver | None = None
        if servers:
            self._asks = dns.asyncresolver.Resolver(configure=False)
            self._asks.nameservers = [_server(one) for one in servers]

    async def find(self, host: str, port: int, transport: Transport, name: str) -> Found:
        """Returns the targets of a host; raises `NotFound` or `NoNameServer`.

        `port` 0 asks for NAPTR and SRV first; any other port is taken as it is (RFC 3263 §4.2)."""
        if is_v4(host):
            return at_address(host, port, transport, name)
        if port:
            return await self._by_address(host, port, transport, name)
        try:
            async with asyncio.timeout(LOOK_UP_LIMIT_S * 2):
                return await self._by_service(host, transport, name)
        except TimeoutError as error:
            raise NoNameServer(f"the name servers took too long for {host}") from error

    async def _by_service(self, host: str, transport: Transport, name: str) -> Found:
        wanted, ttl, how = f"{_SRV[transport]}.{host}", TTL_MOST_S, "SRV"
        for _ in range(NAPTR_MAX):
            rules, lasts = await self._ask(host, "NAPTR")
            rule = _replacement(rules, transport)
            if rule is None:
                break
            wanted, is_last = rule
            ttl, how = min(ttl, lasts), "NAPTR, SRV"
            if is_last:
                break
            host = wanted
        records, lasts = await self._ask(wanted, "SRV")
        if not records:
            return await self._by_address(host, _PORTS[transport], transport, name)
        if len(records) == 1 and str(records[0].target) == ".":
            raise NotFound(f"{host} takes no calls by {transport}: its SRV record says so")
        ttl = min(ttl, lasts)
        targets: list[Target] = []
        for record in sorted(records, key=lambda one: int(one.priority)):
            try:
                addresses, lasts = await self._addresses(_text(record.target))
            except NotFound:
                continue
            ttl = min(ttl, lasts)
            targets += [
                Target(Hop(one, record.port, transport, name), record.priority, record.weight)
                for one in addresses
            ]
        if not targets:
            raise NotFound(f"{wanted} names hosts that have no address")
        return Found(tuple(targets[:TARGETS_MAX]), _bounded(ttl), how)

    async def _by_address(self, host: str, port: int, transport: Transport, name: str) -> Found:
        addresses, ttl = await self._addresses(host)
        targets = tuple(Target(Hop(one, port, transport, name)) for one in addresses[:TARGETS_MAX])
        return Found(targets, _bounded(ttl), "A")

    async def _addresses(self, host: str) -> tuple[list[str], float]:
        if is_v4(host):
            return [host], TTL_MOST_S
        if not self._own:
            return await self._by_system(host), TTL_UNKNOWN_S
        records, ttl = await self._ask(host, "A")
        if not records:
            raise NotFound(f"{host} has no address")
        return [str(one.address) for one in records], ttl

    async def _by_system(self, host: str) -> list[str]:
        """Asks the system, which knows names no name server does (its own file of hosts)."""
        try:
            found = await self._loop.getaddrinfo(
                host, None, family=socket.AF_INET, type=socket.SOCK_DGRAM
            )
        except socket.gaierror as error:
            if error.errno in (socket.EAI_AGAIN, socket.EAI_FAIL):
                raise NoNameServer(f"no name server answered for {host}") from error
            raise NotFound(f"{host} has no address") from error
        return list(dict.fromkeys(str(one[4][0]) for one in found))

    async def _ask(self, name: str, kind: str) -> tuple[tuple[Any, ...], float]:
        """Returns the records of one kind, none where the name has none, and how long they hold."""
        try:
            if self._asks is None:
                self._asks = dns.asyncresolver.Resolver()
            answer = await self._asks.resolve(
                name, kind, lifetime=LOOK_UP_LIMIT_S, raise_on_no_answer=False, search=False
            )
        except dns.resolver.NXDOMAIN:
            return (), TTL_MOST_S
        except (dns.resolver.NoNameservers, dns.exception.Timeout, OSError) as error:
            raise NoNameServer(f"no name server answered for {name}, {kind}") from error
        except dns.exception.DNSException as error:
            raise NotFound(f"{name} cannot be looked up: {error}") from error
        if answer.rrset is None:
            return (), TTL_UNKNOWN_S
        return tuple(answer.rrset)[:RECORDS_MAX], float(answer.rrset.ttl)


def at_address(host: str, port: int, transport: Transport, name: str) -> Found:
    """Returns what an address leads to: itself."""
    hop = Hop(host, port or _PORTS[transport], transport, name)
    return Found((Target(hop),), TTL_MOST_S, "address")


@lru_cache(maxsize=1024)
def is_v4(host: str) -> bool:
    """Tells an IPv4 address from a name."""
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def _server(text: str) -> dns.nameserver.Nameserver:
    host, _, port = text.partition(":")
    if not is_v4(host) or not (port or "53").isdecimal() or not 0 < int(port or "53") < 65_536:
        raise ValueError(f"{text!r} is no name server: write ADDRESS or ADDRESS:PORT")
    return dns.nameserver.Do53Nameserver(host, int(port or "53"))


def _replacement(rules: Iterable[Any], transport: Transport) -> tuple[str, bool] | None:
    """Returns where the best NAPTR for a transport leads, and whether that is an SRV name."""
    fitting = [
        rule
        for rule in rules
        if rule.service.decode("ascii", "replace").lower() == _NAPTR[transport]
        and not rule.regexp
        and rule.flags.lower() in (b"s", b"")
    ]
    if not fitting:
        return None
    best = min(fitting, key=lambda rule: (rule.order, rule.preference))
    return _text(best.replacement), best.flags.lower() == b"s"


def _text(name: object) -> str:
    return str(name).rstrip(".")


def _bounded(ttl_s: float) -> float:
    return min(max(ttl_s, TTL_LEAST_S), TTL_MOST_S)
