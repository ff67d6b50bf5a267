"""What must hold at every moment of a simulated day, whatever breaks.

`Watch` sits on the borders: it sees what is durable (batches with their results), what leaves for
the network, what people are told, and how the floor stands after each step. It notes every breach
with its moment; it trusts nothing that the floor says of itself where a border tells the same.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from vyzov.core.agent import Work
from vyzov.core.call import CallState
from vyzov.core.campaign import AbandonRule, CampaignState
from vyzov.core.facts import Fact, FactKind
from vyzov.core.report import AbandonReport, abandonment
from vyzov.dialer import effects as fx
from vyzov.dialer import ports
from vyzov.dialer import writes as w
from vyzov.dialer.floor import Floor
from vyzov.dialer.room import LiveAgent
from vyzov.simulation.engine import SimulatedEngine
from vyzov.simulation.world_time import Timeline

SILENCE_LIMIT_S = 12.0
"""The longest a callee may hear nothing: a flow's wait for a key, or a restart and what follows."""
UNBRIDGED_LIMIT_S = 25.0
RESERVED_LIMIT_S = 5.0
WRITING_LATE_S = 1.0
STUCK_LIMIT_S = 180.0
AFTER_STOP_S = 1.0
_FACT_WINDOW = timedelta(days=30)


@dataclass(slots=True)
class Told:
    """A reservation as it was committed."""

    write: w.Reserve
    number: str = ""
    invited: int = 0
    ended: str = ""


