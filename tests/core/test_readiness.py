"""What a campaign lacks before it starts, and that every look at it has words."""

import json
from pathlib import Path
from typing import Any

import pytest
from core_examples import AGENTLESS, FLOW, settings

from vyzov.core.campaign import CampaignSettings
from vyzov.core.readiness import CheckId, checks, is_ready

WORDS = Path(__file__).resolve().parents[2] / "ui" / "src" / "words"
OWN = {"safe_harbour_prompt": "sorry"}


def open_of(made: CampaignSettings, *, must: bool | None = None) -> list[str]:
    found = checks(made, has_list=True, trunks_on={"first"})
    return [one.id.value for one in found if not one.ok and must in (None, one.must)]


def robot(steps: dict[str, Any], **more: Any) -> CampaignSettings:
    flow = {"start": next(iter(steps)), "on_machine": "hang_up", "steps": steps}
    return CampaignSettings.from_json(AGENTLESS | {"flow": flow} | more)


def announcing(prompt: str, leads_to: dict[str, Any]) -> dict[str, Any]:
    offer = {"do": "announce", "prompt": prompt, "keys": {}, "on_silence": "end"}
    return {"offer": offer, "end": leads_to}


def test_a_campaign_without_list_people_and_trunk_says_so() -> None:
    found = checks(settings(), has_list=False, trunks_on={"another"})
    assert [one.id.value for one in found if one.must and not one.ok] == ["list", "agents", "trunk"]
    assert not is_ready(found)


def test_a_campaign_with_all_a_start_needs_is_ready() -> None:
    found = checks(settings(agents=["ann"]), has_list=True, trunks_on={"first", "second"})
    assert is_ready(found)
    assert [one.id.value for one in found if not one.ok] == ["samples", "script"], "a second look"


def test_talks_that_are_not_recorded_deserve_a_second_look() -> None:
    assert "recording" in open_of(settings(recording=False), must=False)


def test_an_offer_that_promises_a_person_needs_agents() -> None:
    for promise in ({"do": "connect"}, {"do": "callback", "after_s": 60}):
        steps = announcing("ours", promise)
        assert open_of(robot(steps), must=True) == ["agents_keys"]
        assert open_of(robot(steps, agents=["ann"]), must=True) == []
    assert open_of(robot(announcing("ours", {"do": "hang_up"})), must=True) == []


@pytest.mark.parametrize("prompt", ["offer", "safe_harbour"])
def test_prompts_that_name_a_made_up_company_are_spoken_of(prompt: str) -> None:
    bye = {"do": "hang_up"}
    assert "samples" in open_of(robot(announcing(prompt, bye), **OWN))
    assert "samples" not in open_of(robot(announcing("ours", bye), **OWN))
    assert "samples" in open_of(robot(announcing("ours", bye))), "who waits in vain hears it too"
    left = FLOW | {"on_machine": {"leave": "offer"}}
    assert "samples" in open_of(settings(flow=left, **OWN))


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_look_has_words_in_every_language(language: str) -> None:
    words = json.loads((WORDS / language / "office.json").read_text(encoding="utf-8"))
    wanted = [f"before.{one}{end}" for one in CheckId for end in ("", "_next", "_ok")]
    assert [key for key in wanted if key not in words] == []
