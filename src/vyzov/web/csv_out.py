"""Writes tables as CSV that a spreadsheet opens without running anything.

UTF-8 with a byte order mark, so that spreadsheets take Cyrillic for what it is; a cell a spreadsheet
would take for a formula is led by an apostrophe (OWASP ASVS 5.0, 1.2.10).
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from starlette.responses import StreamingResponse

BOM = "\ufeff"

# Full-width signs are taken for plain ones by some spreadsheets.
_FORMULA = re.compile(r"[\s]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")

Cell = str | int | float | None


def safe_cell(value: Cell) -> str:
    """Gives a cell as text that no spreadsheet takes for a formula; plain numbers stay numbers."""
    if value is None:
        return ""
    text = str(value)
    if isinstance(value, str) and _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def lines(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Yields the file piece by piece, so that its length costs no memory."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write(BOM)
    writer.writerow([safe_cell(name) for name in header])
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
        if buffer.tell() > 32_768:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def csv_line(cells: Sequence[Cell]) -> str:
    """Gives one line of such a file."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow([safe_cell(cell) for cell in cells])
    return buffer.getvalue()


def csv_response(
    file_name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> StreamingResponse:
    """Answers with a CSV file for download; `file_name` is ours, never the caller's."""
    return StreamingResponse(
        lines(header, rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )
