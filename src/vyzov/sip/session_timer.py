"""Session timers (RFC 4028): how long a session lives unrefreshed, and who refreshes it.

Pure values and verdicts; when a refresh leaves and what ends a call is carried out in `session`.
Names of roles are those of one request: `uac` sent it, `uas` answered it.
"""

from dataclasses import dataclass
from enum import StrEnum

from vyzov.sip.fields import bounded_int, parameters, split_outside_quotes
from vyzov.sip.message import Message

MIN_SE_S = 90
"""The shortest session we let a peer ask for (RFC 4028 §5)."""
INTERVAL_MAX_S = 86_400
INTERVAL_LEAST_S = 4
"""A peer that grants less is refreshed as if it had granted this much."""
MARGIN_MAX_S = 32.0
TIMER = "timer"


class Refresher(StrEnum):
    """Which side of a request refreshes the session."""

    UAC = "uac"
    UAS = "uas"
    UNSAID = ""


@dataclass(frozen=True, slots=True)
class SessionExpires:
    """A Session-Expires value: seconds, and who refreshes where it says."""

    interval_s: int
    refresher: Refresher = Refresher.UNSAID

    @classmethod
    def parse(cls, text: str) -> "SessionExpires | None":
        """Reads a value; None where there is none that can be read."""
        interval, *rest = split_outside_quotes(text, ";")
        try:
            seconds = bounded_int(interval, 2**32 - 1)
        except ValueError:
            return None
        said = parameters(rest).get("refresher", "").lower()
        refresher = Refresher(said) if said in set(Refresher) else Refresher.UNSAID
        return cls(seconds, refresher)

    def __str__(self) -> str:
        """Writes the value."""
        role = f";refresher={self.refresher}" if self.refresher else ""
        return f"{self.interval_s}{role}"


@dataclass(frozen=True, slots=True)
class Terms:
    """What both sides agreed on: the session's life in seconds, and whether we refresh it."""

    interval_s: int
    ours: bool

    @property
    def refresh_after_s(self) -> float:
        """When the refresher refreshes: at half of the interval (RFC 4028 §7.2)."""
        return self.interval_s / 2

    @property
    def expires_after_s(self) -> float:
        """When the call is given up: 32 s or a third before the end (RFC 4028 §10)."""
        return self.interval_s - min(MARGIN_MAX_S, self.interval_s / 3)


@dataclass(frozen=True, slots=True)
class Granted:
    """Our side of an answer: the terms (None for no timer) and the headers that tell them."""

    terms: Terms | None
    headers: tuple[tuple[str, str], ...] = ()


def supports(message: Message, option: str) -> bool:
    """Tells whether a peer names an option as supported or required."""
    named = (*message.values("Supported"), *message.values("Require"))
    return option in {name.lower() for name in named}


def asked(message: Message) -> SessionExpires | None:
    """Returns the Session-Expires of a message, None where there is none that can be read."""
    return SessionExpires.parse(message.header("Session-Expires"))


def min_se(message: Message) -> int:
    """Returns the Min-SE of a message in seconds, 0 where there is none that can be read."""
    value = split_outside_quotes(message.header("Min-SE"), ";")[0]
    try:
        return bounded_int(value, INTERVAL_MAX_S)
    except ValueError:
        return 0


def offered_headers(
    interval_s: int, *, floor_s: int = 0, refresher: Refresher = Refresher.UNSAID
) -> list[tuple[str, str]]:
    """Returns the headers of a request that wants a session timer; none for an interval of 0.

    `floor_s` is the Min-SE a 422 has taught us.
    """
    if not interval_s:
        return []
    wanted = SessionExpires(max(interval_s, floor_s, MIN_SE_S), refresher)
    floor = [("Min-SE", str(floor_s))] if floor_s else []
    return [("Session-Expires", str(wanted)), *floor]


def too_small(request: Message) -> bool:
    """Tells that a request asks for a shorter session than we keep: answer 422 with Min-SE.

    Only a peer that knows session timers understands that (RFC 4028 §9).
    """
    wanted = asked(request)
    return wanted is not None and wanted.interval_s < MIN_SE_S and supports(request, TIMER)


def terms_of_answer(response: Message) -> Terms | None:
    """Reads the terms of a 2xx to a request of ours (RFC 4028 §7.2); None for no timer."""
    granted = asked(response)
    if granted is None:
        return None
    # An answer must name the refresher; one that does not leaves the work to who asked.
    return Terms(_kept(granted.interval_s), ours=granted.refresher is not Refresher.UAS)


def grant(request: Message, *, wanted_s: int = 0, current: Terms | None = None) -> Granted:
    """Answers the session timer of a peer's request (RFC 4028 §9).

    `wanted_s` is what we would ask for by ourselves (0: nothing), `current` what holds so far.
    A peer that does not say who refreshes goes on as before, and at first refreshes itself; one
    that does not know session timers (a proxy asked) leaves the refreshing to us.
    """
    knows = supports(request, TIMER)
    wanted = asked(request)
    if wanted is None:
        if current is None and not (wanted_s and knows):
            return Granted(None)
        if current is not None and not knows:
            # Nobody told the peer of the timer: what we refresh goes on, the rest is over.
            return Granted(current if current.ours else None)
        wanted = SessionExpires(current.interval_s if current else max(wanted_s, MIN_SE_S))
    role = wanted.refresher
    if not knows:
        role = Refresher.UAS
    elif role is Refresher.UNSAID:
        role = Refresher.UAS if current is not None and current.ours else Refresher.UAC
    interval_s = _kept(max(wanted.interval_s, min_se(request)))
    headers = [("Session-Expires", str(SessionExpires(interval_s, role)))]
    if role is Refresher.UAC:
        headers.append(("Require", TIMER))
    return Granted(Terms(interval_s, ours=role is Refresher.UAS), tuple(headers))


def _kept(interval_s: int) -> int:
    return min(max(interval_s, INTERVAL_LEAST_S), INTERVAL_MAX_S)
