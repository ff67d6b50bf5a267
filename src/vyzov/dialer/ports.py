"""The doors of the dialer: what it asks of an engine, of a database, of a clock and of dice.

Verbs and events are plain data and cross process borders as JSON (`to_wire`, `from_wire`). Every verb is
idempotent by id and may race with a hang-up; every event carries the leg, a sequence number that grows
within the leg, and the monotonic second at which the engine saw it. An adapter reports, it never decides.

Shapes: telephone numbers are strict E.164 (`+` and digits) or a checked service number; times named `at`
are seconds of the machine's monotonic clock; spans are seconds and say so (`_s`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from vyzov.core.making import quickly_made
from vyzov.dialer.party_ports import (
    Bridge,
    BridgeJoined,
    BridgeLeft,
    GuestJoined,
    GuestLeft,
    Hold,
    LegEvent,
    Mute,
    SetGuests,
    Unbridge,
)
from vyzov.dialer.roll_ports import AskSnapshot, AskStanding, Standing
from vyzov.dialer.trunk_ports import CheckTrunk, RemoveTrunk, SetTrunk, TrunkChecked, TrunkState

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Orphan:
    """What the engine does with a leg when its floor is gone (seconds until it acts)."""

    ringing_s: float = 2.0
    unmatched_s: float = 2.0
    bridged_s: float = 1800.0
    prompt: str = "safe_harbour"


# ---- verbs ---------------------------------------------------------------------------------------


@quickly_made
@dataclass(frozen=True, slots=True)
class Originate:
    """Places one call. Older than `not_after` (monotonic) or below the engine's fence: `Refused`."""

    leg: str
    attempt: str
    fence: int
    not_after: float
    trunk: str
    to: str
    caller_id: str
    ring_timeout_s: float
    caller_name: str = ""
    orphan: Orphan = field(default_factory=Orphan)
    classify: bool = False


@dataclass(frozen=True, slots=True)
class Hangup:
    leg: str
    cause: str = "normal"


@dataclass(frozen=True, slots=True)
class Play:
    """Plays to one leg. `source` is `prompt:ORGANISATION/LANGUAGE/NAME` (a file of the
    prompt folders; those without an organisation are everybody's) or `tone:HZ:DBM0`."""

    leg: str
    play: str
    source: str
    loop: bool = False


@dataclass(frozen=True, slots=True)
class StopPlay:
    """Stops the play of that name, or whichever plays where `play` is empty."""

    leg: str
    play: str


@dataclass(frozen=True, slots=True)
class SendDigits:
    leg: str
    digits: str


@dataclass(frozen=True, slots=True)
class RecordStart:
    """Records what a leg says (left) and what it hears (right) into `path`, finished atomically."""

    leg: str
    recording: str
    path: str


@dataclass(frozen=True, slots=True)
class RecordStop:
    leg: str
    recording: str


@dataclass(frozen=True, slots=True)
class DeviceOffer:
    """A browser's SDP offer for an agent's leg; answered by `DeviceAnswer`."""

    leg: str
    agent: str
    sdp: str


@dataclass(frozen=True, slots=True)
class DeviceClose:
    leg: str


@dataclass(frozen=True, slots=True)
class SetPhone:
    """Tells the engine a desk phone that may sign in; the same phone again replaces it.

    `ha1` maps an algorithm (SHA-256, MD5 where the phone knows nothing better) to the hash of
    username, realm and password (RFC 7616 3.4.2); `contacts_max` is from how many places at once."""

    phone: str
    username: str
    ha1: Mapping[str, str]
    contacts_max: int = 1


@dataclass(frozen=True, slots=True)
class RemovePhone:
    """Signs a desk phone out, ends what it carries and refuses it from now on."""

    phone: str


@dataclass(frozen=True, slots=True)
class DeviceCall:
    """Rings an agent's desk phone; lifted, it is their leg until somebody hangs up."""

    leg: str
    agent: str
    phone: str
    ring_timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Forget:
    """The floor has committed all it needs of an ended leg; the engine may drop its event log."""

    leg: str


@dataclass(frozen=True, slots=True)
class Unban:
    """Lifts the ban of an address (or IPv6 network) that failed to sign in too often."""

    source: str


