"""The wire form of verbs and events: everything comes back as it was, all else is refused."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_args, get_origin, get_type_hints

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.dialer import ports
from vyzov.dialer.ports import (
    Answered,
    AskSnapshot,
    Dialing,
    Ended,
    Failed,
    Hangup,
    LegEvent,
    Originate,
    Orphan,
    Snapshot,
)
from vyzov.dialer.wire import WireError, from_wire, to_wire

VERBS = list(ports.Verb.__args__)
LEG_EVENTS = [
    thing
    for thing in vars(ports).values()
    if isinstance(thing, type) and issubclass(thing, LegEvent) and thing is not LegEvent
]

PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(),
    bool: st.booleans(),
    int: st.integers(-(2**53), 2**53),
    float: st.floats(allow_nan=False, allow_infinity=False),
}


def of(hint: Any) -> st.SearchStrategy[Any]:
    if hint in PLAIN:
        return PLAIN[hint]
    inner = get_args(hint)
    if get_origin(hint) is tuple and inner[-1] is Ellipsis:
        return st.lists(of(inner[0]), max_size=3).map(tuple)
    if get_origin(hint) is tuple:
        return st.tuples(*map(of, inner))
    if get_origin(hint) is Mapping:
        return st.dictionaries(of(inner[0]), of(inner[1]), max_size=3)
    if type(None) in inner:
        return st.none() | of(inner[0])
    return built(hint)


def built(cls: type) -> st.SearchStrategy[Any]:
    hints = get_type_hints(cls)
    return st.builds(cls, **{f.name: of(hints[f.name]) for f in fields(cls)})


LEG_EVENT = st.sampled_from(LEG_EVENTS).flatmap(built)
SNAPSHOT = st.builds(
    Snapshot,
    engine=st.text(),
    at=PLAIN[float],
    legs=st.dictionaries(st.text(), st.lists(LEG_EVENT, max_size=4).map(tuple), max_size=4),
    bridges=st.lists(st.tuples(st.text(), st.text()), max_size=3).map(tuple),
    guests=st.lists(st.tuples(st.text(), st.text()), max_size=3).map(tuple),
    devices=st.dictionaries(st.text(), st.text(), max_size=3),
    trunks=st.dictionaries(
        st.text(), st.lists(built(ports.TrunkState), max_size=2).map(tuple), max_size=2
    ),
    phones=st.dictionaries(st.text(), built(ports.PhoneRegistered), max_size=2),
)
NO_LEGS = [
    ports.EngineLost, ports.TrunkState, ports.TrunkChecked, ports.PhoneRegistered,
    ports.PhoneUnregistered, ports.Protection,
]  # fmt: skip
MESSAGE = st.one_of(
    st.sampled_from([*VERBS, *LEG_EVENTS, *NO_LEGS]).flatmap(built),
    SNAPSHOT,
)


@given(MESSAGE)
def test_every_verb_and_event_comes_back_as_it_was(message: Any) -> None:
    line = to_wire(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    back = from_wire(line)
    assert back == message
    assert type(back) is type(message)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_message_are_refused_by_one_error(noise: bytes) -> None:
    with pytest.raises(WireError):
        from_wire(noise)


@given(MESSAGE, st.data())
def test_a_message_with_one_field_of_another_type_is_refused(
    message: Any, data: st.DataObject
) -> None:
    members = orjson.loads(to_wire(message))
    name = data.draw(st.sampled_from(sorted(members)))
    members[name] = [[[]]]
    with pytest.raises(WireError):
        from_wire(orjson.dumps(members))


def test_an_unknown_type_is_named() -> None:
    with pytest.raises(WireError, match="'Teleport', which this build does not know"):
        from_wire(b'{"type": "Teleport"}')


def test_a_missing_field_is_named() -> None:
    with pytest.raises(WireError, match="AskSnapshot lacks fence"):
        from_wire(b'{"type": "AskSnapshot", "floor": "one"}')


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(WireError, match="Hangup has unknown fields: colour"):
        from_wire(b'{"type": "Hangup", "leg": "a", "colour": "red"}')


def test_a_field_with_a_default_may_be_left_out() -> None:
    assert from_wire(b'{"type": "Hangup", "leg": "a"}') == Hangup("a")


def test_a_whole_number_is_taken_where_a_fraction_is_meant() -> None:
    event = from_wire(b'{"type": "Dialing", "leg": "a", "seq": 1, "at": 5, "call_id": "x"}')
    assert event == Dialing("a", 1, 5.0, "x")
    assert isinstance(event, Dialing)
    assert isinstance(event.at, float)


def test_true_is_no_number_and_one_is_no_truth() -> None:
    for line in (
        b'{"type": "AskSnapshot", "floor": "one", "fence": true}',
        b'{"type": "Dialing", "leg": "a", "seq": 1, "at": true, "call_id": "x"}',
        b'{"type": "Hold", "customer": "a", "on": 1}',
    ):
        with pytest.raises(WireError):
            from_wire(line)


def test_a_number_json_cannot_carry_is_refused_when_written() -> None:
    with pytest.raises(WireError, match=r"Answered\.at is nan"):
        to_wire(Answered("a", 1, float("nan"), "PCMA"))


def test_a_lone_surrogate_is_refused_when_written() -> None:
    with pytest.raises(WireError, match="Hangup cannot be written"):
        to_wire(Hangup("a", "\ud800"))


def test_a_value_that_is_no_message_is_refused_when_written() -> None:
    with pytest.raises(WireError, match="Orphan is neither"):
        to_wire(Orphan())  # type: ignore[arg-type]


def test_a_pair_of_another_length_is_refused() -> None:
    line = to_wire(Failed("a", 1, 2.0, 486, "Busy", "ringing", provisionals=((180, 1.0),)))
    with pytest.raises(WireError, match="has 1 members, expected 2"):
        from_wire(line.replace(b"[180,1.0]", b"[180]"))


def test_a_snapshot_holds_only_events_of_legs() -> None:
    members = orjson.loads(to_wire(Snapshot("run", 1.0, {}, (), {})))
    members["legs"] = {"a": [orjson.loads(to_wire(AskSnapshot("floor", 1)))]}
    with pytest.raises(WireError, match="expected an event of a leg"):
        from_wire(orjson.dumps(members))


def test_a_snapshot_holds_only_findings_of_trunks() -> None:
    members = orjson.loads(to_wire(Snapshot("run", 1.0, {}, (), {})))
    members["trunks"] = {"a": [orjson.loads(to_wire(AskSnapshot("floor", 1)))]}
    with pytest.raises(WireError, match="expected a TrunkState"):
        from_wire(orjson.dumps(members))


def test_a_snapshot_holds_only_desk_phones_that_are_signed_in() -> None:
    members = orjson.loads(to_wire(Snapshot("run", 1.0, {}, (), {})))
    members["phones"] = {"a": orjson.loads(to_wire(AskSnapshot("floor", 1)))}
    with pytest.raises(WireError, match="expected a PhoneRegistered"):
        from_wire(orjson.dumps(members))


def test_nested_settings_and_counters_are_checked_too() -> None:
    original = Originate("a", "a", 1, 2.0, "t", "+70005550101", "+70005550102", 25.0)
    members = orjson.loads(to_wire(original))
    members["orphan"] = {"ringing_s": "two"}
    with pytest.raises(WireError, match=r"Originate\.orphan\.ringing_s is str"):
        from_wire(orjson.dumps(members))
    members["orphan"] = {}
    assert from_wire(orjson.dumps(members)) == original
    line = to_wire(Ended("a", 1, 2.0, "far", "normal", {"rtp_sent": 5.0}))
    with pytest.raises(WireError, match=r"stats\[rtp_sent\] is str"):
        from_wire(line.replace(b"5.0", b'"5"'))
