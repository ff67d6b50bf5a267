"""Merge patches: what a screen has after applying them is what we have."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.web.live import BacklogFull, Outgoing, apply, diff, prune, same

Json = dict[str, Any]

leaves = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, 1.0, "", "a", "b"])
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
    ),
    max_leaves=8,
)
states = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), values, max_size=4)


@given(states, states)
def test_applying_the_diff_gives_the_new_state(old: Json, new: Json) -> None:
    before, after = prune(old), prune(new)
    assert same(apply(diff(before, after), before), after)


@given(states)
def test_equal_states_have_no_diff(state: Json) -> None:
    assert diff(prune(state), prune(state)) == {}


@given(states, states)
def test_unequal_states_have_a_diff(old: Json, new: Json) -> None:
    before, after = prune(old), prune(new)
    assert bool(diff(before, after)) is not same(before, after)


@given(states, states)
def test_the_old_state_is_left_alone(old: Json, new: Json) -> None:
    before = prune(old)
    apply(diff(before, prune(new)), before)
    assert same(before, prune(old))


@given(states)
def test_pruning_leaves_no_null_in_any_object_and_arrays_as_they_are(state: Json) -> None:
    def walk(value: object) -> None:
        if isinstance(value, dict):
            assert None not in value.values()
            for inner in value.values():
                walk(inner)

    walk(prune(state))
    for key, value in state.items():
        if isinstance(value, list):
            assert prune(state)[key] == value


def test_true_and_one_are_not_the_same_to_a_screen() -> None:
    assert diff({"muted": True}, {"muted": 1}) == {"muted": 1}
    assert diff({"list": [True]}, {"list": [1]}) == {"list": [1]}
    assert diff({"n": 1}, {"n": 1.0}) == {}


# The table of RFC 7386, appendix A, as far as its targets are objects.
RFC_7386 = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("target", "patch", "result"), RFC_7386)
def test_patches_are_applied_as_rfc_7386_shows(target: Json, patch: Json, result: Json) -> None:
    assert apply(patch, target) == result


# ---- what a client is sent -----------------------------------------------------------------------


def outgoing(states: dict[str, Json], backlog: int = 4) -> Outgoing:
    return Outgoing(lambda topic: prune(states[topic]), backlog)


def test_a_topic_begins_with_a_snapshot_and_goes_on_with_numbered_diffs() -> None:
    states: dict[str, Json] = {"desk": {"call": None, "n": 1}}
    out = outgoing(states)
    out.watch("desk")
    assert out.next("t") == {"topic": "desk", "n": 0, "snapshot": {"n": 1}, "at": "t"}
    for n in (1, 2, 3):
        states["desk"] = {"call": {"n": n}, "n": 1}
        assert out.changed("desk")
        expected = {"topic": "desk", "n": n, "diff": {"call": {"n": n}}, "at": "t"}
        assert out.next("t") == expected
    assert out.next("t") is None


def test_a_slow_client_gets_one_diff_for_many_changes() -> None:
    states: dict[str, Json] = {"desk": {"n": 0}}
    out = outgoing(states)
    out.watch("desk")
    out.next("t")
    for n in range(1, 100):
        states["desk"] = {"n": n}
        out.changed("desk")
    assert out.next("t") == {"topic": "desk", "n": 1, "diff": {"n": 99}, "at": "t"}
    assert out.next("t") is None


def test_a_change_that_changes_nothing_is_not_sent_and_takes_no_number() -> None:
    states: dict[str, Json] = {"desk": {"n": 0}}
    out = outgoing(states)
    out.watch("desk")
    out.next("t")
    out.changed("desk")
    assert out.next("t") is None
    states["desk"] = {"n": 1}
    out.changed("desk")
    frame = out.next("t")
    assert frame is not None
    assert frame["n"] == 1


def test_watching_again_sends_a_new_snapshot_numbered_from_zero() -> None:
    states: dict[str, Json] = {"desk": {"n": 0}}
    out = outgoing(states)
    out.watch("desk")
    out.next("t")
    states["desk"] = {"n": 1}
    out.changed("desk")
    out.next("t")
    out.watch("desk")
    assert out.next("t") == {"topic": "desk", "n": 0, "snapshot": {"n": 1}, "at": "t"}


def test_a_topic_no_longer_watched_is_silent() -> None:
    out = outgoing({"desk": {"n": 0}})
    out.watch("desk")
    out.unwatch("desk")
    out.unwatch("floor")
    assert not out.changed("desk")
    assert out.next("t") is None


def test_personal_frames_come_first_and_in_order() -> None:
    out = outgoing({"desk": {"n": 0}})
    out.watch("desk")
    out.put({"re": 1})
    out.put({"re": 2})
    assert [out.next("t"), out.next("t")] == [{"re": 1}, {"re": 2}]
    frame = out.next("t")
    assert frame is not None
    assert frame["topic"] == "desk"


def test_a_client_that_does_not_read_is_not_queued_for_without_end() -> None:
    out = outgoing({}, backlog=2)
    out.put({"re": 1})
    out.put({"re": 2})
    with pytest.raises(BacklogFull):
        out.put({"re": 3})


@given(st.lists(st.tuples(states, st.booleans()), max_size=12))
def test_whatever_is_skipped_a_screen_ends_with_our_state(steps: list[tuple[Json, bool]]) -> None:
    """Reads sometimes, applies what it reads, and at the end has what we have."""
    current: dict[str, Json] = {"desk": {}}
    out = outgoing(current)
    out.watch("desk")
    screen: Json = {}
    seen = -1

    def read() -> None:
        nonlocal screen, seen
        while (frame := out.next("t")) is not None:
            assert frame["n"] == (0 if "snapshot" in frame else seen + 1)
            seen = frame["n"]
            screen = frame["snapshot"] if "snapshot" in frame else apply(frame["diff"], screen)

    for state, reads in steps:
        current["desk"] = state
        out.changed("desk")
        if reads:
            read()
    read()
    assert same(screen, prune(current["desk"]))
