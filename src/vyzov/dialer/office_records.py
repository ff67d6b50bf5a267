"""The plain values that pass between an office screen and the store.

No SQL types, no live objects: every value is frozen, times are aware UTC, JSON columns are dicts
that the reader owns. What a caller may see of them is decided in `access`, not here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, TypeVar

from vyzov.core.facts import Fact
from vyzov.core.making import quickly_made
from vyzov.dialer.ports import Json

Item = TypeVar("Item")


class Role(StrEnum):
    """What a user is to the organisation; rights per role are in the access table."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"
    CUSTOMER = "customer"


class RowVerdict(StrEnum):
    """What became of one row of an imported file.

    `merged`: the row shares a number with an earlier row and added its other numbers to that
    contact; `duplicate`: every number of the row was already there."""

    OK = "ok"
    MERGED = "merged"
    DUPLICATE = "duplicate"
    PROBLEM = "problem"


class CallbackState(StrEnum):
    """What became of a promise to call back."""

    OPEN = "open"
    KEPT = "kept"
    MISSED = "missed"
    CANCELLED = "cancelled"


class StopSource(StrEnum):
    """Who put a number on the stop-list; a key of the robot's offer is kept with it, as `key:9`."""

    OFFICE = "office"
    AGENT = "agent"
    KEY = "key"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items in order, and the cursor that asks for those after them (None at the end)."""

    items: tuple[Item, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Organisation:
    id: str
    name: str
    emergency_stop_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Principal:
    """The customer in whose name a campaign calls."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class User:
    """A person who signs in. `principal_id` is set for the role customer only."""

    id: str
    organisation_id: str
    login: str
    name: str
    role: Role
    language: str
    theme: str
    password_hash: str
    principal_id: str | None
    disabled_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to be created; the hash is argon2id, made by the caller."""

    login: str
    name: str
    role: Role
    password_hash: str
    language: str = "en"
    theme: str = "system"
    principal_id: str | None = None


@dataclass(frozen=True, slots=True)
class UserChange:
    """The fields of a user to be changed; None leaves a field as it is."""

    name: str | None = None
    role: Role | None = None
    language: str | None = None
    theme: str | None = None
    password_hash: str | None = None
    disabled: bool | None = None


@dataclass(frozen=True, slots=True)
class WebSession:
    """A signed-in browser; `id_hash` is the SHA-256 of the cookie, the cookie is never kept.

    `device` is what the browser says of itself, `source` the address it signed in from."""

    id_hash: str
    organisation_id: str
    user_id: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    device: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class TrunkSettings:
    """How to reach a carrier. `calls_per_second` and `lines_max` are limits of this trunk alone.

    The rest is as in `ports.SetTrunk`; which of it fits together is said by `trunk_settings`."""

    name: str
    host: str
    port: int = 5060
    username: str = ""
    password: str = ""
    realm: str = ""
    codecs: tuple[str, ...] = ("PCMA", "PCMU")
    lines_max: int = 30
    calls_per_second: float = 5.0
    active: bool = True
    transport: str = "udp"
    tls_name: str = ""
    srtp: str = "off"
    sign_in: bool = False
    register_expires_s: int = 300
    probe_s: float = 30.0
    allow_md5: bool = False
    number_format: str = "e164"
    prefix: str = ""
    caller_headers: tuple[str, ...] = ("from",)
    from_user: str = ""
    from_domain: str = ""
    session_expires_s: int = 1800
    redirects: str = "report"


@dataclass(frozen=True, slots=True)
class Trunk:
    id: str
    settings: TrunkSettings
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ContactList:
    """An imported file. `rows_total` is the sum of `verdicts`; `campaigns` names its users' ids."""

    id: str
    name: str
    file_name: str
    file_sha256: str
    rows_total: int
    rows_ok: int
    contacts: int
    created_at: datetime
    undone_at: datetime | None
    verdicts: Mapping[RowVerdict, int] = field(default_factory=dict[RowVerdict, int])
    campaigns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportRow:
    """What became of a row: `reason` is an id the UI words with `args`; `raw` is as it stood."""

    row: int
    verdict: RowVerdict
    reason: str
    args: Mapping[str, str]
    raw: tuple[str, ...]


@quickly_made
@dataclass(frozen=True, slots=True)
class ImportPhone:
    """A number on its way in: strict E.164, ISO country, every zone it may be in."""

    e164: str
    country: str
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportConsent:
    """A person's consent to robot calls as a list has it; None: on the day of the import."""

    on: date | None = None


@quickly_made
@dataclass(frozen=True, slots=True)
class ImportedRow:
    """One row as the importer judged it.

    With verdict `merged` or `duplicate`, `same_as` is the earlier row of the file it belongs to, or
    `contact` the contact of another list."""

    row: int
    verdict: RowVerdict
    raw: tuple[str, ...]
    reason: str = ""
    args: Mapping[str, str] = field(default_factory=dict[str, str])
    name: str = ""
    language: str = ""
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    phones: tuple[ImportPhone, ...] = ()
    same_as: int | None = None
    consent: ImportConsent | None = None
    contact: str = ""


