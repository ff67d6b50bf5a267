"""A manager who meddles: pauses campaigns, stops everything, adds to the stop-list, saves settings.

What is asked of the floor is asked again until it says that it is saved, as a person does who sees
that nothing happened. Dice decide when; what must follow from it is looked after by `invariants`.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Protocol

from vyzov.simulation.management import Management
from vyzov.simulation.world import World

BOSS = "boss"
ASK_AGAIN_S = 1.0
ASKS_MAX = 120


class Records(Protocol):
    """What the manager's screens write without the floor."""

    def stop_number(self, number: str) -> None:
        """Puts a number on the stop-list, durably."""
        ...

    def save_settings(self, campaign: str) -> None:
        """Saves a campaign's settings anew, as they are."""
        ...


class SimulatedManager:
    """One manager of a made-up centre."""

    def __init__(
        self, world: World, habits: Management, records: Records, *,
        campaigns: Sequence[str], numbers: Sequence[str],
    ) -> None:  # fmt: skip
        """Does nothing yet: `begin` starts the day."""
        self._world = world
        self._habits = habits
        self._records = records
        self._campaigns = list(campaigns)
        self._numbers = list(numbers)
        self._random = Random(f"{world.seed}/manager")
        self._asked: dict[str, int] = {}
        self.at_work = False

    def begin(self) -> None:
        """Begins to act, each kind of act by its own dice."""
        self.at_work = True
        habits = self._habits
        for every_s, act in (
            (habits.pauses_every_s, self._pause),
            (habits.stops_every_s, self._stop_everything),
            (habits.stop_lists_every_s, self._stop_number),
            (habits.saves_every_s, self._save),
        ):
            if every_s:
                self._plan(every_s, act)

    def leave(self) -> None:
        """Acts no more; what was stopped stays so only until its time is over."""
        self.at_work = False

    def _plan(self, every_s: float, act: Callable[[], None]) -> None:
        def happen() -> None:
            if self.at_work:
                act()
                self._plan(every_s, act)

        self._world.timeline.after(self._random.expovariate(1.0 / every_s), happen)

    # ---- what they do

    def _pause(self) -> None:
        campaign = self._random.choice(self._campaigns)
        span_s = self._random.uniform(*self._habits.paused_s)
        self._insist(campaign, "office.pause_campaign", campaign=campaign)
        self._world.timeline.after(
            span_s, lambda: self._insist(campaign, "office.start_campaign", campaign=campaign)
        )

    def _stop_everything(self) -> None:
        span_s = self._random.uniform(*self._habits.stopped_s)
        self._insist("stop", "office.emergency_stop", on=True)
        self._world.timeline.after(
            span_s, lambda: self._insist("stop", "office.emergency_stop", on=False)
        )

    def _stop_number(self) -> None:
        if self._world.store_fails() is not None or not self._numbers:
            return
        place = self._random.randrange(len(self._numbers))
        self._records.stop_number(self._numbers.pop(place))
        if self._random.random() < 0.5:
            # Half of the time the floor is not told: a reservation asks the database all the same.
            self._world.send("office.stop_list_changed", BOSS)

    def _save(self) -> None:
        if self._world.store_fails() is None:
            self._records.save_settings(self._random.choice(self._campaigns))
            self._world.send("office.settings_changed", BOSS)

    # ---- asking until it is done

    def _insist(self, about: str, do: str, **args: str | bool) -> None:
        """Asks until the floor says yes, or until something newer is asked about the same thing."""
        turn = self._asked[about] = self._asked.get(about, 0) + 1
        self._try(about, turn, 0, do, args)

    def _try(self, about: str, turn: int, tries: int, do: str, args: dict[str, str | bool]) -> None:
        if self._asked[about] != turn or tries >= ASKS_MAX:
            return
        number = self._world.send(do, BOSS, "", **args)

        def look() -> None:
            reply = self._world.answers.pop(number, None)
            if reply is None or not (reply.ok or reply.body.get("code") == "wrong_state"):
                self._try(about, turn, tries + 1, do, args)

        self._world.timeline.after(ASK_AGAIN_S, look)
