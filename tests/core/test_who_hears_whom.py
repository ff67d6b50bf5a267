"""Who hears whom beside a customer and their operator: by role, and nobody themselves."""

from itertools import product

import pytest

from vyzov.core.hearing import HEARD_BY, GuestRole, Side, hears, is_supervising

TWO = {("c", "a"), ("a", "c")}


def test_two_alone_hear_each_other() -> None:
    assert set(hears("c", "a", {})) == TWO


@pytest.mark.parametrize(
    ("role", "more"),
    [
        (GuestRole.LISTEN, {("g", "c"), ("g", "a")}),
        (GuestRole.WHISPER, {("g", "c"), ("g", "a"), ("a", "g")}),
        (GuestRole.BARGE, {("g", "c"), ("g", "a"), ("a", "g"), ("c", "g")}),
        (GuestRole.CONSULT, {("g", "a"), ("a", "g")}),
        (GuestRole.CONFERENCE, {("g", "c"), ("g", "a"), ("a", "g"), ("c", "g")}),
    ],
)
def test_a_guest_hears_and_is_heard_by_their_role(
    role: GuestRole, more: set[tuple[str, str]]
) -> None:
    assert set(hears("c", "a", {"g": role})) == TWO | more


def test_a_whisper_reaches_nobody_but_the_operator() -> None:
    for other in GuestRole:
        pairs = set(hears("c", "a", {"w": GuestRole.WHISPER, "o": other}))
        assert {one for one, heard in pairs if heard == "w"} == {"a"}, other


def test_a_listener_is_never_heard_and_hears_all_but_whispers() -> None:
    for other in GuestRole:
        pairs = set(hears("c", "a", {"l": GuestRole.LISTEN, "o": other}))
        assert not {pair for pair in pairs if pair[1] == "l"}
        silent = other in (GuestRole.LISTEN, GuestRole.WHISPER)
        assert ("l", "o") in pairs or silent


def test_everybody_has_a_place_and_nobody_hears_themselves() -> None:
    assert set(HEARD_BY) == {*Side, *GuestRole}
    for one, other in product(GuestRole, GuestRole):
        pairs = hears("c", "a", {"g": one, "h": other})
        assert all(listener != speaker for listener, speaker in pairs)
        assert len(set(pairs)) == len(pairs)


def test_supervisors_and_colleagues_are_told_apart() -> None:
    assert [role for role in GuestRole if is_supervising(role)] == [
        GuestRole.LISTEN,
        GuestRole.WHISPER,
        GuestRole.BARGE,
    ]
