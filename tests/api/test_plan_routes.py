"""The planner over the API: formulas at once, the simulation by the command, a campaign's own past."""

import time
from datetime import timedelta
from typing import Any

import httpx
import pytest
from api_site import Site
from api_town import CALLED_AT

from vyzov.core.facts import Fact, FactKind
from vyzov.dialer import writes as w
from vyzov.dialer.runtime import SystemDice
from vyzov.storage.sqlite import SqliteStore
from vyzov.web import whatif_runs

ASKED: dict[str, Any] = {"contacts": 20_000, "operators": 20, "runs": 0}
SIMULATES = (
    "import json, sys; print(json.dumps({'is': 'plan', 'words': sys.argv[1:],"
    "'plans': [{'model': 'erlang_b'}, {'model': 'simulation', 'operators': 20, 'busy': 0.6,"
    " 'left': 0.0, 'calls_per_s': 0.4, 'erlangs': 20.0, 'lines': 30, 'talks_per_hour': 330.0,"
    " 'hours': 35.0}], 'simulation': {'mode': 'power', 'runs': 2, 'argv': sys.argv[1:]}}))"
)


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts another program in place of the command."""
    real = whatif_runs.asyncio.create_subprocess_exec

    def use(text: str) -> None:
        async def start(python: str, *words: str, **options: Any) -> Any:
            return await real(python, "-c", text, *words, **options)

        monkeypatch.setattr(whatif_runs.asyncio, "create_subprocess_exec", start)

    return use


def wait(browser: httpx.Client) -> dict[str, Any]:
    for _ in range(200):
        told: dict[str, Any] = browser.get("/plan").json()
        if told["state"] != "running":
            return told
        time.sleep(0.05)
    raise AssertionError("the plan never ended")


def test_the_formulas_answer_at_once_and_stay_as_the_latest_plan(site: Site) -> None:
    browser = site.browser_of("supervisor")
    assert browser.get("/plan").json()["asked"] is None
    told = browser.post("/plan", json=ASKED)
    assert told.status_code == 200, told.text
    body = told.json()
    assert [one["model"] for one in body["plans"]] == [
        "one_by_one", "erlang_b", "erlang_a", "erlang_c",
    ]  # fmt: skip
    assert body["plans"][0]["operators"] == 20
    assert body["talks"] == pytest.approx(11562.5)
    assert (body["state"], body["simulation"]) == ("none", None)
    assert site.browser_of("manager").get("/plan").json() == body


def test_hours_and_lines_are_goals_too(site: Site) -> None:
    browser = site.browser_of("manager")
    hours = browser.post("/plan", json={"contacts": 20_000, "hours": 8, "runs": 0}).json()
    assert max(one["hours"] for one in hours["plans"]) <= 8
    lines = browser.post("/plan", json={"contacts": 20_000, "lines": 30, "runs": 0}).json()
    assert max(one["lines"] for one in lines["plans"]) <= 30


def test_the_simulation_is_made_by_the_command_with_what_was_asked(
    site: Site, program: Any
) -> None:
    program(SIMULATES)
    browser = site.browser_of("manager")
    asked = {**ASKED, "mode": "power", "runs": 2, "answered": 0.3, "tries_most": 1}
    begun = browser.post("/plan", json=asked).json()
    assert (begun["state"], len(begun["plans"])) == ("running", 4)
    told = wait(browser)
    assert told["state"] == "done", told
    assert [one["model"] for one in told["plans"]][-2:] == ["erlang_c", "simulation"]
    words = told["simulation"]["argv"]
    assert words[:3] == ["-m", "vyzov", "plan"]
    for name, value in {"--operators": "20", "--mode": "power", "--answered": "0.3",
                        "--tries": "1", "--seeds": "2"}.items():  # fmt: skip
        assert words[words.index(name) + 1] == value


def test_every_word_the_command_is_told_is_one_it_knows(site: Site) -> None:
    browser = site.browser_of("manager")
    asked = {"contacts": 30, "operators": 1, "ring_unanswered_s": 9, "runs": 1}
    browser.post("/plan", json={**asked, "ring_answered_s": 5})
    for _ in range(120):
        told = browser.get("/plan").json()
        if told["state"] != "running":
            break
        time.sleep(0.5)
    assert (told["state"], told["said"]) == ("done", "")
    assert told["plans"][-1]["model"] == "simulation"
    assert told["simulation"]["runs"] == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"operators": None}, {"hours": 8}, {"contacts": 0}, {"answered": 0}, {"answered": 1.1},
        {"operators": 0}, {"left_most": 1}, {"mode": "manual"}, {"runs": 21}, {"talk_s": 0},
        {"tries": 2}, {"operators": 301, "runs": 1},
    ],
)  # fmt: skip
def test_what_cannot_be_planned_is_refused_as_a_problem(site: Site, wrong: dict[str, Any]) -> None:
    answer = site.browser_of("manager").post("/plan", json={**ASKED, **wrong})
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_a_plan_of_a_campaign_begins_with_its_settings_and_its_past(site: Site) -> None:
    own = site.town.own
    browser = site.browser_of("supervisor")
    at = f"/campaigns/{own['campaign']}/plan?days=366"
    before = browser.get(at).json()
    assert (before["name"], before["answered"], before["talk_s"]) == (
        before["name"], None, None,
    )  # fmt: skip
    assert before["contacts"] >= 1
    assert before["stands_on"] == {"calls": 1, "talks": 1, "days": 366}
    _calls(site, 24)
    after = browser.get(at).json()
    assert after["stands_on"]["calls"] == 25
    assert after["answered"] == pytest.approx(9 / 25)
    assert browser.get(f"/campaigns/{site.town.other['campaign']}/plan").status_code == 404


def _calls(site: Site, count: int) -> None:
    """Writes calls of the campaign, every third of which a person answers."""
    own, dice = site.town.own, SystemDice()
    store = SqliteStore(site.town.path, randomness=dice)
    fence = store.take_lease(own.floor, "again", CALLED_AT + timedelta(hours=2), timedelta(1))
    assert fence is not None
    facts: list[w.Write] = []
    for place in range(count):
        attempt, at = dice.new_id(), CALLED_AT + timedelta(seconds=place)
        about = {"campaign": own["campaign"], "contact": own["contact"], "attempt": attempt}
        outcome = "answered_human" if place % 3 == 0 else "no_answer"
        for kind, data in (
            (FactKind.ATTEMPT_RESERVED, {"number": place + 2}),
            (FactKind.FINAL, {"outcome": outcome}),
        ):
            facts.append(w.AppendFact(Fact(kind, at, "test", 0, dice.new_id(), data=data, **about)))
    store.commit(tuple(facts))
    store.close()
