"""The box and the program operators as a scenario file says: its people, its crew, nothing left out."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from pstn_caller import Caller

from vyzov.cli.world import with_crew, with_people
from vyzov.core.errors import InvalidRequest
from vyzov.pstn.box import Box, BoxSettings
from vyzov.pstn.operators import OperatorSettings
from vyzov.simulation.people import CalleeKind, hurried
from vyzov.simulation.residents import Residents
from vyzov.simulation.scenario_file import read_scenario
from vyzov.simulation.spread import Shape, Spread

BOX = Path(__file__).resolve().parents[2] / "examples" / "scenarios" / "box.toml"
NUMBER = "+70005550101"


class Noon:
    @property
    def utc(self) -> datetime:
        return datetime(2026, 11, 23, 12, tzinfo=UTC)


def scenario(folder: Path, text: str) -> Path:
    file = folder / "scenario.toml"
    file.write_text(text, encoding="utf-8")
    return file


REJECT = """
[[crews]]
name = "crew"
[people.town]
kinds = { rejects = 1 }
anew_each_call = true
[[campaigns]]
name = "List"
people = "town"
"""


def test_the_people_of_a_scenario_live_at_all_numbers_of_the_box(tmp_path: Path) -> None:
    usual = BoxSettings(ledger=tmp_path / "ledger.jsonl", port=0, hurry=8.0)
    settings = with_people(usual, scenario(tmp_path, REJECT))
    codes: list[int] = []

    async def scene() -> None:
        box = Box(settings)
        caller = Caller(await box.start(), None)
        await caller.open()
        try:
            for place in range(3):
                seen = await caller.call(f"leg-{place}", f"+7000555010{place}")
                codes.append(seen.rejected.code)
        finally:
            caller.close()
            await box.stop()

    asyncio.run(scene())
    assert len(codes) == 3
    assert set(codes) <= {603, 486}


def test_the_box_plans_a_call_as_virtual_time_does(tmp_path: Path) -> None:
    settings = with_people(BoxSettings(ledger=tmp_path / "l.jsonl", port=0, seed=5, hurry=2.0), BOX)
    box = Box(settings)
    people = read_scenario(BOX).campaigns[0].people
    virtual = Residents(Noon(), 5)
    virtual.settle(NUMBER, people, "Europe/Moscow")
    seen = [box._plan(NUMBER, count) for count in range(1, 60)]
    assert seen == [hurried(virtual.plan(NUMBER, count), 2.0) for count in range(1, 60)]
    assert {CalleeKind.ANSWERS_AND_SPEAKS, CalleeKind.NEVER_ANSWERS} < {plan.kind for plan in seen}


def test_program_operators_talk_and_write_as_the_crew_does() -> None:
    usual = OperatorSettings(password="right", out=Path("operators.jsonl"))
    crew = read_scenario(BOX).crews[0]
    settings = with_crew(usual, BOX)
    assert (settings.talk, settings.wrap_up) == (crew.talk, crew.wrap_up)
    assert crew.talk is not None
    assert settings.patience_s == crew.talk.most_s
    assert settings.callback_share == 0.0


def test_a_crew_that_does_more_than_program_operators_can_is_refused(tmp_path: Path) -> None:
    usual = OperatorSettings(password="right", out=tmp_path / "operators.jsonl")
    with pytest.raises(InvalidRequest, match="cannot"):
        with_crew(usual, scenario(tmp_path, REJECT))
    nobody = REJECT.replace('[[crews]]\nname = "crew"\n', "")
    with pytest.raises(InvalidRequest, match="no operators"):
        with_crew(usual, scenario(tmp_path, nobody))


def test_two_campaigns_are_more_people_than_a_box_has(tmp_path: Path) -> None:
    usual = BoxSettings(ledger=tmp_path / "ledger.jsonl")
    two = REJECT + '[[campaigns]]\nname = "Second"\npeople = "town"\n'
    with pytest.raises(InvalidRequest, match="several campaigns"):
        with_people(usual, scenario(tmp_path, two))


def test_a_hurried_spread_is_the_same_spread_so_many_times_shorter() -> None:
    crew = read_scenario(BOX).crews[0]
    for spread in (crew.talk, crew.wrap_up, Spread(Shape.MEASURED, samples_s=(4.0, 6.0))):
        assert spread is not None
        drawn, quick = spread.draw(Random(3)), spread.hurried(4.0).draw(Random(3))
        assert quick == pytest.approx(drawn / 4.0)
        assert spread.hurried(4.0).most_s == spread.most_s / 4.0
