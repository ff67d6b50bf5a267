"""A value made quickly is the value that the standard library makes."""

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from inspect import signature

import pytest

from vyzov.core.changing import replace as changed
from vyzov.core.making import quickly_made


@dataclass(frozen=True, slots=True)
class Heard:
    leg: str
    seq: int = 0


@quickly_made
@dataclass(frozen=True, slots=True)
class Digit(Heard):
    key: str = ""
    tones: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DigitByLibrary(Heard):
    key: str = ""
    tones: list[int] = field(default_factory=list)


def test_fields_come_by_place_by_name_and_by_default() -> None:
    made = Digit("leg", key="5")
    assert (made.leg, made.seq, made.key, made.tones) == ("leg", 0, "5", [])
    assert Digit("leg", 3, "5", [697]).tones == [697]
    assert Digit("leg").tones is not Digit("leg").tones


def test_it_takes_what_the_library_takes() -> None:
    quick, plain = signature(Digit).parameters, signature(DigitByLibrary).parameters
    assert list(quick) == list(plain)
    assert [one.kind for one in quick.values()] == [one.kind for one in plain.values()]
    assert [one.annotation for one in quick.values()] == [one.annotation for one in plain.values()]
    for words in ({}, {"leg": "a", "colour": "red"}):
        with pytest.raises(TypeError):
            Digit(**words)


def test_it_is_of_its_own_class_and_frozen() -> None:
    made = Digit("leg")
    assert type(made) is Digit
    with pytest.raises(FrozenInstanceError):
        made.seq = 1  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del made.seq


def test_all_that_is_done_with_values_works() -> None:
    made = Digit("leg", 1, "5", [697])
    assert made == Digit("leg", 1, "5", [697])
    assert made != Digit("leg", 2, "5", [697])
    assert repr(made) == "Digit(leg='leg', seq=1, key='5', tones=[697])"
    assert replace(made, seq=2) == changed(made, seq=2) == Digit("leg", 2, "5", [697])
    assert copy.deepcopy(made) == pickle.loads(pickle.dumps(made)) == made
    assert [one.name for one in fields(made)] == ["leg", "seq", "key", "tones"]


def test_a_class_with_work_of_its_own_is_left_to_the_library() -> None:
    @dataclass(frozen=True, slots=True)
    class Checked:
        leg: str

        def __post_init__(self) -> None:
            assert self.leg

    @dataclass(slots=True)
    class Open:
        leg: str

    @dataclass(frozen=True)
    class Wide:
        leg: str

    for kind in (Checked, Open, Wide, str):
        with pytest.raises(TypeError, match="no plain frozen dataclass"):
            quickly_made(kind)