Verb = (
    SetTrunk | RemoveTrunk | CheckTrunk | Originate | Hangup | Play | StopPlay | SendDigits | Bridge
    | Unbridge | Hold | Mute | RecordStart | RecordStop | DeviceOffer | DeviceClose | SetPhone
    | RemovePhone | DeviceCall | Unban | Forget | AskSnapshot | AskStanding | SetGuests
)  # fmt: skip


# ---- events --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Refused(LegEvent):
    """Nothing was sent. `reason`: stale, fence, unknown_trunk, no_target (its name leads nowhere),
    srtp_needs_tls, duplicate, bad_number, draining."""

    reason: str


@quickly_made
@dataclass(frozen=True, slots=True)
class Dialing(LegEvent):
    """The first INVITE left; `call_id` is the Call-ID on the wire."""

    call_id: str


@quickly_made
@dataclass(frozen=True, slots=True)
class Ringing(LegEvent):
    """A provisional answer, or more of what is heard meanwhile: `heard` is a word of
    `media.early.Heard` (ringback, busy, congestion, special_information, voice, silence)."""

    code: int
    phrase: str
    early_media: bool
    heard: str = ""


@quickly_made
@dataclass(frozen=True, slots=True)
class Answered(LegEvent):
    """Somebody picked up; `unseen_s` seconds before, no engine was there that could have seen it."""

    codec: str
    unseen_s: float = 0.0


@quickly_made
@dataclass(frozen=True, slots=True)
class Failed(LegEvent):
    """No answer came of it. `stage`: trying, ringing, cancelled (we gave up ringing), lost.

    `code` is the final status (0 where none came), `reasons` all Reason headers as received,
    `provisionals` pairs of (code, seconds since the INVITE), `retry_after_s` what the carrier asked
    to wait, `fault` a word of `core.trunk.TrunkFault` where the way to the carrier failed, `target`
    the address the call was sent to, `other_targets` how many more the trunk's name leads to,
    `heard` what was heard before the failure, as in `Ringing`, `challenge_refused` why a demand for
    a password was not answered, in words. `evidence` is raw and hostile: header values by `warnings`,
    `asserted`, `history`, `diversion`, `call_info`, `contacts`, and `provisionals` in full."""

    code: int
    phrase: str
    stage: str
    reasons: tuple[str, ...] = ()
    warning: str = ""
    q850: int | None = None
    ring_s: float = 0.0
    provisionals: tuple[tuple[int, float], ...] = ()
    retry_after_s: float | None = None
    fault: str = ""
    target: str = ""
    other_targets: int = 0
    heard: str = ""
    challenge_refused: str = ""
    evidence: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


@dataclass(frozen=True, slots=True)
class OneWay(LegEvent):
    """Sound of an answered leg no longer goes both ways, or does again.

    `unheard`: far (we do not hear the far side), us (it does not hear us), both, "" (all is well);
    `quiet_s` is how long the far side was not heard, `foreign` how many packets came meanwhile from
    addresses nobody agreed on."""

    unheard: str
    quiet_s: float = 0.0
    foreign: int = 0


@quickly_made
@dataclass(frozen=True, slots=True)
class Ended(LegEvent):
    """An answered leg is over. `side`: far, us, engine (the engine died or gave up on it).

    `stats`: packets (`rtp_sent`, `rtp_received`, `rtp_lost`, `rtp_duplicates`, `rtp_reordered`), those
    dropped (`rtp_foreign` from wrong addresses or sources, `rtp_noise` no sound, `srtp_refused` not
    sealed by the far side), `jitter_ms`; of reports `rtcp_received`, `rtcp_refused`, `rtt_ms`,
    `far_lost`, `far_loss_share`, `far_jitter_ms`."""

    side: str
    cause: str
    stats: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class Digit(LegEvent):
    digit: str
    duration_ms: int


@quickly_made
@dataclass(frozen=True, slots=True)
class Classified(LegEvent):
    """`answer_class`: human, machine, silence, unknown; `after_ms` since the answer."""

    answer_class: str
    after_ms: int
    detail: str = ""


OF_BRIDGES = (BridgeJoined, BridgeLeft, GuestJoined, GuestLeft)
"""Events about who is joined with whom."""

ORPHAN_PLAY = "orphan"
"""The play id of the message an engine speaks by itself where the floor is gone."""


