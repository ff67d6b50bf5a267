"""How busy operators are when the dialer itself does the work of a plan, in a made-up world.

The world has endless fresh contacts who answer by chance at one rate, rings and talks that differ
from call to call, and lines enough; what limits the dialer is its own care. One simulated stretch
begins with everybody free, so that short ones show a little less than a day would.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vyzov.core.campaign import DialMode
from vyzov.core.errors import InvalidRequest
from vyzov.core.plan import Terms, Work
from vyzov.simulation.agents import Habits
from vyzov.simulation.estimate import Estimate, summary
from vyzov.simulation.experiment import Progress, run_seeds
from vyzov.simulation.people import CalleeKind
from vyzov.simulation.scenario import (
    Crew,
    People,
    Scenario,
    ScenarioCampaign,
    ScenarioTrunk,
    Shape,
    Spread,
)

OPERATORS_MOST = 300
CALLS_MOST = 15_000
"""Calls of one run: a simulated call costs a few milliseconds."""

SPAN_MOST_S = 4 * 3600.0
TALK_SIGMA, WRAP_UP_SIGMA, RING_SIGMA = 0.77, 0.47, 0.47
"""Coefficients of variation of 0.9, 0.5 and 0.5: usual for talks, for writing and for picking up."""

MODES = (DialMode.PROGRESSIVE, DialMode.POWER, DialMode.PREDICTIVE)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the runs showed: the operators' share of busy time, and who was left of those who answered."""

    busy: Estimate
    left: Estimate
    span_s: float
    calls: float


def simulated(
    work: Work, terms: Terms, operators: int, mode: DialMode, *, seeds: Sequence[int],
    limit_s: float, progress: Progress | None = None,
) -> Seen:  # fmt: skip
    """Lets the dialer do the work with so many operators; raises `InvalidRequest` where no run ended."""
    if mode not in MODES:
        raise InvalidRequest(
            f"A plan in the mode '{mode.value}' cannot be simulated.",
            "Choose progressive, power or predictive.",
        )
    if operators > OPERATORS_MOST:
        raise InvalidRequest(
            f"{operators} operators are too many to be simulated.",
            f"Take {OPERATORS_MOST} at most, or leave the simulation out.",
        )
    scenario = world_of(work, terms, operators, mode)
    ran = run_seeds(scenario, seeds, limit_s=limit_s, progress=progress)
    if not ran.outcomes:
        raise InvalidRequest(
            f"No run ended within {limit_s:g} s.",
            "Give it more time, fewer operators, or leave the simulation out.",
        )
    found = summary([one.figures for one in ran.outcomes])
    nobody = Estimate(0.0, None, None, len(ran.outcomes))
    return Seen(
        busy=found["occupancy"], left=found.get("abandonment", nobody), span_s=scenario.span_s,
        calls=found["attempts"].mean,
    )  # fmt: skip


def world_of(work: Work, terms: Terms, operators: int, mode: DialMode) -> Scenario:
    """Makes the world; it is as long as its calls allow, four hours at most."""
    per_s = operators / work.service_s / work.answered
    span_s = min(SPAN_MOST_S, max(600.0, CALLS_MOST / per_s))
    lines = max(10, 20 * operators)
    people = People(
        kinds={
            CalleeKind.ANSWERS_AND_SPEAKS: work.answered,
            CalleeKind.NEVER_ANSWERS: 1 - work.answered,
        },
        post_dial=Spread(Shape.FIXED, min(1.0, work.ring_answered_s / 2)),
        ring=_spread(max(0.1, work.ring_answered_s - 1.0), RING_SIGMA, work.ring_unanswered_s),
        talk=_spread(work.talk_s, TALK_SIGMA, 3600.0),
        leaves_first=1.0,
        anew_each_call=True,
    )
    diligent = Habits(result_in_call=0.0, leaves_result=0.0, undoes=0.0, pause_every_s=0.0)
    crew = Crew(
        "operators", operators, habits=diligent, talk=Spread(Shape.FIXED, 7200.0),
        wrap_up=_spread(work.wrap_up_s, WRAP_UP_SIGMA, 3500.0),
    )  # fmt: skip
    settings = {
        "mode": mode.value, "lines_max": min(10_000, lines), "calls_per_second": 1000.0,
        "ring_timeout_s": min(180.0, max(1.0, work.ring_unanswered_s)), "allow_short_ring": True,
        "connect_limit_s": min(60.0, max(0.1, terms.wait_s)), "wrap_up_s": 3600.0,
        "redial": {"attempts_max": 1},
    }  # fmt: skip
    return Scenario(
        name="plan", span_s=span_s, crews=(crew,),
        trunks=(ScenarioTrunk("carrier", lines_max=lines, calls_per_second=1000.0),),
        campaigns=(
            ScenarioCampaign(
                "plan", math.ceil(3 * per_s * span_s) + 100, settings=settings, people=people
            ),
        ),
        ends_when_done=False, settles=False, watched=False, shows_screens=False, in_memory=True,
    )  # fmt: skip


def _spread(mean_s: float, sigma: float, most_s: float) -> Spread:
    if mean_s <= 0:
        return Spread(Shape.FIXED, 0.0)
    # The mean of a log-normal lies above its median.
    return Spread(Shape.LOGNORMAL, mean_s / math.exp(sigma**2 / 2), sigma, most_s=most_s)
