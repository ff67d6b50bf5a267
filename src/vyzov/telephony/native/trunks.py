"""The trunks an engine was told of, where their names lead now, and how each wants its calls.

A name is looked up when the trunk is told and again when its records grow old; until it is known,
calls through the trunk are refused. Of several addresses each call takes one, and one that did not
answer rests: the engine never sends a call twice, the floor sends another. Which trunk a call
takes, and what a failure means, is decided by the floor.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vyzov.core.numbers import NumberFormat
from vyzov.core.trunk import TrunkFault
from vyzov.dialer.ports import Originate, SetTrunk
from vyzov.sip.events import CallRejected, Stage, Transport
from vyzov.sip.fields import host_port
from vyzov.sip.sdp import DEFAULT_CODECS
from vyzov.sip.user_agent import Account, Hop
from vyzov.telephony.native.dns import (
    Found,
    NoNameServer,
    NotFound,
    Resolver,
    Resting,
    at_address,
    choose,
    is_v4,
)

log = logging.getLogger("vyzov.engine.trunks")

LOOK_UP_RETRY_S = 5.0
REST_S = 60.0
"""How long an address that failed is passed over while the name leads to others."""

ANONYMOUS = "anonymous"
_SHOWN = re.compile(r"[A-Za-z0-9+*#._-]{1,64}", re.ASCII)
_PLACE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9])?", re.ASCII)

is_address = is_v4


@dataclass(frozen=True, slots=True)
class WireCall:
    """A call as this trunk wants it written; `invite` checks the numbers once more."""

    to: str
    caller_id: str
    caller_domain: str
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Trunk:
    """A trunk that can be dialled: where this call goes, as whom, and how it is to be written.

    `others` is how many more addresses its name leads to that have not failed lately."""

    target: Hop
    account: Account
    codecs: tuple[str, ...]
    told: SetTrunk
    others: int = 0

    @property
    def srtp(self) -> str:
        """Whether sound must be sealed: off, required."""
        return self.told.srtp

    @property
    def session_expires_s(self) -> int:
        """The session timer asked for, 0 for none (RFC 4028)."""
        return self.told.session_expires_s

    @property
    def redirects(self) -> str:
        """What is done with a 3xx: report, same_host."""
        return self.told.redirects

    def wire_call(self, order: Originate) -> WireCall:
        """Returns the numbers and headers of a call, in this carrier's form.

        Raises ValueError where a text would write more into a header than its own value."""
        told = self.told
        form = NumberFormat(told.number_format, told.prefix)
        domain = told.from_domain or ""
        if order.caller_id == ANONYMOUS:
            # RFC 3323 §4.1.1.3: who asks to stay unknown names nobody in any header.
            privacy = (("Privacy", "id"),)
            return WireCall(form.called(order.to), ANONYMOUS, "anonymous.invalid", privacy)
        shown = form.written(order.caller_id)
        user = told.username or ANONYMOUS
        if "from" in told.caller_headers:
            user = shown
        place = domain or host_port(told.host)
        for text, form_of in ((shown, _SHOWN), (place, _PLACE)):
            if not form_of.fullmatch(text):
                raise ValueError(f"{text[:40]!r} cannot stand in an address of the number shown")
        uri = f"<sip:{shown.replace('#', '%23')}@{place}>"
        headers = tuple(
            (name, value.format(uri=uri))
            for kind, (name, value) in _CALLER_HEADERS.items()
            if kind in told.caller_headers
        )
        return WireCall(form.called(order.to), told.from_user or user, domain, headers)


_CALLER_HEADERS = {
    "pai": ("P-Asserted-Identity", "{uri}"),
    "ppi": ("P-Preferred-Identity", "{uri}"),
    "rpid": ("Remote-Party-ID", "{uri};party=calling;screen=yes;privacy=off"),
    "diversion": ("Diversion", "{uri};reason=unconditional;privacy=off"),
}
"""RFC 3325, draft-ietf-sip-privacy-04 and RFC 5806: where carriers look for the number shown."""


@dataclass(slots=True)
class _Known:
    """A trunk as told, and where its name leads."""

    told: SetTrunk
    floors: set[str]
    found: Found | None = None
    fault: str = ""
    realm: str = ""
    lookup: asyncio.Task[None] | None = None


class Trunks:
    """Trunks by name; the same name again replaces the trunk."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        name_servers: Sequence[str] = (),
        dice: Callable[[], float] = lambda: 0.0,
        now: Callable[[], float] | None = None,
    ) -> None:
        """Knows none. `dice` gives 0..1 and shares calls among addresses of the same rank."""
        self._loop = loop
        self.resolver = Resolver(loop, name_servers)
        self._dice = dice
        self._now = now or loop.time
        self._known: dict[str, _Known] = {}
        self._resting = Resting()
        self._changed = asyncio.Event()
        self.on_found: Callable[[str], None] = lambda _: None
        """Told of a trunk whose name was looked up, found or not."""
        self.on_wait: Callable[[str, Hop, CallRejected], None] = lambda *_: None
        """Told of a call by whose refusal the carrier asked for rest."""

    # ---- what floors tell

    def set(self, verb: SetTrunk, floor: str = "") -> None:
        """Takes a trunk; one given by name can be dialled once the name is found."""
        known = self._known.get(verb.trunk)
        if known is not None and known.told == verb:
            known.floors.add(floor)
            return
        floors = known.floors if known else set[str]()
        if known is not None and known.lookup is not None:
            known.lookup.cancel()
        fresh = _Known(verb, {*floors, floor}, realm=verb.realm)
        if known is not None and _place(known.told) == _place(verb):
            fresh.found = known.found
        self._known[verb.trunk] = fresh
        if is_v4(verb.host):
            # At once: a call through it may be the very next order.
            fresh.found = at_address(verb.host, verb.port, *_way(verb))
            self._changed.set()
        else:
            fresh.lookup = self._loop.create_task(self._look_up(fresh))

    def remove(self, name: str, floor: str = "") -> bool:
        """Forgets a trunk once no floor wants it; True where it is gone."""
        known = self._known.get(name)
        if known is None:
            return False
        known.floors.discard(floor)
        if known.floors:
            return False
        if known.lookup is not None:
            known.lookup.cancel()
        del self._known[name]
        return True

    def told(self, name: str) -> SetTrunk | None:
        """Returns a trunk as it was told."""
        known = self._known.get(name)
        return known.told if known else None

    def floors(self, name: str) -> tuple[str, ...]:
        """Returns the floors that use a trunk."""
        known = self._known.get(name)
        return tuple(known.floors) if known else ()

    # ---- where calls go

    def get(self, name: str) -> Trunk | None:
        """Returns a trunk that can be dialled now, with the address this call takes."""
        known = self._known.get(name)
        if known is None or known.found is None:
            return None
        chosen = choose(known.found.targets, self._resting, self._now(), self._dice())
        if chosen is None:
            return None
        told = known.told
        return Trunk(
            target=chosen[0],
            account=Account(told.username, told.password, known.realm, told.allow_md5),
            codecs=tuple(c for c in told.codecs if c in DEFAULT_CODECS) or DEFAULT_CODECS,
            told=told,
            others=chosen[1],
        )

    def refusal(self, name: str) -> str:
        """Says why a trunk cannot be dialled, in a word of `Refused`."""
        return "no_target" if name in self._known else "unknown_trunk"

    def found(self, name: str) -> tuple[Found | None, str]:
        """Returns where a trunk's name leads, and in words why nowhere."""
        known = self._known.get(name)
        return (known.found, known.fault) if known else (None, "")

    def failed(self, name: str, target: Hop) -> int:
        """Lets an address rest that did not answer; returns how many others are left to take."""
        known = self._known.get(name)
        if known is None or known.found is None:
            return 0
        now = self._now()
        self._resting.rest(target, now + REST_S)
        return len(self._resting.awake(known.found.targets, now))

    def judge(self, name: str, target: Hop, event: CallRejected) -> tuple[str, int]:
        """Says why the way to the carrier failed, "" where it did not, and how many addresses are
        left; only an address that gave no sign of life, or asked for rest, rests itself."""
        fault = TrunkFault.NONE
        if event.challenge_refused:
            fault = TrunkFault.ONLY_MD5 if "MD5" in event.challenge_refused else fault
        elif event.code == 0 and not event.provisionals and event.stage is not Stage.CANCELLED:
            fault = fault_of(event.phrase)
        if event.code == 503 and event.retry_after is not None:
            self.on_wait(name, target, event)
        heard_nothing = event.code == 0 and not event.provisionals
        if heard_nothing or (event.code == 503 and event.retry_after is None):
            return fault.value, self.failed(name, target)
        return fault.value, 0

    def answered(self, target: Hop) -> None:
        """Takes an address back that answered."""
        self._resting.wake(target)

    def learn_realm(self, name: str, realm: str) -> None:
        """Keeps the realm the carrier proved: from now on no other is answered for this trunk."""
        known = self._known.get(name)
        if known is not None and not known.realm:
            known.realm = realm

    # ---- names

    async def wait_known(self, name: str) -> None:
        """Waits until a trunk that was told can be dialled; raises `NotFound` where it never can."""
        while self.get(name) is None:
            known = self._known.get(name)
            if known is not None and known.fault:
                raise NotFound(known.fault)
            self._changed.clear()
            await self._changed.wait()

    def close(self) -> None:
        """Stops looking up."""
        for known in self._known.values():
            if known.lookup is not None:
                known.lookup.cancel()

    async def _look_up(self, known: _Known) -> None:
        told = known.told
        while True:
            wait = LOOK_UP_RETRY_S
            try:
                found = await self.resolver.find(told.host, told.port, *_way(told))
            except (NotFound, NoNameServer) as error:
                # What was known goes on being dialled: a name server's fault is not the carrier's.
                log.warning("trunk %s: %s", told.trunk, error)
                known.fault = str(error)
            else:
                known.found, known.fault, wait = found, "", found.ttl_s
            self._changed.set()
            self.on_found(told.trunk)
            await asyncio.sleep(wait)


def fault_of(words: str) -> TrunkFault:
    """Reads why a connection failed from its words (`tls.why` fixes their beginnings)."""
    if "certificate" in words or "TLS" in words:
        return TrunkFault.TLS_CERTIFICATE
    return TrunkFault.UNREACHABLE if words else TrunkFault.NO_REPLY


def _way(told: SetTrunk) -> tuple[Transport, str]:
    """Returns the transport and the name a certificate must bear, "" where nothing is sealed."""
    transport = Transport(told.transport)
    return transport, (told.tls_name or told.host) if transport is Transport.TLS else ""


def _place(told: SetTrunk) -> tuple[str, int, str, str]:
    return told.host, told.port, told.transport, told.tls_name
