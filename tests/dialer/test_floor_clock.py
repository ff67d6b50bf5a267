"""A step of UTC stops dialling until it was steady for a minute, or a manager says that it is right."""

from dataclasses import replace
from datetime import timedelta

from conftest import Centre

from vyzov.core.facts import FactKind
from vyzov.dialer import effects as fx
from vyzov.dialer.floor import Floor


class Clocks:
    """Steps a floor by hand, with UTC as far ahead of the machine's as a test wants."""

    def __init__(self, centre: Centre) -> None:
        process = centre.world.process
        assert process is not None
        self.floor: Floor = process.floor
        timeline = centre.world.timeline
        self.now = fx.Now(timeline.utc, timeline.now, process.holder)

    def step(
        self, item: fx.Input, *, after_s: float = 0.5, ahead_s: float = 0.0
    ) -> list[fx.Effect]:
        self.now = replace(
            self.now,
            mono=self.now.mono + after_s,
            utc=self.now.utc + timedelta(seconds=after_s + ahead_s),
        )
        return self.floor.step(item, self.now)


def open_floor(centre: Centre) -> Clocks:
    ann = centre.operator()
    centre.open(centre.campaign(3, agents=(ann,)))
    return Clocks(centre)


def told(effects: list[fx.Effect], kind: FactKind) -> list[object]:
    commits = [effect for effect in effects if isinstance(effect, fx.Commit)]
    facts = [getattr(write, "fact", None) for commit in commits for write in commit.writes]
    return [dict(fact.data) for fact in facts if fact is not None and fact.kind is kind]


def alerts(effects: list[fx.Effect]) -> list[str]:
    floors = [e for e in effects if isinstance(e, fx.Tell) and e.topic.startswith("floor:")]
    return [alert["kind"] for tell in floors for alert in tell.state["alerts"]]


def why(clocks: Clocks) -> str:
    (campaign,) = clocks.floor.room.campaigns.values()
    return campaign.why[0]


def test_a_step_is_written_down_shown_and_stops_dialling(centre: Centre) -> None:
    clocks = open_floor(centre)
    clocks.step(fx.Tick())
    effects = clocks.step(fx.Tick(), ahead_s=3600.0)
    assert told(effects, FactKind.CLOCK_STEPPED) == [{"step_s": 3600.0}]
    assert why(clocks) == "clock_unsteady"
    assert "clock_unsteady" in alerts(clocks.step(fx.Tick()))
    assert not [e for e in clocks.step(fx.Tick()) if isinstance(e, fx.Commit) and e.giveup]


def test_after_a_steady_minute_dialling_goes_on_by_itself(centre: Centre) -> None:
    clocks = open_floor(centre)
    clocks.step(fx.Tick())
    clocks.step(fx.Tick(), ahead_s=-30.0)
    for _ in range(119):
        assert not told(clocks.step(fx.Tick()), FactKind.CLOCK_TRUSTED)
    assert why(clocks) == "clock_unsteady"
    effects = clocks.step(fx.Tick())
    assert told(effects, FactKind.CLOCK_TRUSTED) == [{"by": ""}]
    assert why(clocks) != "clock_unsteady"
    assert "clock_unsteady" not in alerts(effects + clocks.step(fx.Tick()))


def test_a_managers_word_lets_dialling_go_on_at_once(centre: Centre) -> None:
    clocks = open_floor(centre)
    clocks.step(fx.Tick())
    clocks.step(fx.Tick(), ahead_s=30.0)
    organisation = clocks.floor.room.organisation
    ask = fx.Ask(7, "office.confirm_clock", "boss", organisation, "manager", "c")
    effects = clocks.step(ask)
    assert told(effects, FactKind.CLOCK_TRUSTED) == [{"by": "boss"}]
    clocks.step(fx.Tick())
    assert why(clocks) != "clock_unsteady"
    again = clocks.step(replace(ask, ask=8))
    assert not told(again, FactKind.CLOCK_TRUSTED)
    assert [e.ok for e in again if isinstance(e, fx.Reply)] == [True]
