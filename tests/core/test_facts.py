"""Facts, moments and errors as they are written down."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from core_examples import T0, fact
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core.errors import (
    CarrierFault,
    EngineFault,
    Fault,
    ImpossibleEvent,
    InvalidRequest,
    LeaseLost,
    StoreFault,
    VyzovError,
)
from vyzov.core.facts import Fact, FactKind, from_json, to_json
from vyzov.core.instants import from_text, to_text

MOMENTS = st.timedeltas(timedelta(), timedelta(days=365 * (2100 - 1990))).map(
    lambda since: datetime(1990, 1, 1, tzinfo=UTC) + since
)
TEXTS = st.text(min_size=1, max_size=20).filter(str.strip)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(
    st.builds(
        Fact,
        kind=st.sampled_from(FactKind),
        at=MOMENTS,
        clock_id=st.text(max_size=10),
        monotonic_ns=st.integers(0, 2**62),
        dedupe=TEXTS,
        campaign=st.none() | TEXTS,
        attempt=st.none() | TEXTS,
        data=st.dictionaries(st.text(), JSON, max_size=3),
    )
)
def test_a_fact_survives_being_written_and_read(one: Fact) -> None:
    assert from_json(to_json(one)) == one
    assert from_json(to_json(one) | {"seq": 7}) == one


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "gossip"}, "kind"),
        ({"version": 2}, "version"),
        ({"at": None}, "at"),
        ({"dedupe": " "}, "dedupe"),
        ({"data": []}, "data"),
        ({"agent": 5}, "agent"),
        ({"monotonic_ns": float("nan")}, "monotonic_ns"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_no_fact_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        from_json(dict(to_json(fact(FactKind.ANSWERED))) | changes)
    assert field in [fault.field for fault in caught.value.faults]


def test_a_fact_at_no_moment_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="not a moment"):
        from_json(dict(to_json(fact(FactKind.ANSWERED))) | {"at": "yesterday"})


@given(MOMENTS, MOMENTS)
def test_moments_sort_as_their_texts_do(first: datetime, second: datetime) -> None:
    assert from_text(to_text(first)) == first
    assert (to_text(first) < to_text(second)) == (first < second)


def test_a_moment_is_told_in_utc() -> None:
    moscow = timezone(timedelta(hours=3))
    assert to_text(T0.astimezone(moscow)) == "2026-11-23T09:00:00.000000Z"
    assert from_text("2026-11-23T12:00:00+03:00") == T0


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="does not say its zone"):
        from_text("2026-11-23T12:00:00")
    with pytest.raises(AssertionError):
        to_text(datetime(2026, 11, 23))  # noqa: DTZ001


def test_an_error_says_what_happened_and_what_to_do() -> None:
    error = InvalidRequest.of("The list", [Fault("name", "is missing"), Fault("rows", "none")])
    assert str(error) == (
        "The list cannot be used: name: is missing; rows: none. "
        "Mend these fields and send it again."
    )
    assert error.next_step == "Mend these fields and send it again."


@pytest.mark.parametrize("kind", [CarrierFault, EngineFault, StoreFault, LeaseLost, InvalidRequest])
def test_every_error_hangs_in_one_tree(kind: type[VyzovError]) -> None:
    error = kind("It broke.", "Mend it.")
    assert (error.what, error.next_step) == ("It broke.", "Mend it.")
    assert isinstance(error, VyzovError)


def test_an_impossible_event_names_machine_state_and_event() -> None:
    error = ImpossibleEvent("call", "ended", "Reserved()")
    assert "call machine in state 'ended'" in str(error)
    assert isinstance(LeaseLost("a", "b"), StoreFault)
