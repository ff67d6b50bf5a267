"""Any order of reservations, ends, stops and crashes: the store agrees with a model of a few lines."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from contract_house import SPAN, House, row
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from vyzov.dialer import writes as w
from vyzov.dialer.floor_store import DueContact
from vyzov.dialer.office_records import AttemptQuery
from vyzov.dialer.writes import ReserveRefusal

PEOPLE = 4
NUMBERS = ("+70005550001", "+70005550002", "+70005550001", "+70005550003")


@dataclass
class Model:
    """What should be true: who is in a call, which numbers are live or stopped, attempts made."""

    live: dict[str, DueContact] = field(default_factory=dict[str, DueContact])
    made: dict[str, int] = field(default_factory=dict[str, int])
    stopped: set[str] = field(default_factory=set[str])
    running: bool = True

    def refusal(self, due: DueContact, fence_holds: bool) -> ReserveRefusal | None:
        if not fence_holds:
            return ReserveRefusal.STALE_FENCE
        if not self.running:
            return ReserveRefusal.CAMPAIGN_NOT_RUNNING
        if due.number_ref in self.stopped:
            return ReserveRefusal.STOP_LISTED
        if any(item.contact == due.contact for item in self.live.values()):
            return ReserveRefusal.CONTACT_LIVE
        if any(item.number_ref == due.number_ref for item in self.live.values()):
            return ReserveRefusal.NUMBER_LIVE
        return None


class StoreAgainstModel(RuleBasedStateMachine):
    """One floor that calls four people, two of whom share a number."""

    def __init__(self, open_house: Callable[[], House]) -> None:
        super().__init__()
        self.house = open_house()
        self.holders = 1
        self.store = self.house.store("holder-1")
        self.campaign = self.house.campaign(
            [row(n, number) for n, number in enumerate(NUMBERS, 2)]
        ).id
        self.people = self.house.due(self.store, self.campaign)
        self.model = Model()

    @rule(who=st.integers(0, PEOPLE - 1), fence_lag=st.sampled_from([0, 0, 0, 1]))
    def reserve(self, who: int, fence_lag: int) -> None:
        due = self.people[who]
        number = self.model.made.get(due.contact, 0) + 1
        reserve = self.house.reserve(due, fence=self.holders - fence_lag, number=number)
        expected = self.model.refusal(due, fence_lag == 0)
        refused = self.store.commit((reserve, self.house.fact(reserve.attempt))).refused
        assert refused.get(reserve.attempt) == expected
        if expected is None:
            self.model.live[reserve.attempt] = due
            self.model.made[due.contact] = number

    @rule(data=st.data(), outcome=st.sampled_from(["busy", "unknown"]))
    def finish(self, data: st.DataObject, outcome: str) -> None:
        if self.model.live:
            attempt = data.draw(st.sampled_from(sorted(self.model.live)))
            state = "unknown" if outcome == "unknown" else "final"
            end = self.house.finish(attempt, outcome, state=state)
            self.store.commit((end,) * data.draw(st.integers(1, 2)))
            del self.model.live[attempt]

    @rule(who=st.integers(0, PEOPLE - 1))
    def stop(self, who: int) -> None:
        reference = self.people[who].number_ref
        self.store.commit((w.AddStop(reference, "key", "call", None, self.house.clock.now),))
        self.model.stopped.add(reference)

    @rule(running=st.booleans())
    def pause_or_run(self, running: bool) -> None:
        state = "running" if running else "paused"
        self.store.commit((w.SetCampaignState(self.campaign, state, self.house.clock.now),))
        self.model.running = running

    @rule()
    def crash_and_come_back(self) -> None:
        """The process is gone, its lease runs out, the next one takes over with a higher fence."""
        now = self.house.clock.go_on(seconds=SPAN / timedelta(seconds=1))
        self.holders += 1
        self.store = self.house.store(f"holder-{self.holders}", at=now)

    @invariant()
    def what_is_open_is_what_the_model_has_open(self) -> None:
        state = self.store.load_floor(self.house.floor)
        assert {item.id for item in state.open_attempts} == set(self.model.live)

    @invariant()
    def every_attempt_counts_once(self) -> None:
        found = self.house.office.attempts(
            self.house.organisation, AttemptQuery(), limit=1000
        ).items
        numbers: dict[str, list[int]] = {}
        for item in found:
            numbers.setdefault(item.contact_id, []).append(item.number)
        assert {name: len(made) for name, made in numbers.items()} == self.model.made
        assert all(sorted(made) == list(range(1, len(made) + 1)) for made in numbers.values())

    def teardown(self) -> None:
        self.house.close()


@pytest.mark.timeout(240)  # Hundreds of commits, each on the disk.
def test_a_store_does_what_the_model_does(open_house: Callable[[], House]) -> None:
    run_state_machine_as_test(
        lambda: StoreAgainstModel(open_house),
        settings=settings(max_examples=20, stateful_step_count=20, deadline=None),
    )
