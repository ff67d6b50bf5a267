"""Campaign settings, read whole, and the life of a campaign."""

from datetime import timedelta
from typing import Any

import pytest
from core_examples import AGENTLESS, FLOW, PROGRESSIVE, settings
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core.campaign import (
    CampaignEvent,
    CampaignSettings,
    CampaignState,
    DialMode,
    campaign_step,
    may_dial,
)
from vyzov.core.disposition import default_results
from vyzov.core.errors import InvalidRequest


def faults_of(**changes: Any) -> list[str]:
    with pytest.raises(InvalidRequest) as caught:
        settings(**changes)
    return [fault.field for fault in caught.value.faults]


def test_a_campaign_needs_four_words_and_gets_the_rest() -> None:
    made = settings()
    assert made.mode is DialMode.PROGRESSIVE
    assert made.ring_timeout == timedelta(seconds=25)
    assert made.connect_limit == timedelta(seconds=2)
    assert made.abandon_limit == 0.03
    assert made.results == default_results()


def test_settings_survive_being_written_and_read() -> None:
    full = settings(
        flow=FLOW,
        window={"days": [1, 2], "start": "10:00", "end": "00:00"},
        redial={"attempts_max": 5, "rules": {"busy": {"after_s": 600}}},
        results=[
            {"key": 1, "code": "yes", "label": {"ru": "Да"}, "group": "success"},
            {"key": 2, "code": "bad", "label": {"en": "Bad"}, "group": "technical",
             "closes": False, "redial_as": "congestion"},
        ],
        script=[{"id": "hello", "title": {"ru": "Привет"}, "text": {"ru": "Это {{name}}?"}}],
        agents=["ann", "bob"],
        wrap_up_s=0,
        recording=False,
        destinations=["+7"],
    )  # fmt: skip
    assert CampaignSettings.from_json(full.to_json()) == full
    assert CampaignSettings.from_json(settings().to_json()) == settings()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"mode": "loud"}, "mode"),
        ({"mode": None}, "mode"),
        ({"purpose": "fun"}, "purpose"),
        ({"caller_id": "8 800"}, "caller_id"),
        ({"caller_id": ""}, "caller_id"),
        ({"trunks": []}, "trunks"),
        ({"trunks": ["a", "a"]}, "trunks"),
        ({"trunks": [1]}, "trunks"),
        ({"trunks": "a"}, "trunks"),
        ({"lines_max": 0}, "lines_max"),
        ({"lines_max": 1.5}, "lines_max"),
        ({"calls_per_second": 0}, "calls_per_second"),
        ({"calls_per_second": True}, "calls_per_second"),
        ({"ring_timeout_s": 14.9}, "ring_timeout_s"),
        ({"allow_short_ring": "yes"}, "allow_short_ring"),
        ({"window": {"days": [8]}}, "window.days"),
        ({"window": {"days": []}}, "window.days"),
        ({"window": {"start": "9"}}, "window.start"),
        ({"window": {"start": "12:00", "end": "12:00"}}, "window.end"),
        ({"window": {"hours": 3}}, "window.hours"),
        ({"window": 5}, "window"),
        ({"destinations": ["7"]}, "destinations"),
        ({"redial": {"rules": {"unknown": {"after_s": 5}}}}, "redial.rules.unknown"),
        ({"redial": {"rules": {"busy": {"after_s": 0}}}}, "redial.rules.busy.after_s"),
        ({"redial": {"attempts_max": 11}}, "redial.attempts_max"),
        ({"connect_limit_s": 0}, "connect_limit_s"),
        ({"abandon_limit": 1.5}, "abandon_limit"),
        ({"abandon_rule": "UK"}, "abandon_rule"),
        ({"classify": "later"}, "classify"),
        ({"flow": {"start": "x", "steps": {}}}, "flow.start"),
        ({"mode": "agentless"}, "flow"),
        ({"safe_harbour_prompt": "../etc"}, "safe_harbour_prompt"),
        ({"results": []}, "results"),
        ({"script": [{"id": "a", "title": {}, "text": {"ru": "x"}}]}, "script[0].title"),
        ({"script": {}}, "script"),
        ({"caller_id": "+7" + "0" * 40}, "caller_id"),
        ({"tempo": 5}, "tempo"),
    ],
)
def test_each_wrong_field_is_named(changes: dict[str, Any], field: str) -> None:
    assert field in faults_of(**changes)


def test_all_wrong_fields_are_named_at_once() -> None:
    assert faults_of(mode="x", lines_max=0, tempo=1) == ["mode", "lines_max", "tempo"]


def test_a_script_page_has_one_id() -> None:
    page = {"id": "a", "title": {"ru": "A"}, "text": {"ru": "A"}}
    assert "script" in faults_of(script=[page, page])


def test_a_service_number_can_be_a_caller_id() -> None:
    assert settings(caller_id="1111").caller_id == "1111"


def test_fifteen_seconds_of_ringing_are_enough() -> None:
    assert settings(ring_timeout_s=15).ring_timeout == timedelta(seconds=15)
    assert settings().recording
    assert not settings().allow_short_ring


def test_a_short_ring_must_be_asked_for() -> None:
    assert settings(ring_timeout_s=5, allow_short_ring=True).ring_timeout == timedelta(seconds=5)


def test_an_agentless_campaign_has_something_to_say() -> None:
    assert CampaignSettings.from_json(AGENTLESS).flow is not None


def test_settings_that_are_no_object_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="must be an object"):
        CampaignSettings.from_json(PROGRESSIVE | {"redial": [1]})


S, E = CampaignState, CampaignEvent


@pytest.mark.parametrize(
    ("events", "end"),
    [
        ([E.VALIDATE, E.FOUND_VALID, E.START], S.RUNNING),
        ([E.VALIDATE, E.FOUND_WRONG], S.DRAFT),
        ([E.START, E.PAUSE, E.DRAINED, E.START, E.LIST_DONE, E.DRAINED, E.ARCHIVE], S.ARCHIVED),
        ([E.VALIDATE, E.FOUND_VALID, E.SCHEDULE, E.HOUR_CAME, E.FINISH, E.DRAINED], S.COMPLETED),
        ([E.START, E.BROKE, E.START], S.RUNNING),
        ([E.START, E.PAUSE, E.PAUSE, E.FINISH, E.FINISH, E.DRAINED, E.START], S.RUNNING),
    ],
)
def test_the_life_of_a_campaign(events: list[CampaignEvent], end: CampaignState) -> None:
    state = S.DRAFT
    for event in events:
        state = campaign_step(state, event)
    assert state is end


def test_what_cannot_be_asked_for_says_what_can() -> None:
    with pytest.raises(InvalidRequest, match="cannot 'pause'") as caught:
        campaign_step(S.COMPLETED, E.PAUSE)
    assert caught.value.next_step == "What it can do now: start, finish, archive."


def test_late_news_of_a_campaign_changes_nothing() -> None:
    assert campaign_step(S.RUNNING, E.DRAINED) is S.RUNNING
    assert campaign_step(S.ARCHIVED, E.LIST_DONE) is S.ARCHIVED


@given(st.lists(st.sampled_from(CampaignEvent)))
def test_an_archived_campaign_never_dials_again(events: list[CampaignEvent]) -> None:
    state = S.ARCHIVED
    for event in events:
        try:
            state = campaign_step(state, event)
        except InvalidRequest:
            continue
        assert state is S.ARCHIVED
    assert not may_dial(state)


def test_only_a_running_campaign_dials() -> None:
    assert [state for state in CampaignState if may_dial(state)] == [S.RUNNING]
