"""A result that is sent twice with one key is saved once: the web process may die in between."""

import pytest
from conftest import Centre, plan

from vyzov.core.facts import FactKind
from vyzov.dialer.screens import desk_state

KEY = "k-1"


@pytest.fixture
def ann(centre: Centre) -> str:
    return centre.operator()


@pytest.fixture
def talk(centre: Centre, ann: str) -> str:
    """The attempt that Ann is talking with; the campaign has two more contacts."""
    campaign = centre.campaign(3, agents=(ann,))
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: centre.talking(ann))
    attempt = centre.found(ann).agent.call
    assert attempt is not None
    return attempt


def saved(centre: Centre) -> list[tuple[str, bool]]:
    rows = centre.rows_of("SELECT result, undone_at FROM disposition ORDER BY at")
    return [(row["result"], row["undone_at"] is not None) for row in rows]


def disposed(centre: Centre) -> list[object]:
    return [fact.data["result"] for fact in centre.facts(FactKind.DISPOSED)]


def test_a_repeated_result_gets_the_same_answer_and_is_saved_once(
    centre: Centre, ann: str, talk: str
) -> None:
    first = centre.desk("result", ann, attempt=talk, result="agreed", note="Yes", key=KEY)
    assert first.ok
    centre.world.run(3.0)
    again = centre.desk("result", ann, attempt=talk, result="agreed", note="Yes", key=KEY)
    assert again == first
    assert saved(centre) == [("agreed", False)]
    assert disposed(centre) == ["agreed"]
    assert centre.found(ann).day.results == 1
    centre.settle()


def test_a_result_repeated_during_the_next_talk_leaves_that_talk_alone(
    centre: Centre, ann: str, talk: str
) -> None:
    first = centre.desk("result", ann, attempt=talk, result="agreed", key=KEY)
    assert centre.until(lambda: centre.talking(ann) and centre.found(ann).agent.call != talk)
    assert centre.desk("result", ann, attempt=talk, result="agreed", key=KEY) == first
    assert centre.talking(ann)
    assert saved(centre) == [("agreed", False)]
    centre.settle()


def test_a_result_can_be_taken_back_and_given_anew_when_the_next_call_is_in_hand(
    centre: Centre, ann: str, talk: str
) -> None:
    assert centre.desk("result", ann, attempt=talk, result="refused", key=KEY).ok
    assert centre.until(lambda: centre.talking(ann) and centre.found(ann).agent.call != talk, 8.0)
    assert centre.desk("undo_result", ann, attempt=talk).ok
    assert centre.desk("result", ann, attempt=talk, result="agreed", key="k-2").ok
    assert centre.talking(ann), "the talk in hand is not ended by a result of the one before"
    assert saved(centre) == [("refused", True), ("agreed", False)]
    centre.settle()


def test_the_screen_shows_no_undo_of_another_call(centre: Centre, ann: str, talk: str) -> None:
    assert centre.desk("result", ann, attempt=talk, result="refused", key=KEY).ok
    assert centre.until(lambda: centre.talking(ann) and centre.found(ann).agent.call != talk, 8.0)
    scene = centre.world.process.floor._scene if centre.world.process else None
    assert scene is not None
    state = desk_state(scene, centre.found(ann))
    assert state["call"]["attempt"] != talk
    assert state["wrap_up"] is None
    centre.settle()


def test_a_repeated_result_is_not_told_saved_before_it_is_durable(
    centre: Centre, ann: str, talk: str
) -> None:
    centre.world.take_store_away(3.0)
    args = {"attempt": talk, "result": "agreed", "key": KEY}
    first = centre.world.send("desk.result", ann, f"{ann}-tab", **args)
    centre.world.run(0.5)
    again = centre.world.send("desk.result", ann, f"{ann}-tab", **args)
    centre.world.run(2.0)
    assert saved(centre) == []
    assert centre.world.answers[again].body["kept"] is True, "kept is all that is told"
    assert centre.world.answers[again].body == centre.world.answers[first].body
    centre.world.run(2.0)
    assert saved(centre) == [("agreed", False)]
    centre.settle()


def test_a_late_repetition_does_not_bring_back_a_result_that_was_taken_back(
    centre: Centre, ann: str, talk: str
) -> None:
    assert centre.desk("result", ann, attempt=talk, result="agreed", key=KEY).ok
    assert centre.desk("undo_result", ann, attempt=talk).ok
    assert centre.desk("result", ann, attempt=talk, result="agreed", key=KEY).ok
    assert saved(centre) == [("agreed", True)]
    centre.settle()


def test_another_key_saves_another_result(centre: Centre, ann: str, talk: str) -> None:
    for key, result in ((KEY, "agreed"), ("k-2", "refused")):
        assert centre.desk("result", ann, attempt=talk, result=result, key=key).ok
        centre.world.run(0.2)
    assert saved(centre) == [("agreed", True), ("refused", False)]
    assert disposed(centre) == ["agreed", "refused"]
    centre.settle()


def test_a_key_that_comes_back_with_another_result_is_refused(
    centre: Centre, ann: str, talk: str
) -> None:
    assert centre.desk("result", ann, attempt=talk, result="agreed", key=KEY).ok
    refused = centre.desk("result", ann, attempt=talk, result="refused", key=KEY)
    assert (refused.ok, refused.body["code"]) == (False, "key_reused")
    assert saved(centre) == [("agreed", False)]
    centre.settle()


def test_a_floor_that_forgot_the_request_still_saves_it_once(
    centre: Centre, ann: str, talk: str
) -> None:
    assert centre.desk("result", ann, attempt=talk, result="agreed", key=KEY).ok
    centre.world.run(0.2)
    centre.found(ann).saved.clear()
    assert centre.desk("result", ann, attempt=talk, result="agreed", key=KEY).ok
    centre.world.run(0.2)
    assert saved(centre) == [("agreed", False)]
    assert disposed(centre) == ["agreed"]
    centre.settle()
