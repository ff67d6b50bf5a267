"""What a supervisor may do about an agent, and what the agent sees of it."""

from datetime import timedelta

import pytest
from conftest import Centre, plan

from vyzov.dialer.agents import is_pause_long
from vyzov.dialer.inbox import MESSAGES_KEPT
from vyzov.dialer.people_records import NewReason


@pytest.fixture
def ann(centre: Centre) -> str:
    return centre.operator()


@pytest.fixture
def campaign(centre: Centre, ann: str) -> str:
    made = centre.campaign(6, agents=(ann,))
    centre.everybody(plan(ring_s=2.0))
    centre.open(made)
    return made


def lead(centre: Centre, ann: str, state: str, **more: object) -> object:
    return centre.world.ask(
        "office.lead_agent", "boss", agent=ann, state=state, by_name="Pavel", **more
    )


def test_a_forced_pause_begins_after_the_talk_and_says_by_whom(
    centre: Centre, ann: str, campaign: str
) -> None:
    centre.ready(ann)
    assert centre.until(lambda: centre.talking(ann))
    assert lead(centre, ann, "pause", reason="training").ok  # type: ignore[attr-defined]
    assert centre.talking(ann)
    led = centre.found(ann).inbox.led
    assert led is not None
    assert (led.state, led.by) == ("pause", "Pavel")
    centre.finish_talk(ann)
    assert centre.until(lambda: centre.agent_state(ann) == "pause", 2.0)
    assert centre.found(ann).agent.pause_reason == "training"
    centre.settle()


def test_a_sign_out_by_a_supervisor_is_in_the_log_of_changes(
    centre: Centre, ann: str, campaign: str
) -> None:
    centre.ready(ann)
    assert lead(centre, ann, "offline").ok  # type: ignore[attr-defined]
    assert centre.agent_state(ann) == "offline"
    [row] = centre.rows_of("SELECT * FROM audit_entry WHERE kind = 'desk'")
    assert (row["changed_by"], row["object_id"]) == ("boss", ann)
    assert (row["before"], row["after"]) == ('{"state":"ready"}', '{"state":"offline"}')
    centre.settle()


def test_a_campaign_started_by_somebody_is_in_the_log_of_changes(
    centre: Centre, ann: str, campaign: str
) -> None:
    assert centre.world.ask("office.pause_campaign", "boss", campaign=campaign).ok
    rows = centre.rows_of("SELECT * FROM audit_entry WHERE kind = 'campaign'")
    assert (rows[-1]["changed_by"], rows[-1]["object_id"]) == ("boss", campaign)
    assert rows[-1]["before"] == '{"state":"running"}'
    centre.settle()


def test_nobody_is_made_ready_who_is_not_there(centre: Centre, ann: str, campaign: str) -> None:
    refused = lead(centre, ann, "ready")
    assert not refused.ok  # type: ignore[attr-defined]
    assert refused.body["code"] == "agent_away"  # type: ignore[attr-defined]
    assert not lead(centre, ann, "asleep").ok  # type: ignore[attr-defined]
    assert not lead(centre, "nobody", "pause").ok  # type: ignore[attr-defined]
    centre.settle()


def test_an_agent_who_is_there_is_made_ready_and_the_word_of_it_goes_with_their_own_wish(
    centre: Centre, ann: str, campaign: str
) -> None:
    centre.ready(ann)
    assert centre.desk("pause", ann, reason="lunch").ok
    assert lead(centre, ann, "ready").ok  # type: ignore[attr-defined]
    assert centre.found(ann).agent.wish.value == "ready"
    assert centre.found(ann).inbox.led is not None
    assert centre.desk("pause", ann, reason="lunch").ok
    assert centre.found(ann).inbox.led is None
    centre.settle()


def test_a_message_stands_on_the_screen_until_it_is_read(
    centre: Centre, ann: str, campaign: str
) -> None:
    centre.ready(ann)
    told = centre.world.ask("office.message", "boss", agents=[], text=" Briefing at 3 ",
                            by_name="Pavel")  # fmt: skip
    assert told.ok
    assert list(told.body["reached"]) == [ann]
    [message] = centre.found(ann).inbox.messages
    assert (message.by, message.text) == ("Pavel", "Briefing at 3")
    assert centre.found(ann).inbox.shown()["messages"][0]["text"] == "Briefing at 3"  # type: ignore[index]
    assert centre.desk("read_message", ann, message=message.id).ok
    assert centre.found(ann).inbox.messages == []
    nobody = centre.world.ask("office.message", "boss", agents=["x"], text="a", by_name="Pavel")
    assert nobody.body["reached"] == {}
    assert not centre.world.ask("office.message", "boss", agents=[], text=" ", by_name="P").ok
    centre.settle()


def test_of_many_messages_the_latest_are_kept(centre: Centre, ann: str, campaign: str) -> None:
    centre.ready(ann)
    for number in range(MESSAGES_KEPT + 3):
        centre.world.ask("office.message", "boss", agents=[ann], text=str(number), by_name="P")
    kept = [one.text for one in centre.found(ann).inbox.messages]
    assert kept == [str(number) for number in range(3, MESSAGES_KEPT + 3)]
    centre.settle()


def test_a_call_for_help_is_answered_once(centre: Centre, ann: str, campaign: str) -> None:
    centre.ready(ann)
    assert centre.desk("help", ann, on=True).ok
    asked = {"agent": ann, "by_name": "Pavel"}
    assert centre.world.ask("office.answer_help", "boss", **asked).ok
    assert not centre.found(ann).wants_help
    assert [one.kind.value for one in centre.found(ann).inbox.messages] == ["help"]
    assert not centre.world.ask("office.answer_help", "boss", **asked).ok
    centre.settle()


def test_a_pause_is_long_by_the_limit_of_its_reason(
    centre: Centre, ann: str, campaign: str
) -> None:
    """Tea is good for 15 minutes, lunch for an hour, training for as long as it takes."""
    centre.ready(ann)
    tea, lunch, training = (
        centre.office.create_pause_reason(centre.organisation, NewReason(name, name, True, limit)).id
        for name, limit in (("Tea", 900), ("Lunch", 3600), ("Training", 0))
    )  # fmt: skip
    assert centre.world.ask("office.users_changed", "boss").ok
    assert centre.until(lambda: len(centre.room.pause_limits) == 3, 2.0)
    limits = centre.room.pause_limits
    for reason, after_s, long in (
        (tea, 899, False), (tea, 901, True), (lunch, 901, False), (lunch, 3601, True),
        (training, 86_000, False), ("dentist", 899, False), ("dentist", 901, True),
    ):  # fmt: skip
        assert centre.desk("pause", ann, reason=reason).ok
        agent = centre.found(ann).agent
        moment = agent.since + timedelta(seconds=after_s)
        assert is_pause_long(agent, moment, limits) is long, (reason, after_s)
    assert centre.desk("offline", ann).ok
    agent = centre.found(ann).agent
    assert not is_pause_long(agent, agent.since + timedelta(days=1), limits)
    centre.settle()
