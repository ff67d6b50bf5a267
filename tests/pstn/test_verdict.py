"""The callee's side of a call in one record."""

import pytest

from vyzov.pstn.hearing import Heard, Segment
from vyzov.pstn.verdict import Story, record, wants_operator
from vyzov.simulation.people import Callee, CalleeKind, Ending, Plan


def plan(kind: CalleeKind) -> Plan:
    return Callee("+70005550101", kind, 3).plan(1)


def story(
    *heard: tuple[str, float, float],
    by: str = "caller",
    keys: tuple[str, ...] = (),
    answered: bool = True,
) -> Story:
    one = Story(invited_at=10.0, answered_at=12.0 if answered else None)
    one.keys = [(key, 2.0) for key in keys]
    segments = tuple(
        Segment(Heard(what, 1150 if what == "operator" else 0), start, end)
        for what, start, end in heard
    )
    one.finish(30.0, by, None if answered else Ending(486, "Busy Here"), segments)
    return one


PERSON, MACHINE = CalleeKind.ANSWERS_AND_SPEAKS, CalleeKind.VOICEMAIL


@pytest.mark.parametrize(
    ("why", "kind", "told", "abandoned"),
    [
        ("heard an operator", PERSON, story(("operator", 0.3, 9.0)), False),
        ("heard an operator, then the apology",
         PERSON, story(("operator", 0.3, 1.0), ("safe_harbour", 9.0, 12.0)), False),
        ("heard the apology", PERSON, story(("safe_harbour", 2.0, 9.0)), True),
        ("heard the apology and left", PERSON,
         story(("safe_harbour", 2.0, 3.0), by="callee"), True),
        ("a machine heard the apology", MACHINE, story(("safe_harbour", 2.0, 9.0)), True),
        ("was hung up on in silence", PERSON, story(("silence", 0.0, 2.0)), True),
        ("left in silence", PERSON, story(("silence", 0.0, 9.0), by="callee"), False),
        ("a machine was hung up on", MACHINE, story(("silence", 0.0, 4.0)), False),
        ("heard the offer out", PERSON, story(("offer", 0.0, 8.0)), False),
        ("asked for an operator in vain", PERSON,
         story(("offer", 0.0, 8.0), ("please_wait", 8.0, 12.0), keys=("1",)), True),
        ("asked never to be called", PERSON, story(("offer", 0.0, 8.0), keys=("9",)), False),
        ("never answered", PERSON, story(answered=False, by="refused"), False),
        ("the box was closed", PERSON, story(("silence", 0.0, 2.0), by="box"), False),
    ],
)  # fmt: skip
def test_a_callee_is_abandoned_when_left_with_nobody(
    why: str, kind: CalleeKind, told: Story, abandoned: bool
) -> None:
    assert record(plan(kind), told)["abandoned"] is abandoned, why


def test_a_record_sums_up_who_and_what_was_heard() -> None:
    told = story(
        ("no_packets", 0.0, 0.5),
        ("silence", 0.5, 2.0),
        ("offer", 2.0, 5.0),
        ("operator", 5.0, 7.0),
        ("silence", 7.0, 8.0),
        ("operator", 8.0, 9.0),
        keys=("1",),
    )
    line = record(plan(PERSON), told)
    assert line["prompts"] == ["offer"]
    assert line["operators"] == [{"hz": 1150, "from_s": 5.0, "heard_s": 3.0, "to_s": 9.0}]
    assert (line["joined"], line["joined_s"], line["quiet_s"]) == (True, 5.0, 2.0)
    assert (line["code"], line["reason"], line["ended_by"]) == (200, "", "caller")
    assert line["keys"] == [{"key": "1", "at_s": 2.0}]


def test_a_refusal_keeps_its_code() -> None:
    line = record(plan(CalleeKind.BUSY), story(answered=False, by="refused"))
    assert (line["code"], line["answered_at"], line["joined_s"]) == (486, None, None)


def test_only_people_wait_for_people() -> None:
    assert wants_operator(plan(PERSON), story())
    assert not wants_operator(plan(MACHINE), story())
    assert not wants_operator(plan(PERSON), story(("offer", 0.0, 3.0)))
