"""Remembers in which row of a file each number stood first, in 20 to 30 bytes a number.

A dictionary of texts would take ten times as much, and a list of two million people not fit beside
a telephone exchange. What a number seen twice means is decided in `lists`.
"""

from array import array

FIRST_BITS = 10
"""The table begins with 1024 places and doubles when half of them are taken."""

# Multiplying by the golden ratio spreads numbers that follow each other over the whole table.
_GOLDEN = 0x9E37_79B9_7F4A_7C15
_WORD = (1 << 64) - 1


class NumberBook:
    """Numbers and their rows; rows and numbers only grow."""

    __slots__ = ("_bits", "_numbers", "_rows", "_slots")

    def __init__(self) -> None:
        self._bits = FIRST_BITS
        self._slots = array("I", bytes(4 << FIRST_BITS))
        self._numbers = array("Q")
        self._rows = array("I")

    def __len__(self) -> int:
        return len(self._numbers)

    def row_of(self, e164: str) -> int | None:
        """Returns the row in which a number was noted, None where it was not."""
        found = self._slots[self._place(int(e164[1:]))]
        return self._rows[found - 1] if found else None

    def note(self, e164: str, row: int) -> None:
        """Notes the row of a number that has none yet."""
        number = int(e164[1:])
        place = self._place(number)
        if self._slots[place]:
            return
        self._numbers.append(number)
        self._rows.append(row)
        self._slots[place] = len(self._numbers)
        if 2 * len(self._numbers) >= len(self._slots):
            self._grow()

    def _place(self, number: int) -> int:
        """Returns where a number stands, or the empty place where it would."""
        slots, numbers = self._slots, self._numbers
        last = len(slots) - 1
        place = (number * _GOLDEN & _WORD) >> (64 - self._bits)
        while (found := slots[place]) and numbers[found - 1] != number:
            place = (place + 1) & last
        return place

    def _grow(self) -> None:
        self._bits += 1
        self._slots = array("I", bytes(4 << self._bits))
        for at, number in enumerate(self._numbers, start=1):
            self._slots[self._place(number)] = at
