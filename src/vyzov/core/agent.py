"""One agent: what they asked for, the leg that lives, the work in hand, and the state that follows.

The state is derived (`state_of`), never stored: it cannot be forgotten in the wrong place. Work
comes before the wish: an agent who asks for a pause while talking gets it when the work is done.
Which call an agent gets is decided in `matching`; how long a wrap-up may be, by the campaign.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from vyzov.core.changing import replace
from vyzov.core.errors import ImpossibleEvent
from vyzov.core.facts import FactKind
from vyzov.core.instants import moved
from vyzov.core.making import quickly_made


class Wish(StrEnum):
    """What the agent asked to be."""

    OFFLINE = "offline"
    PAUSE = "pause"
    READY = "ready"


class Work(StrEnum):
    """What the agent has in hand."""

    NONE = "none"
    PREVIEWING = "previewing"
    DIALING = "dialing"
    RESERVED = "reserved"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    LISTENING = "listening"


class AgentState(StrEnum):
    """What the agent is, for screens, pacing and reports."""

    OFFLINE = "offline"
    PAUSE = "pause"
    READY = "ready"
    NO_DEVICE = "no_device"
    PREVIEWING = "previewing"
    DIALING = "dialing"
    RESERVED = "reserved"
    TALKING = "talking"
    HOLD = "hold"
    WRAP_UP = "wrap_up"
    LISTENING = "listening"


@quickly_made
@dataclass(frozen=True, slots=True)
class Agent:
    """One agent; `since` is when the derived state last changed, `card` what they read before a call."""

    id: str
    since: datetime
    wish: Wish = Wish.OFFLINE
    pause_reason: str = ""
    device_leg: str | None = None
    work: Work = Work.NONE
    call: str | None = None
    card: str | None = None
    wrap_up_until: datetime | None = None
    pause_after: bool = False
    result_saved: bool = False
    held: bool = False
    muted: bool = False


def state_of(agent: Agent) -> AgentState:
    """Returns the state that follows from the wish, the work and the leg."""
    work, wish = agent.work, agent.wish
    if work is Work.TALKING:
        return AgentState.HOLD if agent.held else AgentState.TALKING
    if work is not Work.NONE:
        return AgentState(work.value)
    if wish is Wish.OFFLINE:
        return AgentState.OFFLINE
    if wish is Wish.PAUSE:
        return AgentState.PAUSE
    return AgentState.READY if agent.device_leg else AgentState.NO_DEVICE


def is_free(agent: Agent) -> bool:
    """True where a call can be handed to the agent now."""
    # As `state_of` says; asked of everybody at every turn, so said without a detour.
    return agent.work is Work.NONE and agent.wish is Wish.READY and bool(agent.device_leg)


def retold(agent: Agent, by: timedelta) -> Agent:
    """Returns the agent with their moments as UTC tells them now that it was set forward by `by`."""
    return replace(agent, since=agent.since + by, wrap_up_until=moved(agent.wrap_up_until, by))


# ---- events --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AskReady:
    """The agent asks for calls."""


@dataclass(frozen=True, slots=True)
class AskPause:
    """The agent asks for a pause; with work in hand it begins after it."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class AskOffline:
    """The agent signs out; with work in hand that takes effect after it."""


@dataclass(frozen=True, slots=True)
class SetPauseAfter:
    """The agent wants, or no longer wants, a pause after this call."""

    on: bool


@dataclass(frozen=True, slots=True)
class DeviceUp:
    """A leg of the agent lives; it takes the place of another one."""

    leg: str


@dataclass(frozen=True, slots=True)
class DeviceDown:
    """A leg of the agent is lost; news of a leg already replaced changes nothing."""

    leg: str


@dataclass(frozen=True, slots=True)
class ShowCard:
    """The agent is shown who is next, before anybody is called."""

    card: str


@dataclass(frozen=True, slots=True)
class CardGone:
    """The agent's card is over without a call."""

    card: str


@dataclass(frozen=True, slots=True)
class Dial:
    """A call is placed because this agent asked for it; they are joined at the answer."""

    call: str


@dataclass(frozen=True, slots=True)
class Reserve:
    """A call is meant for this agent."""

    call: str


@dataclass(frozen=True, slots=True)
class Listens:
    """The agent is beside another one in this call: hears it, and is not to be given one."""

    call: str


@dataclass(frozen=True, slots=True)
class ReservationLost:
    """The call meant for the agent is gone before it was joined."""

    call: str


@dataclass(frozen=True, slots=True)
class CallJoined:
    """The agent and the callee hear each other."""

    call: str


@dataclass(frozen=True, slots=True)
class CustomerGone:
    """The talk is over; `wrap_up` is the most time there is to write it up, zero for none."""

    call: str
    wrap_up: timedelta


@dataclass(frozen=True, slots=True)
class ResultSaved:
    """The result of the call is saved, in the talk or after it."""

    call: str


