"""Whether a trunk may be dialled now, and whether a failed call may go out through another one.

`step` is the whole of a trunk's health: what the engine found (probes, registration), what calls
came to and what the carrier told us to wait for go in, the moved watch comes out. `judge` reads one
failed call: whose fault it was, and whether the callee's telephone can have rung. Which trunk a
call then takes is `routing`'s word, and what came of the attempt `diagnosis`'s.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from vyzov.core.changing import replace
from vyzov.core.making import quickly_made

MISSES_DOWN = 2
"""Probes in a row without an answer after which a trunk is taken for dead."""

FAULTS_OPEN = 5
"""Calls in a row that fail at the trunk after which the breaker opens."""

OPEN_FIRST = timedelta(seconds=5)
OPEN_MOST = timedelta(minutes=5)
PAUSE_MOST = timedelta(hours=24)
"""The longest wait a carrier can impose by one answer; after it the trunk is tried again."""

JITTER_SHARE = 0.1
JITTER_LEAST = timedelta(seconds=0.5)
JITTER_MOST = timedelta(seconds=10)


class TrunkFault(StrEnum):
    """What is wrong with a trunk, by id; the screens have the words."""

    NONE = ""
    NO_REPLY = "no_reply"
    UNREACHABLE = "unreachable"
    DNS_NOT_FOUND = "dns_not_found"
    TLS_CERTIFICATE = "tls_certificate"
    LOGIN_REFUSED = "login_refused"
    ONLY_MD5 = "only_md5"
    REGISTRATION_REFUSED = "registration_refused"
    PAYMENT = "payment"
    CALLER_REFUSED = "caller_refused"
    NO_ROUTE = "no_route"
    OVERLOADED = "overloaded"
    BROKEN = "broken"
    WAIT_ASKED = "wait_asked"


class TrunkHealth(StrEnum):
    """What a trunk is fit for. unknown and up take calls; trial takes one call; the rest none."""

    UNKNOWN = "unknown"
    UP = "up"
    TRIAL = "trial"
    PAUSED = "paused"
    OPEN = "open"
    DOWN = "down"


class Reach(StrEnum):
    """What one source (probes, registration) last said."""

    UNKNOWN = "unknown"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class LastError:
    """The newest thing that went wrong, for people."""

    fault: TrunkFault
    code: int
    phrase: str
    at: datetime


@quickly_made
@dataclass(frozen=True, slots=True)
class TrunkWatch:
    """All that is remembered of a trunk's health.

    `faults` counts calls in a row that failed at the trunk; `opened` how often in a row the breaker
    opened; `trial` is true while the one call of a half-open breaker is out; `working` that a call
    or a probe worked since the last fault."""

    since: datetime
    probe: Reach = Reach.UNKNOWN
    registration: Reach = Reach.UNKNOWN
    misses: int = 0
    paused_until: datetime | None = None
    faults: int = 0
    opened: int = 0
    open_until: datetime | None = None
    trial: bool = False
    working: bool = False
    last: LastError | None = None


# ---- events --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProbeAnswered:
    """An OPTIONS got a final answer that is no sign of a dead end."""


@dataclass(frozen=True, slots=True)
class ProbeMissed:
    """An OPTIONS got none, 408 or 503; `misses` in a row, as the engine counts them."""

    misses: int
    fault: TrunkFault = TrunkFault.NO_REPLY
    code: int = 0
    phrase: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The carrier accepted our registration."""


@dataclass(frozen=True, slots=True)
class SignedOut:
    """The carrier refused our registration, or did not answer it."""

    fault: TrunkFault = TrunkFault.REGISTRATION_REFUSED
    code: int = 0
    phrase: str = ""


@dataclass(frozen=True, slots=True)
class ToldToWait:
    """The carrier asked for `seconds` of rest (Retry-After); `dice` 0..1 spreads the return."""

    seconds: float
    dice: float
    code: int = 503
    phrase: str = ""


@dataclass(frozen=True, slots=True)
class CallPlaced:
    """A call was sent out through the trunk."""


@dataclass(frozen=True, slots=True)
class CallWorked:
    """The carrier carried a call: it rang, was answered, or failed at the callee's end."""


@dataclass(frozen=True, slots=True)
class CallDropped:
    """A call ended before it said anything about the trunk."""