@dataclass(slots=True)
class Watch:
    """Everything seen, and `breaches` in words."""

    timeline: Timeline
    engine: SimulatedEngine | None = None
    breaches: list[str] = field(default_factory=list[str])
    checks: Counter[str] = field(default_factory=Counter[str])
    attempts: dict[str, Told] = field(default_factory=dict[str, Told])
    open_attempts: set[str] = field(default_factory=set[str])
    facts: list[Fact] = field(default_factory=list[Fact])
    entries: dict[tuple[str, str], w.SetEntry] = field(
        default_factory=dict[tuple[str, str], w.SetEntry]
    )
    promises: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    stopped: set[str] = field(default_factory=set[str])
    results: dict[str, str] = field(default_factory=dict[str, str])
    originates: list[ports.Originate] = field(default_factory=list[ports.Originate])
    _live: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    _sent: set[str] = field(default_factory=set[str])
    _known: set[str] = field(default_factory=set[str])
    _states: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    _campaign_stops: dict[str, float] = field(default_factory=dict[str, float])
    _emergency_at: float | None = None
    _since: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])

    def breach(self, what: str) -> None:
        """Notes that a rule was broken."""
        self.breaches.append(f"{self.timeline.now:.3f} {what}")

    # ---- what becomes durable

    def committed(self, batch: w.Batch, result: w.CommitResult) -> None:
        """Takes in a batch that the store has carried out."""
        for write in batch:
            match write:
                case w.Reserve(attempt):
                    if attempt in result.refused:
                        continue
                    if write.number_ref in self.stopped:
                        self.breach(f"{attempt} was reserved for a number on the stop-list")
                    if attempt not in self.attempts:
                        self.attempts[attempt] = Told(write)
                        self.open_attempts.add(attempt)
                case w.FinishAttempt(attempt, _, outcome):
                    self._finished(attempt, outcome)
                case w.SetEntry(campaign, contact, attempt=attempt):
                    if attempt not in result.refused:
                        self.entries[campaign, contact] = write
                case w.AppendFact(fact):
                    if fact.attempt not in result.refused and fact.dedupe not in self._known:
                        self._known.add(fact.dedupe)
                        self._fact(fact)
                case w.AddCallback(promise, campaign, contact):
                    self.promises[campaign, contact] = promise
                case w.CloseCallback(campaign, contact):
                    self.promises.pop((campaign, contact), None)
                case w.AddStop(number_ref):
                    self.stopped.add(number_ref)
                case w.AddDisposition(_, attempt, result=code):
                    self.results[attempt] = code
                case w.SetCampaignState(campaign, state):
                    if state == CampaignState.RUNNING.value:
                        self._campaign_stops.pop(campaign, None)
                    else:
                        self._campaign_stops.setdefault(campaign, self.timeline.now)
                case w.SetEmergencyStop(_, at):
                    self._emergency_at = None if at is None else self.timeline.now
                case _:
                    pass

    def _finished(self, attempt: str, outcome: str) -> None:
        told = self.attempts.get(attempt)
        if told is None:
            self.breach(f"{attempt} ended without having been reserved")
            return
        if told.ended and told.ended != outcome and told.ended != "unknown":
            self.breach(f"{attempt} ended as {told.ended}, then as {outcome}")
        told.ended = told.ended or outcome
        self.open_attempts.discard(attempt)

    def _fact(self, fact: Fact) -> None:
        self.facts.append(fact)
        if fact.kind is FactKind.AGENT_STATE and fact.agent is not None:
            state, before = str(fact.data["state"]), str(fact.data["before"])
            life, last = self._states.get(fact.agent, ("", ""))
            if life == fact.clock_id and before != last:
                self.breach(f"{fact.agent} went from {before} to {state} but was {last}")
            self._states[fact.agent] = (fact.clock_id, state)

    # ---- what leaves

    def wanted(self, effect: fx.Effect) -> None:
        """Sees an effect before it is carried out."""
        if not isinstance(effect, fx.SendVerb) or not isinstance(effect.verb, ports.Originate):
            return
        order, now = effect.verb, self.timeline.now
        if order.attempt in self._sent:
            self.breach(f"{order.attempt} was originated twice")
        self._sent.add(order.attempt)
        told = self.attempts.get(order.attempt)
        if told is None:
            self.breach(f"{order.attempt} was originated without a committed reservation")
            return
        if told.ended:
            self.breach(f"{order.attempt} was originated after it had ended as {told.ended}")
        stopped_at = self._campaign_stops.get(told.write.campaign)
        if stopped_at is not None and now > stopped_at + AFTER_STOP_S:
            self.breach(f"{order.attempt} was originated {now - stopped_at:.3f} s after the pause")
        if self._emergency_at is not None and now > self._emergency_at + AFTER_STOP_S:
            self.breach(f"{order.attempt} was originated during the emergency stop")

    def invited(self, order: ports.Originate) -> None:
        """A call goes out to the network."""
        self.originates.append(order)
        told = self.attempts.get(order.attempt)
        if told is None:
            self.breach(f"{order.attempt} went out without a committed reservation")
            return
        told.invited += 1
        told.number = order.to
        if told.invited > 1:
            self.breach(f"{order.attempt} went out {told.invited} times")
        contact = told.write.contact
        for leg, (number, other) in self._live.items():
            if number == order.to:
                self.breach(f"{order.to} was called by {order.leg} while {leg} was live")
            if other == contact:
                self.breach(f"{contact} was called by {order.leg} while {leg} was live")
        self._live[order.leg] = (order.to, contact)

    def over(self, leg: str) -> None:
        """A call is over for the network."""
        self._live.pop(leg, None)

    def silent(self, leg: str, seconds: float) -> None:
        """An answered callee has heard nothing for so long."""
        if seconds > SILENCE_LIMIT_S:
            self.breach(f"{leg} was left in silence for {seconds:.1f} s")

    def replied(self, do: str, args: Mapping[str, Any], *, ok: bool) -> None:
        """A person reads an answer: what it says is saved must be."""
        if ok and do == "desk.result" and self.results.get(str(args["attempt"])) is None:
            self.breach(f"the result of {args['attempt']} was told saved and is not")

    # ---- how the floor stands

    def floor_died(self) -> None:
        """Spans are counted anew: another life has its own limits."""
        self._since.clear()

    def stepped(self, floor: Floor) -> None:
        """Looks at the floor after a step."""
        assert self.engine is not None, "a watch without an engine sees no bridges"
        bridged = {
            call.leg: call.device for call in self.engine.calls.values() if call.device is not None
        }
        seen: set[tuple[str, str]] = set()
        for agent in floor.room.agents.values():
            self._look_at(agent, bridged, seen)
        for live in floor.room.calls.values():
            if live.call.state not in (CallState.TALKING, CallState.ENDED):
                self._lasts((live.call.id, live.call.state), STUCK_LIMIT_S, seen)
        if len(self._since) > len(seen):
            self._since = {key: self._since[key] for key in seen}

    def _look_at(
        self, found: LiveAgent, bridged: Mapping[str, str], seen: set[tuple[str, str]]
    ) -> None:
        agent = found.agent
        match agent.work:
            case Work.TALKING if bridged.get(agent.call or "") != agent.device_leg:
                self._lasts((agent.id, "talking without a bridge"), UNBRIDGED_LIMIT_S, seen)
            case Work.RESERVED:
                self._lasts((agent.id, "reserved"), RESERVED_LIMIT_S, seen)
            case Work.WRAP_UP if agent.wrap_up_until and agent.wrap_up_until < self.timeline.utc:
                self._lasts((agent.id, "writing after its time"), WRITING_LATE_S, seen)
            case _:
                pass

    def _lasts(self, key: tuple[str, str], limit_s: float, seen: set[tuple[str, str]]) -> None:
        seen.add(key)
        since = self._since.setdefault(key, self.timeline.now)
        if self.timeline.now - since > limit_s:
            self.breach(f"{key[0]} is {key[1]} for {self.timeline.now - since:.1f} s")
            self._since[key] = self.timeline.now

    # ---- the end of the day

    def report(self, campaign: str) -> AbandonReport:
        """Folds the abandoned share of a campaign from the committed facts."""
        mine = [fact for fact in self.facts if fact.campaign == campaign]
        return abandonment(mine, self.timeline.utc, _FACT_WINDOW, AbandonRule.US_AB_1)

    def settle(self, floor: Floor | None) -> None:
        """Checks what must be true once no call is live."""
        for attempt in sorted(self.open_attempts):
            self.breach(f"{attempt} never ended")
        for (campaign, contact), entry in self.entries.items():
            if entry.state == "in_call":
                self.breach(f"{contact} is left in a call in {campaign}")
            if (entry.state == "callback") != ((campaign, contact) in self.promises):
                self.breach(f"{contact} is {entry.state} in {campaign}, which its promise is not")
        assert self.engine is not None, "a watch without an engine sees no legs"
        for leg in self.engine.calls:
            self.breach(f"{leg} is still live in the engine")
        for leg, record in self.engine.book.items():
            if record.attempt is not None:
                self.breach(f"{leg} was never forgotten by the floor")
        for campaign in floor.room.campaigns.values() if floor is not None else ():
            folded = self.report(campaign.record.id)
            shown = (
                sum(day.abandoned for day in campaign.abandon.values()),
                sum(day.answered for day in campaign.abandon.values()),
            )
            if shown != (folded.numerator, folded.denominator):
                self.breach(
                    f"{campaign.record.id} shows {shown[0]} of {shown[1]} abandoned, its facts say "
                    f"{folded.numerator} of {folded.denominator}"
                )
