"""Scenario files of the pacing bench: those of `vyzov simulate`, and a table `[pacing]` of their own.

People, operators, shifts, trunks and campaigns are read by the product's reader. `[pacing]` says what
a list of people cannot: how the answer rate changes with time, how long failing calls take, how patient
people are, which numbers of operators to try (docs/figures.md has its names).
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pacing_place import Curve, Detection, Place, Town

from vyzov.core.campaign import CampaignSettings
from vyzov.core.errors import Fault, InvalidRequest
from vyzov.core.fields import Fields
from vyzov.simulation.people import CalleeKind
from vyzov.simulation.scenario import Crew, People, Scenario, ScenarioCampaign
from vyzov.simulation.scenario_file import scenario_of
from vyzov.simulation.spread import Shape, Spread
from vyzov.simulation.stage import DEFAULT_SETTINGS

SHIPPED = Path(__file__).parent / "scenarios"
PERSONS = frozenset({
    CalleeKind.ANSWERS_AND_SPEAKS, CalleeKind.PRESSES_1, CalleeKind.PRESSES_2, CalleeKind.PRESSES_9,
    CalleeKind.PRESSES_NOTHING, CalleeKind.SILENT, CalleeKind.HANGS_UP_MID_SENTENCE,
})  # fmt: skip
MACHINES = frozenset({CalleeKind.VOICEMAIL})
RINGS_OUT = frozenset({CalleeKind.NEVER_ANSWERS})
SQUARE = 1.25**0.5
"""A log-normal length whose spread is half its mean has its median so much below it."""
RING = Spread(Shape.LOGNORMAL, typical_s=10 / SQUARE, sigma=0.472381, most_s=600)
POST_DIAL = Spread(Shape.FIXED, typical_s=2.0)
FAILS = Spread(Shape.UNIFORM, least_s=2.0, most_s=6.0)
TALK = Spread(Shape.LOGNORMAL, typical_s=89.1957, sigma=0.770279)
WRAP_UP = Spread(Shape.LOGNORMAL, typical_s=15 / SQUARE, sigma=0.472381)
DETECTS = Spread(Shape.UNIFORM, least_s=1.0, most_s=2.5)


@dataclass(frozen=True, slots=True)
class Stage:
    """A scenario of the bench. `markov` says that the optimum's model is the scenario's own."""

    name: str
    scenario: Scenario
    places: tuple[int, ...]
    """Numbers of operators to try."""
    towns: tuple[Town, ...]
    patience_s: float
    markov: bool

    def place(self, agents: int) -> Place:
        """Returns the floor with so many operators, crews in the proportion of the file."""
        trunks = self.scenario.trunks
        return Place(
            campaigns=self.towns,
            shifts=tuple(_shifts(self.scenario.crews, agents, self.scenario.span_s)),
            lines_max=sum(one.lines_max for one in trunks),
            calls_per_second=sum(one.calls_per_second for one in trunks),
            patience_s=self.patience_s,
        )

    @property
    def answers(self) -> float:
        """The answer rate of the first campaign at the beginning, 0..1."""
        return self.towns[0].answers.at(0.0)


def shipped() -> list[str]:
    """Returns the names of the scenarios that come with the bench."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def read_stage(named: str) -> Stage:
    """Reads a shipped scenario or a file; raises `InvalidRequest` that names every wrong place."""
    path = SHIPPED / f"{named}.toml"
    path = path if path.is_file() else Path(named)
    try:
        source = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidRequest(
            f"{named} is no scenario: {error.strerror}.", f"There are: {', '.join(shipped())}."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{path} is not TOML: {error}.", "Mend that line.") from error
    return stage_of(source, str(path), path.stem)


def stage_of(source: Mapping[str, Any], subject: str, name: str) -> Stage:
    """Returns the scenario of a TOML document, or raises `InvalidRequest` naming its faults."""
    own = source.get("pacing", {})
    scenario = scenario_of({k: v for k, v in source.items() if k != "pacing"}, subject, name)
    faults = list[Fault]()
    fields = Fields.over(own, "pacing.", faults)
    agents = [one for one in fields.items("agents") if isinstance(one, int) and 0 < one <= 500]
    if len(agents) != len(fields.items("agents")):
        fields.fault("agents", "must be a list of numbers of operators, 1 to 500")
    lengths = {
        "fails": _spread(fields, "fails") or FAILS,
        "never_answers": _spread(fields, "never_answers"),
        "detection": _spread(fields, "detection") or DETECTS,
    }
    patience_s = fields.number("patience_s", 2.0, least=0, most=60)
    markov = fields.flag("markov", default=False)
    answers = fields.inner("answers")
    curves = {
        one: _curve(answers.inner(one))
        for one in (answers.source if "answers" in fields.source else ())
    }
    named = _people_of(source)
    towns = tuple(
        _town(one, curves.get(named.get(one.name, "")), scenario.crews, lengths)
        for one in scenario.campaigns
    )
    fields.settle(subject)
    usual = sum(one.count for one in scenario.crews)
    return Stage(name, scenario, tuple(agents) or (usual,), towns, patience_s, markov)


def _people_of(source: Mapping[str, Any]) -> dict[str, str]:
    """Which people each campaign calls: the reader has put the people themselves in their place."""
    return {
        str(row.get("name")): str(row.get("people", ""))
        for row in source.get("campaigns", ())
        if isinstance(row, Mapping)
    }


def _curve(fields: Fields) -> Curve:
    points = [
        (float(one[0]), float(one[1]))
        for one in fields.items("points")
        if isinstance(one, list) and len(one) == 2 and all(isinstance(x, int | float) for x in one)
    ]
    period_s = fields.number("period_s", 0.0, least=0, most=86_400)
    straight = fields.flag("straight", default=True)
    if not points or points[0][0] != 0 or sorted(points) != points:
        fields.fault("points", "must be pairs of seconds and a share, from 0 seconds on, in order")
        points = [(0.0, 0.0)]
    if any(not 0 <= share <= 1 for _, share in points):
        fields.fault("points", "must hold shares from 0 to 1")
    fields.close()
    return Curve(tuple(points), period_s, straight)


def _spread(fields: Fields, name: str) -> Spread | None:
    if name not in fields.source:
        return None
    inner = fields.inner(name)
    read = Spread(
        inner.choice("shape", Shape),
        typical_s=inner.number("typical_s", 0.0, least=0, most=3600),
        sigma=inner.number("sigma", 0.5, least=0.01, most=3),
        least_s=inner.number("least_s", 0.0, least=0, most=3600),
        most_s=inner.number("most_s", 3600.0, least=0, most=3600),
    )
    inner.close()
    return read


def _town(
    campaign: ScenarioCampaign,
    curve: Curve | None,
    crews: tuple[Crew, ...],
    lengths: Mapping[str, Spread | None],
) -> Town:
    people = campaign.people
    settings = CampaignSettings.from_json(
        {**DEFAULT_SETTINGS, **campaign.settings, "trunks": ["one"]}
    )
    parts = _parts(people)
    crew = crews[0]
    timeout_s = settings.ring_timeout.total_seconds()
    detects = parts["machines"] > 0
    detection = Detection(
        first=settings.classify.value == "classify_first",
        takes=lengths["detection"] or DETECTS,
        machine_as_human=people.machine_as_human,
        human_as_machine=people.human_as_machine,
    )
    return Town(
        answers=curve or Curve(((0.0, parts["answers"]),)),
        post_dial=people.post_dial or POST_DIAL,
        ring=people.ring or RING,
        fails=lengths["fails"] or FAILS,
        talk=crew.talk or people.talk or TALK,
        wrap_up=crew.wrap_up or WRAP_UP,
        callee_talk=people.talk if crew.talk is not None else None,
        leaves_first=people.leaves_first or 0.0,
        rings_out=parts["rings_out"],
        ring_timeout_s=timeout_s,
        never_answers=lengths["never_answers"],
        machines=parts["machines"],
        detection=detection if detects else None,
    )


def _parts(people: People) -> dict[str, float]:
    """Shares: who answers, machines among them, and who rings out among those who do not."""
    total = sum(people.kinds.values())
    persons = sum(share for kind, share in people.kinds.items() if kind in PERSONS)
    machines = sum(share for kind, share in people.kinds.items() if kind in MACHINES)
    rings = sum(share for kind, share in people.kinds.items() if kind in RINGS_OUT)
    answers = persons + machines
    silent = total - answers
    return {
        "answers": answers / total,
        "machines": machines / answers if answers else 0.0,
        "rings_out": rings / silent if silent else 0.0,
    }


def _shifts(
    crews: tuple[Crew, ...], agents: int, span_s: float
) -> list[tuple[tuple[float, float], ...]]:
    """The shifts of each operator: crews keep their proportions, the largest rests get one more."""
    total = sum(one.count for one in crews)
    exact = [agents * one.count / total for one in crews]
    counts = [int(one) for one in exact]
    rests = sorted(range(len(crews)), key=lambda n: counts[n] - exact[n])
    for number in rests[: agents - sum(counts)]:
        counts[number] += 1
    found = list[tuple[tuple[float, float], ...]]()
    for crew, count in zip(crews, counts, strict=True):
        times = tuple((one.begins_s, one.ends_s) for one in crew.shifts) or ((0.0, span_s),)
        found += [times] * count
    return found