@dataclass(frozen=True, slots=True)
class CallFault:
    """A call failed at the trunk."""

    fault: TrunkFault
    code: int = 0
    phrase: str = ""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Nothing is known any more: its settings changed."""


@dataclass(frozen=True, slots=True)
class OutOfSight:
    """The engine is away: what it found is no longer so, what calls taught us stays."""


TrunkEvent = (
    ProbeAnswered | ProbeMissed | SignedIn | SignedOut | ToldToWait | CallPlaced | CallWorked
    | CallDropped | CallFault | Forgotten | OutOfSight
)  # fmt: skip


def new_watch(now: datetime) -> TrunkWatch:
    """Returns the watch of a trunk nothing is known of; it may be dialled."""
    return TrunkWatch(since=now)


def health(watch: TrunkWatch, now: datetime) -> TrunkHealth:
    """Says what the trunk is fit for; of several reasons against it the one that lasts."""
    if Reach.DOWN in (watch.probe, watch.registration):
        return TrunkHealth.DOWN
    if watch.paused_until is not None and now < watch.paused_until:
        return TrunkHealth.PAUSED
    if watch.open_until is not None:
        return TrunkHealth.OPEN if now < watch.open_until else TrunkHealth.TRIAL
    known = Reach.UP in (watch.probe, watch.registration) or watch.working
    return TrunkHealth.UP if known else TrunkHealth.UNKNOWN


def takes_calls(watch: TrunkWatch, now: datetime) -> bool:
    """True where a call may be sent: of a breaker that is half open, only one at a time."""
    match health(watch, now):
        case TrunkHealth.UNKNOWN | TrunkHealth.UP:
            return True
        case TrunkHealth.TRIAL:
            return not watch.trial
        case _:
            return False


def back_at(watch: TrunkWatch, now: datetime) -> datetime | None:
    """Returns when the trunk takes calls again by itself, None where that depends on an answer."""
    match health(watch, now):
        case TrunkHealth.PAUSED:
            return watch.paused_until
        case TrunkHealth.OPEN:
            return watch.open_until
        case _:
            return None


def standing_since(watch: TrunkWatch, now: datetime) -> datetime:
    """Returns since when the trunk's health is what it is; a wait that ran out changed it too."""
    ends = [at for at in (watch.paused_until, watch.open_until) if at is not None and at <= now]
    return max((watch.since, *ends))


def step(watch: TrunkWatch, event: TrunkEvent, now: datetime) -> TrunkWatch:
    """Moves the watch; `since` is set anew whenever the trunk's health changes by the event."""
    moved = _moved(watch, event, now)
    if health(moved, now) is health(watch, now):
        return moved
    return replace(moved, since=now)


def _moved(watch: TrunkWatch, event: TrunkEvent, now: datetime) -> TrunkWatch:
    match event:
        case ProbeAnswered():
            return replace(watch, probe=Reach.UP, misses=0)
        case ProbeMissed(misses, fault, code, phrase):
            reach = Reach.DOWN if misses >= MISSES_DOWN else watch.probe
            last = LastError(fault, code, phrase, now)
            return replace(watch, probe=reach, misses=misses, last=last)
        case SignedIn():
            return replace(watch, registration=Reach.UP)
        case SignedOut(fault, code, phrase):
            last = LastError(fault, code, phrase, now)
            return replace(watch, registration=Reach.DOWN, last=last)
        case ToldToWait():
            return _paused(watch, event, now)
        case CallPlaced():
            half_open = health(watch, now) is TrunkHealth.TRIAL
            return replace(watch, trial=True) if half_open else watch
        case CallWorked():
            return replace(watch, faults=0, opened=0, open_until=None, trial=False, working=True)
        case CallDropped():
            return replace(watch, trial=False)
        case CallFault():
            return _faulted(watch, event, now)
        case OutOfSight():
            unseen = replace(watch, probe=Reach.UNKNOWN, registration=Reach.UNKNOWN, misses=0)
            return replace(unseen, trial=False)
        case Forgotten():  # pragma: no branch
            return new_watch(now)


def _paused(watch: TrunkWatch, event: ToldToWait, now: datetime) -> TrunkWatch:
    """The wait is kept to the second; only the return after it is spread."""
    asked = min(timedelta(seconds=max(0.0, event.seconds)), PAUSE_MOST)
    spread = min(max(asked * JITTER_SHARE, JITTER_LEAST), JITTER_MOST)
    until = now + asked + spread * event.dice
    last = LastError(TrunkFault.WAIT_ASKED, event.code, event.phrase, now)
    longest = max(until, watch.paused_until or until)
    return replace(watch, paused_until=longest, trial=False, last=last)


