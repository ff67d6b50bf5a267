"""A and F: who may be called, once, by whom, and never while the house is on fire.

The witness is the network: what leaves the engine, not what a floor believes it did.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from vyzov.core.campaign import CampaignState
from vyzov.core.outcome import Outcome
from vyzov.dialer import effects as fx
from vyzov.dialer import ports
from vyzov.dialer import writes as w
from vyzov.simulation.invariant_notes import Notes

AFTER_STOP_S = 1.0
STOP_LIST_S = 1.0
AFTER_STORE_S = 2.0
AFTER_STEP_S = 2.0
STEADY_S = 60.0
REST_S = 1.0
"""How much sooner than its policy says a contact may be called: two clocks may be told apart."""

JUDGED_S = 1.05
"""How long a verdict may be followed; a little more than is allowed, for the way to the engine."""

LEASE_AFTER_STEP_S = 10.0
"""For how long a lease may be over too soon by a wall clock that was set forward."""

OPEN_LIMIT_S = 30.0
"""How long an attempt may stay open without a call that lives, while nothing is broken."""

Oracle = Callable[[ports.Originate], str]
"""Says why a call may not go out now, by the scenario's own books; "" where it may."""


@dataclass(slots=True)
class Told:
    """A reservation as it was committed, and what became of it."""

    write: w.Reserve
    at: float = 0.0
    number: str = ""
    invited: int = 0
    ended: str = ""
    over_at: float | None = None


