"""A flow on trial decides as a call does, and says what its callee would hear."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vyzov.core import flow as f
from vyzov.core.flow_walk import Deed, Did, Trial, Walk, walk

FLOW: dict[str, Any] = {
    "start": "offer",
    "steps": {
        "offer": {
            "do": "announce", "prompt": "offer", "wait_s": 6, "repeats": 1,
            "keys": {"1": "operator", "2": "later", "3": "plain", "9": "stop"},
            "on_silence": "bye",
        },
        "operator": {"do": "connect", "prompt": "please_wait", "wait_s": 10},
        "plain": {"do": "connect", "wait_s": 4},
        "later": {"do": "callback", "after_s": 3600, "prompt": "will_call_back"},
        "stop": {"do": "suppress", "prompt": "removed"},
        "bye": {"do": "hang_up", "prompt": "goodbye", "result": "no_key"},
    },
}  # fmt: skip
READ = f.Flow.from_json(FLOW)


def s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def key(at: float, pressed: str) -> Deed:
    return Deed(s(at), Trial.KEY, pressed)


def over(at: float) -> Deed:
    return Deed(s(at), Trial.PROMPT_OVER)


def agent(at: float) -> Deed:
    return Deed(s(at), Trial.AGENT)


def walked(until: float, *deeds: Deed) -> Walk:
    return walk(READ, deeds, s(until), harbour="safe_harbour")


def told(found: Walk) -> list[tuple[float, str, str]]:
    return [(line.at.total_seconds(), line.did.value, line.what) for line in found.lines]


def test_a_walk_begins_with_the_first_announcement() -> None:
    found = walked(0)
    assert told(found) == [(0, "step", "offer"), (0, "say", "offer")]
    assert (found.step, found.says, found.says_again, found.over) == ("offer", "offer", 1, False)
    assert found.next_at == f.PROMPT_LIMIT


def test_who_presses_nothing_hears_it_twice_and_goodbye() -> None:
    found = walked(60, over(8), over(22), over(29))
    assert told(found)[2:] == [
        (8, "listen", ""), (14, "say", "offer"), (22, "listen", ""), (28, "step", "bye"),
        (28, "say", "goodbye"), (29, "hang_up", "no_key"),
    ]  # fmt: skip
    assert found.lines[2].span == s(6)
    assert (found.over, found.says, found.next_at, found.says_again) == (True, "", None, 3)
    assert walked(60, over(8), over(22), over(29), key(30, "1"), over(31)).lines == found.lines


def test_an_agent_comes() -> None:
    waits = walked(5, key(3, "1"))
    assert told(waits)[2:] == [
        (3, "key", "1"), (3, "step", "operator"), (3, "hand_over", ""), (3, "say", "please_wait"),
    ]  # fmt: skip
    assert (waits.says, waits.loops, waits.waits_for_agent) == ("please_wait", True, True)
    assert waits.next_at == s(13)
    assert walked(5, key(3, "1"), over(4)) == waits, "what plays in a loop is never over"
    found = walked(30, key(3, "1"), agent(7))
    assert told(found)[-1] == (7, "agent", "")
    assert (found.over, found.says) == (True, "")


def test_nobody_comes_and_the_harbour_is_said() -> None:
    found = walked(7, key(3, "3"))
    assert told(found)[-2:] == [(7, "nobody", ""), (7, "say", "safe_harbour")]
    assert (found.says, found.waits_for_agent, found.over) == ("safe_harbour", False, False)
    assert walked(3, key(3, "3")).says == "", "a step without a prompt is quiet"
    ended = walked(9, key(3, "3"), key(8, "1"), over(9))
    assert told(ended)[-2:] == [(8, "key", "1"), (9, "hang_up", "")]
    assert told(walked(200, key(3, "3")))[-1] == (127, "hang_up", "")


def test_the_stop_list_acts_before_anything_is_said_even_while_waiting() -> None:
    found = walked(5, key(3, "1"), key(4, "9"))
    assert [line.did for line in found.lines[-4:]] == [
        Did.KEY, Did.STOP_LIST, Did.STEP, Did.SAY,
    ]  # fmt: skip
    assert (found.says, found.waits_for_agent, found.loops) == ("removed", False, False)
    assert walked(5, agent(1)).lines == walked(5).lines, "nobody was asked for"


def test_a_promise_says_when() -> None:
    found = walked(5, key(3, "2"))
    [promise] = [line for line in found.lines if line.did is Did.PROMISE]
    assert promise.span == s(3600)


EVENTS = st.lists(
    st.tuples(st.floats(0.1, 20), st.sampled_from(["0", "1", "2", "9", "over"])), max_size=12
)


@given(EVENTS)
def test_a_walk_enters_the_steps_a_call_enters(waits: list[tuple[float, str]]) -> None:
    at = 0.0
    deeds: list[Deed] = []
    for wait, what in waits:
        at += wait
        deeds.append(over(at) if what == "over" else key(at, what))
    found = walk(READ, deeds, s(at), harbour="safe_harbour")
    assert [line.what for line in found.lines if line.did is Did.STEP] == entered(deeds)


def entered(deeds: list[Deed]) -> list[str]:
    """The same by the interpreter alone, whose prompts end only where they play."""
    began = datetime(2026, 1, 1, tzinfo=UTC)
    state, commands = f.begin(READ, began)
    steps = [one.step for one in commands if isinstance(one, f.EnterStep)]
    handed: timedelta | None = None
    for deed in deeds:
        while state.deadline is not None and state.deadline <= began + deed.at:
            state, commands = f.step(READ, state, f.TimeOver(), state.deadline)
            steps += [one.step for one in commands if isinstance(one, f.EnterStep)]
        if handed is not None and deed.at >= handed:
            return steps
        saying = state.phase in (f.Phase.SAYING, f.Phase.LEAVING)
        if deed.kind is Trial.KEY or saying:
            event = f.KeyPressed(deed.key) if deed.kind is Trial.KEY else f.PromptOver()
            state, commands = f.step(READ, state, event, began + deed.at)
            steps += [one.step for one in commands if isinstance(one, f.EnterStep)]
            asked = [one for one in commands if isinstance(one, f.HandOver)]
            if asked:
                handed = deed.at + asked[0].wait
            elif state.phase is not f.Phase.HANDED_OVER:
                handed = None
    return steps
