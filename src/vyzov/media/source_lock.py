"""Whose packets a leg takes, and where its own go: the agreed address, or one learned in its place.

The address of the session description is trusted at any time. A far side behind address translation
sends from elsewhere: another port of an expected host may take the address's place, only within
`WINDOW_S` after the agreement, only if nothing came from the agreed address, and only after a moment
in which one and the same sender kept on. After that everything else is dropped, and what we send
goes to the learned address (symmetric RTP, RFC 4961).
"""

from typing import Final

Address = tuple[str, int]

WINDOW_S: Final = 3.0
"""How long after an agreement another address may be learned."""
PROBATION_S: Final = 0.25
"""How long the agreed address is waited for while another one already sends."""
PROBATION_PACKETS: Final = 5


class SourceLock:
    """Learns one address and holds on to it."""

    def __init__(self) -> None:
        """Take nothing and send nowhere before an agreement."""
        self.target: Address | None = None
        """Where our packets go."""
        self.source: Address | None = None
        """The address packets are taken from, once one was heard."""
        self._agreed: Address | None = None
        self._hosts: frozenset[str] = frozenset()
        self._until = 0.0
        self._patient = True
        self._candidate: tuple[Address, int, float] | None = None
        self._count = 0

    def agree(
        self, remote: Address, hosts: frozenset[str], now: float, *, patient: bool = True
    ) -> None:
        """Take the address of a session description, and the `hosts` its packets may come from.

        The same address again opens the window anew while nothing was heard. Not `patient`: the
        agreed address cannot be the real one (it is private), so it is not waited for.
        """
        if remote == self._agreed and self.source is not None:
            return
        self._agreed = self.target = remote
        self.source = None
        self._hosts = hosts | {remote[0]}
        self._until = now + WINDOW_S
        self._patient = patient
        self._candidate = None

    def may_come(self, source: Address, now: float) -> bool:
        """Return whether a packet of `source` is worth a look: it may yet be refused."""
        if source in (self.source, self._agreed):
            return True
        return self.source is None and now < self._until and source[0] in self._hosts

    def admits(self, source: Address, ssrc: int, now: float, *, proven: bool = False) -> bool:
        """Return whether a packet of `source` is the far side's, and learn from it.

        One that is `proven` (it opened under the far side's keys) needs no probation.
        """
        if source == self.source:
            return True
        if not self.may_come(source, now):
            return False
        if source == self._agreed or proven:
            self._lock(source)
            return True
        if self._candidate is None or self._candidate[:2] != (source, ssrc):
            if self._candidate is not None and now - self._candidate[2] < PROBATION_S:
                # Two strangers at once: neither is believed before the moment is over.
                self._count = 0
                return False
            self._candidate, self._count = (source, ssrc, now), 0
        self._count += 1
        if self._count < PROBATION_PACKETS:
            return False
        if self._patient and now - self._candidate[2] < PROBATION_S:
            return False
        self._lock(source)
        return True

    def _lock(self, source: Address) -> None:
        self.source = self.target = source
