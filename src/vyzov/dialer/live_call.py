"""One attempt as a floor holds it: the machine, the contact, the leg, and what was seen of it; and a
card, which may become an attempt."""

from dataclasses import dataclass, field
from datetime import datetime

from vyzov.core.call import Call
from vyzov.core.contact import Entry
from vyzov.core.hearing import GuestRole
from vyzov.core.preview import Card
from vyzov.core.trunk import CARRIED, Judgement
from vyzov.dialer.floor_store import DueContact, PastAttempt
from vyzov.dialer.ports import GuestJoined, GuestLeft, LegEvent

GuestEvent = GuestJoined | GuestLeft


@dataclass(frozen=True, slots=True)
class Doubt:
    """A limit `due` that rang at `rang_at` and waits for the engine's word until `until` (UTC).

    `seq` is the number of the leg's latest event as the engine told it, None until it did."""

    ask: int
    due: datetime
    rang_at: datetime
    until: datetime
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Guest:
    """An agent beside a customer and their operator: the leg they are there with, and what for.

    `before` is what their own screen showed until then."""

    leg: str
    role: GuestRole
    before: "LiveCall | None" = None


@dataclass(slots=True)
class LiveCall:
    """One attempt from its reservation to its last fact. `seq` is the last leg event seen, `ahead`
    those that overtook an earlier one, `sent_at` the monotonic second of its originate.

    `judgement` says whose fault a failure was; `target` is the carrier's address that failed, where
    its name leads to others too; `failover_of` the attempt this one took over.

    `placed_by` is the agent who asked for the call and is joined at its answer, "" where the pace did.
    `guests` are those who are to be in the call beside the two, by agent, `inside` the legs the engine
    has there, each since a monotonic second; `given_by` are agents who handed the call on.

    `parted_at` is when its bridge fell, until something says why; `doubt` is about a limit that
    passed while events may be missing."""

    call: Call
    campaign: str
    contact: str
    due: DueContact | None
    entry: Entry | None
    number: int
    trunk: str
    caller_id: str
    verdict_at: float
    seq: int = -1
    ahead: dict[int, LegEvent] = field(default_factory=dict[int, LegEvent])
    sent_at: float | None = None
    agent: str | None = None
    agent_leg: str | None = None
    asked_at: datetime | None = None
    parted_at: datetime | None = None
    doubt: Doubt | None = None
    recording: str | None = None
    plays: int = 0
    promises: int = 0
    result: str | None = None
    history: tuple[PastAttempt, ...] = ()
    finished: bool = False
    leg_over: bool = False
    counted: bool = False
    entry_before: Entry | None = None
    judgement: Judgement = CARRIED
    target: str = ""
    failover_of: str = ""
    placed_by: str = ""
    guests: dict[str, Guest] = field(default_factory=dict[str, Guest])
    inside: dict[str, float] = field(default_factory=dict[str, float])
    given_by: set[str] = field(default_factory=set[str])


@dataclass(slots=True)
class LiveCard:
    """A card on an agent's screen, with the contact as it was read; `is_stale` once something else
    has moved that contact, `why` says what the taken card waits for."""

    card: Card
    due: DueContact
    history: tuple[PastAttempt, ...] = ()
    is_stale: bool = False
    why: str = ""
    attempt: str = ""
    """The attempt that is being reserved for it."""
