"""What a floor writes: plain values that a store carries out in the order given, in one
transaction.

Repeating a write changes nothing, so a batch whose answer was lost may be sent again. A
reservation the store refuses takes with it the writes of the same batch that carry its attempt
(`SetEntry`, `AppendFact` and the rest); the other writes of the batch stand.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from vyzov.core.facts import Fact
from vyzov.core.making import quickly_made
from vyzov.dialer.ports import Json


class ReserveRefusal(StrEnum):
    """Why a reservation was not made, in the order in which the store asks."""

    STALE_FENCE = "stale_fence"
    QUARANTINE = "quarantine"
    EMERGENCY_STOP = "emergency_stop"
    CAMPAIGN_NOT_RUNNING = "campaign_not_running"
    CONTACT_UNKNOWN = "contact_unknown"
    CONTACT_CLOSED = "contact_closed"
    CONTACT_IN_CALL = "contact_in_call"
    STOP_LISTED = "stop_listed"
    CONTACT_LIVE = "contact_live"
    NUMBER_LIVE = "number_live"
    ATTEMPT_EXISTS = "attempt_exists"


@quickly_made
@dataclass(frozen=True, slots=True)
class Reserve:
    """Writes an attempt and takes the locks on its contact and number, or is refused.

    `number` counts the contact's attempts in the campaign from 1; an attempt that goes on through
    another trunk has the number of the one it is a `failover_of`. `fence` is the epoch of the
    lease of `floor`; `verdict` is what the permission gate said, as JSON."""

    attempt: str
    campaign: str
    contact: str
    phone: str
    number_ref: str
    number: int
    fence: int
    floor: str
    lease_until: datetime
    campaign_version: int
    rule_version: str
    verdict: Json
    trunk: str
    caller_id: str
    call_id: str
    at: datetime
    failover_of: str = ""


@dataclass(frozen=True, slots=True)
class MarkOriginated:
    attempt: str
    at: datetime


@quickly_made
@dataclass(frozen=True, slots=True)
class FinishAttempt:
    """Ends an attempt and frees its locks. `state` is final or unknown; final is never taken
    back."""

    attempt: str
    state: str
    outcome: str
    at: datetime
    detail: str | None = None
    sip_code: int | None = None
    q850: int | None = None
    answered_at: datetime | None = None
    bridged_at: datetime | None = None
    ended_at: datetime | None = None
    agent: str | None = None


@quickly_made
@dataclass(frozen=True, slots=True)
class SetEntry:
    """Writes a contact's whole place in a campaign; `attempt` ties it to a reservation."""

    campaign: str
    contact: str
    state: str
    next_due: datetime | None
    attempts_made: int
    phone_position: int = 0
    last_outcome: str | None = None
    callback_agent: str | None = None
    closed_reason: str | None = None
    attempt: str | None = None
    failover_of: str = ""
    tried: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HoldEntry:
    """Takes a contact that may not be called now from the head of its queue; it waits in its state.

    It is looked at again at `until`; with `version`, once the settings have another version; else
    when the zones of the number at `phone_position` permit. A contact that has left `state` since
    stays as it is."""

    campaign: str
    contact: str
    state: str
    phone_position: int = 0
    until: datetime | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class AppendFact:
    """Appends a fact; a dedupe key already known is skipped.

    `epoch` is given for facts that were spooled under an earlier lease."""

    fact: Fact
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class AddStop:
    """Stops a number from now on; a number already stopped stays as it is.

    `source` is a `StopSource`, for a key pressed in the robot's offer with the key: `key:9`."""

    number_ref: str
    reason: str
    source: str
    attempt: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class AddCallback:
    """Promises a call back; an open promise of the same contact and campaign is cancelled."""

    id: str
    campaign: str
    contact: str
    due_at: datetime
    agent: str | None
    at: datetime
    attempt: str | None = None


@dataclass(frozen=True, slots=True)
class CloseCallback:
    """Ends the open promise of a contact in a campaign: kept, missed or cancelled."""

    campaign: str
    contact: str
    state: str
    at: datetime


@quickly_made
@dataclass(frozen=True, slots=True)
class AddDisposition:
    """Saves the result of an attempt; another result still standing for it is undone first."""

    id: str
    attempt: str
    contact: str
    agent: str | None
    result: str
    at: datetime
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    note: str = ""


@dataclass(frozen=True, slots=True)
class UndoDisposition:
    """Takes back the standing result of an attempt; the row stays, marked."""

    attempt: str
    at: datetime


@quickly_made
@dataclass(frozen=True, slots=True)
class AddRecording:
    """Acknowledges a recording: the file is complete at `path` (relative to the recordings
    folder)."""

    id: str
    attempt: str
    path: str
    seconds: float
    bytes: int
    sha256: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SetWish:
    """Keeps what an agent asked for (ready, pause, offline), to be found again after a restart."""

    agent: str
    wish: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class SetDevice:
    """Keeps what an agent talks with (browser, phone), for their next day too."""

    agent: str
    kind: str
    since: datetime


@dataclass(frozen=True, slots=True)
class SetCampaignState:
    campaign: str
    state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SetEmergencyStop:
    """Stops all dialling of an organisation; None lifts the stop."""

    organisation: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class SetNote:
    contact: str
    text: str


@dataclass(frozen=True, slots=True)
class SetField:
    """Writes one field of a contact's card; an empty value removes the field."""

    contact: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class SetStage:
    """Moves a contact along the funnel."""

    contact: str
    stage: str
    temperature: str


@dataclass(frozen=True, slots=True)
class Journalled:
    """Says that the writes of this transaction are all of a life's journal up to a place.

    A place the database knows already leaves it as it was."""

    life: str
    place: int


@dataclass(frozen=True, slots=True)
class NoteChange:
    """Puts a change a person asked of the floor into the log of changes, in its transaction."""

    id: str
    at: datetime
    by: str
    kind: str
    object_id: str
    before: Json
    after: Json


Write = (
    Reserve | MarkOriginated | FinishAttempt | SetEntry | HoldEntry | AppendFact | AddStop
    | AddCallback
    | CloseCallback | AddDisposition | UndoDisposition | AddRecording | SetWish | SetDevice
    | SetCampaignState | SetEmergencyStop | SetNote | SetField | SetStage | Journalled
    | NoteChange
)  # fmt: skip

Batch = tuple[Write, ...]


def attempt_of(write: Write) -> str | None:
    """Returns the attempt a write belongs to, None where it belongs to none."""
    if isinstance(write, AppendFact):
        return write.fact.attempt
    return getattr(write, "attempt", None)


@quickly_made
@dataclass(frozen=True, slots=True)
class CommitResult:
    """A batch is durable. `refused` maps an attempt to why it was not reserved.

    `seqs` are the sequence numbers of the facts newly appended. `stale`: another holder has the
    lease; places of contacts, wishes and campaign states were left to it, all else was written."""

    refused: Mapping[str, ReserveRefusal] = field(default_factory=dict[str, ReserveRefusal])
    seqs: tuple[int, ...] = ()
    stale: bool = False
