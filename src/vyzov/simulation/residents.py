"""Who lives at each number of a scenario, and what the n-th call to it meets.

Settled by the scenario's seed, the number and the count of calls alone; only the hours at which people
are home follow a clock. The same people answer in virtual time and at the network in a box.
"""

from datetime import datetime
from random import Random
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from vyzov.core.changing import replace
from vyzov.simulation.people import CalleeKind, Plan, callee_for, sown
from vyzov.simulation.scenario import People

MACHINES = (CalleeKind.VOICEMAIL,)


class Calendar(Protocol):
    """Whatever knows the present moment."""

    @property
    def utc(self) -> datetime:
        """The present moment (aware UTC)."""
        ...


class Residents:
    """Everybody of a scenario, by number."""

    def __init__(self, calendar: Calendar, seed: int) -> None:
        self._calendar = calendar
        self._seed = seed
        self._homes: dict[str, tuple[People, ZoneInfo]] = {}
        self._zones: dict[str, ZoneInfo] = {}
        self._dice = Random(seed)
        """Sown anew for each purpose."""

    def settle(self, number: str, people: People, zone: str) -> None:
        """Lets somebody of these people live at a number."""
        place = self._zones.setdefault(zone, ZoneInfo(zone))
        self._homes[number] = (people, place)

    def plan(self, number: str, count: int) -> Plan:
        """Returns what the `count`-th call to a number meets."""
        home = self._homes.get(number)
        if home is None:
            return callee_for(number, self._seed).plan(count)
        people, zone = home
        lives, attempt = (f"{number}#{count}", 1) if people.anew_each_call else (number, count)
        dice = self._dice
        plan = callee_for(lives, self._seed, people.kinds, dice).plan(attempt, dice=dice)
        dice = sown(f"{self._seed}/{number}/{count}/scenario", dice)
        return self._home(_shaped(plan, people, dice), people, zone, dice)

    def _home(self, plan: Plan, people: People, zone: ZoneInfo, dice: Random) -> Plan:
        if not people.home_by_hour or not plan.answers or plan.acts_as in MACHINES:
            return plan
        hour = self._calendar.utc.astimezone(zone).hour
        away = dice.random() >= people.home_by_hour.get(hour, 1.0)
        return replace(plan, acts_as=CalleeKind.NEVER_ANSWERS, ring_s=None) if away else plan


def _shaped(plan: Plan, people: People, dice: Random) -> Plan:
    """Bends a plan to the scenario's own spreads and shares."""
    changes: dict[str, Any] = {}
    if people.post_dial is not None:
        changes["post_dial_s"] = people.post_dial.draw(dice)
    if people.ring is not None and plan.answers:
        changes["ring_s"] = people.ring.draw(dice)
    if people.talk is not None:
        changes["talk_s"] = people.talk.draw(dice)
    if people.leaves_first is not None:
        changes["leaves_first"] = dice.random() < people.leaves_first
    is_machine = plan.acts_as in MACHINES
    missed = people.machine_as_human if is_machine else people.human_as_machine
    if missed and plan.answers and dice.random() < missed:
        changes["heard_as"] = "human" if is_machine else "machine"
    return replace(plan, **changes) if changes else plan
