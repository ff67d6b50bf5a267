"""Whose row a number was first: remembered for millions of numbers in little memory."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from vyzov.dialer.number_book import NumberBook


@given(st.lists(st.integers(10**6, 10**15 - 1), max_size=200))
def test_the_first_row_of_a_number_is_remembered(numbers: list[int]) -> None:
    book, plain = NumberBook(), dict[str, int]()
    for row, number in enumerate(numbers, start=1):
        e164 = f"+{number}"
        assert book.row_of(e164) == plain.get(e164)
        book.note(e164, row)
        plain.setdefault(e164, row)
    assert {e164: book.row_of(e164) for e164 in plain} == plain
    assert len(book) == len(plain)


def test_numbers_that_follow_each_other_take_few_bytes_each() -> None:
    count = 17_000
    tracemalloc.start()
    try:
        book = NumberBook()
        for number in range(count):
            book.note(f"+7000{number:07d}", number + 2)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert book.row_of("+70000016999") == count + 1
    assert book.row_of("+70000017000") is None
    assert held < 32 * count
