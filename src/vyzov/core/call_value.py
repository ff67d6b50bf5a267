"""The value of one call, the plan it lives by, and the small moves all of its machine is made of.

Nothing is decided here: `call` says what follows from what.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from vyzov.core import call_events as ev
from vyzov.core import flow as flows
from vyzov.core.campaign import CampaignSettings, ClassifyMode, DialMode
from vyzov.core.changing import replace
from vyzov.core.errors import ImpossibleEvent
from vyzov.core.facts import FactKind
from vyzov.core.fields import Json
from vyzov.core.instants import moved
from vyzov.core.making import quickly_made
from vyzov.core.outcome import OUTCOME_OF_CLASS, AnswerClass, Outcome

SETUP_GRACE = timedelta(seconds=10)
"""Beyond the ring time-out, which the engine keeps, until we hang up ourselves."""

UNHEARD_LIMIT = timedelta(seconds=20)
"""How long an attempt found open waits for the engine's word; closing it takes ten seconds more."""

JOIN_GRACE = timedelta(seconds=1)
"""What a bridge may take once an agent is found, if the connect limit leaves less."""

SILENT_FOR = timedelta(seconds=5)
"""How long nothing came from an agent's leg until an engine takes it for lost. Whoever was joined with
it in that time was joined with nobody."""

FAREWELL_LIMIT = timedelta(seconds=30)
CLOSING_LIMIT = timedelta(seconds=10)


class CallState(StrEnum):
    """What the call is waiting for."""

    RESERVING = "reserving"
    DIALING = "dialing"
    RINGING = "ringing"
    CLASSIFYING = "classifying"
    WAITING = "waiting"
    TALKING = "talking"
    AGENT_AWAY = "agent_away"
    IN_FLOW = "in_flow"
    FAREWELL = "farewell"
    CLOSING = "closing"
    ENDED = "ended"


UNTIMED = frozenset({CallState.RESERVING, CallState.TALKING, CallState.ENDED})
"""States without a deadline: the commit answers, people talk, or nothing is left to wait for."""


@quickly_made
@dataclass(frozen=True, slots=True)
class CallPlan:
    """The part of a campaign's settings that one call lives by, as they were at its reservation."""

    ring_timeout: timedelta = timedelta(seconds=25)
    connect_limit: timedelta = timedelta(seconds=2)
    classify: ClassifyMode = ClassifyMode.NONE
    classify_limit: timedelta = timedelta(seconds=2.5)
    flow: flows.Flow | None = None
    safe_harbour_prompt: str = "safe_harbour"
    agent_return_limit: timedelta = timedelta(seconds=15)
    recording: bool = True

    @classmethod
    def of(cls, settings: CampaignSettings) -> "CallPlan":
        """Returns the plan of one call of a campaign."""
        return cls(
            ring_timeout=settings.ring_timeout,
            connect_limit=settings.connect_limit,
            classify=settings.classify,
            classify_limit=settings.classify_limit,
            flow=settings.flow if settings.mode is DialMode.AGENTLESS else None,
            safe_harbour_prompt=settings.safe_harbour_prompt,
            agent_return_limit=settings.agent_return_limit,
            recording=settings.recording,
        )


@quickly_made
@dataclass(frozen=True, slots=True)
class Call:
    """One call; its id is the id of the attempt and of the leg.

    `orphaned` tells that the callee heard our excuse while no floor was there, and nothing since.
    `unmet` tells that the agent they were joined with had been gone before, and nobody came since.
    `unseen_s` is for how long they may have been on the line before anybody of ours saw the answer.
    `agent` holds the call now, `talked_with` is the last one who was joined. `verdict` is the
    outcome the call will have when its end is reported. `playing` names the prompt being played.
    """

    id: str
    mode: DialMode
    plan: CallPlan
    state: CallState
    since: datetime
    deadline: datetime | None = None
    agent: str | None = None
    talked_with: str | None = None
    dialed_at: datetime | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    bridged_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    detail: str = ""
    verdict: tuple[Outcome, str] | None = None
    code: int | None = None
    q850: int | None = None
    side: str | None = None
    early_media: bool = False
    heard: str = ""
    unheard: str = ""
    """Who is not heard by the other now, "" where sound goes both ways."""
    answer_class: AnswerClass | None = None
    flow: flows.FlowState | None = None
    digits: str = ""
    playing: str | None = None
    plays: int = 0
    records: int = 0
    recording: bool = False
    leaving_message: bool = False
    stop_asked: bool = False
    orphaned: bool = False
    unmet: bool = False
    unseen_s: float = 0.0


Moved = tuple[Call, tuple[ev.Command, ...]]


def start(call_id: str, mode: DialMode, plan: CallPlan, now: datetime) -> Call:
    """Returns a call whose attempt is being committed; nothing leaves before `Reserved`."""
    return Call(call_id, mode, plan, CallState.RESERVING, now)


