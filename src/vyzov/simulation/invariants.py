"""What must hold at every moment of a simulated day, whatever breaks: the rules A to F together.

`Watch` sits on the borders: it sees what is durable (batches with their results), what leaves for
the network, what people are told, and how the floor stands. It notes every breach with its moment;
it trusts nothing that the floor says of itself where a border tells the same. The rules themselves
are in `invariants_calling` (A, F), `invariants_records` (B, C), `invariants_floor` (D, E) and
`invariants_people` (what people are owed, of all kinds).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from vyzov.core.facts import Fact
from vyzov.core.report import AbandonReport
from vyzov.dialer import effects as fx
from vyzov.dialer import ports
from vyzov.dialer import writes as w
from vyzov.dialer.floor import Floor
from vyzov.simulation.books import Books
from vyzov.simulation.engine import SimulatedEngine
from vyzov.simulation.invariant_notes import Notes
from vyzov.simulation.invariants_calling import CallingRules
from vyzov.simulation.invariants_floor import FloorRules
from vyzov.simulation.invariants_people import PeopleRules
from vyzov.simulation.invariants_records import RecordRules
from vyzov.simulation.world_time import Timeline

AGREES_WITHIN_S = 8.0
WRITTEN_S = 1.0
"""Within so many calm seconds everything that a life of the floor took up is durable."""

SCENERY = "Z0"
"""The mark of a breach of the made-up world's own rules."""


