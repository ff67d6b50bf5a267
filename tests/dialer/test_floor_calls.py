"""Calls of a floor end to end."""

from conftest import Centre, plan

from vyzov.core.facts import FactKind


def test_a_progressive_call_is_placed_joined_and_closed_by_its_result(centre: Centre) -> None:
    ann = centre.operator()
    campaign = centre.campaign(agents=(ann,))
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: centre.talking(ann))
    [attempt] = centre.attempts()
    assert attempt["state"] == "originated"
    assert centre.desk("hangup", ann).ok
    assert centre.until(lambda: centre.agent_state(ann) == "wrap_up")
    assert centre.desk("result", ann, attempt=attempt["id"], result="agreed").ok
    assert centre.agent_state(ann) == "ready"
    centre.settle()
    [entry] = centre.entries(campaign)
    assert (entry["state"], entry["closed_reason"]) == ("closed", "agreed")
    assert centre.outcomes() == ["answered_human"]
    [bridged] = centre.facts(FactKind.BRIDGED)
    assert bridged.data["within_limit"] is True