def adopt(call_id: str, mode: DialMode, plan: CallPlan, now: datetime) -> Call:
    """Returns a call for an attempt found open after a restart: dialled already, fate unknown yet.

    The engine's log of the leg is then replayed into it (`heard_of`); without any news its end stays
    unknown half a minute later.
    """
    deadline = now + min(UNHEARD_LIMIT, plan.ring_timeout + SETUP_GRACE)
    return Call(call_id, mode, plan, CallState.DIALING, now, deadline)


def heard_of(call: Call, now: datetime) -> Call:
    """Gives an adopted call that still rings the time every call has for it: the engine knows it."""
    if call.state not in (CallState.DIALING, CallState.RINGING):
        return call
    return replace(call, deadline=now + call.plan.ring_timeout + SETUP_GRACE)


def retold(call: Call, by: timedelta) -> Call:
    """Returns the call with its moments as UTC tells them now that it was set forward by `by`: what
    was two seconds ago still is, and what waits goes on waiting as long as it had to."""
    flow = call.flow
    return replace(
        call,
        since=call.since + by,
        deadline=moved(call.deadline, by),
        dialed_at=moved(call.dialed_at, by),
        ringing_at=moved(call.ringing_at, by),
        answered_at=moved(call.answered_at, by),
        bridged_at=moved(call.bridged_at, by),
        ended_at=moved(call.ended_at, by),
        flow=replace(flow, deadline=moved(flow.deadline, by)) if flow else None,
    )


# ---- small moves ---------------------------------------------------------------------------------


def go(
    call: Call, state: CallState, now: datetime, deadline: datetime | None, **changes: object
) -> Call:
    """Returns the call in another state, with the one deadline that state has and these changes."""
    return replace(call, state=state, since=now, deadline=deadline, **changes)


def led_by(first: tuple[ev.Command, ...], moved: Moved) -> Moved:
    """Returns the move with these commands before its own."""
    return moved[0], (*first, *moved[1])


_ONCE = frozenset({
    FactKind.DIALING,
    FactKind.ANSWERED,
    FactKind.BRIDGED,
    FactKind.ABANDONED,
    FactKind.ENDED,
    FactKind.FAILED,
    FactKind.ATTEMPT_REFUSED,
})  # fmt: skip


def record(call: Call, kind: FactKind, data: Mapping[str, Json], **changes: object) -> Moved:
    """Writes a fact and makes these changes; what can happen twice gets a number into its key."""
    if kind in _ONCE:
        noted = replace(call, **changes) if changes else call
        return noted, (ev.Record(kind, data, kind.value),)
    count = call.records + 1
    noted = replace(call, records=count, **changes)
    return noted, (ev.Record(kind, data, f"{kind.value}:{count}"),)


def play_prompt(call: Call, prompt: str, *, loop: bool = False) -> Moved:
    """Plays a prompt in place of the one that is playing."""
    quiet, stop = stop_prompt(call)
    play = f"{call.plays + 1}:{prompt}"
    playing = replace(quiet, playing=play, plays=call.plays + 1)
    return playing, (*stop, ev.PlayPrompt(prompt, play, loop))


def stop_prompt(call: Call) -> Moved:
    """Stops the prompt that is playing, if any."""
    if call.playing is None:
        return call, ()
    return replace(call, playing=None), (ev.StopPrompt(call.playing),)


def start_recording(call: Call) -> Moved:
    """Records from now on, where the campaign records and nothing does so already."""
    if call.recording or not call.plan.recording:
        return call, ()
    return replace(call, recording=True), (ev.StartRecording(),)


def release(call: Call, *, wrap_up: bool) -> Moved:
    """Lets the agent go, if one is held."""
    if call.agent is None:
        return call, ()
    return replace(call, agent=None), (ev.ReleaseAgent(call.agent, wrap_up),)


def class_outcome(call: Call) -> Outcome:
    """Returns what the answer is called: by its keys first, then by its sound.

    Whoever presses keys is a person, whatever their greeting sounded like."""
    if call.digits:
        return Outcome.ANSWERED_HUMAN
    return OUTCOME_OF_CLASS[call.answer_class or AnswerClass.HUMAN]


def step_of(call: Call) -> str | None:
    """Returns the step of the flow the call is in or came from."""
    return call.flow.step if call.flow else None


def is_way_out(call: Call, key: str) -> bool:
    """True for a key by which the robot offered the stop-list, as long as it was not pressed yet."""
    if call.flow is None or call.plan.flow is None or call.stop_asked:
        return False
    return flows.stop_step(call.plan.flow, key) is not None


def unmoved(call: Call, event: ev.Event) -> Moved:
    """Changes nothing on a world event that means nothing here; an own one is a defect."""
    if isinstance(event, ev.OwnEvent):
        raise ImpossibleEvent("call", call.state.value, event)
    return call, ()
