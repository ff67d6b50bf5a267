"""What a user agent tells its owner, as plain values.

Every event names its leg and `at`, the monotonic second at which the agent saw it. Events
report; what they mean for an attempt is decided in `vyzov.core`. Texts that came from the wire
(phrases, reasons, contacts, raw bytes) are passed on as received and are hostile.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

Address = tuple[str, int]


class Transport(StrEnum):
    """What carries a message (RFC 3261 §18, RFC 3261 §26.2.1 for TLS)."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"

    @property
    def reliable(self) -> bool:
        """Tells a transport that repeats lost bytes by itself."""
        return self is not Transport.UDP


class Hop(NamedTuple):
    """Where a message goes to, or came from.

    `name` is what a TLS certificate must bear, "" for the host itself. `flow` is the number its
    owner gave a connection a peer has opened: what is sent there takes that connection while it
    stands, and a new one to `host` and `port` after that; 0 is none.
    """

    host: str
    port: int
    transport: Transport = Transport.UDP
    name: str = ""
    flow: int = 0

    @property
    def address(self) -> Address:
        """The host and port alone."""
        return self.host, self.port

    def __str__(self) -> str:
        """Names the hop for people: `tcp:192.0.2.1:5060`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.transport}:{host}:{self.port}"


class Side(StrEnum):
    """Who ended an answered call."""

    FAR = "far"
    US = "us"


class Stage(StrEnum):
    """How far an unanswered call had come."""

    TRYING = "trying"
    RINGING = "ringing"
    CANCELLED = "cancelled"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class LegEvent:
    """Base of all events: `leg` is "" where no call is concerned."""

    leg: str
    at: float


class Provisional(NamedTuple):
    """One provisional response that said something new: `after_s` since the first INVITE."""

    code: int
    after_s: float
    phrase: str
    to_tag: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a final response says beside its code, header values as received, each list bounded.

    `warnings` (Warning), `asserted` (P-Asserted-Identity), `history` (History-Info), `diversion`,
    `call_info`, `contacts` (whole Contact values).
    """

    warnings: tuple[str, ...] = ()
    asserted: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    diversion: tuple[str, ...] = ()
    call_info: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()


NO_EVIDENCE = Evidence()


@dataclass(frozen=True, slots=True)
class CallProgress(LegEvent):
    """A provisional response above 100 that says something new (180, 183, unknown 1xx too).

    `sdp` is the early media's description, `to_tag` names the early dialog (forks have several).
    """

    code: int
    phrase: str
    to_tag: str
    sdp: bytes | None
    raw_reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CallAnswered(LegEvent):
    """The first 2xx to our INVITE; emitted once in a call's life. The ACK is already queued."""

    code: int
    sdp: bytes | None
    call_id: str
    phrase: str = ""
    evidence: Evidence = NO_EVIDENCE
    heard: tuple[Provisional, ...] = ()


@dataclass(frozen=True, slots=True)
class CallRejected(LegEvent):
    """Our INVITE came to nothing. `code` is the final status, 0 where none came.

    `reasons` and `warning` are header values as received, `q850` the cause of the first Q.850
    reason (RFC 3326), `retry_after` seconds, `contacts` the URIs of a 3xx (followed by policy
    only), `provisionals` pairs of (code, seconds since the first INVITE) with 100 included, and
    `heard` the same in full. `challenge_refused` says in words why a 401 or 407 was not answered.
    """

    code: int
    phrase: str
    reasons: tuple[str, ...]
    warning: str
    q850: int | None
    retry_after: int | None
    contacts: tuple[str, ...]
    provisionals: tuple[tuple[int, float], ...]
    stage: Stage
    challenge_refused: str = ""
    evidence: Evidence = NO_EVIDENCE
    heard: tuple[Provisional, ...] = ()


@dataclass(frozen=True, slots=True)
class RealmProved(LegEvent):
    """A carrier took our answer to its challenge: from now on the trunk's `realm` is this one.

    Emitted once in a call, only for an account that names no realm yet, for its owner to keep.
    """

    realm: str
    algorithm: str


