"""The announcement-and-keys flow: a robot's side of a call as data, and the interpreter of it.

A flow is a handful of named steps. An *announce* step says something and waits for a key; the
other steps end the robot's part: connect to an agent, promise a call-back, put on the stop-list,
hang up. The interpreter decides which step is next and what must be done; the call machine
(`call`) turns its commands into prompts and promises. A key is heard over the prompt (barge-in),
and a stop-list step acts before anything more is said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from vyzov.core.changing import replace
from vyzov.core.errors import Fault
from vyzov.core.fields import Fields, Json, is_word

KEYS = "0123456789*#"
VISITS_MAX = 30
"""Steps a callee may walk through in one call; then the flow says goodbye by itself."""

PROMPT_LIMIT = timedelta(seconds=120)
"""A prompt that has not ended by then counts as played: the engine's word got lost."""

BEEP_WAIT = timedelta(seconds=8)


@dataclass(frozen=True, slots=True)
class Announce:
    """Plays a prompt, waits for a key, repeats, and goes on at `on_silence` when none comes."""

    prompt: str
    on_silence: str
    keys: Mapping[str, str] = field(default_factory=dict[str, str])
    wait: timedelta = timedelta(seconds=5)
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class Connect:
    """Asks for an agent for at most `wait`; the prompt, if any, plays in a loop meanwhile."""

    prompt: str | None
    wait: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Callback:
    """Promises a call `after` this span, says so and hangs up."""

    after: timedelta
    prompt: str | None
    result: str | None = "callback"


@dataclass(frozen=True, slots=True)
class Suppress:
    """Puts the number on the stop-list at once, says so and hangs up."""

    prompt: str | None
    result: str | None = "stop"


@dataclass(frozen=True, slots=True)
class HangUp:
    """Says goodbye, if anything, and hangs up."""

    prompt: str | None
    result: str | None = None


Step = Announce | Connect | Callback | Suppress | HangUp


@dataclass(frozen=True, slots=True)
class LeaveMessage:
    """What to do with a machine: say this after its beep, or after `beep_wait` without one."""

    prompt: str
    beep_wait: timedelta = BEEP_WAIT


@dataclass(frozen=True, slots=True)
class Flow:
    """A whole flow; `on_machine` None means that a machine is hung up on."""

    start: str
    steps: Mapping[str, Step]
    on_machine: LeaveMessage | None = None

    @classmethod
    def from_json(cls, source: Mapping[str, Any]) -> "Flow":
        """Returns the flow of a JSON object, or raises `InvalidRequest` naming its wrong fields."""
        faults: list[Fault] = []
        fields = Fields(source, "", faults)
        flow = read_flow(fields)
        fields.settle("A flow")
        return flow

    def to_json(self) -> dict[str, Json]:
        """Returns the JSON that `from_json` reads."""
        machine: Json = "hang_up"
        if self.on_machine:
            machine = {
                "leave": self.on_machine.prompt,
                "beep_wait_s": self.on_machine.beep_wait.total_seconds(),
            }
        steps = {name: _step_to_json(step) for name, step in self.steps.items()}
        return {"start": self.start, "on_machine": machine, "steps": steps}

    def prompts(self) -> frozenset[str]:
        """Returns the names of all prompts the flow can play."""
        said = {step.prompt for step in self.steps.values() if step.prompt}
        return frozenset(said | ({self.on_machine.prompt} if self.on_machine else set()))


# ---- the interpreter -----------------------------------------------------------------------------