@dataclass(frozen=True, slots=True)
class PhoneRecord:
    id: str
    position: int
    e164: str
    number_ref: str
    country: str
    zones: tuple[str, ...]
    stop_listed: bool


ANY_PURPOSE = "any"
"""The purpose of a consent that was given to calls as such."""


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """A consent to calls by a robot; `source` is the file and its row, as `clients.csv:17`."""

    purpose: str
    source: str
    given_at: datetime
    revoked_at: datetime | None

    def covers(self, purpose: str, now: datetime) -> bool:
        """True where a campaign of this purpose may rely on it at `now`."""
        stands = self.given_at <= now and (self.revoked_at is None or self.revoked_at > now)
        return stands and self.purpose in (ANY_PURPOSE, purpose)


@dataclass(frozen=True, slots=True)
class ContactCard:
    """A contact with its personal part (empty after erasure) and where it came from."""

    id: str
    list_id: str
    list_name: str
    file_name: str
    row: int
    language: str
    stage: str
    temperature: str
    name: str
    fields: Mapping[str, str]
    note: str
    phones: tuple[PhoneRecord, ...]
    erased_at: datetime | None
    created_at: datetime
    consents: tuple[ConsentRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class EntryRecord:
    """A contact's place in one campaign."""

    campaign_id: str
    contact_id: str
    state: str
    next_due_at: datetime | None
    attempts_made: int
    phone_position: int
    last_outcome: str | None
    callback_agent: str | None
    closed_reason: str | None


@dataclass(frozen=True, slots=True)
class StopEntry:
    """A number never to be called. `e164` is None where the number is known by reference only."""

    id: str
    number_ref: str
    e164: str | None
    reason: str
    source: str
    attempt_id: str | None
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True, slots=True)
class CampaignRecord:
    """A campaign with its settings as now valid; `version` grows with each change of settings."""

    id: str
    principal_id: str
    name: str
    purpose: str
    mode: str
    state: str
    list_id: str | None
    floor_id: str
    created_at: datetime
    version: int
    settings: Json
    version_from: datetime


@dataclass(frozen=True, slots=True)
class CampaignProgress:
    """Counts of contacts by state of their entry, and of attempts by outcome."""

    total: int
    fresh: int
    due: int
    in_call: int
    callback: int
    closed: int
    attempts: int
    answered: int
    outcomes: Mapping[str, int]
    next_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Waterfall:
    """ "If started now": each contact is counted once, by the first gate that holds it back."""

    total: int
    no_phone: int
    stop_listed: int
    closed: int
    in_call: int
    not_due: int
    outside_hours: int
    no_consent: int
    callable: int


@dataclass(frozen=True, slots=True)
class CallbackRecord:
    id: str
    campaign_id: str
    contact_id: str
    contact_name: str
    due_at: datetime
    agent_id: str | None
    state: CallbackState
    created_at: datetime
    attempt_id: str | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt; `number` counts from 1 within contact and campaign; no `e164` once erased."""

    id: str
    campaign_id: str
    contact_id: str
    number: int
    phone_id: str | None
    e164: str | None
    contact_name: str
    state: str
    floor_id: str
    campaign_version: int
    rule_version: str
    verdict: Json
    trunk_id: str
    caller_id: str
    call_id: str
    reserved_at: datetime
    originated_at: datetime | None
    answered_at: datetime | None
    bridged_at: datetime | None
    ended_at: datetime | None
    outcome: str | None
    detail: str | None
    sip_code: int | None
    q850: int | None
    agent_id: str | None
    result: str | None
    recording_id: str | None
    failover_of: str = ""


@dataclass(frozen=True, slots=True)
class AttemptQuery:
    """Which attempts; every field given narrows. Times bound `reserved_at`: `until` is outside."""

    campaign_id: str | None = None
    contact_id: str | None = None
    agent_id: str | None = None
    principal_id: str | None = None
    outcome: str | None = None
    result: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    state: str | None = None
    search: str = ""
    recorded_s: float | None = None
    """With a recording of at least so many seconds."""


@dataclass(frozen=True, slots=True)
class FactQuery:
    """Which facts; every field given narrows. Times bound `at`: `until` is outside."""

    campaign_id: str | None = None
    contact_id: str | None = None
    attempt_id: str | None = None
    agent_id: str | None = None
    principal_id: str | None = None
    kinds: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class FactRecord:
    """A fact as committed: `seq` orders the whole store, `epoch` is that of its lease."""

    seq: int
    organisation_id: str
    floor_id: str
    epoch: int
    fact: Fact


@dataclass(frozen=True, slots=True)
class DispositionRecord:
    id: str
    attempt_id: str
    contact_id: str
    agent_id: str | None
    result: str
    fields: Mapping[str, str]
    note: str
    at: datetime
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class RecordingRecord:
    id: str
    attempt_id: str
    agent_id: str | None
    campaign_id: str
    path: str
    seconds: float
    bytes: int
    sha256: str
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class RememberedAnswer:
    """The answer once given to a request with this idempotency key."""

    status: int
    body: str
    created_at: datetime
