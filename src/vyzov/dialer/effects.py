"""What goes into a floor besides engine events, and what comes out of it.

`Floor.step(input, now)` returns effects; the runtime carries them out and feeds their results back in
as inputs. Nothing here acts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from vyzov.core.lookahead import Hours
from vyzov.core.making import quickly_made
from vyzov.dialer.floor_store import CampaignCounts, DueContact, FloorState, PastAttempt
from vyzov.dialer.ports import Event, Json, Verb
from vyzov.dialer.writes import Write


@quickly_made
@dataclass(frozen=True, slots=True)
class Now:
    """One instant by both clocks. `mono` is seconds of clock `clock`; `utc` is aware."""

    utc: datetime
    mono: float
    clock: str

    def utc_of(self, mono: float) -> datetime:
        """The UTC of an instant of the same monotonic clock.

        Both readings are rounded to microseconds before they are subtracted: where the clocks go
        alike, an instant is the same UTC at whatever step it is asked for."""
        return self.utc + (timedelta(seconds=mono) - timedelta(seconds=self.mono))

    def mono_of(self, utc: datetime) -> float:
        """The monotonic second of a UTC instant, by this pairing; rounded as `utc_of` does."""
        return (timedelta(seconds=self.mono) + (utc - self.utc)).total_seconds()


# ---- inputs --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """The floor owns its lease: `fence` is the epoch, `state` all it has to know to begin."""

    state: FloorState
    fence: int


@dataclass(frozen=True, slots=True)
class Reloaded:
    """Settings, people or trunks changed; calls and attempts in `state` are ignored."""

    state: FloorState


@quickly_made
@dataclass(frozen=True, slots=True)
class DueLoaded:
    """Who is due, in calling order; when the next one after that is; how the campaign stands.

    `counts` is None where the database did not answer. `only` names the one contact that was asked
    for, due or not."""

    campaign: str
    contacts: tuple[DueContact, ...]
    asked: int
    next_due: datetime | None
    counts: CampaignCounts | None
    only: str = ""


@dataclass(frozen=True, slots=True)
class HistoryLoaded:
    attempt: str
    history: tuple[PastAttempt, ...]


@dataclass(frozen=True, slots=True)
class Committed:
    """A batch is durable. `refused` maps an attempt to why its reservation was not made."""

    batch: int
    refused: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """The database is away; all batches up to this one are safe in the journal until it is back."""

    batch: int


@dataclass(frozen=True, slots=True)
class CommitFailed:
    """A batch with reservations was given up; nothing of it was written."""

    batch: int
    reason: str


@dataclass(frozen=True, slots=True)
class StoreAway:
    reason: str


@dataclass(frozen=True, slots=True)
class StoreBack:
    pass


@dataclass(frozen=True, slots=True)
class Tick:
    pass


@dataclass(frozen=True, slots=True)
class LeaseLost:
    """Another process owns the floor."""


@dataclass(frozen=True, slots=True)
class LeaseOver:
    """The lease ran out by our own clock and nobody prolonged it yet: an originate would be dropped."""


@dataclass(frozen=True, slots=True)
class LeaseKept:
    """The lease that had run out is prolonged: nobody took the floor meanwhile."""


@dataclass(frozen=True, slots=True)
class Leave:
    """The process is to end: nothing new is dialled, what rings is given up, talks may end."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Ask:
    """What a person asks through the web process; answered by exactly one `Reply`."""

    ask: int
    do: str
    user: str
    organisation: str
    role: str
    connection: str
    args: Json = field(default_factory=dict[str, object])


Input = (
    Event | Opened | Reloaded | DueLoaded | HistoryLoaded | Committed | CommitFailed | StoreAway
    | StoreBack | Kept | Tick | LeaseLost | LeaseOver | LeaseKept | Leave | Ask
)  # fmt: skip


# ---- effects -------------------------------------------------------------------------------------


@quickly_made
@dataclass(frozen=True, slots=True)
class Commit:
    """Write all of `writes` in one transaction. `giveup`: where the database is away, answer
    `CommitFailed` instead of waiting for it (reservations)."""

    batch: int
    writes: tuple[Write, ...]
    giveup: bool = False


@dataclass(frozen=True, slots=True)
class SendVerb:
    verb: Verb


@quickly_made
@dataclass(frozen=True, slots=True)
class LoadDue:
    """Asks who is due of those whom `hours` permit to call; `limit` 0 asks for the counts alone,
    `only` for one contact, due or not."""

    campaign: str
    limit: int
    exclude: frozenset[str]
    hours: Hours | None = None
    only: str = ""


@dataclass(frozen=True, slots=True)
class LoadHistory:
    attempt: str
    contact: str


@dataclass(frozen=True, slots=True)
class Reload:
    pass


@dataclass(frozen=True, slots=True)
class Tell:
    """The whole state of a topic; the web process sends the difference to each screen."""

    topic: str
    state: Json


@dataclass(frozen=True, slots=True)
class Say:
    connection: str
    message: Json


@quickly_made
@dataclass(frozen=True, slots=True)
class Reply:
    ask: int
    ok: bool
    body: Json


@dataclass(frozen=True, slots=True)
class Arm:
    """Step again no later than this monotonic second. The newest one counts."""

    at: float


Effect = Commit | SendVerb | LoadDue | LoadHistory | Reload | Tell | Say | Reply | Arm
