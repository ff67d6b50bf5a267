"""What the facts of one campaign say of its lines and operators, told to its watch.

The live floor passes on each fact as it writes it down, a restarted one those of the last hours
first: both are the same fold, so a restart begins where the estimates were. When a fact counts as
seen is the caller's word (`at`); what the watch makes of it is `watch`.
"""

from collections.abc import Mapping

from vyzov.core.agent import AgentState
from vyzov.core.facts import Fact, FactKind
from vyzov.core.outcome import Outcome
from vyzov.core.pacing.watch import Watch

CALL_FACTS = frozenset({
    FactKind.ATTEMPT_RESERVED,
    FactKind.AGENT_ASKED,
    FactKind.BRIDGED,
    FactKind.ABANDONED,
    FactKind.FINAL,
})  # fmt: skip
"""What is told of a call; the rest of its facts changes no estimate."""

_TALK = frozenset({AgentState.TALKING.value, AgentState.HOLD.value})
_NO_ANSWER_OF_THEIRS = frozenset({Outcome.CANCELLED_BY_US.value, Outcome.UNKNOWN.value})
"""Ends that say nothing of whether the callee would have answered."""


class Seen:
    """Tells a watch what facts say; `campaign` is the one it watches."""

    def __init__(self, campaign: str, watch: Watch) -> None:
        self.campaign = campaign
        self.watch = watch
        self._ringing: set[str] = set()
        self._unserved: set[str] = set()
        self._talked: dict[str, float] = {}
        self._writing: set[str] = set()

    def take(self, fact: Fact, at: float) -> None:
        """Takes in a fact seen at this second of the watch's clock; others' facts change nothing."""
        if fact.kind is FactKind.AGENT_STATE:
            self._agent(fact, at)
        elif fact.campaign == self.campaign and fact.attempt and fact.kind in CALL_FACTS:
            self._call(fact, fact.attempt, at)

    def settle(self, ringing: Mapping[str, float], at: float) -> None:
        """Takes what rings for the truth: calls nobody told of are added with the second they were
        placed, those that are known nowhere else are let go of."""
        for attempt in sorted(self._ringing - ringing.keys()):
            self.withdrawn(attempt, at)
        for attempt, placed_at in ringing.items():
            if attempt not in self._ringing:
                self._ringing.add(attempt)
                self.watch.dialled(attempt, placed_at)

    def withdrawn(self, attempt: str, at: float) -> None:
        """A call that was to be placed was not, or nothing can be known of it any more."""
        if attempt in self._ringing:
            self._ringing.discard(attempt)
            self.watch.withdrawn(attempt, at)

    def _call(self, fact: Fact, attempt: str, at: float) -> None:
        match fact.kind:
            case FactKind.ATTEMPT_RESERVED:
                self._ringing.add(attempt)
                self.watch.dialled(attempt, at)
            case FactKind.AGENT_ASKED:
                # Asked again for a call that lost its agent, it is no second answer.
                if attempt in self._ringing:
                    self._ringing.discard(attempt)
                    self._unserved.add(attempt)
                    self.watch.answered(attempt, at)
            case FactKind.BRIDGED:
                self._met(attempt, in_time=bool(fact.data.get("within_limit", True)), at=at)
            case FactKind.ABANDONED:
                self._met(attempt, in_time=False, at=at)
            case _:
                self._over(attempt, str(fact.data.get("outcome")), at)

    def _met(self, attempt: str, *, in_time: bool, at: float) -> None:
        if attempt in self._ringing:
            # Their answer crossed our giving up: nobody was asked for, and somebody was left.
            self._ringing.discard(attempt)
            self._unserved.add(attempt)
            self.watch.answered(attempt, at)
        if attempt not in self._unserved:
            return
        self._unserved.discard(attempt)
        if in_time:
            self.watch.served(at)
        else:
            self.watch.abandoned(at)

    def _over(self, attempt: str, outcome: str, at: float) -> None:
        self._unserved.discard(attempt)
        if outcome in _NO_ANSWER_OF_THEIRS:
            self.withdrawn(attempt, at)
        elif attempt in self._ringing:
            self._ringing.discard(attempt)
            self.watch.not_answered(attempt, at)

    def _agent(self, fact: Fact, at: float) -> None:
        """Adds up a talk, holds included, and what it took to write it up."""
        agent, state = fact.agent or "", str(fact.data.get("state"))
        before, lasted_s = str(fact.data.get("before")), float(str(fact.data.get("lasted_s", 0)))
        if before in _TALK and agent in self._talked:
            self._talked[agent] += lasted_s
            if state not in _TALK:
                self.watch.talked(self._talked.pop(agent), at)
                if state == AgentState.WRAP_UP.value:
                    self._writing.add(agent)
                elif state == AgentState.READY.value:
                    self.watch.wrapped(0.0, at)
        elif before == AgentState.WRAP_UP.value and agent in self._writing:
            self._writing.discard(agent)
            self.watch.wrapped(lasted_s, at)
        if state == AgentState.TALKING.value and fact.data.get("campaign") == self.campaign:
            self._talked.setdefault(agent, 0.0)
