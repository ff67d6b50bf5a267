"""Walks a flow on trial: the interpreter of real calls, fed with keys somebody presses on a screen.

The decisions are those of `flow`; what a call adds around it (an agent who comes or does not, the
message for whom nobody took) is shortened to what the callee hears. Nothing is written or promised.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from vyzov.core import flow as f

_BEGAN = datetime(2000, 1, 1, tzinfo=UTC)


class Trial(StrEnum):
    """What the tester does or their browser reports."""

    KEY = "key"
    PROMPT_OVER = "prompt_over"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing the tester did, `at` since the answer; `key` of a `Trial.KEY`."""

    at: timedelta
    kind: Trial
    key: str = ""


class Did(StrEnum):
    """What a line of the walk tells."""

    KEY = "key"
    STEP = "step"
    SAY = "say"
    LISTEN = "listen"
    STOP_LIST = "stop_list"
    PROMISE = "promise"
    HAND_OVER = "hand_over"
    AGENT = "agent"
    NOBODY = "nobody"
    HANG_UP = "hang_up"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened: `what` is a step, a prompt, a key or a result, by what it tells."""

    at: timedelta
    did: Did
    what: str = ""
    span: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """How far a walk has come. `says` is the prompt that plays now, `says_again` tells how often one
    was begun, so that the same prompt said anew is played anew. `next_at` is when the flow goes on by
    itself, None where it does not."""

    lines: tuple[Line, ...]
    step: str
    says: str
    says_again: int
    loops: bool
    waits_for_agent: bool
    next_at: timedelta | None
    over: bool


def walk(flow: f.Flow, deeds: Sequence[Deed], until: timedelta, *, harbour: str) -> Walk:
    """Returns where the flow stands `until` after the answer, with these deeds in their order.

    `harbour` is the prompt for whom nobody took."""
    walker = _Walker(flow, harbour)
    walker.take(f.begin(flow, _BEGAN))
    for deed in deeds:
        walker.wait(deed.at)
        walker.do(deed)
    walker.wait(until)
    return walker.told()


@dataclass(slots=True)
class _Walker:
    flow: f.Flow
    harbour: str
    now: timedelta = timedelta()
    state: f.FlowState = field(default_factory=lambda: f.FlowState("", f.Phase.OVER, None))
    lines: list[Line] = field(default_factory=list[Line])
    says: str = ""
    said: int = 0
    loops: bool = False
    agent_by: timedelta | None = None
    harbour_plays: bool = False
    over: bool = False

    def take(self, moved: tuple[f.FlowState, tuple[f.FlowCommand, ...]]) -> None:
        before, (self.state, commands) = self.state, moved
        for command in commands:
            self._tell(command)
        if self.state.phase is f.Phase.LISTENING and before.phase is f.Phase.SAYING:
            assert self.state.deadline is not None, "a flow listens until a deadline"
            self.says = ""
            self._line(Did.LISTEN, span=self.state.deadline - _BEGAN - self.now)

    def wait(self, until: timedelta) -> None:
        """Lets time pass; deadlines on the way act at their own moments."""
        while (due := self.next_at()) is not None and due <= until:
            self.now = due
            if self.agent_by is not None:
                self._nobody()
            elif self.harbour_plays:
                self._end("")
            else:
                self.take(f.step(self.flow, self.state, f.TimeOver(), _BEGAN + due))
        self.now = max(self.now, until)

    def do(self, deed: Deed) -> None:
        if self.over:
            return
        match deed.kind:
            case Trial.KEY:
                self._line(Did.KEY, deed.key)
                self._step(f.KeyPressed(deed.key))
            case Trial.PROMPT_OVER if self.harbour_plays:
                self._end("")
            case Trial.PROMPT_OVER if self.says and not self.loops:
                self._step(f.PromptOver())
            case Trial.AGENT if self.agent_by is not None:
                self._line(Did.AGENT)
                self.over, self.says, self.agent_by = True, "", None
            case _:
                pass

    def next_at(self) -> timedelta | None:
        if self.over:
            return None
        if self.agent_by is not None:
            return self.agent_by
        return None if self.state.deadline is None else self.state.deadline - _BEGAN

    def told(self) -> Walk:
        return Walk(
            lines=tuple(self.lines),
            step=self.state.step,
            says=self.says,
            says_again=self.said,
            loops=self.loops,
            waits_for_agent=self.agent_by is not None,
            next_at=self.next_at(),
            over=self.over,
        )

    def _step(self, event: f.FlowEvent) -> None:
        if not self.harbour_plays:
            self.take(f.step(self.flow, self.state, event, _BEGAN + self.now))

    def _tell(self, command: f.FlowCommand) -> None:
        match command:
            case f.EnterStep(step):
                self.agent_by = None
                self._line(Did.STEP, step)
            case f.Say(prompt):
                self._say(prompt)
            case f.StopListNow(key):
                self._line(Did.STOP_LIST, key)
            case f.Promise(after):
                self._line(Did.PROMISE, span=after)
            case f.HandOver(prompt, wait):
                self._line(Did.HAND_OVER, span=wait)
                self.agent_by = self.now + wait
                self.says = ""
                if prompt:
                    self._say(prompt, loops=True)
            case f.Leave(result):  # pragma: no branch
                self._end(result or "")

    def _say(self, prompt: str, *, loops: bool = False) -> None:
        self.says, self.loops, self.said = prompt, loops, self.said + 1
        self._line(Did.SAY, prompt)

    def _nobody(self) -> None:
        """Says to whom nobody took what a call says to them; a limit ends it as it does there."""
        self.agent_by = None
        self._line(Did.NOBODY)
        self._say(self.harbour)
        self.harbour_plays = True
        self.state = f.FlowState(
            self.state.step, f.Phase.LEAVING, _BEGAN + self.now + f.PROMPT_LIMIT
        )

    def _end(self, result: str) -> None:
        self.over, self.says = True, ""
        self._line(Did.HANG_UP, result)

    def _line(self, did: Did, what: str = "", span: timedelta | None = None) -> None:
        self.lines.append(Line(self.now, did, what, span))
