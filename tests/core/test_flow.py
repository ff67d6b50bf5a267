"""Flows: read with all their mistakes named, and walked key by key."""

from typing import Any

import pytest
from core_examples import FLOW, T0, after, flow
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core import flow as fl
from vyzov.core.errors import InvalidRequest
from vyzov.core.flow import Flow, Phase, begin, step


def faults_of(source: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidRequest) as caught:
        Flow.from_json(source)
    return [f"{fault.field}: {fault.problem}" for fault in caught.value.faults]


def test_a_flow_survives_being_written_and_read() -> None:
    for one in (flow(), flow(on_machine={"leave": "message", "beep_wait_s": 3})):
        assert Flow.from_json(one.to_json()) == one


def test_a_flow_names_its_prompts() -> None:
    named = {"offer", "please_wait", "will_call_back", "removed", "goodbye"}
    assert flow().prompts() == named
    assert flow(on_machine={"leave": "message"}).prompts() == named | {"message"}


def test_a_step_that_is_not_there_is_named() -> None:
    steps = FLOW["steps"] | {
        "offer": FLOW["steps"]["offer"] | {"keys": {"1": "nowhere"}, "on_silence": "gone"}
    }
    found = faults_of(FLOW | {"steps": {"offer": steps["offer"]}})
    assert found == [
        "steps.offer.keys.1: names the step 'nowhere', which is not there",
        "steps.offer.on_silence: names the step 'gone', which is not there",
    ]
    assert faults_of(FLOW | {"start": "x"}) == ["start: names the step 'x', which is not there"]


def test_a_step_nobody_can_reach_is_named() -> None:
    steps = FLOW["steps"] | {"island": {"do": "hang_up"}}
    assert faults_of(FLOW | {"steps": steps}) == [
        "steps.island: can never be reached from the start"
    ]


def test_a_flow_that_never_ends_in_silence_is_refused() -> None:
    ring = {
        "a": {"do": "announce", "prompt": "a", "on_silence": "b"},
        "b": {"do": "announce", "prompt": "b", "on_silence": "a"},
    }
    assert faults_of({"start": "a", "steps": ring}) == [
        "steps.a: never ends for a callee who presses nothing",
        "steps.b: never ends for a callee who presses nothing",
    ]


def test_every_wrong_field_of_a_flow_is_named() -> None:
    found = faults_of(
        {
            "start": "a",
            "on_machine": {"leave": "Bad Name"},
            "steps": {
                "a": {
                    "do": "announce",
                    "keys": {"A": "b", "12": "b"},
                    "on_silence": "b",
                    "wait_s": 0,
                },
                "b": {"do": "connect", "prompt": 7, "tempo": 1},
                "C!": {"do": "sing"},
            },
        }
    )
    told = "\n".join(found)
    for place in ("steps.a.prompt", "steps.a.keys.A", "steps.a.keys.12", "steps.a.wait_s",
                  "steps.b.prompt", "steps.b.tempo", "steps.C!", "steps.C!.do",
                  "on_machine.leave"):  # fmt: skip
        assert place in told


def test_an_announcement_needs_a_way_on_in_silence() -> None:
    steps = {"a": {"do": "announce", "prompt": "a"}}
    assert faults_of({"start": "a", "steps": steps}) == [
        "steps.a.on_silence: must be a text that is not empty"
    ]


def test_a_flow_without_a_start_is_refused() -> None:
    assert any(line.startswith("start:") for line in faults_of({"steps": {}}))


def test_results_of_a_step_can_be_named() -> None:
    steps = {
        "offer": FLOW["steps"]["offer"] | {"keys": {"2": "later", "9": "stop"}},
        "later": {"do": "callback", "result": "call_me"},
        "stop": {"do": "suppress", "result": "gone_for_good"},
        "bye": {"do": "hang_up"},
    }
    read = flow(steps=steps)
    assert read.steps["later"] == fl.Callback(after(3600) - T0, None, "call_me")
    state, commands = step(read, begin(read, T0)[0], fl.KeyPressed("9"), T0)
    assert commands == (
        fl.StopListNow("9"),
        fl.EnterStep("stop"),
        fl.Leave("gone_for_good"),
    )
    assert state.phase is Phase.OVER


def test_the_walk_through_a_flow() -> None:
    one = flow()
    state, commands = begin(one, T0)
    assert commands == (fl.EnterStep("offer"), fl.Say("offer"))
    assert (state.phase, state.repeats_left) == (Phase.SAYING, 1)
    assert state.deadline == after(120)
    assert step(one, state, fl.KeyPressed("5"), after(1)) == (state, ())
    state, commands = step(one, state, fl.PromptOver(), after(5))
    assert (state.phase, state.deadline, commands) == (Phase.LISTENING, after(11), ())
    assert step(one, state, fl.PromptOver(), after(6)) == (state, ())
    handed, commands = step(one, state, fl.KeyPressed("1"), after(6))
    assert commands[1] == fl.HandOver("please_wait", after(10) - T0)
    assert (handed.phase, handed.deadline) == (Phase.HANDED_OVER, None)
    assert step(one, handed, fl.KeyPressed("2"), after(7)) == (handed, ())
    stopped, commands = step(one, handed, fl.KeyPressed("9"), after(7))
    assert commands[0] == fl.StopListNow("9")
    assert step(one, stopped, fl.KeyPressed("9"), after(8)) == (stopped, ())
    state, commands = step(one, state, fl.TimeOver(), after(11))
    assert commands == (fl.Say("offer"),)
    assert state.deadline == after(131)
    state, _ = step(one, state, fl.TimeOver(), after(140))
    state, commands = step(one, state, fl.TimeOver(), after(146))
    assert commands == (fl.EnterStep("bye"), fl.Say("goodbye"))
    assert step(one, state, fl.KeyPressed("1"), after(147)) == (state, ())
    state, commands = step(one, state, fl.PromptOver(), after(148))
    assert commands == (fl.Leave("no_key"),)
    assert state.deadline is None
    assert step(one, state, fl.TimeOver(), after(200)) == (state, ())


def test_a_callee_cannot_walk_in_circles_for_ever() -> None:
    steps = {
        "a": {"do": "announce", "prompt": "a", "keys": {"1": "a"}, "on_silence": "bye"},
        "bye": {"do": "hang_up"},
    }
    one = flow(start="a", steps=steps)
    state, commands = begin(one, T0)
    for _ in range(fl.VISITS_MAX):
        assert state.phase is not Phase.OVER
        state, commands = step(one, state, fl.KeyPressed("1"), T0)
    assert commands == (fl.EnterStep("a"), fl.Leave("too_long"))
    assert state.result == "too_long"
    assert state.phase is Phase.OVER


@given(st.lists(st.sampled_from(["1", "2", "9", "5", "time", "prompt"]), max_size=60))
def test_every_walk_has_a_deadline_until_it_is_over_or_handed_over(walk: list[str]) -> None:
    one = flow()
    state, commands = begin(one, T0)
    left = 0
    for way in walk:
        event = {"time": fl.TimeOver(), "prompt": fl.PromptOver()}.get(way, fl.KeyPressed(way))
        state, commands = step(one, state, event, T0)
        left += sum(isinstance(command, fl.Leave | fl.HandOver) for command in commands)
        over = state.phase in (Phase.OVER, Phase.HANDED_OVER)
        assert (state.deadline is None) == over
    assert left <= 1 + walk.count("9")