class Phase(StrEnum):
    """What the flow is waiting for."""

    SAYING = "saying"
    LISTENING = "listening"
    LEAVING = "leaving"
    HANDED_OVER = "handed_over"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class FlowState:
    """Where a call is in its flow; `result` is what the last step made of it."""

    step: str
    phase: Phase
    deadline: datetime | None
    repeats_left: int = 0
    visits: int = 1
    result: str | None = None


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The callee pressed a key."""

    key: str


@dataclass(frozen=True, slots=True)
class PromptOver:
    """The prompt the flow asked for has been played to its end."""


@dataclass(frozen=True, slots=True)
class TimeOver:
    """The deadline of the state has passed."""


FlowEvent = KeyPressed | PromptOver | TimeOver


@dataclass(frozen=True, slots=True)
class Say:
    """Play this prompt; it takes the place of one that is playing."""

    prompt: str


@dataclass(frozen=True, slots=True)
class EnterStep:
    """A step begins; worth a fact."""

    step: str


@dataclass(frozen=True, slots=True)
class StopListNow:
    """Put the number on the stop-list before anything else; `key` is the key that asked for it."""

    key: str


@dataclass(frozen=True, slots=True)
class Promise:
    """Promise a call after this span."""

    after: timedelta


@dataclass(frozen=True, slots=True)
class HandOver:
    """Find an agent within `wait`, with the prompt in a loop meanwhile; the flow is done."""

    prompt: str | None
    wait: timedelta


@dataclass(frozen=True, slots=True)
class Leave:
    """Hang up; the flow is done."""

    result: str | None


FlowCommand = Say | EnterStep | StopListNow | Promise | HandOver | Leave


def begin(flow: Flow, now: datetime) -> tuple[FlowState, tuple[FlowCommand, ...]]:
    """Enters the first step."""
    return _enter(flow, flow.start, 1, "", now)


def step(
    flow: Flow, state: FlowState, event: FlowEvent, now: datetime
) -> tuple[FlowState, tuple[FlowCommand, ...]]:
    """Moves the flow; what has no meaning in a state changes nothing."""
    here = flow.steps[state.step]
    match state.phase, event:
        case ((Phase.SAYING | Phase.LISTENING), KeyPressed(key)) if isinstance(here, Announce):
            if key not in here.keys:
                return state, ()
            return _enter(flow, here.keys[key], state.visits + 1, key, now)
        case Phase.SAYING, (PromptOver() | TimeOver()) if isinstance(here, Announce):
            listening = replace(state, phase=Phase.LISTENING, deadline=now + here.wait)
            return listening, ()
        case Phase.LISTENING, TimeOver() if isinstance(here, Announce):
            if state.repeats_left:
                again = replace(
                    state,
                    phase=Phase.SAYING,
                    deadline=now + PROMPT_LIMIT,
                    repeats_left=state.repeats_left - 1,
                )
                return again, (Say(here.prompt),)
            return _enter(flow, here.on_silence, state.visits + 1, "", now)
        case Phase.LEAVING, (PromptOver() | TimeOver()):
            return _over(state), (Leave(state.result),)
        case ((Phase.LEAVING | Phase.HANDED_OVER), KeyPressed(key)):
            # The way out that was offered stays open while the callee waits or hears goodbye.
            way_out = stop_step(flow, key)
            if way_out is None or isinstance(here, Suppress):
                return state, ()
            return _enter(flow, way_out, state.visits + 1, key, now)
        case _:
            return state, ()


def stop_step(flow: Flow, key: str) -> str | None:
    """Returns the stop-list step that some announcement offers under this key, None without one."""
    for one in flow.steps.values():
        if isinstance(one, Announce) and isinstance(
            flow.steps.get(one.keys.get(key, "")), Suppress
        ):
            return one.keys[key]
    return None


def _enter(
    flow: Flow, name: str, visits: int, key: str, now: datetime
) -> tuple[FlowState, tuple[FlowCommand, ...]]:
    entered = EnterStep(name)
    state = FlowState(name, Phase.SAYING, now + PROMPT_LIMIT, visits=visits)
    match flow.steps[name]:
        case Announce() if visits > VISITS_MAX:
            return _over(replace(state, result="too_long")), (entered, Leave("too_long"))
        case Announce(prompt, repeats=repeats):
            return replace(state, repeats_left=repeats), (entered, Say(prompt))
        case Connect(prompt, wait):
            handed = replace(state, phase=Phase.HANDED_OVER, deadline=None)
            return handed, (entered, HandOver(prompt, wait))
        case Callback(after, prompt, result):
            return _leave(state, (entered, Promise(after)), prompt, result)
        case Suppress(prompt, result):
            return _leave(state, (StopListNow(key), entered), prompt, result)
        case HangUp(prompt, result):  # pragma: no branch
            return _leave(state, (entered,), prompt, result)


def _leave(
    state: FlowState, first: tuple[FlowCommand, ...], prompt: str | None, result: str | None
) -> tuple[FlowState, tuple[FlowCommand, ...]]:
    leaving = replace(state, phase=Phase.LEAVING, result=result)
    if prompt is None:
        return _over(leaving), (*first, Leave(result))
    return leaving, (*first, Say(prompt))


def _over(state: FlowState) -> FlowState:
    return replace(state, phase=Phase.OVER, deadline=None)


# ---- reading and writing -------------------------------------------------------------------------

_SECOND = timedelta(seconds=1)
_WEEK = timedelta(days=7)


def read_flow(fields: Fields) -> Flow:
    """Reads a flow, noting in `fields` also steps that are missing, unreachable or never end."""
    steps_of = fields.inner("steps")
    steps: dict[str, Step] = {}
    for name in steps_of.source:
        if not is_word(name):
            steps_of.fault(name, "must be named with small letters, digits and underscores", "name")
        steps[name] = _read_step(steps_of.inner(name))
    start = fields.text("start")
    machine = _read_machine(fields)
    if start and start not in steps:
        fields.fault(
            "start", f"names the step '{start}', which is not there", "no_step", step=start
        )
    elif start:
        _check_ways(start, steps, steps_of)
    fields.close()
    return Flow(start, steps, machine)


class _Kind(StrEnum):
    ANNOUNCE = "announce"
    CONNECT = "connect"
    CALLBACK = "callback"
    SUPPRESS = "suppress"
    HANG_UP = "hang_up"


def _read_step(fields: Fields) -> Step:
    kind = fields.choice("do", _Kind)
    prompt = _word(fields, "prompt", needed=kind is _Kind.ANNOUNCE)
    read: Step
    if kind is _Kind.ANNOUNCE:
        keys = fields.inner("keys")
        for key in keys.source:
            if len(key) != 1 or key not in KEYS:
                keys.fault(key, "is not a key of a telephone", "key")
        read = Announce(
            prompt=prompt or "",
            on_silence=fields.text("on_silence"),
            keys={key: keys.text(key) for key in keys.source},
            wait=fields.span("wait_s", timedelta(seconds=5), least=_SECOND, most=60 * _SECOND),
            repeats=fields.whole("repeats", 0, least=0, most=5),
        )
    elif kind is _Kind.CONNECT:
        wait = fields.span("wait_s", timedelta(seconds=10), least=_SECOND, most=300 * _SECOND)
        read = Connect(prompt, wait)
    elif kind is _Kind.CALLBACK:
        after = fields.span("after_s", timedelta(hours=1), least=_SECOND, most=_WEEK)
        read = Callback(after, prompt, _word(fields, "result") or "callback")
    elif kind is _Kind.SUPPRESS:
        read = Suppress(prompt, _word(fields, "result") or "stop")
    else:
        read = HangUp(prompt, _word(fields, "result"))
    fields.close()
    return read


def _read_machine(fields: Fields) -> LeaveMessage | None:
    value = fields.get("on_machine")
    if value is None or value == "hang_up":
        return None
    leave = fields.inner("on_machine")
    prompt = _word(leave, "leave", needed=True) or ""
    wait = leave.span("beep_wait_s", BEEP_WAIT, least=_SECOND, most=60 * _SECOND)
    leave.close()
    return LeaveMessage(prompt, wait)


def _word(fields: Fields, name: str, *, needed: bool = False) -> str | None:
    value = fields.get(name)
    if value is None and not needed:
        return None
    if not isinstance(value, str) or not is_word(value):
        fields.fault(name, "must be a name of small letters, digits and underscores", "name")
        return None
    return value


def _check_ways(start: str, steps: Mapping[str, Step], fields: Fields) -> None:
    reached: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        here = steps[name]
        if name in reached or not isinstance(here, Announce):
            reached.add(name)
            continue
        reached.add(name)
        ways = {f"keys.{key}": target for key, target in here.keys.items()}
        for way, target in (ways | {"on_silence": here.on_silence}).items():
            if target in steps:
                ahead.append(target)
            elif target:
                fields.fault(
                    f"{name}.{way}",
                    f"names the step '{target}', which is not there",
                    "no_step",
                    step=target,
                )
    for name in steps:
        if name not in reached:
            fields.fault(name, "can never be reached from the start", "unreachable")
        elif not _ends_in_silence(name, steps):
            fields.fault(name, "never ends for a callee who presses nothing", "endless")


def _ends_in_silence(name: str, steps: Mapping[str, Step]) -> bool:
    seen: set[str] = set()
    here = steps[name]
    while isinstance(here, Announce):
        if name in seen:
            return False
        seen.add(name)
        name = here.on_silence
        if name not in steps:
            return True  # This fault has its own words.
        here = steps[name]
    return True


def _step_to_json(step: Step) -> dict[str, Json]:
    match step:
        case Announce(prompt, on_silence, keys, wait, repeats):
            told: dict[str, Json] = {
                "do": "announce",
                "prompt": prompt,
                "keys": dict(keys),
                "wait_s": wait.total_seconds(),
                "repeats": repeats,
                "on_silence": on_silence,
            }
        case Connect(prompt, wait):
            told = {"do": "connect", "prompt": prompt, "wait_s": wait.total_seconds()}
        case Callback(after, prompt, result):
            told = {"do": "callback", "after_s": after.total_seconds(), "prompt": prompt}
            told["result"] = result
        case Suppress(prompt, result):
            told = {"do": "suppress", "prompt": prompt, "result": result}
        case HangUp(prompt, result):  # pragma: no branch
            told = {"do": "hang_up", "prompt": prompt, "result": result}
    return told