@dataclass(frozen=True, slots=True)
class WrapUpOver:
    """The timer of the wrap-up rang; an old timer changes nothing."""


@dataclass(frozen=True, slots=True)
class WrapUpExtended:
    """The agent takes more time to write the call up."""

    by: timedelta


@dataclass(frozen=True, slots=True)
class HoldSet:
    """The callee is put on hold, or taken off it."""

    on: bool


@dataclass(frozen=True, slots=True)
class MuteSet:
    """The agent's microphone is muted, or opened."""

    on: bool


AgentEvent = (
    AskReady
    | AskPause
    | AskOffline
    | SetPauseAfter
    | DeviceUp
    | DeviceDown
    | ShowCard
    | CardGone
    | Dial
    | Reserve
    | Listens
    | ReservationLost
    | CallJoined
    | CustomerGone
    | ResultSaved
    | WrapUpOver
    | WrapUpExtended
    | HoldSet
    | MuteSet
)

# ---- commands ------------------------------------------------------------------------------------


@quickly_made
@dataclass(frozen=True, slots=True)
class RecordAgentState:
    """Write the fact `agent_state`: the new state, the one before it and how long it lasted."""

    state: AgentState
    before: AgentState
    lasted: timedelta
    reason: str


@dataclass(frozen=True, slots=True)
class RecordPresence:
    """Write a fact of presence: agent_signed_in, agent_signed_out, device_up or device_down."""

    kind: FactKind
    leg: str | None = None


@dataclass(frozen=True, slots=True)
class ArmWrapUp:
    """Ring with `WrapUpOver` at this moment."""

    until: datetime


@dataclass(frozen=True, slots=True)
class CloseDevice:
    """Close this leg of the agent."""

    leg: str


@dataclass(frozen=True, slots=True)
class ReturnCard:
    """Take this card back: the agent reads it no more."""

    card: str
    why: str


AgentCommand = RecordAgentState | RecordPresence | ArmWrapUp | CloseDevice | ReturnCard

_Moved = tuple[Agent, tuple[AgentCommand, ...]]


def step(agent: Agent, event: AgentEvent, now: datetime) -> _Moved:
    """Moves the agent; a change of the derived state is recorded whatever caused it."""
    moved, commands = _move(agent, event, now)
    before, state = state_of(agent), state_of(moved)
    if before is state:
        return moved, commands
    moved = replace(moved, since=now)
    reason = moved.pause_reason if state is AgentState.PAUSE else ""
    changed = RecordAgentState(state, before, now - agent.since, reason)
    return moved, (*commands, changed)


def _move(agent: Agent, event: AgentEvent, now: datetime) -> _Moved:
    match event:
        case AskReady() | AskPause() | AskOffline() | SetPauseAfter():
            return _wish(agent, event)
        case DeviceUp() | DeviceDown():
            return _device(agent, event)
        case ShowCard() | CardGone() | Dial():
            return _by_hand(agent, event)
        case Listens(call):
            if agent.work is not Work.NONE:
                raise ImpossibleEvent("agent", state_of(agent).value, event)
            return replace(agent, work=Work.LISTENING, call=call), ()
        case Reserve() | ReservationLost() | CallJoined() | CustomerGone():
            return _work(agent, event, now)
        case _:
            return _desk(agent, event, now)


def _wish(agent: Agent, event: AskReady | AskPause | AskOffline | SetPauseAfter) -> _Moved:
    if isinstance(event, AskPause | AskOffline) and agent.work is Work.PREVIEWING:
        # Nobody was called yet: whoever goes leaves the contact to the others at once.
        laid, back = _laid_down(agent, "pause" if isinstance(event, AskPause) else "signed_out")
        asked, commands = _wish(laid, event)
        return asked, (*back, *commands)
    match event:
        case AskReady():
            asked = replace(agent, wish=Wish.READY, pause_reason="", pause_after=False)
        case AskPause(reason):
            asked = replace(agent, wish=_present(agent), pause_after=True, pause_reason=reason)
        case SetPauseAfter(on) if agent.work is not Work.NONE:
            asked = replace(agent, pause_after=on)
        case SetPauseAfter():
            return agent, ()
        case AskOffline():  # pragma: no branch
            asked = replace(agent, wish=Wish.OFFLINE, pause_reason="", pause_after=False)
    asked, closing = _settled(asked)
    if agent.wish is Wish.OFFLINE and asked.wish is not Wish.OFFLINE:
        return asked, (*closing, RecordPresence(FactKind.AGENT_SIGNED_IN))
    if agent.wish is not Wish.OFFLINE and asked.wish is Wish.OFFLINE:
        return asked, (*closing, RecordPresence(FactKind.AGENT_SIGNED_OUT))
    return asked, closing


def _present(agent: Agent) -> Wish:
    # A pause asked for after signing out in the same call means that the agent stays after all.
    return Wish.READY if agent.wish is Wish.OFFLINE else agent.wish


