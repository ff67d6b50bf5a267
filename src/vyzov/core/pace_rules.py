"""Rules a campaign's pace follows by itself: when a figure stays on one side of a value for some
time, the campaign pauses, changes its mode, or somebody is told.

A rule acts once, and again only after its condition has not held for as long as it had to hold
(a minute at least): a figure that swings about its value turns nothing on and off. What a figure is
at a moment the floor says, and it carries out what a rule wants.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from vyzov.core.fields import Fields, Json
from vyzov.core.window import zones_of

RULES_MOST = 20
CLEARED_LEAST = timedelta(minutes=1)
"""A condition that is to clear must not hold for as long at the least."""

_LASTS_MOST = timedelta(days=1)
_USUAL_LASTS = timedelta(minutes=5)
_DAY_MINUTES = 24 * 60


class RuleWhen(StrEnum):
    """Which figure a rule looks at."""

    PROGRESS = "progress"
    """The share of the list that is done with."""
    ABANDONMENT = "abandonment"
    """The share of today's answers that were abandoned."""
    WAIT = "wait"
    """Seconds for which somebody who answered is waiting now."""
    ANSWER_RATE = "answer_rate"
    """Answers by calls of the last minutes."""
    TIME_OF_DAY = "time_of_day"
    """Minutes after midnight, in the zone the rule names."""


class RuleSide(StrEnum):
    """On which side of its value a figure has to be; the value itself lies above."""

    ABOVE = "above"
    BELOW = "below"


class RuleDo(StrEnum):
    """What a rule wants."""

    PAUSE = "pause"
    SWITCH = "switch"
    TELL = "tell"


class SwitchMode(StrEnum):
    """The modes between which a rule may change: in all of them operators take the answers."""

    PROGRESSIVE = "progressive"
    POWER = "power"
    PREDICTIVE = "predictive"


@dataclass(frozen=True, slots=True)
class PaceRule:
    """One rule; `value` is a share 0..1, seconds of a wait, or minutes after midnight in `zone`."""

    when: RuleWhen
    side: RuleSide
    value: float
    lasts: timedelta
    do: RuleDo
    mode: SwitchMode | None = None
    zone: str = "UTC"

    @property
    def key(self) -> str:
        """What tells it from others: a rule that was changed is another one."""
        parts = (
            self.when,
            self.side,
            f"{self.value:g}",
            f"{self.lasts.total_seconds():g}",
            self.do,
        )
        return ":".join((*parts, self.mode or "", self.zone))

    def to_json(self) -> dict[str, Json]:
        """Returns the JSON that `read_rules` reads."""
        told: dict[str, Json] = {"when": self.when.value, "is": self.side.value}
        if self.when is RuleWhen.TIME_OF_DAY:
            hours, minutes = divmod(int(self.value), 60)
            told |= {"clock": f"{hours:02}:{minutes:02}", "zone": self.zone}
        else:
            told["value"] = self.value
        told |= {"for_s": self.lasts.total_seconds(), "do": self.do.value}
        if self.mode is not None:
            told["mode"] = self.mode.value
        return told


_MOST: Mapping[RuleWhen, float] = {
    RuleWhen.PROGRESS: 1,
    RuleWhen.ABANDONMENT: 1,
    RuleWhen.WAIT: 600,
    RuleWhen.ANSWER_RATE: 1,
}


def read_rules(fields: Fields, name: str) -> tuple[PaceRule, ...]:
    """Reads a list of rules, noting faults in `fields`."""
    rules = tuple(_read(row) for row in fields.rows(name))
    if len(rules) > RULES_MOST:
        fields.fault(name, f"must be at most {RULES_MOST} rules", "most", most=RULES_MOST)
    if len({rule.key for rule in rules}) != len(rules):
        fields.fault(name, "has one rule twice", "twice")
    return rules


