"""What a simulated engine is made of: its legs, what its journal keeps, and how long things take."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from vyzov.dialer import ports
from vyzov.simulation import conversation as talk
from vyzov.simulation.people import CalleeKind, Plan
from vyzov.simulation.world_time import Alarm

PlanOf = Callable[[str, int], Plan]
"""What the n-th call (from 1) to a number will meet."""

LISTEN_LEAST_S = 0.05
"""A callee acts no two times in a shorter span."""

SILENCE_TOLD_S = 12.1
"""After how long a silence is told to whoever watches."""

MUTED_TOLD_S = 30.1
"""The same, where the operator has closed their own microphone."""

NO_ROOM_S = 0.2
ORPHAN_CHECK_S = 0.1
CANCEL_TAKES_S = 0.05
BYE_TAKES_S = 0.03
DEVICE_UP_S = 0.3
HUMAN_KNOWN_S = 0.9
MACHINE_KNOWN_S = 2.2
SILENCE_KNOWN_S = 3.0
RECORD_DONE_S = 0.05
PROMPT_S = 2.5
PROMPTS_S = {"offer": 7.0, "please_wait": 3.5, "safe_harbour": 5.0, "goodbye": 1.5}
_OVER = (ports.Ended, ports.Failed, ports.Refused)


class Link(Protocol):
    """A floor's end of its connection."""

    def hear(self, event: ports.Event) -> None: ...

    def closed(self) -> None:
        """The engine has shut the connection."""
        ...


class Witness(Protocol):
    """Whoever checks that the world goes by its rules."""

    def invited(self, order: ports.Originate) -> None: ...
    def over(self, leg: str) -> None: ...
    def breach(self, what: str) -> None: ...
    def silent(self, leg: str, seconds: float, *, muted: bool) -> None: ...
    def answered(self, leg: str) -> None: ...
    def bridged(self, leg: str, device: str, agent: str) -> None: ...
    def taken_from(self, leg: str, other: str, agent: str) -> None: ...
    def excused(self, leg: str) -> None: ...
    def device_up(self, agent: str, legs: list[str]) -> None: ...
    def recorded(self, recording: str, seconds: float) -> None: ...
    def recording_lost(self, recording: str) -> None: ...


@dataclass(slots=True)
class Record:
    """What the journal keeps of a leg; `seq` numbers its events, `told` is the latest in the log."""

    floor: str
    attempt: str | None
    log: list[ports.LegEvent] = field(default_factory=list[ports.LegEvent])
    seq: int = 0
    told: int = 0
    answered: bool = False
    recordings: dict[str, float] = field(default_factory=dict[str, float])
    forgotten: bool = False

    @property
    def over(self) -> bool:
        return any(isinstance(event, _OVER) for event in self.log)


@dataclass(slots=True, eq=False)
class SimCall:
    """One call while it lives; `hears` is what is played to the callee now.

    `guests` are the legs beside the callee and their agent, each with the word of its order; `pairs`
    then say who hears whom."""

    order: ports.Originate
    floor: str
    plan: Plan
    placed_at: float
    conversation: talk.Conversation
    alarms: list[Alarm] = field(default_factory=list[Alarm])
    ring_limit: Alarm | None = None
    rang_at: float | None = None
    answered_at: float | None = None
    closing: str = ""
    device: str | None = None
    guests: dict[str, str] = field(default_factory=dict[str, str])
    pairs: frozenset[tuple[str, str]] = frozenset()
    held: bool = False
    comfort: bool = False
    play: tuple[str, str, Alarm | None] | None = None
    hears: str = ""
    ear: Alarm | None = None
    heard_at: float = 0.0
    phase: tuple[str, float] | None = None
    keys: str = ""
    excused: bool = False
    informed: bool = False

    @property
    def leg(self) -> str:
        return self.order.leg


@dataclass(slots=True, eq=False)
class SimDevice:
    """An agent's leg; `up` once sound went both ways."""

    leg: str
    agent: str
    floor: str
    up: bool = False
    muted: bool = False


def classes_heard(plan: Plan) -> list[tuple[float, str, str]]:
    """What a classifier will say of an answer: after how many seconds, the class, the detail."""
    if plan.heard_as:
        return [(plan.greeting_after_s + MACHINE_KNOWN_S, plan.heard_as, "")]
    match plan.acts_as:
        case CalleeKind.VOICEMAIL:
            beep = plan.greeting_after_s + plan.greeting_s + 0.3
            return [(MACHINE_KNOWN_S, "machine", ""), (beep, "machine", "beep")]
        case CalleeKind.SILENT:
            return [(SILENCE_KNOWN_S, "silence", "")]
        case _:
            return [(plan.greeting_after_s + HUMAN_KNOWN_S, "human", "")]


def orphan_phase(call: SimCall) -> tuple[str, float]:
    """Where a call without its floor stands, and how many seconds it may stand there."""
    policy = call.order.orphan
    if call.answered_at is None:
        return "ringing", policy.ringing_s
    if call.device is None:
        return "unmatched", policy.unmatched_s
    return "bridged", policy.bridged_s


def snapshot_of(
    run: str, at: float, floor: str, book: Mapping[str, Record], calls: Mapping[str, SimCall],
    devices: Mapping[str, SimDevice],
) -> ports.Snapshot:  # fmt: skip
    """Returns all an engine knows of a floor's legs."""
    return ports.Snapshot(
        engine=run,
        at=at,
        legs={leg: tuple(r.log) for leg, r in book.items() if r.floor == floor and r.log},
        bridges=tuple(
            (call.leg, call.device)
            for call in calls.values()
            if call.floor == floor and call.device is not None
        ),
        devices={d.leg: d.agent for d in devices.values() if d.up and d.floor == floor},
        guests=tuple(
            (call.leg, guest)
            for call in calls.values()
            if call.floor == floor
            for guest in call.guests
        ),
    )


def standing_of(
    verb: ports.AskStanding, at: float, floor: str, book: Mapping[str, Record],
    devices: Mapping[str, SimDevice],
) -> ports.Standing:  # fmt: skip
    """Returns how a floor's legs stand, or the one leg that is asked for, in brief."""
    if verb.leg:
        record = book.get(verb.leg)
        known = record is not None and record.floor == floor and bool(record.told)
        legs = {verb.leg: record.told} if record is not None and known else {}
        return ports.Standing(verb.ask, at, legs, {}, verb.leg)
    legs = {leg: r.told for leg, r in book.items() if r.told and r.floor == floor}
    up = {d.leg: d.agent for d in devices.values() if d.up and d.floor == floor}
    return ports.Standing(verb.ask, at, legs, up)


def is_of_another(book: Mapping[str, Record], floor: str, verb: ports.Verb) -> bool:
    """True where a verb is about a leg that belongs to another floor."""
    leg = getattr(verb, "leg", None) or getattr(verb, "customer", "")
    record = book.get(leg)
    return record is not None and record.floor != floor


def checked(verb: ports.CheckTrunk, at: float, *, known: bool) -> ports.TrunkChecked:
    """Answers a check: the only carrier of this world is always there."""
    finding = ("options", "ok", "200 OK") if known else ("resolve", "unknown_trunk", "")
    return ports.TrunkChecked(verb.check, verb.trunk, at, (finding,))
