"""How many lines and operators a load needs, by Erlang's formulas.

Traffic is in erlangs: one line busy for an hour in each hour. Erlang B is a group of lines that
turns away whoever finds it full; Erlang C is a queue in which everybody stays; Erlang A is a queue
that people leave. All three take calls to come by chance, at one rate; a dialer that looks before
it calls does better than a group that is called blindly, which only a simulation shows.
"""

from dataclasses import dataclass
from math import exp

from vyzov.core.errors import InvalidRequest

LINES_MOST = 100_000
"""More lines than this are not looked for."""

_NEGLIGIBLE = 1e-15
_HUGE = 1e100


@dataclass(frozen=True, slots=True)
class Queue:
    """What those who come find; shares are 0..1 of all of them, times seconds.

    `waits` find everybody busy, `leaves` give up waiting, `wait_s` is the mean over all, `busy`
    the share of their time in which operators work.
    """

    waits: float
    leaves: float
    wait_s: float
    busy: float


@dataclass(frozen=True, slots=True)
class DialerLoad:
    """What operators at work mean for the lines: calls a second placed, and erlangs offered."""

    contacts_per_s: float
    calls_per_s: float
    erlangs: float


def blocked(erlangs: float, lines: int) -> float:
    """Returns the share of calls that find a group of lines full (Erlang B)."""
    _check(erlangs >= 0, f"{erlangs:g} erlangs", "Traffic is 0 or more.")
    _check(lines >= 0, f"{lines} lines", "A group has 0 lines or more.")
    share = 1.0
    for line in range(1, lines + 1):
        share = erlangs * share / (line + erlangs * share)
    return share


def lines_for(erlangs: float, blocked_most: float) -> int:
    """Returns the fewest lines of which a call finds all taken with at most this share (Erlang B)."""
    _check(0 < blocked_most <= 1, f"{blocked_most:g} blocked", "A share is above 0, 1 at most.")
    _check(erlangs >= 0, f"{erlangs:g} erlangs", "Traffic is 0 or more.")
    share, lines = 1.0, 0
    while share > blocked_most:
        _check(lines < LINES_MOST, f"{erlangs:g} erlangs", f"{LINES_MOST} lines do not do.")
        lines += 1
        share = erlangs * share / (lines + erlangs * share)
    return lines


def patient_queue(per_s: float, service_s: float, operators: int) -> Queue:
    """Returns what callers find who all stay until they are served (Erlang C).

    Raises `InvalidRequest` where they are more than the operators can serve: such a queue only
    grows.
    """
    offered = _offered(per_s, service_s, operators)
    _check(
        offered < operators,
        f"{offered:g} erlangs for {operators} operators",
        "A queue that nobody leaves has no end then: take more operators than erlangs.",
    )
    share = blocked(offered, operators)
    waits = operators * share / (operators - offered * (1 - share))
    return Queue(waits, 0.0, waits * service_s / (operators - offered), offered / operators)


def served_within(per_s: float, service_s: float, operators: int, limit_s: float) -> float:
    """Returns the share of patient callers who wait for at most `limit_s` (Erlang C)."""
    queue = patient_queue(per_s, service_s, operators)
    spare = operators - per_s * service_s
    return 1 - queue.waits * exp(-spare * limit_s / service_s)


def impatient_queue(per_s: float, service_s: float, operators: int, patience_s: float) -> Queue:
    """Returns what callers find who leave after `patience_s` on average (Erlang A, M/M/n+M).

    Patience and service are exponential (Palm 1957; Garnett, Mandelbaum and Reiman 2002).
    """
    offered = _offered(per_s, service_s, operators)
    _check(patience_s > 0, f"a patience of {patience_s:g} s", "People stay for longer than 0 s.")
    if not offered:
        return Queue(0.0, 0.0, 0.0, 0.0)
    # Each state's weight beside the one in which all are busy and nobody waits, which is 1.
    weight, below = 1.0, 0.0
    for busy in range(operators, 0, -1):
        weight *= busy / offered
        below += weight
    weight, above, queued, waiting = 1.0, 1.0, 0.0, 0
    while weight > _NEGLIGIBLE * (above + below):
        waiting += 1
        weight *= per_s / (operators / service_s + waiting / patience_s)
        above += weight
        queued += waiting * weight
        if weight > _HUGE:
            below, above, queued, weight = (
                part / weight for part in (below, above, queued, weight)
            )
    mean_queued = queued / (below + above)
    leaves = mean_queued / patience_s / per_s
    return Queue(
        waits=above / (below + above),
        leaves=leaves,
        wait_s=mean_queued / per_s,
        busy=offered * (1 - leaves) / operators,
    )


def dialer_load(
    operators: int, busy: float, *, talk_s: float, wrap_up_s: float, answered: float,
    ring_answered_s: float, ring_unanswered_s: float,
) -> DialerLoad:  # fmt: skip
    """Returns what a dialer asks of its lines that keeps operators at work for a share of their time.

    A line is taken while it rings and while people talk on it, and free while the operator writes.
    `busy` and `answered` are shares, 0..1; times are seconds.
    """
    _check(operators >= 1, f"{operators} operators", "There is one operator or more.")
    _check(0 <= busy <= 1, f"{busy:g} of their time", "A share lies between 0 and 1.")
    _check(0 < answered <= 1, f"{answered:g} answered", "A share is above 0, 1 at most.")
    times = (talk_s, wrap_up_s, ring_answered_s, ring_unanswered_s)
    _check(min(times) >= 0 and talk_s > 0, f"times of {times}", "Talks last; no time is negative.")
    contacts = operators * busy / (talk_s + wrap_up_s)
    calls = contacts / answered
    rings = answered * ring_answered_s + (1 - answered) * ring_unanswered_s
    return DialerLoad(contacts, calls, calls * rings + contacts * talk_s)


def _offered(per_s: float, service_s: float, operators: int) -> float:
    _check(per_s >= 0, f"{per_s:g} calls a second", "A rate is 0 or more.")
    _check(service_s > 0, f"a service of {service_s:g} s", "A call takes longer than 0 s.")
    _check(operators >= 1, f"{operators} operators", "There is one operator or more.")
    return per_s * service_s


def _check(holds: bool, what: str, need: str) -> None:  # noqa: FBT001 - it is what it is about
    if not holds:
        raise InvalidRequest(f"No traffic can be worked out for {what}.", need)
