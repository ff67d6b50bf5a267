"""What can happen to a call, and what a call can ask for: the words between `call` and the floor.

*World events* are reported by an engine and may be late, doubled or out of order: the machine has
an answer to each in every state. *Own events* come from our own code, which knows the state: an
impossible one is a defect and raises `ImpossibleEvent`. Commands are carried out by the floor.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from vyzov.core.facts import FactKind
from vyzov.core.fields import Json
from vyzov.core.making import quickly_made
from vyzov.core.outcome import AnswerClass, Outcome

# ---- world events --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Refused:
    """The engine sent nothing. `reason`: stale, fence, unknown_trunk, duplicate, bad_number,
    draining.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Dialing:
    """The first INVITE left; `call_id` is the Call-ID on the wire."""

    call_id: str = ""


@quickly_made
@dataclass(frozen=True, slots=True)
class Ringing:
    """A provisional answer: its SIP code, whether sound came with it, what was heard of that."""

    code: int = 180
    early_media: bool = False
    heard: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """The 200 OK; `unseen_s` is for how long there was no engine that could have seen it."""

    codec: str = ""
    unseen_s: float = 0.0


@quickly_made
@dataclass(frozen=True, slots=True)
class Failed:
    """No answer came of it; the fields are those of the engine's own event."""

    code: int
    phrase: str = ""
    stage: str = "trying"
    reasons: tuple[str, ...] = ()
    q850: int | None = None
    ring_s: float = 0.0
    heard: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class OneWay:
    """Sound no longer goes both ways: `unheard` is far, us or both; "" where it does again."""

    unheard: str
    quiet_s: float = 0.0
    foreign: int = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """An answered leg is over. `side`: far, us, engine; `sound`: the engine's counters."""

    side: str
    cause: str = ""
    sound: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class Digit:
    """The callee pressed a key."""

    digit: str


@dataclass(frozen=True, slots=True)
class Classified:
    """Who answered, as far as the sound tells; `detail` is the classifier's (`beep`)."""

    answer_class: AnswerClass
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PlayFinished:
    """A prompt is over; `completed` is False where it was stopped."""

    play: str
    completed: bool = True


@dataclass(frozen=True, slots=True)
class SafeHarbourHeard:
    """The engine spoke the safe-harbour message by itself, because the floor was gone."""


@dataclass(frozen=True, slots=True)
class BridgeJoined:
    """The callee and the agent hear each other now."""

    agent: str


@dataclass(frozen=True, slots=True)
class BridgeLeft:
    """They no longer do."""

    agent: str


@dataclass(frozen=True, slots=True)
class AgentGone:
    """The agent's own leg is lost; `silent` tells that nothing had come from it for `SILENT_FOR`."""

    agent: str
    silent: bool = False


@dataclass(frozen=True, slots=True)
class AgentBack:
    """The agent's own leg is there again."""

    agent: str


@dataclass(frozen=True, slots=True)
class EngineLost:
    """The connection to the engine broke; nothing is known until its snapshot comes."""


WorldEvent = (
    Refused
    | Dialing
    | Ringing
    | Answered
    | Failed
    | OneWay
    | Ended
    | Digit
    | Classified
    | PlayFinished
    | SafeHarbourHeard
    | BridgeJoined
    | BridgeLeft
    | AgentGone
    | AgentBack
    | EngineLost
)

# ---- own events ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reserved:
    """The attempt is committed: it may be dialled."""


@dataclass(frozen=True, slots=True)
class ReserveRefused:
    """The commit refused the attempt; nothing was or will be sent."""

    reason: str


@dataclass(frozen=True, slots=True)
class AgentFound:
    """This agent is reserved for the call."""

    agent: str


@dataclass(frozen=True, slots=True)
class NobodyYet:
    """No agent is free now; the call waits."""


@dataclass(frozen=True, slots=True)
class AgentHangsUp:
    """The agent ends the talk."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """We give the call up, for a reason worth an outcome's detail (`emergency_stop`)."""

    reason: str


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """A timer rang; if the call's deadline is another one by now, nothing happens."""


@dataclass(frozen=True, slots=True)
class NoNews:
    """No engine has told anything of a call that was not answered, for as long as may be waited."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The talk goes on with another agent: `how` is taken (by a supervisor), blind or warm."""

    agent: str
    how: str


OwnEvent = (
    Reserved
    | ReserveRefused
    | AgentFound
    | NobodyYet
    | AgentHangsUp
    | HandedOver
    | Cancel
    | DeadlinePassed
    | NoNews
)

Event = WorldEvent | OwnEvent

# ---- commands ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendOriginate:
    """Place the call."""


@dataclass(frozen=True, slots=True)
class SendHangup:
    """Cancel or end the leg; sending it twice does no harm."""

    cause: str = "normal"


@dataclass(frozen=True, slots=True)
class AskForAgent:
    """Find an agent; the answer is `AgentFound` or `NobodyYet`, then `AgentFound` when one is
    free.
    """


@dataclass(frozen=True, slots=True)
class JoinAgent:
    """Bridge the callee with the agent."""

    agent: str


@dataclass(frozen=True, slots=True)
class ReleaseAgent:
    """The agent is done with this call; with `wrap_up` they first get their time to write it up."""

    agent: str
    wrap_up: bool


@dataclass(frozen=True, slots=True)
class PlayPrompt:
    """Play a prompt to the callee; `play` names this playing within the call."""

    prompt: str
    play: str
    loop: bool = False


@dataclass(frozen=True, slots=True)
class StopPrompt:
    """Stop that playing."""

    play: str


@dataclass(frozen=True, slots=True)
class ComfortTone:
    """Let the callee hear the comfort tone, or no longer."""

    on: bool


@dataclass(frozen=True, slots=True)
class StartRecording:
    """Record both sides from now on."""


@dataclass(frozen=True, slots=True)
class StopRecording:
    """Finish the recording."""


@dataclass(frozen=True, slots=True)
class Suppress:
    """Put the number on the stop-list at once and write the fact `stop_listed`; `key` asked for
    it.
    """

    key: str


@dataclass(frozen=True, slots=True)
class PromiseCallback:
    """Promise a call after this span and write the fact `callback_promised`."""

    after: timedelta


@quickly_made
@dataclass(frozen=True, slots=True)
class Record:
    """Write a fact of this call; `key` is unique within it: `{call}:{key}` is its dedupe."""

    kind: FactKind
    data: Mapping[str, Json] = field(default_factory=dict[str, Json])
    key: str = ""


@dataclass(frozen=True, slots=True)
class Finish:
    """The attempt is final: write its outcome and the fact `final`; comes exactly once."""

    outcome: Outcome
    detail: str


@dataclass(frozen=True, slots=True)
class Resolve:
    """What became of an attempt that was finished as unknown: the engine told after all."""

    outcome: Outcome
    detail: str


Command = (
    SendOriginate
    | SendHangup
    | AskForAgent
    | JoinAgent
    | ReleaseAgent
    | PlayPrompt
    | StopPrompt
    | ComfortTone
    | StartRecording
    | StopRecording
    | Suppress
    | PromiseCallback
    | Record
    | Finish
    | Resolve
)
