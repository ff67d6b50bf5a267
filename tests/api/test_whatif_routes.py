"""Estimates over the API: asked for, made elsewhere, one at a time, and said to be estimates."""

import asyncio
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_site import Site

from vyzov.dialer.runtime import SystemClock
from vyzov.web import whatif_runs
from vyzov.web.whatif_runs import WhatIfRuns

PRINTS = "import json, sys; print(json.dumps({'is': 'estimate', 'words': sys.argv[1:]}))"
REFUSES = (
    "import sys; sys.stderr.write('WARNING old\\nThe history holds 3 calls. Wait.'); sys.exit(1)"
)
SLEEPS = "import time; time.sleep(60)"


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
        told: dict[str, Any] = browser.get("/whatif").json()
        if told["state"] != "running":
            return told
        time.sleep(0.05)
    raise AssertionError("the estimate never ended")


def test_before_anything_was_asked_there_is_none(site: Site) -> None:
    told = site.browser_of("supervisor").get("/whatif").json()
    assert (told["state"], told["estimate"]) == ("none", None)


def test_an_estimate_is_made_by_the_command_with_what_was_asked(site: Site, program: Any) -> None:
    program(PRINTS)
    campaign = site.town.own["campaign"]
    browser = site.browser_of("manager")
    asked = {
        "campaign": campaign, "operators": 12, "days": 7,
        "settings": {"mode": "power", "redial.attempts_max": 2, "recording": False},
    }  # fmt: skip
    answer = browser.post("/whatif", json=asked)
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] == "running"
    told = wait(browser)
    assert told["state"] == "done", told
    words = told["estimate"]["words"]
    assert words[:3] == ["-m", "vyzov", "whatif"]
    assert words[words.index("--agents") + 1] == "12"
    assert words[words.index("--campaign") + 1] == campaign
    assert [words[place + 1] for place, word in enumerate(words) if word == "--set"] == [
        'mode="power"', "redial.attempts_max=2", "recording=false",
    ]  # fmt: skip
    assert told["asked"]["operators"] == 12
    assert site.browser_of("supervisor").get("/whatif").json() == told


def test_a_refusal_of_the_command_is_shown_in_its_own_words(site: Site, program: Any) -> None:
    program(REFUSES)
    browser = site.browser_of("supervisor")
    assert browser.post("/whatif", json={"campaign": site.town.own["campaign"]}).status_code == 202
    told = wait(browser)
    assert told["state"] == "failed"
    assert told["said"] == "The history holds 3 calls. Wait."


def test_one_estimate_is_made_at_a_time(site: Site, program: Any) -> None:
    program("import time; time.sleep(1.5); print('{}')")
    browser = site.browser_of("manager")
    asked = {"campaign": site.town.own["campaign"]}
    assert browser.post("/whatif", json=asked).status_code == 202
    second = browser.post("/whatif", json=asked)
    assert second.status_code == 409
    assert "An estimate is being made." in second.text
    assert wait(browser)["state"] == "done"


def test_the_campaign_of_another_organisation_is_not_found(site: Site) -> None:
    campaign = site.town.other["campaign"]
    answer = site.browser_of("manager").post("/whatif", json={"campaign": campaign})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"operators": 0}, {"operators": 301}, {"days": 0}, {"settings": {"--data": "/etc"}},
        {"settings": {"mode": "x" * 300}}, {"settings": {"mode": ["a"]}},
    ],
)  # fmt: skip
def test_what_cannot_be_a_change_is_refused(site: Site, wrong: dict[str, Any]) -> None:
    asked = {"campaign": site.town.own["campaign"], **wrong}
    assert site.browser_of("manager").post("/whatif", json=asked).status_code == 422


def test_runs_that_take_too_long_are_ended(program: Any, tmp_path: Path) -> None:
    program(SLEEPS)

    async def run_it() -> whatif_runs.Run:
        runs = WhatIfRuns(SystemClock(), tmp_path, timedelta(seconds=0.3) - whatif_runs.SLACK)
        run = runs.start("org", {}, [])
        await asyncio.sleep(1.5)
        await runs.close()
        return run

    run = asyncio.run(run_it())
    assert run.state == "failed"
    assert run.ended is not None
