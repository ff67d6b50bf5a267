"""Blanking people in lines of text: every word of theirs goes, nothing else moves."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.dialer.erasure import Blanker, Person, is_distinct, spellings

ANNA = Person(
    organisation="o",
    contact="0192aaaa-0000-7000-8000-000000000001",
    numbers=("+70005550101",),
    words=("Анна Ветрова", "Family 500", "просила не звонить утром", "39"),
    attempts=("0192bbbb-0000-7000-8000-000000000002",),
    call_ids=("abcdef0123456789@vyzov",),
    recordings=(),
)
BLANKER = Blanker([ANNA])


@pytest.mark.parametrize(
    "written",
    [
        "+70005550101", "70005550101", "80005550101", "0005550101", "+7 000 555-01-01",
        "8 (000) 555-01-01", "+7.000.555.01.01", "tel:+70005550101;phone-context=x",
        "007 000 555 01 01",
    ],
)  # fmt: skip
def test_a_number_goes_however_it_is_written(written: str) -> None:
    line = f"x;{written};y\n".encode()
    blanked = BLANKER.blanked(line)
    assert len(blanked) == len(line)
    assert b"5550101" not in blanked.translate(None, b" ().-")
    assert blanked.startswith(b"x;")
    assert blanked.endswith(b"y\n")


@pytest.mark.parametrize(
    "line",
    [
        b"+70005550102 is another\n",
        b"0192cccc-70005550101-x a piece of an id\n",
        "Анна Лесная, Family 500, 39\n".encode(),
        b'{"seq":1,"contact":"0192aaaa-0000-7000-8000-000000000001","data":{"why":"Family 500"}}\n',
    ],
)
def test_what_is_somebody_elses_stays(line: bytes) -> None:
    assert BLANKER.blanked(line) == line


def test_in_a_line_about_the_person_every_word_of_theirs_goes() -> None:
    for about in (ANNA.contact, ANNA.attempts[0], ANNA.call_ids[0], ANNA.numbers[0]):
        blanked = BLANKER.blanked(f"{about} bought Family 500 for 39\n".encode())
        assert b"Family 500" not in blanked
        assert b" for 39" in blanked


def test_a_name_of_two_words_goes_wherever_it_stands() -> None:
    line = "WARNING: no voice for Анна Ветрова\n".encode()
    blanked = BLANKER.blanked(line)
    assert "Ветрова".encode() not in blanked
    assert len(blanked) == len(line)


def test_json_is_json_afterwards() -> None:
    told = {"contact": ANNA.contact, "name": "Анна Ветрова", "note": 'просила "не" звонить'}
    for line in (json.dumps(told), json.dumps(told, ensure_ascii=False)):
        blanked = BLANKER.blanked(line.encode())
        assert len(blanked) == len(line.encode())
        assert set(json.loads(blanked)) == set(told)
        assert "Ветрова" not in json.loads(blanked)["name"]


@given(st.text(min_size=1, max_size=40))
def test_every_spelling_of_a_word_is_found(word: str) -> None:
    person = Person("o", "contact 1", ("+70005550101",), (word * 3 + " " + word,), (), (), ())
    (text,) = person.words
    if not is_distinct(text):
        return
    for form in spellings(text):
        line = b"- " + form + b" -\n"
        blanked = Blanker([person]).blanked(line)
        assert len(blanked) == len(line)
        assert form not in blanked


def test_nobody_blanks_nothing() -> None:
    assert Blanker([]).blanked(b"+70005550101\n") == b"+70005550101\n"