@dataclass(slots=True)
class CallingRules:
    """The rules of calling; what the store and the network tell goes in."""

    notes: Notes
    oracle: Oracle = field(default=lambda _order: "")
    attempts: dict[str, Told] = field(default_factory=dict[str, Told])
    open_attempts: set[str] = field(default_factory=set[str])
    stopped: dict[str, float] = field(default_factory=dict[str, float])
    originates: list[ports.Originate] = field(default_factory=list[ports.Originate])
    fence: int = 0
    attempts_max: dict[str, int] = field(default_factory=dict[str, int])
    waits: dict[str, Mapping[Outcome, timedelta]] = field(
        default_factory=dict[str, Mapping[Outcome, timedelta]]
    )
    """By campaign and outcome, after how long somebody may be called again."""
    _judged: dict[str, float] = field(default_factory=dict[str, float])
    _live: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    _live_numbers: dict[str, str] = field(default_factory=dict[str, str])
    _live_contacts: dict[str, str] = field(default_factory=dict[str, str])
    _sent: set[str] = field(default_factory=set[str])
    _unknown: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    _rests: dict[tuple[str, str], tuple[str, datetime]] = field(
        default_factory=dict[tuple[str, str], tuple[str, datetime]]
    )
    _with_result: set[str] = field(default_factory=set[str])
    _campaign_stops: dict[str, float] = field(default_factory=dict[str, float])
    _emergency_at: float | None = None
    store_away_since: float | None = None
    stepped_at: float | None = None

    # ---- what becomes durable

    def committed(self, write: w.Write, result: w.CommitResult) -> None:
        """Takes in one write that was carried out."""
        notes, now = self.notes, self.notes.timeline.now
        match write:
            case w.Reserve(attempt):
                if attempt in result.refused:
                    return
                stopped = write.number_ref in self.stopped
                notes.look("A1", f"{attempt} was reserved for a stopped number", broken=stopped)
                old = write.fence < self.fence
                notes.look("A4", f"{attempt} was reserved under an old fence", broken=old)
                if attempt not in self.attempts:
                    self.attempts[attempt] = Told(write, now)
                    self.open_attempts.add(attempt)
            case w.FinishAttempt(attempt, state, outcome, at):
                self._finished(attempt, state, outcome, stale=result.stale)
                self._rests_until(attempt, outcome, at, stale=result.stale)
            case w.AddDisposition(_, attempt):
                self._with_result.add(attempt)
            case w.AddStop(number_ref):
                self.stop(number_ref)
            case w.SetCampaignState(campaign, state):
                if result.stale:
                    return
                if state == CampaignState.RUNNING.value:
                    self._campaign_stops.pop(campaign, None)
                else:
                    self._campaign_stops.setdefault(campaign, now)
            case w.SetEmergencyStop(_, at):
                self._emergency_at = None if at is None else now
            case _:
                pass

    def stop(self, number_ref: str) -> None:
        """A number is on the stop-list from now on."""
        self.stopped.setdefault(number_ref, self.notes.timeline.now)

    def _finished(self, attempt: str, state: str, outcome: str, *, stale: bool) -> None:
        told = self.attempts.get(attempt)
        if told is None:
            self.notes.breach("A5", f"{attempt} ended without having been reserved")
            return
        # What a life wrote that another had followed is told after the other's word, which stands:
        # `books` sees to it that the tables hold that one.
        other = bool(told.ended) and told.ended not in (outcome, "unknown") and not stale
        what = f"{attempt} ended as {told.ended}, then as {outcome}"
        self.notes.look("B1", what, broken=other)
        if state == "unknown":
            self._unknown.add((told.write.campaign, told.write.contact))
        told.ended = told.ended or outcome
        self.open_attempts.discard(attempt)

    def _rests_until(self, attempt: str, outcome: str, at: datetime, *, stale: bool) -> None:
        """Works out by the scenario's own policy until when nobody may call them again.

        What a floor writes that another had followed decides nothing: the other's word does."""
        told = self.attempts.get(attempt)
        if told is None or stale:
            return
        place = told.write.campaign, told.write.contact
        wait = self.waits.get(place[0], {}).get(Outcome(outcome))
        if wait is None:
            self._rests.pop(place, None)
        else:
            self._rests[place] = attempt, at + wait

    # ---- what leaves

    def judged(self, batch: w.Batch) -> None:
        """A step of the floor has just given its verdict on these reservations."""
        for write in batch:
            if type(write) is w.Reserve:
                self._judged.setdefault(write.attempt, self.notes.timeline.now)

    def works(self, holder: str, fence: int, *, holds: bool) -> None:
        """A process does something, and believes that the floor is its own (`holds`) or not."""
        if fence == self.fence or not holds:
            return
        stepped = self.stepped_at
        if stepped is None or self.notes.timeline.now - stepped > LEASE_AFTER_STEP_S:
            what = f"{holder} works with fence {fence} while its lease lasts, and {self.fence} too"
            self.notes.look("A4", what, broken=fence < self.fence)

    def wanted(self, effect: fx.Effect) -> None:
        """Sees an effect before it is carried out."""
        if not isinstance(effect, fx.SendVerb) or not isinstance(effect.verb, ports.Originate):
            return
        order, now, notes = effect.verb, self.notes.timeline.now, self.notes
        twice = order.attempt in self._sent
        notes.look("A3", f"{order.attempt} was originated twice", broken=twice)
        self._sent.add(order.attempt)
        told = self.attempts.get(order.attempt)
        if told is None:
            notes.breach("A3", f"{order.attempt} was originated without a committed reservation")
            return
        what = f"{order.attempt} was originated after it had ended as {told.ended}"
        notes.look("A3", what, broken=bool(told.ended))
        stopped_at = self._campaign_stops.get(told.write.campaign)
        late = stopped_at is not None and now > stopped_at + AFTER_STOP_S
        notes.look("A6", f"{order.attempt} was originated after the pause", broken=late)
        emergency = self._emergency_at is not None and now > self._emergency_at + AFTER_STOP_S
        notes.look("A6", f"{order.attempt} was originated in an emergency stop", broken=emergency)

    def invited(self, order: ports.Originate) -> None:
        """A call goes out to the network."""
        self.originates.append(order)
        notes, now = self.notes, self.notes.timeline.now
        told = self.attempts.get(order.attempt)
        if told is None:
            notes.breach("A3", f"{order.attempt} went out without a committed reservation")
            return
        told.invited += 1
        told.number = order.to
        what = f"{order.attempt} went out {told.invited} times"
        notes.look("A3", what, broken=told.invited > 1)
        old = order.fence < self.fence
        notes.look("A4", f"{order.attempt} went out by a process without the lease", broken=old)
        self._permitted(order, told, now)
        contact, campaign = told.write.contact, told.write.campaign
        other = self._live_numbers.get(order.to)
        notes.look("A2", f"{order.to} was called while {other} was live", broken=other is not None)
        other = self._live_contacts.get(contact)
        notes.look("A2", f"{contact} was called while {other} was live", broken=other is not None)
        unknown = (campaign, contact) in self._unknown
        what = f"{contact} was called again after an attempt whose end is not known"
        notes.look("A3", what, broken=unknown)
        self._live[order.leg] = (order.to, contact)
        self._live_numbers[order.to] = self._live_contacts[contact] = order.leg

    def _permitted(self, order: ports.Originate, told: Told, now: float) -> None:
        notes = self.notes
        stopped_at = self.stopped.get(told.write.number_ref)
        stopped = stopped_at is not None and now > stopped_at + STOP_LIST_S
        notes.look("A1", f"{order.to} is on the stop-list and was called", broken=stopped)
        most = self.attempts_max.get(told.write.campaign, told.write.number)
        # A call that was promised is kept, however many came before it.
        many = told.write.number > most and told.write.verdict.get("promised") is None
        notes.look("A1", f"{order.to} was called {told.write.number} times", broken=many)
        self._rested(order, told)
        late_s = now - self._judged.get(order.attempt, now)
        what = f"{order.to} was called {late_s:.1f} s after it was judged"
        notes.look("A1", what, broken=late_s > JUDGED_S)
        why = self.oracle(order)
        notes.look("A1", f"{order.to} was called {why}", broken=bool(why))
        since = self.store_away_since
        away = since is not None and now > since + AFTER_STORE_S
        notes.look("F1", f"{order.attempt} went out with no database", broken=away)
        stepped = self.stepped_at
        unsteady = stepped is not None and AFTER_STEP_S < now - stepped < STEADY_S
        notes.look("F2", f"{order.attempt} went out while the clock was unsteady", broken=unsteady)

    def _rested(self, order: ports.Originate, told: Told) -> None:
        """A promise, a result and another trunk have hours of their own; the policy has the rest."""
        write = told.write
        before, until = self._rests.get((write.campaign, write.contact), ("", write.at))
        early_s = (until - write.at).total_seconds()
        own = write.verdict.get("promised") or write.failover_of or before in self._with_result
        what = f"{order.to} was called again {early_s:.0f} s too soon"
        self.notes.look("A1", what, broken=early_s > REST_S and not own)

    def over(self, leg: str) -> None:
        """A call is over for the network."""
        number, contact = self._live.pop(leg, ("", ""))
        if self._live_numbers.get(number) == leg:
            del self._live_numbers[number]
        if self._live_contacts.get(contact) == leg:
            del self._live_contacts[contact]
        if leg in self.attempts:
            self.attempts[leg].over_at = self.notes.timeline.now

    # ---- now and then

    def look(self) -> None:
        """Looks at what must not stay so for long."""
        notes, now = self.notes, self.notes.timeline.now
        if notes.calm_s <= OPEN_LIMIT_S:
            return
        notes.checks["A5"] += len(self.open_attempts)
        for attempt in sorted(one for one in self.open_attempts if one not in self._live):
            told = self.attempts[attempt]
            since = max(told.at, told.over_at or 0.0, notes.calm_since or 0.0)
            if now - since > OPEN_LIMIT_S:
                notes.breach("A5", f"{attempt} is open and nobody talks")

    def settle(self) -> None:
        """Nothing may be open once no call is live."""
        for attempt in sorted(self.open_attempts):
            self.notes.breach("A5", f"{attempt} never ended")
        made = len(self.attempts)
        ended = sum(1 for told in self.attempts.values() if told.ended)
        what = f"{made} attempts were made, {ended} have an end"
        self.notes.look("A5", what, broken=made != ended)