def _read(row: Fields) -> PaceRule:
    when, side = row.choice("when", RuleWhen), row.choice("is", RuleSide)
    value, zone = 0.0, "UTC"
    if when is RuleWhen.TIME_OF_DAY:
        value, zone = _clock(row), row.text("zone", "UTC", longest=64)
        if zones_of((zone,)) is None:
            row.fault("zone", "must be a time zone such as Europe/Moscow", "choice")
    elif row.get("value") is None:
        row.fault("value", "is missing", "needed")
    else:
        value = float(row.number("value", 0.0, least=0, most=_MOST[when]))
    lasts = row.span("for_s", _USUAL_LASTS, least=timedelta(0), most=_LASTS_MOST)
    do = row.choice("do", RuleDo)
    mode = row.choice("mode", SwitchMode) if do is RuleDo.SWITCH else None
    row.close()
    return PaceRule(when, side, value, lasts, do, mode, zone)


def _clock(row: Fields) -> float:
    text = row.text("clock")
    hours, colon, minutes = text.partition(":")
    digits = hours.isdecimal() and minutes.isdecimal() and text.isascii()
    if not (colon and digits and len(hours) == len(minutes) == 2):
        row.fault("clock", "must be a time such as 09:00", "clock")
        return 0.0
    value = 60 * int(hours) + int(minutes)
    if int(minutes) >= 60 or value >= _DAY_MINUTES:
        row.fault("clock", "must be a time such as 09:00", "clock")
    return float(value)


# ---- what a rule makes of a figure ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PaceFigures:
    """How a campaign stands at `now` (aware); what too little is known of is None."""

    now: datetime
    progress: float | None = None
    abandonment: float | None = None
    wait_s: float = 0.0
    answer_rate: float | None = None


@dataclass(frozen=True, slots=True)
class RuleWatch:
    """How a rule stands: when it acted, and since which second of the floor's clock what it waits
    for holds: the condition before it acts, and the condition's end after it has."""

    since_s: float | None = None
    applied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Turned:
    """A rule that begins to be applied, or whose condition has cleared; `seen` is its figure."""

    rule: PaceRule
    seen: float
    applied: bool


def seen_by(rule: PaceRule, figures: PaceFigures) -> float | None:
    """Returns the figure a rule looks at, None where it is not known."""
    match rule.when:
        case RuleWhen.PROGRESS:
            return figures.progress
        case RuleWhen.ABANDONMENT:
            return figures.abandonment
        case RuleWhen.WAIT:
            return figures.wait_s
        case RuleWhen.ANSWER_RATE:
            return figures.answer_rate
        case RuleWhen.TIME_OF_DAY:  # pragma: no branch
            zones = zones_of((rule.zone,))
            assert zones is not None, "a rule is read with a zone that is known"
            local = figures.now.astimezone(zones[0])
            return 60.0 * local.hour + local.minute


def rules_step(
    rules: Iterable[PaceRule], watches: Mapping[str, RuleWatch], figures: PaceFigures, mono: float
) -> tuple[dict[str, RuleWatch], tuple[Turned, ...]]:
    """Returns how the rules stand now, by their keys, and which of them turned at this moment.

    `mono` is seconds of the floor's clock: no step of UTC makes a condition hold for longer.
    """
    after: dict[str, RuleWatch] = {}
    turned: list[Turned] = []
    for rule in rules:
        before = watches.get(rule.key, RuleWatch())
        seen = seen_by(rule, figures)
        after[rule.key] = now = _judged(rule, before, seen, figures.now, mono)
        if seen is not None and (now.applied_at is None) != (before.applied_at is None):
            turned.append(Turned(rule, seen, applied=now.applied_at is not None))
    return after, tuple(turned)


def _judged(
    rule: PaceRule, before: RuleWatch, seen: float | None, now: datetime, mono: float
) -> RuleWatch:
    waits = before.applied_at is None
    holds = seen is not None and (seen >= rule.value) == (rule.side is RuleSide.ABOVE)
    if seen is None or holds != waits:
        return RuleWatch(None, before.applied_at)
    since_s = mono if before.since_s is None else before.since_s
    span = rule.lasts if waits else max(rule.lasts, CLEARED_LEAST)
    if mono - since_s < span.total_seconds():
        return RuleWatch(since_s, before.applied_at)
    return RuleWatch(None, now if waits else None)