@dataclass(frozen=True, slots=True)
class CallEnded(LegEvent):
    """An answered call is over. `side` says whose BYE it was.

    `cause` is a short word: `bye` (the far side), the reason given to `bye()`, `cancelled` (our
    CANCEL crossed the answer), `no_ack` (our 200 was never acknowledged), `session_expired` (the
    session timer ran out, or its refresh failed), `lost` (a change of ours met a far side that
    knows no such call), `no_common_codec` or `reaped`.
    """

    side: Side
    cause: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SessionChanged(LegEvent):
    """The session changed in mid-call (hold, other address), by the far side's wish or ours.

    `sdp` is what the far side described last: its offer or its answer, `local` what we did.
    `direction` says which ways sound may flow from our side: `sendrecv`; `recvonly` where the far
    side holds us (or wrote c=0.0.0.0); `sendonly` where we hold it; `inactive`.
    """

    sdp: bytes
    direction: str = "sendrecv"
    local: bytes = b""


@dataclass(frozen=True, slots=True)
class OfferRefused(LegEvent):
    """A change of ours was refused and the session is as it was; `phrase` says why."""

    code: int
    phrase: str


@dataclass(frozen=True, slots=True)
class DigitReceived(LegEvent):
    """A digit came in an INFO: one of `0-9*#A-D`, with the milliseconds it was held."""

    digit: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class TransferRequested(LegEvent):
    """The far side asks us to call somebody else (REFER); nothing is dialled by it.

    `to` is the URI it names and hostile; `replaces` the dialog the new call should replace (RFC
    3891), "" for a blind transfer. `UserAgent.answer_transfer` accepts or declines.
    """

    to: str
    replaces: str
    referred_by: str


@dataclass(frozen=True, slots=True)
class IncomingCall(LegEvent):
    """A new INVITE to an agent that accepts calls; 100 Trying is already queued.

    `leg` is a fresh token. `authorization` is the raw Authorization or Proxy-Authorization value.
    `replaces` is the leg this call wants to take the place of (RFC 3891): where its owner answers,
    that leg is its to hang up.
    """

    call_id: str
    to_user: str
    from_user: str
    source: Hop
    sdp: bytes | None
    raw: bytes
    authorization: str = ""
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class DialogConfirmed(LegEvent):
    """The ACK to our 200 arrived; `sdp` is its body where the ACK carries the answer."""

    sdp: bytes | None = None


@dataclass(frozen=True, slots=True)
class CallCancelled(LegEvent):
    """The caller gave up; 200 to the CANCEL and 487 to the INVITE are already queued."""

    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageIgnored(LegEvent):
    """A message that changed nothing: malformed, stray, or out of its place."""

    reason: str
    source: Hop


@dataclass(frozen=True, slots=True)
class OptionsAnswered(LegEvent):
    """The answer to an `options()` probe. `leg` repeats `token`.

    `code` is 0 where none came, and `phrase` then says why in words where that is known;
    `retry_after` is what the peer asked to wait, in seconds.
    """

    token: str
    code: int
    phrase: str = ""
    retry_after: int | None = None


class RegistrationState(StrEnum):
    """Where a sign-in at a carrier stands; `refused` is a failure that asking again will not mend."""

    TRYING = "trying"
    REGISTERED = "registered"
    FAILING = "failing"
    REFUSED = "refused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class RegistrationChanged(LegEvent):
    """A sign-in at a carrier was granted (each refresh too), failed, or was taken back.

    `code` is 0 where no answer came, `phrase` what was answered or lacked. `expires_s` is how long
    the carrier still knows us, `retry_s` when we ask again after a failure, `seen_as` our address
    as the carrier saw it where it is not the one we name ourselves by.
    """

    trunk: str
    state: RegistrationState
    code: int = 0
    phrase: str = ""
    expires_s: int = 0
    retry_s: float = 0.0
    seen_as: str = ""


@dataclass(frozen=True, slots=True)
class PhoneBound(LegEvent):
    """A desk phone signed in, or is somewhere else or something else than it was told of last."""

    phone: str
    hop: Hop
    user_agent: str


@dataclass(frozen=True, slots=True)
class PhoneUnbound(LegEvent):
    """A desk phone cannot be reached any more: signed_out, expired, lost or removed."""

    phone: str
    reason: str


@dataclass(frozen=True, slots=True)
class SignInRefused(LegEvent):
    """Somebody tried to sign in as `username` with a wrong password, or as nobody we know."""

    source: Hop
    username: str


SipEvent = (
    RealmProved
    | OfferRefused
    | DigitReceived
    | TransferRequested
    | CallProgress
    | CallAnswered
    | CallRejected
    | CallEnded
    | SessionChanged
    | IncomingCall
    | DialogConfirmed
    | CallCancelled
    | MessageIgnored
    | OptionsAnswered
    | RegistrationChanged
    | PhoneBound
    | PhoneUnbound
    | SignInRefused
)
