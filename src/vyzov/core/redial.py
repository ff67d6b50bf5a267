"""Whether and when a contact is called again after an attempt.

The policy says, outcome by outcome, how long to wait; an outcome without a rule closes the
contact. An answer closes it whatever the policy says, and an attempt of unknown outcome is never
repeated by itself: the person may have been reached. Whether the hour then permits a call is
`eligibility`'s word.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from vyzov.core.errors import Fault
from vyzov.core.fields import Fields, Json
from vyzov.core.outcome import Outcome

NEVER_REDIALLED = frozenset({
    Outcome.ANSWERED_HUMAN,
    Outcome.INVALID_NUMBER,
    Outcome.BLOCKED_SPAM,
    Outcome.UNKNOWN,
})  # fmt: skip
"""Reached; no such number; the callee or their network asked us not to; and the unknown."""

_SHORTEST = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


def _usual_waits() -> dict[Outcome, timedelta]:
    return {
        Outcome.BUSY: 10 * _MINUTE,
        Outcome.NO_ANSWER: _HOUR,
        Outcome.ANSWERED_MACHINE: 2 * _HOUR,
        Outcome.ANSWERED_SCREENER: 4 * _HOUR,
        Outcome.ANSWERED_SILENCE: 2 * _HOUR,
        Outcome.REJECTED: 24 * _HOUR,
        Outcome.UNREACHABLE: 3 * _HOUR,
        Outcome.CONGESTION: 5 * _MINUTE,
        Outcome.TRUNK_ERROR: 15 * _MINUTE,
        Outcome.CANCELLED_BY_US: 5 * _MINUTE,
        Outcome.ABANDONED: 72 * _HOUR,
    }


@dataclass(frozen=True, slots=True)
class RedialPolicy:
    """How many attempts a contact gets, and the wait after each outcome that is tried again."""

    attempts_max: int = 3
    waits: Mapping[Outcome, timedelta] = field(default_factory=_usual_waits)

    @classmethod
    def from_json(cls, source: Mapping[str, Any]) -> "RedialPolicy":
        """Returns the policy of a JSON object, or raises `InvalidRequest` naming the faults."""
        faults: list[Fault] = []
        fields = Fields(source, "", faults)
        policy = read_redial(fields)
        fields.settle("A redial policy")
        return policy

    def to_json(self) -> dict[str, Json]:
        """Returns the JSON that `from_json` reads."""
        return {
            "attempts_max": self.attempts_max,
            "rules": {
                outcome.value: {"after_s": wait.total_seconds()}
                for outcome, wait in self.waits.items()
            },
        }


def read_redial(fields: Fields) -> RedialPolicy:
    """Reads `{"attempts_max": 3, "rules": {"busy": {"after_s": 600}}}`, noting faults."""
    usual = RedialPolicy()
    attempts_max = fields.whole("attempts_max", usual.attempts_max, least=1, most=10)
    if fields.get("rules") is None:
        fields.close()
        return RedialPolicy(attempts_max)
    rules = fields.inner("rules")
    waits: dict[Outcome, timedelta] = {}
    known = {outcome.value: outcome for outcome in Outcome if outcome not in NEVER_REDIALLED}
    for name in rules.source:
        rule = rules.inner(name)
        wait = rule.span("after_s", _HOUR, least=_SHORTEST)
        rule.close()
        if name in known:
            waits[known[name]] = wait
        else:
            rules.fault(name, "is not an outcome that can be tried again", "choice")
    fields.close()
    return RedialPolicy(attempts_max, waits)


@dataclass(frozen=True, slots=True)
class Again:
    """The contact is due again at this moment."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Closed:
    """The contact is called no more. `reason`: reached, attempts_max, or the outcome's own name."""

    reason: str


Decision = Again | Closed


def next_attempt(
    outcome: Outcome, attempts_made: int, policy: RedialPolicy, now: datetime
) -> Decision:
    """Decides what follows attempt number `attempts_made` (counted from 1) that ended at `now`."""
    if outcome is Outcome.ANSWERED_HUMAN:
        return Closed("reached")
    wait = None if outcome in NEVER_REDIALLED else policy.waits.get(outcome)
    if wait is None:
        return Closed(outcome.value)
    if attempts_made >= policy.attempts_max:
        return Closed("attempts_max")
    return Again(now + wait)
