"""May this contact be called now: every gate with a pass, a stop and its boundary."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from core_examples import T0, after, settings
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core.callback import Promise
from vyzov.core.campaign import CampaignState, DialMode, Purpose
from vyzov.core.contact import EntryState
from vyzov.core.eligibility import (
    RULE_VERSION,
    Allowed,
    Asked,
    Candidate,
    Gate,
    Refused,
    Rules,
    explain,
    verdict,
    verdict_to_json,
)

GOOD = Candidate("contact-1", EntryState.FRESH, "+70005550101", ("Europe/Moscow",))
RULES = Rules.of(settings(), CampaignState.RUNNING, emergency_stop=False)


def refusal(candidate: Candidate = GOOD, rules: Rules = RULES, now: datetime = T0) -> Refused:
    said = verdict(candidate, rules, now)
    assert isinstance(said, Refused)
    return said


def test_a_fresh_contact_at_a_permitted_hour_may_be_called() -> None:
    assert verdict(GOOD, RULES, T0) == Allowed()
    assert RULES.version == RULE_VERSION


def robot_advertising() -> Rules:
    return replace(RULES, purpose=Purpose.ADVERTISING, mode=DialMode.AGENTLESS)


STOPS: list[tuple[Gate, str, dict[str, Any], dict[str, Any]]] = [
    (Gate.EMERGENCY_STOP, "emergency_stop", {}, {"emergency_stop": True}),
    (Gate.CAMPAIGN_RUNNING, "campaign_paused", {}, {"campaign_state": CampaignState.PAUSED}),
    (Gate.CONTACT_STATE, "in_call", {"state": EntryState.IN_CALL}, {}),
    (Gate.CONTACT_STATE, "closed_reached",
     {"state": EntryState.CLOSED, "closed_reason": "reached"}, {}),
    (Gate.ATTEMPTS_MAX, "attempts_max", {"attempts_made": 3}, {}),
    (Gate.NOT_DUE, "redial_later", {"next_due": after(1)}, {}),
    (Gate.NOT_DUE, "callback_later", {"next_due": after(1), "promise": Promise(after(1))}, {}),
    (Gate.SUPPRESSED, "stop_list", {"suppressed": True}, {}),
    (Gate.NUMBER_LIVE, "number_in_a_call", {"number_live": True}, {}),
    (Gate.DESTINATION, "not_e164", {"number": "112"}, {}),
    (Gate.DESTINATION, "country_not_allowed", {"number": "+99970005550"}, {}),
    (Gate.WINDOW, "zone_unknown", {"zones": ()}, {}),
    (Gate.WINDOW, "zone_unknown", {"zones": ("Nowhere",)}, {}),
    (Gate.WINDOW, "outside_hours", {"zones": ("America/New_York",)}, {}),
    (Gate.PURPOSE_MODE, "no_consent_to_robot_calls", {},
     {"purpose": Purpose.ADVERTISING, "mode": DialMode.AGENTLESS}),
    (Gate.PURPOSE_MODE, "no_consent_to_robot_calls", {},
     {"purpose": Purpose.POLITICAL, "mode": DialMode.AGENTLESS}),
]  # fmt: skip


@pytest.mark.parametrize(("gate", "reason", "candidate", "rules"), STOPS)
def test_each_gate_stops_what_it_is_there_for(
    gate: Gate, reason: str, candidate: dict[str, Any], rules: dict[str, Any]
) -> None:
    said = refusal(replace(GOOD, **candidate), replace(RULES, **rules))
    assert (said.gate, said.reason) == (gate, reason)


def test_every_gate_has_something_it_stops() -> None:
    assert {gate for gate, _, _, _ in STOPS} == set(Gate)


def test_the_boundaries_of_the_gates_are_on_the_right_side() -> None:
    assert verdict(replace(GOOD, attempts_made=2), RULES, T0) == Allowed()
    assert verdict(replace(GOOD, state=EntryState.DUE, next_due=T0), RULES, T0) == Allowed()
    assert verdict(replace(GOOD, consent=True), robot_advertising(), T0) == Allowed()
    with_agent = replace(RULES, purpose=Purpose.ADVERTISING)
    assert verdict(GOOD, with_agent, T0) == Allowed()


def test_a_promised_call_is_made_even_after_the_last_attempt() -> None:
    promised = replace(
        GOOD,
        state=EntryState.CALLBACK,
        attempts_made=9,
        promise=Promise(T0),
        next_due=T0,
    )
    assert verdict(promised, RULES, T0) == Allowed()


def test_a_refusal_says_until_when() -> None:
    assert refusal(replace(GOOD, next_due=after(60))).until == after(60)
    new_york = refusal(replace(GOOD, zones=("America/New_York",)))
    assert new_york.until == after(5 * 3600)
    assert refusal(replace(GOOD, suppressed=True)).until is None


def test_zones_that_share_no_hour_are_refused_without_a_date() -> None:
    rules = Rules.of(
        settings(window={"start": "09:00", "end": "10:00"}),
        CampaignState.RUNNING,
        emergency_stop=False,
    )
    said = refusal(replace(GOOD, zones=("Europe/Moscow", "America/New_York")), rules)
    assert (said.reason, said.until) == ("no_common_hours", None)


def test_an_explanation_has_a_line_for_every_gate() -> None:
    lines = explain(replace(GOOD, suppressed=True), RULES, T0)
    assert [line.gate for line in lines] == list(Gate)
    asked = {line.gate: line.asked for line in lines}
    assert asked[Gate.NOT_DUE] is Asked.PASSED
    assert asked[Gate.SUPPRESSED] is Asked.STOPPED
    assert asked[Gate.WINDOW] is Asked.NOT_ASKED


def test_a_verdict_is_kept_as_json() -> None:
    assert verdict_to_json(Allowed()) == {"allowed": True}
    assert verdict_to_json(refusal(replace(GOOD, next_due=after(60)))) == {
        "allowed": False,
        "gate": "not_due",
        "reason": "redial_later",
        "until": "2026-11-23T09:01:00.000000Z",
    }
    assert verdict_to_json(refusal(replace(GOOD, suppressed=True)))["until"] is None


CANDIDATES = st.builds(
    Candidate,
    st.just("c"),
    st.sampled_from(EntryState),
    st.sampled_from(["+70005550101", "+12025550143", "112", "+99912345678"]),
    st.sampled_from([(), ("Europe/Moscow",), ("Asia/Vladivostok", "Europe/Kaliningrad")]),
    attempts_made=st.integers(0, 4),
    next_due=st.none() | st.sampled_from([after(-5), T0, after(5)]),
    promise=st.none() | st.just(Promise(T0)),
    suppressed=st.booleans(),
    number_live=st.booleans(),
    consent=st.booleans(),
)
RULE_SETS = st.builds(
    Rules,
    st.booleans(),
    st.sampled_from(CampaignState),
    st.integers(1, 4),
    st.just(("+7", "+1")),
    st.just(RULES.window),
    st.sampled_from(Purpose),
    st.sampled_from(DialMode),
)


@given(CANDIDATES, RULE_SETS)
def test_an_explanation_and_a_verdict_never_disagree(candidate: Candidate, rules: Rules) -> None:
    said = verdict(candidate, rules, T0)
    lines = explain(candidate, rules, T0)
    stopped = [line for line in lines if line.asked is Asked.STOPPED]
    if isinstance(said, Allowed):
        assert stopped == []
        assert not candidate.suppressed
        assert not rules.emergency_stop
    else:
        assert [(line.gate, line.reason, line.until) for line in stopped] == [
            (said.gate, said.reason, said.until)
        ]
