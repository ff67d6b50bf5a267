"""What every file of people is to its reader: where its bytes are, and a row of it.

How bytes become rows is left to `csv_text` and `workbook`, what rows mean to `lists`.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from vyzov.core.making import quickly_made

Source = bytes | Callable[[], BinaryIO]
"""The bytes of a file, or what opens it anew: a long file is read several times and never held."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Record:
    """One row: `number` as a spreadsheet counts (the first row is 1), its cells, what broke it."""

    number: int
    cells: tuple[str, ...]
    problem: str = ""


def opened(source: Source) -> BinaryIO:
    """Opens the file at its beginning; whoever asked closes it."""
    return io.BytesIO(source) if isinstance(source, bytes) else source()
