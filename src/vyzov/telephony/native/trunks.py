"""The trunks an engine was told of, each with the address its name led to.

A name is looked up when the trunk is told and again every few minutes; until it is known, calls
through the trunk are refused. Which trunk a call takes is decided by the floor.
"""

import asyncio
import ipaddress
import logging
import socket
from dataclasses import dataclass

from vyzov.dialer.ports import SetTrunk
from vyzov.sip.sdp import DEFAULT_CODECS
from vyzov.sip.user_agent import Account, Hop

log = logging.getLogger("vyzov.engine.trunks")

LOOK_UP_AGAIN_S = 300.0
LOOK_UP_RETRY_S = 5.0


@dataclass(frozen=True, slots=True)
class Trunk:
    """A trunk that can be dialled: where, as whom, and which codecs it takes."""

    target: Hop
    account: Account
    codecs: tuple[str, ...]
    srtp: str = "off"


def is_address(host: str) -> bool:
    """Tells an IPv4 address from a name."""
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


class Trunks:
    """Trunks by name; the same name again replaces the trunk."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Knows none."""
        self._loop = loop
        self._known: dict[str, Trunk] = {}
        self._told: dict[str, SetTrunk] = {}
        self._lookups: dict[str, asyncio.Task[None]] = {}
        self._found = asyncio.Event()

    def get(self, name: str) -> Trunk | None:
        """Returns a trunk that can be dialled now."""
        return self._known.get(name)

    def set(self, verb: SetTrunk) -> None:
        """Takes a trunk; one given by name can be dialled once the name is found."""
        previous = self._told.get(verb.trunk)
        if previous == verb:
            return
        self._told[verb.trunk] = verb
        lookup = self._lookups.pop(verb.trunk, None)
        if lookup is not None:
            lookup.cancel()
        if is_address(verb.host):
            self._know(verb, verb.host)
            return
        if previous is None or previous.host != verb.host:
            self._known.pop(verb.trunk, None)
        self._lookups[verb.trunk] = self._loop.create_task(self._look_up(verb))

    async def wait_known(self, name: str) -> None:
        """Waits until a trunk that was told can be dialled."""
        while name not in self._known:
            self._found.clear()
            await self._found.wait()

    def close(self) -> None:
        """Stops looking up."""
        for lookup in self._lookups.values():
            lookup.cancel()

    def _know(self, verb: SetTrunk, host: str) -> None:
        self._known[verb.trunk] = Trunk(
            target=Hop(host, verb.port),
            account=Account(verb.username, verb.password, verb.realm, verb.allow_md5),
            codecs=tuple(c for c in verb.codecs if c in DEFAULT_CODECS) or DEFAULT_CODECS,
            # Keys travel in the signalling: they are told only where that is sealed itself.
            srtp=verb.srtp if verb.transport == "tls" else "off",
        )
        self._found.set()

    async def _look_up(self, verb: SetTrunk) -> None:
        while True:
            wait = LOOK_UP_AGAIN_S
            try:
                found = await self._loop.getaddrinfo(
                    verb.host, verb.port, family=socket.AF_INET, type=socket.SOCK_DGRAM
                )
            except OSError as error:
                # What was known goes on being dialled: a name server's fault is not the carrier's.
                log.warning("trunk %s: %s is not found: %s", verb.trunk, verb.host, error)
                wait = LOOK_UP_RETRY_S
            else:
                self._know(verb, str(found[0][4][0]))
            await asyncio.sleep(wait)