class Watch:
    """Everything seen, and `breaches` in words; `judges` where rules are looked at."""

    judges = True

    def __init__(self, timeline: Timeline) -> None:
        self.notes = Notes(timeline)
        self.calling = CallingRules(self.notes)
        self.records = RecordRules(self.notes, self.calling)
        self.floor = FloorRules(self.notes)
        self.people = PeopleRules(self.notes, self.calling)
        self.books = Books()
        self._compared = False

    @property
    def breaches(self) -> list[str]:
        """Every breach in words, in order."""
        return self.notes.breaches

    @property
    def checks(self) -> Counter[str]:
        """How often each rule was looked at."""
        return self.notes.checks

    @property
    def facts(self) -> list[Fact]:
        """The facts that became durable, in order."""
        return self.records.facts

    @property
    def originates(self) -> list[ports.Originate]:
        """The calls that went out to the network."""
        return self.calling.originates

    @property
    def open_attempts(self) -> set[str]:
        """Attempts that were reserved and have no end yet."""
        return self.calling.open_attempts

    def attach(self, engine: SimulatedEngine) -> None:
        """Names the engine whose legs are the truth."""
        self.floor.engine = self.people.engine = engine

    def breach(self, what: str) -> None:
        """Notes that the world itself went wrong."""
        self.notes.breach(SCENERY, what)

    def report(self, campaign: str) -> AbandonReport:
        """Folds the abandoned share of a campaign from the committed facts."""
        return self.records.report(campaign)

    # ---- what becomes durable

    def committed(self, batch: w.Batch, result: w.CommitResult) -> None:
        """Takes in a batch that the store has carried out."""
        records = self.records
        for write in batch:
            if type(write) is w.AppendFact:  # Facts, most of all that is written, are records.
                records.told(write.fact, result)
            else:
                records.committed(write, result)
                self.calling.committed(write, result)
                self.people.committed(write, result)
            self.books.committed(write, result)

    # ---- what leaves, and what the network sees

    def decided(self, floor: Floor, effects: Iterable[fx.Effect]) -> None:
        """A step of the floor has decided on these effects; none is carried out yet."""
        for effect in effects:
            if type(effect) is not fx.Commit:
                continue
            reserves = tuple(write for write in effect.writes if type(write) is w.Reserve)
            if reserves:
                self.calling.judged(reserves)
                self.people.reserved(floor, reserves)

    def wanted(self, effect: fx.Effect) -> None:
        """Sees an effect before it is carried out."""
        self.calling.wanted(effect)

    def invited(self, order: ports.Originate) -> None:
        """A call goes out to the network."""
        self.records.of(order.leg)
        self.calling.invited(order)
        self.people.invited(order)

    def answered(self, leg: str) -> None:
        """A callee picks up."""
        self.records.of(leg).answered_at = self.notes.timeline.now

    def engine_died(self, legs: Iterable[str]) -> None:
        """The engine is killed: from now on nobody can say when these calls are over."""
        for leg in legs:
            self.records.of(leg).lost_at = self.notes.timeline.now

    def over(self, leg: str) -> None:
        """A call is over for the network."""
        self.records.of(leg).over_at = self.notes.timeline.now
        self.calling.over(leg)
        self.people.over(leg)

    def silent(self, leg: str, seconds: float, *, muted: bool) -> None:
        """An answered callee has heard nothing for so long; `muted` by their operator's own hand."""
        self.floor.silent(leg, seconds, muted=muted)

    def bridged(self, leg: str, device: str, agent: str) -> None:
        """A callee and an operator's device exchange sound."""
        self.records.of(leg).bridged_at.append(self.notes.timeline.now)
        self.floor.bridged(leg, agent)
        self.people.joined(leg)
        self.notes.look("E1", f"{leg} was given to no device", broken=not device)

    def taken_from(self, leg: str, other: str, agent: str) -> None:
        """An operator who talks is given another callee."""
        self.people.taken_from(leg, other, agent)

    def excused(self, leg: str) -> None:
        """A callee is gone who heard our excuse, and nothing else to its end."""
        self.people.excused(leg)

    def device_up(self, agent: str, legs: list[str]) -> None:
        """A device of an operator carries sound."""
        self.floor.device_up(agent, legs)

    def recorded(self, recording: str, seconds: float) -> None:
        """The engine has finished a recording."""
        self.records.recorded(recording, seconds)

    def recording_lost(self, recording: str) -> None:
        """The disk has lost a recording."""
        self.records.recording_lost(recording)

    # ---- what people ask for and are told

    def asked(self, do: str, user: str, args: Mapping[str, Any]) -> None:
        """Somebody asks the floor for something."""
        self.floor.asked(do, user)
        self.people.asked(do, args)

    def replied(
        self, do: str, args: Mapping[str, Any], user: str, body: Mapping[str, Any], *, ok: bool
    ) -> None:
        """A person reads an answer."""
        self.records.replied(do, args, ok=ok)
        self.floor.replied(do, user, body, ok=ok)
        self.people.replied(do, args, ok=ok)

    # ---- how the floor stands

    def holds(self, fence: int) -> None:
        """A process has got the lease: nobody with a lower fence may dial from now on."""
        self.calling.fence = max(self.calling.fence, fence)
        self.notes.calm_since, self._compared = None, False

    def works(self, holder: str, fence: int, *, holds: bool) -> None:
        """A process does something, and believes that the floor is its own (`holds`) or not."""
        self.calling.works(holder, fence, holds=holds)

    def prolonged(self, holder: str, fence: int) -> None:
        """A process was told that the lease is still its own."""
        self.people.prolonged(holder, fence)

    def floor_died(self) -> None:
        """Spans are counted anew: another life has its own limits."""
        self.notes.calm_since = None
        self.notes.forget_lasting()

    def stepped(self, floor: Floor, *, whole: bool) -> None:
        """Looks at the floor; `whole` says that nothing is broken now."""
        notes = self.notes
        if not whole:
            notes.calm_since = None
        elif notes.calm_since is None:
            notes.calm_since = notes.timeline.now
        if not self._compared and notes.calm_s > WRITTEN_S:
            # What a life begins to pace by is what the facts before it say, once all is written.
            self._compared = self.records.agrees(floor) or notes.calm_s > AGREES_WITHIN_S
            if self._compared:
                self.records.compare(floor, "C3")
        self.floor.look(floor)
        self.people.look(floor)
        self.notes.end_look()
        self.calling.look()

    # ---- the end of the day

    def settle(self, floor: Floor | None) -> None:
        """Checks what must be true once no call is live."""
        self.calling.settle()
        self.records.settle(floor)
        self.records.talks(self.floor.talked)
        self.floor.settle()
        self.people.settle()
