"""The door of the engine's SIP sockets: asks the guard, teaches it whom we deal with, reports.

Whom this engine sends requests to, who answers them, and the port of a phone that signed in are
known; everybody else is a stranger. What was turned away is told to the floors, not more often
than every two seconds. How much is too much is decided in `vyzov.sip.guard`.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from vyzov.dialer.ports import GuardedSource, Protection
from vyzov.sip.events import Hop, PhoneBound, SignInRefused, SipEvent
from vyzov.sip.guard import Guard, Limits, Verdict

log = logging.getLogger("vyzov.engine.protection")

REPORT_S = 2.0
RESPONSE = b"SIP/2.0 "
_KEEP_ALIVE_BYTES = 4


class SipDoor:
    """The guard of one engine with its clock."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        limits: Limits,
        refused_connections: Callable[[], int],
    ) -> None:
        """Tells nobody yet; connections refused at a bound are counted elsewhere."""
        self.guard = Guard(limits, time.monotonic())
        self.tell: Callable[[Protection], None] | None = None
        """Hears what was turned away."""
        self._loop = loop
        self._refused_connections = refused_connections
        self._timer: asyncio.TimerHandle | None = None

    def may(self, source: Hop, size: int) -> bool:
        """Tells whether a message of `size` bytes, or a new connection (0), is taken."""
        verdict = self.guard.judge(source.host, source.port, size, time.monotonic())
        if verdict is Verdict.TAKEN:
            return True
        self._report_later()
        return False

    def knows(self, source: Hop) -> bool:
        """Tells whether a source is one this engine deals with."""
        return self.guard.knows(source.host, source.port, time.monotonic())

    def sent(self, data: bytes, target: Hop) -> None:
        """Takes that we sent something: whom we send requests to is known."""
        if len(data) > _KEEP_ALIVE_BYTES and not data.startswith(RESPONSE):
            self.guard.know(target.host, time.monotonic())

    def answered(self, source: Hop) -> None:
        """Takes that a response belonged to a request of ours, wherever it came from."""
        self.guard.know(source.host, time.monotonic())

    def heard(self, event: SipEvent) -> None:
        """Takes what the agent made of a sign-in."""
        if isinstance(event, PhoneBound):
            now = time.monotonic()
            self.guard.succeeded(event.hop.host, now)
            self.guard.know(event.hop.host, now, event.hop.port)
        elif isinstance(event, SignInRefused):
            host = event.source.host
            if self.guard.failed(host, time.monotonic()):
                log.warning("%s is banned: it keeps failing to sign in", host)
            self._report_later()

    def unban(self, source: str) -> None:
        """Lifts a ban."""
        if self.guard.unban(source):
            log.info("the ban of %s is lifted", source)
        self.report()

    def report(self) -> None:
        """Tells the floors how things stand."""
        if self.tell is None:
            return
        now = time.monotonic()
        totals = self.guard.totals()
        self.tell(
            Protection(
                at=now,
                taken=totals.taken,
                too_many=totals.too_many,
                banned=totals.banned,
                bans=totals.bans,
                connections=self._refused_connections(),
                sources=tuple(
                    GuardedSource(
                        one.source, one.known, one.taken, one.dropped, one.failures,
                        round(one.banned_for_s, 1),
                    )
                    for one in self.guard.sources(now)
                ),
            )
        )  # fmt: skip

    def close(self) -> None:
        """Reports no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _report_later(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(REPORT_S, self._fire)

    def _fire(self) -> None:
        self._timer = None
        self.report()
