"""Who a person is to an installation, so that every word about them can be found and blanked.

Erasing keeps what is nobody's: ids, salted references, facts, what calls came to. Words go. In files
that other processes append to, words are blanked in place, letter by letter: no line changes its
length, so nobody who reads or writes there notices. Where such files lie, and how a database forgets,
is the store's part.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

NUMBER_TAIL = 10
"""So many last digits make a number: people write what comes before them in many ways."""
FACT = b'{"seq":'
"""How a line of facts begins: it holds no words, and its hash covers every letter."""
TOKEN_LEAST = 4
"""So many bytes, one of them a letter, make a word worth blanking in a line about the person."""
DISTINCT_LEAST = 12
"""From so many bytes on, a text that is two words or more is somebody's wherever it stands."""
_BETWEEN = rb"[\s().\-/]{0,3}"


@dataclass(frozen=True, slots=True)
class Person:
    """All that is known of one person before it is erased.

    `ids` are the contact and its attempts and calls: they stay, and lead to lines about the person.
    `words` are names, notes, values of fields and cells of files."""

    organisation: str
    contact: str
    numbers: tuple[str, ...]
    words: tuple[str, ...]
    attempts: tuple[str, ...]
    call_ids: tuple[str, ...]
    recordings: tuple[str, ...]
    live: bool = False


class Blanker:
    """Blanks what is said about people in lines of text."""

    def __init__(self, people: Iterable[Person]) -> None:
        self._people = tuple(people)

    def blanked(self, line: bytes) -> bytes:
        """Returns a line of the same length without a word about these people."""
        if line.startswith(FACT):
            return line
        found = line
        if self._numbers is not None:
            found = self._numbers.sub(_zeros, found)
        about = found != line or (self._ids is not None and self._ids.search(line) is not None)
        words = self._words if about else self._distinct
        return found if words is None else words.sub(_crosses, found)

    @cached_property
    def _numbers(self) -> re.Pattern[bytes] | None:
        forms = {
            _BETWEEN.join(re.escape(digit.encode()) for digit in tail)
            for person in self._people
            for number in person.numbers
            if (tail := number.lstrip("+")[-NUMBER_TAIL:])
        }
        if not forms:
            return None
        # Whatever stands before the last digits (+7, 8, 007) is part of the number as written.
        return re.compile(
            rb"(?<![0-9a-f-])\+?[0-9]{0,4}" + _BETWEEN + rb"(?:" + _any(forms) + rb")"
        )

    @cached_property
    def _ids(self) -> re.Pattern[bytes] | None:
        ids = {
            one.encode()
            for person in self._people
            for one in (person.contact, *person.attempts, *person.call_ids)
            if one
        }
        return re.compile(_any(re.escape(one) for one in ids)) if ids else None

    @cached_property
    def _words(self) -> re.Pattern[bytes] | None:
        return _pattern(word for person in self._people for word in person.words if is_word(word))

    @cached_property
    def _distinct(self) -> re.Pattern[bytes] | None:
        return _pattern(
            word for person in self._people for word in person.words if is_distinct(word)
        )


def is_word(word: str) -> bool:
    """Says whether a text is more than a figure or an abbreviation."""
    long = len(word.encode()) >= TOKEN_LEAST
    return (long and any(map(str.isalpha, word))) or is_distinct(word)


def is_distinct(word: str) -> bool:
    """Says whether a text is long and many-worded enough to be about one person alone."""
    return len(word.encode()) >= DISTINCT_LEAST and len(word.split()) > 1


def spellings(word: str) -> set[bytes]:
    """Returns the ways in which files write a word: as it is, in JSON, in a cell of CSV."""
    forms = (
        word,
        json.dumps(word)[1:-1],
        json.dumps(word, ensure_ascii=False)[1:-1],
        word.replace('"', '""'),
    )
    return {form.encode("utf-8", "replace") for form in forms}


def _pattern(words: Iterable[str]) -> re.Pattern[bytes] | None:
    forms = {form for word in words for form in spellings(word)}
    return re.compile(_any(re.escape(form) for form in forms)) if forms else None


def _any(forms: Iterable[bytes]) -> bytes:
    # The longest first: of two that begin alike, nothing of the longer one may stay.
    ordered = sorted(forms, key=lambda form: (-len(form), form))
    return b"|".join(ordered)


def _zeros(found: re.Match[bytes]) -> bytes:
    return re.sub(rb"[0-9]", b"0", found[0])


def _crosses(found: re.Match[bytes]) -> bytes:
    return b"x" * (found.end() - found.start())
