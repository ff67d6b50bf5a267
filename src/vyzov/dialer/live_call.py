"""One attempt as a floor holds it: the machine, the contact, the leg, and what was seen of it."""

from dataclasses import dataclass, field
from datetime import datetime

from vyzov.core.call import Call
from vyzov.core.contact import Entry
from vyzov.core.trunk import CARRIED, Judgement
from vyzov.dialer.floor_store import DueContact, PastAttempt
from vyzov.dialer.ports import LegEvent


@dataclass(slots=True)
class LiveCall:
    """One attempt from its reservation to its last fact. `seq` is the last leg event seen, `ahead`
    those that overtook an earlier one, `sent_at` the monotonic second of its originate.

    `judgement` says whose fault a failure was; `target` is the carrier's address that failed, where
    its name leads to others too; `failover_of` the attempt this one took over.

    `parted_at` is when its bridge fell, until something says why."""

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
    recording: str | None = None
    plays: int = 0
    result: str | None = None
    history: tuple[PastAttempt, ...] = ()
    finished: bool = False
    leg_over: bool = False
    counted: bool = False
    entry_before: Entry | None = None
    judgement: Judgement = CARRIED
    target: str = ""
    failover_of: str = ""
