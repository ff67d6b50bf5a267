"""An eight-hour day of 100 operators without faults: how fast the dialer's own code is, and honest.

Talks of some four minutes, wrap-ups of half a minute, an hour of breaks: a usual service campaign.
"""

from vyzov.simulation.agents import Habits
from vyzov.simulation.people import CalleeKind
from vyzov.simulation.scenario import (
    Crew,
    People,
    Scenario,
    ScenarioCampaign,
    ScenarioTrunk,
    Shape,
    Shift,
    Spread,
)

OPERATORS = 100
SPAN_S = 8 * 3600.0
CONTACTS = 18_000
KINDS = {
    CalleeKind.ANSWERS_AND_SPEAKS: 45.0,
    CalleeKind.NEVER_ANSWERS: 30.0,
    CalleeKind.BUSY: 8.0,
    CalleeKind.VOICEMAIL: 8.0,
    CalleeKind.REJECTS: 4.0,
    CalleeKind.UNREACHABLE: 5.0,
}


def big_day(*, watched: bool) -> Scenario:
    """Returns the day; `watched` says whether the rules are looked at all the while."""
    people = People(
        kinds=KINDS,
        post_dial=Spread(Shape.UNIFORM, least_s=1.0, most_s=3.0),
        ring=Spread(Shape.LOGNORMAL, 9.0, 0.5, least_s=2.0, most_s=25.0),
        talk=Spread(Shape.LOGNORMAL, 240.0, 0.6, least_s=10.0, most_s=1200.0),
        leaves_first=0.5,
    )
    habits = Habits(pause_every_s=7200.0)
    noon, break_s = SPAN_S / 2, 1800.0
    crews = tuple(
        Crew(
            f"team{team}", OPERATORS // 2, habits=habits,
            talk=Spread(Shape.LOGNORMAL, 270.0, 0.5, least_s=10.0, most_s=1200.0),
            wrap_up=Spread(Shape.LOGNORMAL, 30.0, 0.5, least_s=3.0, most_s=110.0),
            shifts=(
                Shift(0.0, SPAN_S, breaks=((noon + team * break_s, noon + (team + 2) * break_s),)),
            ),
        )
        for team in (0, 1)
    )  # fmt: skip
    settings = {
        "wrap_up_s": 120, "lines_max": 300, "calls_per_second": 30, "ring_timeout_s": 30,
        "redial": {"attempts_max": 3, "rules": {"no_answer": {"after_s": 7200}}},
    }  # fmt: skip
    return Scenario(
        name="big day", span_s=SPAN_S, crews=crews,
        trunks=(ScenarioTrunk("carrier", lines_max=300, calls_per_second=30.0),),
        campaigns=(ScenarioCampaign("service", CONTACTS, settings=settings, people=people),),
        ends_when_done=False, watched=watched, shows_screens=False, in_memory=True,
    )  # fmt: skip
