"""What a floor asks of a store: its lease, all it needs to begin, who is due, and one door for
writes.

A `FloorStore` is synchronous and belongs to one floor: `take_lease` says which. It is called from
one thread at a time. A store that cannot answer raises `StoreFault`, and then nothing of the batch
was written; a batch whose answer was lost may be committed again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from vyzov.core.facts import Fact
from vyzov.core.lookahead import Hours
from vyzov.core.making import quickly_made
from vyzov.core.steadiness import Past
from vyzov.dialer.journal import Kept, Life
from vyzov.dialer.office_records import Organisation, Trunk
from vyzov.dialer.ports import Json
from vyzov.dialer.writes import Batch, CommitResult


@dataclass(frozen=True, slots=True)
class FloorCampaign:
    """A campaign of the floor with its settings as JSON (of `version`)."""

    id: str
    principal: str
    name: str
    purpose: str
    mode: str
    state: str
    list_id: str | None
    version: int
    settings: Json
    takes_leads: bool = False
    """People come to it one by one: an empty list is not its end."""


@dataclass(frozen=True, slots=True)
class FloorAgent:
    """A person who may take calls, and what they last asked for (`wish` offline, pause, ready;
    `device` browser, phone)."""

    id: str
    name: str
    login: str
    role: str
    language: str
    wish: str
    wish_reason: str
    wish_since: datetime | None
    device: str = "browser"


@dataclass(frozen=True, slots=True)
class FloorPhone:
    """A desk phone of an agent and what it may prove itself with."""

    id: str
    agent: str
    name: str
    username: str
    ha1: Mapping[str, str] = field(repr=False)


@quickly_made
@dataclass(frozen=True, slots=True)
class DuePhone:
    """One number of a contact; `zones` are all time zones it may be in (IANA names)."""

    id: str
    position: int
    e164: str
    number_ref: str
    country: str
    zones: tuple[str, ...]


@quickly_made
@dataclass(frozen=True, slots=True)
class DueContact:
    """A contact's place in a campaign with all that permission and the desk need.

    `phone`, `e164`, `number_ref`, `zones` and `country` are those of the number next in turn;
    `phones` holds every number. `failover_of` and `tried` are as in `core.contact.Entry`.
    `stop_listed`, `number_live` and `consent` (to robot calls of the
    campaign's purpose) are as committed when it was read."""

    contact: str
    campaign: str
    state: str
    next_due: datetime | None
    attempts_made: int
    phone_position: int
    last_outcome: str | None
    callback_agent: str | None
    phone: str
    e164: str
    number_ref: str
    country: str
    zones: tuple[str, ...]
    stop_listed: bool
    number_live: bool
    consent: bool
    name: str
    fields: Mapping[str, str]
    note: str
    language: str
    stage: str
    temperature: str
    list_id: str
    file_name: str
    row: int
    phones: tuple[DuePhone, ...]
    failover_of: str = ""
    tried: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An attempt that holds its locks: to be adopted, ended or called unknown before the first
    tick.

    `settings` are those of the version it was reserved under; `due` is the contact, None once
    erased."""

    id: str
    campaign: str
    contact: str
    phone: str
    number_ref: str
    number: int
    state: str
    floor: str
    fence: int
    lease_until: datetime
    campaign_version: int
    rule_version: str
    verdict: Json
    trunk: str
    caller_id: str
    call_id: str
    reserved_at: datetime
    originated_at: datetime | None
    settings: Json
    due: DueContact | None
    failover_of: str = ""


@dataclass(frozen=True, slots=True)
class UndisposedAttempt:
    """A conversation that ended within the last ten minutes and has no result yet."""

    attempt: str
    campaign: str
    contact: str
    agent: str
    outcome: str
    number: int
    answered_at: datetime | None
    bridged_at: datetime
    ended_at: datetime
    due: DueContact | None


@dataclass(frozen=True, slots=True)
class AbandonDay:
    """Calls of one UTC day that a person answered, and those of them that were abandoned."""

    day: date
    abandoned: int
    answered: int


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """A finished attempt as the desk's history shows it; `talk_s` is seconds in conversation."""

    attempt: str
    at: datetime
    outcome: str
    talk_s: float
    agent: str | None
    result: str | None


@dataclass(frozen=True, slots=True)
class FloorState:
    """All a floor has to know to begin. `abandonment` maps a campaign to its last 30 days."""

    floor: str
    organisation: Organisation
    campaigns: tuple[FloorCampaign, ...]
    trunks: tuple[Trunk, ...]
    agents: tuple[FloorAgent, ...]
    open_attempts: tuple[OpenAttempt, ...]
    undisposed: tuple[UndisposedAttempt, ...]
    abandonment: Mapping[str, tuple[AbandonDay, ...]]
    phones: tuple[FloorPhone, ...] = ()
    restored_from: datetime | None = None
    """The moment of the backup this database was put back to, while nobody has lifted the
    quarantine that followed: nobody may be dialled."""
    clocks: Past | None = None
    """What the floor's facts say of UTC; None before the first of them."""
    unknown: tuple[OpenAttempt, ...] = ()
    """Attempts of the last hour whose end is booked as unknown and may still be told."""
    recent: tuple[Fact, ...] = ()
    """What the floor's last hours say of calls and operators, oldest first, where a campaign dials
    ahead and it was asked for."""
    ruled: tuple[Fact, ...] = ()
    """What rules of pace did, oldest first, where it was asked for."""
    pause_limits: Mapping[str, int] = field(default_factory=dict[str, int])
    """For how many seconds each reason is good for a pause; 0 is no limit."""


@quickly_made
@dataclass(frozen=True, slots=True)
class CampaignCounts:
    """Contacts of a campaign by state of their entry, its attempts, and those answered.

    `is_over`: nobody waits but those whom the settings hold back for good. `opens_at` is when the
    first of the zones opens that are closed and in which contacts wait."""

    total: int
    fresh: int
    due: int
    in_call: int
    callback: int
    closed: int
    attempts: int
    answered: int
    is_over: bool = False
    opens_at: datetime | None = None


class FloorStore(Protocol):
    """The store as one floor sees it."""

    def take_lease(
        self, floor: str, holder: str, now: datetime, span: timedelta, *,
        address: str = "", gone: str = "",
    ) -> int | None:  # fmt: skip
        """Takes the floor until `now + span` and returns the fence; None while another holds it.

        The fence (epoch) grows each time the holder changes. `address` is where the holder listens
        for the web process; `gone` names a holder that has not prolonged its lease for a whole span
        by the asker's own clock, whose lease is over whatever UTC says."""
        ...

    def renew_lease(self, floor: str, holder: str, now: datetime, span: timedelta) -> bool:
        """Prolongs the lease; False means it is lost and nothing may be dialled any more."""
        ...

    def release_lease(self, floor: str, holder: str, now: datetime) -> None:
        """Gives the lease back so that the next holder need not wait for its end."""
        ...

    def load_floor(self, floor: str, *, since: datetime | None = None) -> FloorState:
        """Returns the floor's state; `recent` facts only where `since` says how old they may be."""
        ...

    def due(
        self, campaign_id: str, now: datetime, limit: int, exclude: Collection[str],
        hours: Hours | None = None,
    ) -> list[DueContact]:  # fmt: skip
        """Returns contacts in calling order: due call-backs, due redials, fresh ones by row.

        Given the campaign's `hours`, those of closed zones and those held back for good are left
        out; fresh ones that were held back for a while go before the other fresh ones."""
        ...

    def next_due(
        self, campaign_id: str, now: datetime, hours: Hours | None = None
    ) -> datetime | None:
        """Returns when the next contact who waits for an hour after `now` comes due, None if none
        waits; given the campaign's `hours`, not before the contact's zones open."""
        ...

    def contact(self, campaign_id: str, contact_id: str) -> DueContact | None: ...

    def history(self, contact_id: str, limit: int = 10) -> list[PastAttempt]:
        """Returns a contact's finished attempts in all campaigns, latest first."""
        ...

    def counts(
        self, campaign_id: str, now: datetime, hours: Hours | None = None
    ) -> CampaignCounts: ...

    def commit(self, batch: Batch) -> CommitResult:
        """Carries a batch out in one durable transaction."""
        ...

    def apply(self, life: Life, kept: Sequence[Kept], *, restored: bool = False) -> int:
        """Writes what the database lacks of a life's journal, in one durable transaction; returns
        how many batches that was. Needs no lease. `restored`: the database is an older copy."""
        ...

    def close(self) -> None: ...