def _device(agent: Agent, event: DeviceUp | DeviceDown) -> _Moved:
    match event:
        case DeviceUp(leg) if leg == agent.device_leg:
            return agent, ()
        case DeviceUp(leg):
            up = RecordPresence(FactKind.DEVICE_UP, leg)
            replaced = (CloseDevice(agent.device_leg),) if agent.device_leg else ()
            return replace(agent, device_leg=leg, muted=False), (*replaced, up)
        case DeviceDown(leg) if leg == agent.device_leg:
            laid, back = _laid_down(agent, "device_lost")
            down = RecordPresence(FactKind.DEVICE_DOWN, leg)
            return replace(laid, device_leg=None), (*back, down)
        case DeviceDown():  # pragma: no branch
            return agent, ()


def _laid_down(agent: Agent, why: str) -> _Moved:
    """Takes the card from an agent who has one."""
    if agent.card is None:
        return agent, ()
    return replace(agent, work=Work.NONE, card=None), (ReturnCard(agent.card, why),)


def _by_hand(agent: Agent, event: ShowCard | CardGone | Dial) -> _Moved:
    match event:
        case ShowCard(card) if is_free(agent):
            return replace(agent, work=Work.PREVIEWING, card=card), ()
        case Dial(call) if is_free(agent) or agent.work is Work.PREVIEWING:
            return replace(agent, work=Work.DIALING, card=None, call=call), ()
        case CardGone(card) if card == agent.card:
            return _free(agent)
        case CardGone():
            return agent, ()
        case _:
            raise ImpossibleEvent("agent", state_of(agent).value, event)


def _work(
    agent: Agent, event: Reserve | ReservationLost | CallJoined | CustomerGone, now: datetime
) -> _Moved:
    mine = agent.call == event.call
    match event, agent.work:
        case Reserve(call), _ if is_free(agent):
            return replace(agent, work=Work.RESERVED, call=call), ()
        case Reserve(), _:
            raise ImpossibleEvent("agent", state_of(agent).value, event)
        case ReservationLost(), Work.RESERVED | Work.DIALING if mine:
            return _free(agent)
        case CustomerGone(), Work.LISTENING if mine:
            return _free(agent)
        case CallJoined(), Work.LISTENING if mine:
            return replace(agent, work=Work.TALKING), ()
        case CallJoined(), Work.RESERVED | Work.DIALING if mine:
            return replace(agent, work=Work.TALKING), ()
        case CallJoined(call), Work.NONE | Work.PREVIEWING:
            # The engine is the witness: after a restart it names the bridges that live.
            laid, back = _laid_down(agent, "call")
            return replace(laid, work=Work.TALKING, call=call), back
        case CustomerGone(), Work.RESERVED | Work.DIALING if mine:
            return _free(agent)
        case CustomerGone(_, wrap_up), Work.TALKING if mine:
            if agent.result_saved or not wrap_up:
                return _free(agent)
            until = now + wrap_up
            writing = replace(
                agent, work=Work.WRAP_UP, wrap_up_until=until, held=False, muted=False
            )
            return writing, (ArmWrapUp(until),)
        case _:
            return agent, ()


def _desk(
    agent: Agent,
    event: ResultSaved | WrapUpOver | WrapUpExtended | HoldSet | MuteSet,
    now: datetime,
) -> _Moved:
    match event, agent.work:
        case ResultSaved(call), Work.WRAP_UP if call == agent.call:
            return _free(agent)
        case ResultSaved(call), Work.TALKING if call == agent.call:
            return replace(agent, result_saved=True), ()
        case WrapUpOver(), Work.WRAP_UP if agent.wrap_up_until and now >= agent.wrap_up_until:
            return _free(agent)
        case WrapUpExtended(by), Work.WRAP_UP if agent.wrap_up_until:
            until = agent.wrap_up_until + by
            return replace(agent, wrap_up_until=until), (ArmWrapUp(until),)
        case HoldSet(on), Work.TALKING:
            return replace(agent, held=on), ()
        case MuteSet(on), _:
            return replace(agent, muted=on), ()
        case _:
            return agent, ()


def _free(agent: Agent) -> _Moved:
    freed = replace(
        agent,
        work=Work.NONE,
        call=None,
        card=None,
        wrap_up_until=None,
        result_saved=False,
        held=False,
        muted=False,
    )
    return _settled(freed)


def _settled(agent: Agent) -> _Moved:
    """Lets a wish that waited for the end of the work take effect."""
    if agent.work is not Work.NONE:
        return agent, ()
    if agent.pause_after:
        agent = replace(agent, wish=Wish.PAUSE, pause_after=False)
    if agent.wish is Wish.OFFLINE and agent.device_leg:
        return agent, (CloseDevice(agent.device_leg),)
    return agent, ()
