"""Provisional responses of ours that must arrive (RFC 3262 §3): resent until their PRACK.

One is under way at a time and later ones wait for it. What is said, and when the call is
answered, is decided in `callee`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from vyzov.sip.fields import bounded_int
from vyzov.sip.message import MAX_CSEQ, Message
from vyzov.sip.schedule import Schedule, Timers
from vyzov.sip.transaction import GIVE_UP, T1

MAX_WAITING = 8
FIRST_RSEQ_MAX = 2**31 - 1
OPTION = "100rel"


@dataclass(frozen=True, slots=True)
class Said:
    """One reliable provisional response: its code, phrase, session and the owner's headers."""

    code: int
    phrase: str
    sdp: bytes
    headers: tuple[tuple[str, str], ...]


class ReliableProvisionals:
    """The reliable provisional responses to one INVITE.

    `cseq` is the INVITE's number. `send(said, rseq, now)` writes one, each time the same;
    `unheard(now)` is told when 64 T1 have passed without a PRACK.
    """

    def __init__(
        self,
        schedule: Schedule,
        first_rseq: int,
        cseq: int,
        send: Callable[[Said, int, float], None],
        unheard: Callable[[float], None],
    ) -> None:
        self._send = send
        self._unheard = unheard
        self._rseq = first_rseq - 1
        self._cseq = cseq
        self._current: Said | None = None
        self._waiting: list[Said] = []
        self._interval = T1
        self._timers = Timers(schedule, self._on_timer)

    @property
    def pending(self) -> bool:
        """Tells that a PRACK is still to come."""
        return self._current is not None

    def say(self, said: Said, now: float) -> None:
        """Sends a response, or lets it wait for the PRACK of the one before."""
        if self._current is None:
            self._start(said, now)
        elif len(self._waiting) < MAX_WAITING:
            self._waiting.append(said)

    def acknowledge(self, prack: Message) -> Said | None:
        """Takes a PRACK and returns the response it acknowledges, None for none of ours (481)."""
        words = prack.header("RAck").split()
        try:
            rseq, cseq = (bounded_int(word, MAX_CSEQ) for word in words[:2])
        except ValueError:
            return None
        said = self._current
        if (rseq, cseq, words[2:]) != (self._rseq, self._cseq, ["INVITE"]) or said is None:
            return None
        self._timers.stop()
        self._current = None
        return said

    def go_on(self, now: float) -> None:
        """Sends the next response that waits."""
        if self._current is None and self._waiting:
            self._start(self._waiting.pop(0), now)

    def stop(self) -> None:
        """Ends everything for good: the INVITE has its final response, and its call is let go."""
        self._timers.end()
        self._send, self._unheard = _said_no_more, _unawaited
        self._current = None
        self._waiting.clear()

    def _start(self, said: Said, now: float) -> None:
        self._current = said
        self._rseq += 1
        self._interval = T1
        self._timers.set("resend", now + T1)
        self._timers.set("give_up", now + GIVE_UP)
        self._send(said, self._rseq, now)

    def _on_timer(self, name: str, now: float) -> None:
        said = self._current
        assert said is not None
        if name == "resend":
            self._interval *= 2
            self._timers.set("resend", now + self._interval)
            self._send(said, self._rseq, now)
        else:
            unheard = self._unheard
            self.stop()
            unheard(now)


def _said_no_more(_said: Said, _rseq: int, _now: float) -> None:
    """Stands for the call after its final response."""


def _unawaited(_now: float) -> None:
    """Stands for the call after its final response."""