@dataclass(frozen=True, slots=True)
class PlayFinished(LegEvent):
    """`completed` is False where the sound was stopped."""

    play: str
    completed: bool


@quickly_made
@dataclass(frozen=True, slots=True)
class RecordFinished(LegEvent):
    recording: str
    path: str
    seconds: float
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DeviceAnswer(LegEvent):
    agent: str
    sdp: str


@dataclass(frozen=True, slots=True)
class DeviceRinging(LegEvent):
    """The agent's desk phone rings."""

    agent: str


@dataclass(frozen=True, slots=True)
class DeviceUp(LegEvent):
    """Sound was seen both ways on an agent's leg."""

    agent: str
    codec: str


@dataclass(frozen=True, slots=True)
class DeviceDown(LegEvent):
    """`reason`: closed, ice, no_sound, replaced, bad_offer, engine; of a desk phone also
    not_registered, no_answer, busy, refused, unreachable."""

    agent: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeviceQuality(LegEvent):
    agent: str
    rtt_ms: float | None
    loss_share: float


@dataclass(frozen=True, slots=True)
class EngineLost:
    """The connection to the engine broke; nothing is known of its legs until the next snapshot."""

    at: float


@dataclass(frozen=True, slots=True)
class PhoneRegistered:
    """A desk phone is signed in, seen from `address` (transport, host and port)."""

    phone: str
    address: str
    user_agent: str
    at: float


@dataclass(frozen=True, slots=True)
class PhoneUnregistered:
    """A desk phone cannot be rung any more. `reason`: signed_out, expired, lost, removed."""

    phone: str
    reason: str
    at: float


@dataclass(frozen=True, slots=True)
class GuardedSource:
    """An address the engine turned something of away, or had reason to watch.

    `known`: one it deals with. `banned_for_s` is how long it will not be heard, 0 for not banned."""

    source: str
    known: bool
    taken: int
    dropped: int
    failures: int
    banned_for_s: float


@dataclass(frozen=True, slots=True)
class Protection:
    """What the engine's SIP sockets took and turned away since its start; told when it changes.

    `too_many` messages were over a budget, `banned` came from the banned, `bans` is how often an
    address was banned, `connections` how many were refused. `sources` are the worst, worst first."""

    at: float
    taken: int = 0
    too_many: int = 0
    banned: int = 0
    bans: int = 0
    connections: int = 0
    sources: tuple[GuardedSource, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All an engine knows, after (re)connection: each leg's whole event log in order.

    `engine` names this run of the engine. Legs of an earlier run are in `legs` too (from its journal),
    ended by the engine itself with `Ended(side="engine")` or `Failed(stage="lost")`. `bridges` pairs
    customer and agent legs now exchanging sound, `guests` customers with those beside the two;
    `devices` maps agent leg to agent of living devices; `trunks` holds the latest finding of each
    source for each trunk, `phones` those signed in. Nothing that was dialled since the second
    `whole_since` is missing from `legs`; None: it cannot tell."""

    engine: str
    at: float
    legs: Mapping[str, tuple[LegEvent, ...]]
    bridges: tuple[tuple[str, str], ...]
    devices: Mapping[str, str]
    trunks: Mapping[str, tuple[TrunkState, ...]] = field(
        default_factory=dict[str, tuple[TrunkState, ...]]
    )
    phones: Mapping[str, PhoneRegistered] = field(default_factory=dict[str, PhoneRegistered])
    whole_since: float | None = None
    guests: tuple[tuple[str, str], ...] = ()


Event = (
    LegEvent | EngineLost | TrunkState | TrunkChecked | PhoneRegistered | PhoneUnregistered
    | Protection | Snapshot | Standing
)  # fmt: skip


class Telephony(Protocol):
    """An engine: verbs go in, events come out of the runtime's inbox, in order."""

    def send(self, verb: Verb) -> None: ...


class Clock(Protocol):
    """Time: `monotonic` seconds and aware UTC."""

    def monotonic(self) -> float: ...
    def utc(self) -> datetime: ...


class Randomness(Protocol):
    """Dice and ids: UUIDv7 as a string, and a float in 0..1."""

    def new_id(self) -> str: ...
    def dice(self) -> float: ...
