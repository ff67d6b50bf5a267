"""A floor's live state: the calls, agents, campaigns and trunks of now. It holds, it does not decide.

Everything here is rebuilt after a restart from open attempts, the engine's snapshot, wishes and recent
facts; nothing here is the truth for longer than a process lives.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from vyzov.core.agent import Agent
from vyzov.core.campaign import CampaignSettings, CampaignState
from vyzov.core.disposition import offered_results
from vyzov.core.lookahead import Hours
from vyzov.core.pacing import Bucket
from vyzov.core.steadiness import Steadiness
from vyzov.core.trunk import TrunkWatch
from vyzov.dialer.callbook import CallBook
from vyzov.dialer.effects import Effect, Now, Reply, SendVerb
from vyzov.dialer.floor_store import (
    AbandonDay,
    CampaignCounts,
    DueContact,
    FloorCampaign,
    FloorPhone,
)
from vyzov.dialer.inbox import Inbox
from vyzov.dialer.live_call import LiveCall, LiveCard
from vyzov.dialer.office_records import Trunk
from vyzov.dialer.phone_records import DeviceKind
from vyzov.dialer.ports import Json, LegEvent, PhoneRegistered, Verb
from vyzov.dialer.writes import AddDisposition, Write

MINUTES_KEPT = 60
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class AgentDay:
    """Seconds of today in each state, and what was done; folded from the changes of state."""

    since: datetime
    state: str
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    calls: int = 0
    talks: int = 0
    results: int = 0
    skips: int = 0


@dataclass(frozen=True, slots=True)
class SavedResult:
    """A result that was asked for with an idempotency key: what was asked, written and answered."""

    args: Json
    write: AddDisposition
    answer: Mapping[str, str]


@dataclass(slots=True)
class LiveAgent:
    """A person who may take calls, with the browsers they are signed in from."""

    agent: Agent
    name: str
    language: str
    day: AgentDay
    connections: set[str] = field(default_factory=set[str])
    owner: str | None = None
    left_at: datetime | None = None
    pending_leg: str | None = None
    codec: str = ""
    rtt_ms: float | None = None
    loss_share: float = 0.0
    device_lost: bool = False
    wants_help: bool = False
    last: LiveCall | None = None
    device_kind: DeviceKind = DeviceKind.BROWSER
    phone_leg: str = ""
    phone_rings: bool = False
    phone_said: str = ""
    """Why the desk phone did not come to be a leg, or is none any more."""
    saved: dict[tuple[str, str], SavedResult] = field(
        default_factory=dict[tuple[str, str], SavedResult]
    )
    resulted: LiveCall | None = None
    """The call that was given the latest result: until `undo_until` it can be taken back, also when
    the next call is in hand already."""
    undo_until: datetime | None = None
    cards_ignored: int = 0
    """How many cards in a row ran out without a word of theirs."""
    not_dialled: str = ""
    """Why their latest card led to no call, or the call to no talk; "" where it did."""
    inbox: Inbox = field(default_factory=Inbox)


@dataclass(slots=True)
class LivePhone:
    """A desk phone; `registered` is where it is signed in, `since` when that last changed."""

    record: FloorPhone
    registered: PhoneRegistered | None = None
    since: datetime | None = None


@dataclass(slots=True)
class LiveCampaign:
    """A campaign of this floor: its settings, its read-ahead and its counters."""

    record: FloorCampaign
    settings: CampaignSettings
    state: CampaignState
    hopper: deque[DueContact] = field(default_factory=deque[DueContact])
    loading: bool = False
    look_again: bool = False
    """Somebody came who may go before those read ahead; a reading under way may have missed them."""
    dry_until: datetime | None = None
    next_due: datetime | None = None
    held: dict[str, datetime] = field(default_factory=dict[str, datetime])
    held_reasons: dict[str, str] = field(default_factory=dict[str, str])
    counts: CampaignCounts | None = None
    counts_at: datetime | None = None
    opens_at: datetime | None = None
    abandon: dict[str, AbandonDay] = field(default_factory=dict[str, AbandonDay])
    bucket: Bucket = field(default_factory=lambda: Bucket(1.0, EPOCH))
    had: float = 0.0
    """Calls it has placed by its weight: whose turn it is among campaigns with the same agents."""
    why: tuple[str, Json] = ("", {})
    minutes: deque[tuple[datetime, int, int]] = field(
        default_factory=lambda: deque[tuple[datetime, int, int]](maxlen=MINUTES_KEPT)
    )
    _crew: tuple[tuple[str, ...], frozenset[str]] = ((), frozenset())
    _sheet: tuple[CampaignSettings | None, Json] = (None, {})

    @property
    def sheet(self) -> Json:
        """What every call of it brings to the desk: its script, and the results to choose from."""
        if self._sheet[0] is not self.settings:
            self._sheet = self.settings, _sheet_of(self.settings)
        return self._sheet[1]

    @property
    def hours(self) -> Hours:
        """When its contacts may be called, as the look-ahead has to know it."""
        return Hours(self.settings.window, self.record.version)

    @property
    def crew(self) -> frozenset[str]:
        """The ids of its agents."""
        if self._crew[0] is not self.settings.agents:
            self._crew = self.settings.agents, frozenset(self.settings.agents)
        return self._crew[1]


def _sheet_of(settings: CampaignSettings) -> Json:
    return {
        "script": [step.to_json() for step in settings.script],
        "results": [
            {"key": one.key, "code": one.code, "label": dict(one.label), "group": one.group.value,
             "needs": one.needs.value}
            for one in offered_results(settings.results)
        ],
    }  # fmt: skip


@dataclass(slots=True)
class LiveTrunk:
    """A trunk as it stands: `watch` is its health, `placed` when the latest calls went out,
    `outcomes` what came of them as (monotonic second, answered, failed at the trunk)."""

    record: Trunk
    watch: TrunkWatch
    bucket: Bucket = field(default_factory=lambda: Bucket(1.0, EPOCH))
    outcomes: deque[tuple[float, bool, bool]] = field(
        default_factory=lambda: deque[tuple[float, bool, bool]](maxlen=500)
    )
    placed: deque[float] = field(default_factory=lambda: deque[float](maxlen=500))
    target: str = ""


@dataclass(slots=True)
class Room:
    """All of a floor's live state.

    `free` are the agents a call can be handed to now. `devices` maps the legs of agents that live
    or are being set up to their agents, `owners` those that have been up, gone ones included.
    `doubtful` are attempts given up without knowing whether their reservation was written, `holes`
    legs of which an event is missing since a monotonic second, `unsaved` ended legs whose end is
    not durable yet: the engine must keep what it knows of them. `silent` are calls of which no engine
    has told anything since a monotonic second, `unknown` those whose end is booked as unknown, and
    `engine_run` names the engine that was seen last, whose journal is whole since
    `engine_whole_since`. `doubts` numbers the questions about
    single legs. `watched` is False where nobody can
    look at the floor's screens, which then are not drawn."""

    organisation: str = ""
    stopped: bool = False
    restored_from: datetime | None = None
    pause_limits: Mapping[str, int] = field(default_factory=dict[str, int])
    fence: int = 0
    engine_up: bool = False
    engine_lost_at: float | None = None
    store_up: bool = True
    lease_held: bool = True
    leaving: bool = False
    calls: CallBook = field(default_factory=CallBook)
    agents: dict[str, LiveAgent] = field(default_factory=dict[str, LiveAgent])
    free: dict[str, LiveAgent] = field(default_factory=dict[str, LiveAgent])
    campaigns: dict[str, LiveCampaign] = field(default_factory=dict[str, LiveCampaign])
    trunks: dict[str, LiveTrunk] = field(default_factory=dict[str, LiveTrunk])
    phones: dict[str, LivePhone] = field(default_factory=dict[str, LivePhone])
    devices: dict[str, str] = field(default_factory=dict[str, str])
    owners: dict[str, str] = field(default_factory=dict[str, str])
    device_seqs: dict[str, int] = field(default_factory=dict[str, int])
    doubtful: set[str] = field(default_factory=set[str])
    clock: Steadiness = field(default_factory=Steadiness)
    holes: dict[str, float] = field(default_factory=dict[str, float])
    unsaved: set[str] = field(default_factory=set[str])
    silent: dict[str, float] = field(default_factory=dict[str, float])
    unknown: dict[str, LiveCall] = field(default_factory=dict[str, LiveCall])
    engine_run: str = ""
    engine_whole_since: float | None = None
    doubts: int = 0
    pace_wanted: bool = False
    watched: bool = True
    told_desks: set[str] = field(default_factory=set[str])
    cards: dict[str, LiveCard] = field(default_factory=dict[str, LiveCard])
    """What agents read before a call, by agent."""

    def cards_of(self, campaign: str) -> list[LiveCard]:
        return [one for one in self.cards.values() if one.card.campaign == campaign]

    def calls_of(self, campaign: str) -> list[LiveCall]:
        return self.calls.of(campaign)

    def is_news(self, event: LegEvent) -> bool:
        """False for an event of an agent's leg that was seen already: told again, it changes nothing."""
        if event.seq <= self.device_seqs.get(event.leg, 0):
            return False
        self.device_seqs[event.leg] = event.seq
        return True

    def agent_of_leg(self, leg: str) -> str | None:
        """Whose leg it is or was: what the engine tells may be older than the leg's end."""
        return self.devices.get(leg) or self.owners.get(leg)