def _faulted(watch: TrunkWatch, event: CallFault, now: datetime) -> TrunkWatch:
    last = LastError(event.fault, event.code, event.phrase, now)
    noted = replace(watch, faults=watch.faults + 1, working=False, last=last)
    match health(watch, now):
        case TrunkHealth.OPEN:
            # A call that was out when the breaker opened: its fault is the one already counted.
            return replace(noted, faults=watch.faults)
        case TrunkHealth.TRIAL:
            return _opened(noted, now)
        case _:
            return _opened(noted, now) if noted.faults >= FAULTS_OPEN else noted


def _opened(watch: TrunkWatch, now: datetime) -> TrunkWatch:
    span = min(OPEN_FIRST * 2.0 ** min(watch.opened, 16), OPEN_MOST)
    return replace(watch, opened=watch.opened + 1, open_until=now + span, trial=False)


# ---- one failed call -----------------------------------------------------------------------------

CALLEES_CAUSES = frozenset({1, 16, 17, 18, 19, 20, 21, 22, 28, 31, 55, 87})
"""Q.850 causes the far end sets: beside any SIP code they say that the call had arrived."""

NO_ROUTE_CAUSES = frozenset({2, 3})


@dataclass(frozen=True, slots=True)
class FailedCall:
    """What is known of a call nobody answered; the fields are of the engine's `Failed`.

    `provisionals` are all codes below 200 that came, 100 included."""

    code: int
    stage: str
    provisionals: tuple[int, ...] = ()
    q850: int | None = None
    fault: TrunkFault = TrunkFault.NONE


@dataclass(frozen=True, slots=True)
class Judgement:
    """`fault`: what it says against the trunk (none: the carrier did its part). `breaks`: it counts
    towards the breaker. `goes_on`: the callee cannot have rung, another trunk may be tried."""

    fault: TrunkFault = TrunkFault.NONE
    breaks: bool = False
    goes_on: bool = False


CARRIED = Judgement()


def judge(call: FailedCall) -> Judgement:
    """Reads a failed call. The rows, first match wins; each says why the callee cannot have rung:

    - a 18x or 199 came: something rang or was announced; never again through another trunk;
    - lost with the engine, or cancelled after any 1xx: nobody knows how far it had come;
    - the way to the carrier failed (name, connection, certificate) or its challenge is not to be
      answered: nothing was sent, or nothing that rings;
    - no 1xx at all until we gave up: the carrier never took the call;
    - 401, 407, 402: refused at the door, before any routing;
    - 403 before any 1xx: the same door; after a 100 it may be the callee's network that speaks;
    - 404 with cause 2 or 3: this carrier has no way to the number;
    - 500, 502, 503 without a cause of the far end: the carrier says that it could not;
    - 504, 408, 480 and all else: a next network had the call, it may have rung unheard."""
    if call.stage == "ringing" or any(code > 100 for code in call.provisionals):
        return CARRIED
    if call.stage == "lost":
        return Judgement(TrunkFault.BROKEN)
    if call.fault is not TrunkFault.NONE and call.code in (0, 401, 407):
        return Judgement(call.fault, breaks=True, goes_on=True)
    if call.code == 0:
        silent = not call.provisionals
        return Judgement(TrunkFault.NO_REPLY, breaks=silent, goes_on=silent)
    if call.q850 in CALLEES_CAUSES:
        return CARRIED
    found = _BY_CODE.get(call.code, CARRIED)
    if call.code == 403 and call.provisionals:
        return CARRIED
    if call.code == 404 and call.q850 in NO_ROUTE_CAUSES:
        return Judgement(TrunkFault.NO_ROUTE, goes_on=True)
    return found


_BY_CODE = {
    401: Judgement(TrunkFault.LOGIN_REFUSED, breaks=True, goes_on=True),
    402: Judgement(TrunkFault.PAYMENT, breaks=True, goes_on=True),
    403: Judgement(TrunkFault.CALLER_REFUSED, goes_on=True),
    407: Judgement(TrunkFault.LOGIN_REFUSED, breaks=True, goes_on=True),
    500: Judgement(TrunkFault.BROKEN, breaks=True, goes_on=True),
    502: Judgement(TrunkFault.BROKEN, breaks=True, goes_on=True),
    503: Judgement(TrunkFault.OVERLOADED, breaks=True, goes_on=True),
    504: Judgement(TrunkFault.BROKEN, breaks=True),
}

PROBE_DEAD = frozenset({0, 408, 503})
"""Answers to an OPTIONS that are none: every other final answer proves that somebody is there."""


def probe_lives(code: int) -> bool:
    """True for any final answer that a living carrier gives to an OPTIONS."""
    return code not in PROBE_DEAD
