"""B and C: what was told saved is, every call is in the books once, and the books add up.

Ends, answers and recordings are compared with the engine's and the network's own, to the second.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from vyzov.core.campaign import AbandonRule
from vyzov.core.facts import Fact, FactKind
from vyzov.core.report import AbandonReport, abandonment
from vyzov.dialer import writes as w
from vyzov.dialer.floor import Floor
from vyzov.simulation.invariant_notes import Notes
from vyzov.simulation.invariants_calling import CallingRules

CLOCK_S = 1.0
TALK_LOOKS = 6
"""A bridge seen so often, for some three seconds, was a talk."""
_FACT_WINDOW = timedelta(days=30)
_SETTLED = (FactKind.FINAL, FactKind.ABANDONED)
_ONCE = frozenset((
    FactKind.ATTEMPT_RESERVED, FactKind.DIALING, FactKind.ANSWERED, FactKind.ABANDONED,
    FactKind.ENDED, FactKind.FAILED, FactKind.FINAL, FactKind.RESOLVED,
))  # fmt: skip
"""What happens to a call once at most, however often a floor dies and tells it anew."""


@dataclass(slots=True)
class Seen:
    """What the network saw of a call, in monotonic seconds."""

    answered_at: float | None = None
    over_at: float | None = None
    lost_at: float | None = None
    """When its engine died: it was over at some time from then until the next one was there."""
    bridged_at: list[float] = field(default_factory=list[float])


@dataclass(slots=True)
class RecordRules:
    """The rules of records."""

    notes: Notes
    calling: CallingRules
    facts: list[Fact] = field(default_factory=list[Fact])
    entries: dict[tuple[str, str], w.SetEntry] = field(
        default_factory=dict[tuple[str, str], w.SetEntry]
    )
    promises: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    results: dict[str, str] = field(default_factory=dict[str, str])
    seen: dict[str, Seen] = field(default_factory=dict[str, Seen])
    _known: set[str] = field(default_factory=set[str])
    _once: set[tuple[str, FactKind]] = field(default_factory=set[tuple[str, FactKind]])
    _states: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    _recordings: dict[str, float] = field(default_factory=dict[str, float])
    _lost: set[str] = field(default_factory=set[str])
    _kept: dict[str, float] = field(default_factory=dict[str, float])
    _finals: dict[str, Fact] = field(default_factory=dict[str, Fact])
    _answers: dict[str, Fact] = field(default_factory=dict[str, Fact])
    _ends: dict[str, Fact] = field(default_factory=dict[str, Fact])

    # ---- what becomes durable

    def committed(self, write: w.Write, result: w.CommitResult) -> None:
        """Takes in one write that was carried out."""
        match write:
            case w.SetEntry(campaign, contact, attempt=attempt):
                if attempt not in result.refused and not result.stale:
                    self.entries[campaign, contact] = write
            case w.AddCallback() | w.CloseCallback() if result.stale:
                pass
            case w.AddCallback(promise, campaign, contact):
                self.promises[campaign, contact] = promise
            case w.CloseCallback(campaign, contact):
                self.promises.pop((campaign, contact), None)
            case w.AddDisposition(_, attempt, result=code):
                self.results[attempt] = code
            case w.AddRecording(recording, seconds=seconds):
                self._kept[recording] = seconds
            case _:
                pass

    def told(self, fact: Fact, result: w.CommitResult) -> None:
        """Takes in a fact that was carried out; told again, or of a refused attempt, it is none."""
        if fact.dedupe in self._known or fact.attempt in result.refused:
            return
        self._known.add(fact.dedupe)
        self.facts.append(fact)
        attempt = fact.attempt or ""
        if fact.kind in _ONCE:
            key = attempt, fact.kind
            what = f"{attempt} is told to have been {fact.kind} a second time"
            self.notes.look("C1", what, broken=key in self._once)
            self._once.add(key)
        match fact.kind:
            case FactKind.AGENT_STATE if fact.agent is not None:
                state, before = str(fact.data["state"]), str(fact.data["before"])
                life, last = self._states.get(fact.agent, ("", ""))
                torn = life == fact.clock_id and before != last
                what = f"{fact.agent} went from {before} to {state} but was {last}"
                self.notes.look("C2", what, broken=torn)
                self._states[fact.agent] = (fact.clock_id, state)
            case FactKind.FINAL:
                self._finals[attempt] = fact
            case FactKind.ANSWERED:
                self._answers[attempt] = fact
            case FactKind.ENDED | FactKind.FAILED:
                self._ends[attempt] = fact
            case _:
                pass

    # ---- what the network and people see

    def of(self, leg: str) -> Seen:
        """What was seen of a call."""
        return self.seen.setdefault(leg, Seen())

    def recorded(self, recording: str, seconds: float) -> None:
        """The engine has finished a recording."""
        self._recordings[recording] = seconds

    def recording_lost(self, recording: str) -> None:
        """The disk has lost a recording before it was finished."""
        self._lost.add(recording)

    def replied(self, do: str, args: Mapping[str, Any], *, ok: bool) -> None:
        """A person reads an answer: what it says is saved must be."""
        if not ok or do != "desk.result":
            return
        attempt = str(args["attempt"])
        unsaved = self.results.get(attempt) is None
        self.notes.look("B3", f"the result of {attempt} was told saved and is not", broken=unsaved)
        told = self.calling.attempts.get(attempt)
        if args.get("result") == "do_not_call" and told is not None:
            missing = told.write.number_ref not in self.calling.stopped
            what = f"the stop asked for in {attempt} was told saved and is not"
            self.notes.look("B4", what, broken=missing)

    # ---- how they add up

    def report(self, campaign: str) -> AbandonReport:
        """Folds the abandoned share of a campaign from the committed facts."""
        return self._fold([fact for fact in self.facts if fact.campaign == campaign])

    def _fold(self, mine: list[Fact]) -> AbandonReport:
        until = max((fact.at for fact in mine), default=self.notes.timeline.utc)
        until = max(until, self.notes.timeline.utc)
        return abandonment(mine, until, _FACT_WINDOW, AbandonRule.US_AB_1)

    def agrees(self, floor: Floor) -> bool:
        """True where the floor's abandoned shares are those of the facts."""
        return all(shown == folded for _, shown, folded in self._shares(floor))

    def compare(self, floor: Floor, rule: str) -> None:
        """Compares the abandoned share that the floor paces by with the facts."""
        for key, shown, folded in self._shares(floor):
            self.notes.look(
                rule,
                f"{key} shows {shown[0]} of {shown[1]} abandoned, its facts say "
                f"{folded[0]} of {folded[1]}",
                broken=shown != folded,
            )

    def _shares(self, floor: Floor) -> Iterator[tuple[str, tuple[int, int], tuple[int, int]]]:
        # The floor counts a call once it knows what it was; the fold, from the first word on.
        known = {fact.attempt for fact in self.facts if fact.kind in _SETTLED}
        settled = [fact for fact in self.facts if fact.attempt in known]
        for campaign in floor.room.campaigns.values():
            key = campaign.record.id
            folded = self._fold([fact for fact in settled if fact.campaign == key])
            shown = (
                sum(day.abandoned for day in campaign.abandon.values()),
                sum(day.answered for day in campaign.abandon.values()),
            )
            yield key, shown, (folded.numerator, folded.denominator)

    def settle(self, floor: Floor | None) -> None:
        """Checks what must be true once no call is live."""
        look = self.notes.look
        for (campaign, contact), entry in self.entries.items():
            locked = entry.state == "in_call"
            look("D2", f"{contact} is left in a call in {campaign}", broken=locked)
            torn = (entry.state == "callback") != ((campaign, contact) in self.promises)
            what = f"{contact} is {entry.state} in {campaign}, which its promise is not"
            look("B4", what, broken=torn)
        for attempt, told in self.calling.attempts.items():
            final = self._finals.get(attempt)
            look("B1", f"{attempt} has no final fact", broken=final is None)
            if told.invited and final is not None:
                never = str(final.data.get("detail", "")).startswith("refused_never")
                look("B1", f"{attempt} went out and is booked as never dialled", broken=never)
            self._compare_times(attempt)
        for recording, seconds in self._recordings.items():
            kept = self._kept.get(recording)
            wrong = kept is None or abs(kept - seconds) > CLOCK_S
            look("B2", f"recording {recording} of {seconds:.1f} s is {kept}", broken=wrong)
        for recording in self._kept:
            look("B2", f"{recording} was never made", broken=recording not in self._recordings)
        if floor is not None:
            self.compare(floor, "C1")

    def talks(self, talked: Mapping[str, int]) -> None:
        """Whoever spoke with an operator for a while is booked as one who did; `talked` counts looks."""
        booked = {fact.attempt for fact in self.facts if fact.kind is FactKind.BRIDGED}
        for leg in sorted(leg for leg, looks in talked.items() if looks >= TALK_LOOKS):
            what = f"{leg} spoke with an operator, and the books know nothing of it"
            self.notes.look("B1", what, broken=leg not in booked)

    def _compare_times(self, attempt: str) -> None:
        look, seen = self.notes.look, self.seen.get(attempt, Seen())
        fact = self._answers.get(attempt)
        unlike = (seen.answered_at is None) != (fact is None)
        look("B1", f"{attempt} was answered at {seen.answered_at}, booked {fact}", broken=unlike)
        if seen.answered_at is not None and fact is not None:
            off = abs(fact.monotonic_ns / 1e9 - seen.answered_at)
            look("B1", f"{attempt} was answered {off:.1f} s off its book", broken=off > CLOCK_S)
        ended = self._ends.get(attempt)
        if seen.over_at is not None and ended is not None:
            booked = ended.monotonic_ns / 1e9
            first = seen.over_at if seen.lost_at is None else seen.lost_at
            off = max(first - booked, booked - seen.over_at)
            look("B1", f"{attempt} ended {off:.1f} s off its book", broken=off > CLOCK_S)