@dataclass(slots=True)
class Out:
    """What one step wants done: writes become one batch, reservations with theirs another."""

    now: Now
    effects: list[Effect] = field(default_factory=list[Effect])
    writes: list[Write] = field(default_factory=list[Write])
    reserves: list[Write] = field(default_factory=list[Write])
    replies: list[Reply] = field(default_factory=list[Reply])
    when_saved: list[Verb] = field(default_factory=list[Verb])
    quiet: bool = False

    def verb(self, verb: Verb) -> None:
        """Sends a verb, unless the past is being replayed."""
        if not self.quiet:
            self.effects.append(SendVerb(verb))

    def write(self, *writes: Write) -> None:
        self.writes.extend(writes)

    def reply(self, ask: int, **body: object) -> None:
        """Answers at once: for what needs no commit."""
        if ask:
            self.effects.append(Reply(ask, ok=True, body=dict(body)))

    def reply_when_saved(self, ask: int, **body: object) -> None:
        """Answers once everything this step writes is durable."""
        if ask:
            self.replies.append(Reply(ask, ok=True, body=dict(body)))

    def refuse(self, ask: int, code: str, what: str, next_step: str) -> None:
        if ask:
            problem: Json = {"code": code, "what": what, "next_step": next_step}
            self.effects.append(Reply(ask, ok=False, body=problem))
