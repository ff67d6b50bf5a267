"""Scenario files: what they can say, what is wrong with a wrong one, and the examples."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vyzov.core.errors import InvalidRequest
from vyzov.simulation.people import DEFAULT_MIX, CalleeKind
from vyzov.simulation.run import run_scenario
from vyzov.simulation.scenario import Scenario, Shape, Shift, Spread
from vyzov.simulation.scenario_file import read_scenario

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples" / "scenarios").glob("*.toml"))

LEAST = '[[crews]]\nname = "c"\n[[campaigns]]\nname = "a"\n'


def read(tmp_path: Path, text: str) -> Scenario:
    path = tmp_path / "case.toml"
    path.write_text(text, encoding="utf-8")
    return read_scenario(path)


def faults_of(tmp_path: Path, text: str) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as raised:
        read(tmp_path, text)
    return {fault.field: fault.problem for fault in raised.value.faults}


def test_a_short_file_takes_its_name_and_all_defaults(tmp_path: Path) -> None:
    scenario = read(tmp_path, LEAST)
    assert (scenario.name, scenario.span_s, scenario.seed) == ("case", 28_800.0, 1)
    assert scenario.begin == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert [trunk.name for trunk in scenario.trunks] == ["carrier"]
    assert scenario.campaigns[0].people.kinds == DEFAULT_MIX


def test_clock_times_are_of_the_scenarios_zone(tmp_path: Path) -> None:
    scenario = read(
        tmp_path,
        'zone = "Europe/Moscow"\nbegin = 2026-11-23T10:00:00\n[[crews]]\nname = "c"\n'
        'shifts = [{ from = "10:30", to = "12:00", breaks = [{ from = "11:00", to = "11:15" }] },'
        ' { from = "09:00", to = "09:30" }]\n[[campaigns]]\nname = "a"\n',
    )
    assert scenario.begin == datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    first, second = scenario.crews[0].shifts
    assert first == Shift(1800.0, 7200.0, ((3600.0, 4500.0),))
    assert second.begins_s == 23 * 3600.0, "it has passed today, so it is tomorrow's"


def test_a_shift_over_a_clock_change_lasts_as_long_as_it_does(tmp_path: Path) -> None:
    scenario = read(
        tmp_path,
        'zone = "America/New_York"\nbegin = 2026-11-01T00:30:00\n[[crews]]\nname = "c"\n'
        'shifts = [{ from = "01:00", to = "04:00" }]\n[[campaigns]]\nname = "a"\n',
    )
    shift = scenario.crews[0].shifts[0]
    assert shift.ends_s - shift.begins_s == 4 * 3600.0


def test_spans_are_numbers_or_spreads(tmp_path: Path) -> None:
    scenario = read(
        tmp_path,
        "[people.p]\nring = 7\n"
        'talk = { shape = "lognormal", typical_s = 60, sigma = 0.9, most_s = 300 }\n'
        '[[crews]]\nname = "c"\n[[campaigns]]\nname = "a"\npeople = "p"\n',
    )
    people = scenario.campaigns[0].people
    assert people.ring == Spread(Shape.FIXED, 7.0)
    assert people.talk == Spread(Shape.LOGNORMAL, 60.0, 0.9, 0.0, 300.0)


def test_hours_at_home_may_be_named_together(tmp_path: Path) -> None:
    scenario = read(
        tmp_path,
        '[people.p]\nhome_by_hour = { "9-12" = 0.25, "20" = 0.5 }\nkinds = { busy = 1 }\n'
        '[[crews]]\nname = "c"\n[[campaigns]]\nname = "a"\npeople = "p"\n',
    )
    people = scenario.campaigns[0].people
    assert people.home_by_hour == {9: 0.25, 10: 0.25, 11: 0.25, 20: 0.5}
    assert people.kinds == {CalleeKind.BUSY: 1}


def test_all_that_is_wrong_is_said_at_once_with_its_place(tmp_path: Path) -> None:
    faults = faults_of(
        tmp_path,
        "span_min = 0\ninbound = true\n[people.p]\nkinds = { martian = 1 }\n"
        'home_by_hour = { "25" = 1 }\ntalk = { shape = "uniform", least_s = 9 }\n'
        '[[crews]]\nname = "c"\ncount = 0\nshifts = [{ from = "noon", to = "18:00" }]\n'
        '[[campaigns]]\nname = "a"\npeople = "q"\ncrews = ["d"]\nzones = { Mars = 1 }\n'
        'settings = { ring_timeout_s = 500, agents = ["x"], colour = 1 }\n'
        "[faults]\ndoubled = 2\nstore_away_s = [9, 1]\n",
    )
    assert set(faults) == {
        "span_min", "inbound", "people.p.kinds.martian", "people.p.kinds",
        "people.p.home_by_hour.25", "people.p.talk.most_s", "crews[0].count",
        "crews[0].shifts[0].from", "campaigns[0].people", "campaigns[0].crews",
        "campaigns[0].zones.Mars", "campaigns[0].settings.ring_timeout_s",
        "campaigns[0].settings.agents", "campaigns[0].settings.colour", "faults.doubled",
        "faults.store_away_s",
    }  # fmt: skip
    assert "there are: p" in faults["campaigns[0].people"]
    assert "voicemail" in faults["people.p.kinds.martian"]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("name = 'x'\n", "campaigns"),
        (LEAST + LEAST, "crews"),
        ('begin = "soon"\n' + LEAST, "begin"),
        ('zone = "Mars"\n' + LEAST, "zone"),
        ('[people.p]\ntalk = { shape = "lognormal" }\n' + LEAST, "people.p.talk.typical_s"),
        ('[people.p]\nring = { shape = "fixed", least_s = 5, most_s = 1 }\n' + LEAST,
         "people.p.ring.most_s"),
        (LEAST + "[faults]\nclock_steps_s = []\n", "faults.clock_steps_s"),
        ('[[crews]]\nname = "c"\nshifts = [{ from = "09:00", to = "10:00", '
         'breaks = [{ from = "09:30", to = "11:00" }] }]\n[[campaigns]]\nname = "a"\n',
         "crews[0].shifts[0].breaks[0].to"),
    ],
)  # fmt: skip
def test_one_wrong_place_is_named(tmp_path: Path, text: str, field: str) -> None:
    assert field in faults_of(tmp_path, text)


def test_what_is_no_scenario_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="cannot be read"):
        read_scenario(tmp_path / "gone.toml")
    with pytest.raises(InvalidRequest, match="is not TOML"):
        read(tmp_path, "a b c")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_breaks_no_rule(path: Path) -> None:
    scenario = read_scenario(path)
    campaigns = tuple(
        dataclasses.replace(one, contacts=min(one.contacts, 60), begins_s=min(one.begins_s, 30.0))
        for one in scenario.campaigns
    )
    short = dataclasses.replace(scenario, campaigns=campaigns, span_s=300.0)
    outcome = run_scenario(short)
    assert outcome.figures.attempts > 20
    assert outcome.figures.talks > 0
    assert outcome.breaches == ()


def test_there_are_examples_of_all_that_a_scenario_can_say() -> None:
    assert len(EXAMPLES) >= 4
    said = "\n".join(path.read_text(encoding="utf-8") for path in EXAMPLES)
    for name in (
        "home_by_hour", "ring", "talk", "machine_as_human", "human_as_machine", "shifts", "breaks",
        "lines_max", "carries_max", "faults", "zones", "stop_listed", "begins_min", "seed",
    ):  # fmt: skip
        assert name in said, f"no example shows {name}"
