"""Turns the bytes of a text table into records: its encoding, its delimiter, its rows.

Memory is bounded whatever the file holds: an endless line, a quote that never closes or a cell of a
megabyte costs its own row and nothing else. What the cells mean is decided in `lists`.
"""

import csv
import io
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from typing import BinaryIO

from charset_normalizer import from_bytes

from vyzov.dialer.sheet import Record, Source, opened

# Left to itself the detector takes ordinary Russian files for Japanese or Hebrew ones.
ENCODINGS = ["utf_8", "utf_16", "cp1251", "cp866", "koi8_r", "cp1252"]
DELIMITERS = (";", ",", "\t", "|")
RECORD_CHARS_MAX = 100_000
RECORD_LINES_MAX = 100
SAMPLE_BYTES = 64 * 1024
SAMPLE_LINE_BYTES = 2_000
SNIFFED_RECORDS = 20
# With this share of its lines in UTF-8 a file is UTF-8, and the other lines are broken.
UTF8_SHARE = 0.9
BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
REPLACED = "\ufffd"


def encoding_of(source: Source) -> str:
    """Returns the name of the encoding the bytes most likely have."""
    with opened(source) as stream:
        head = stream.read(SAMPLE_BYTES)
    for mark, name in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return name
    if head[1::2].count(0) > len(head) // 8:
        return "utf-16-le"
    if head[0::2].count(0) > len(head) // 8:
        return "utf-16-be"
    sample = _telling_lines(source)
    if not sample or _is_utf8(sample):
        return "utf-8"
    best = from_bytes(b"\n".join(sample), cp_isolation=ENCODINGS).best()
    return "cp1252" if best is None else best.encoding


def delimiter_of(source: Source, encoding: str) -> str:
    """Returns the delimiter that cuts the first rows most evenly into most cells."""
    with closing(_logical_lines(source, encoding, ";")) as found:
        lines = [line for _, line, _ in islice(found, SNIFFED_RECORDS)]
    if lines and lines[0].strip().casefold().startswith("sep=") and len(lines[0].strip()) == 5:
        return lines[0].strip()[-1]
    return max(DELIMITERS, key=lambda mark: _evenness(lines, mark))


def records(source: Source, encoding: str, delimiter: str) -> Iterator[Record]:
    """Yields all rows that are not blank, broken ones with the id of what broke them."""
    for number, text, problem in _logical_lines(source, encoding, delimiter):
        if problem:
            yield Record(number, (text[:200],), problem)
            continue
        if number == 1 and text.strip() == f"sep={delimiter}":
            continue
        cells = _cells(text, delimiter)
        if any(cell.strip() for cell in cells):
            yield Record(number, cells, _fault_of(text))


def _telling_lines(source: Source) -> list[bytes]:
    """Returns the first lines that are not plain ASCII: the others tell nothing."""
    found: list[bytes] = []
    size, at_start = 0, True
    with opened(source) as stream:
        while line := stream.readline(SAMPLE_BYTES):
            begins, at_start = at_start, line.endswith(b"\n")
            if begins and not line.isascii():
                found.append(line[:SAMPLE_LINE_BYTES].rstrip(b"\r\n"))
                size += len(found[-1])
                if size >= SAMPLE_BYTES:
                    break
    return found


def _is_utf8(lines: list[bytes]) -> bool:
    good = sum(_decodes(line) for line in lines)
    return good >= UTF8_SHARE * len(lines)


def _decodes(line: bytes) -> bool:
    # A line cut short may end within a letter of up to four bytes.
    for end in range(4):
        try:
            line[: len(line) - end].decode("utf-8")
        except UnicodeDecodeError:
            if len(line) < SAMPLE_LINE_BYTES:
                return False
        else:
            return True
    return False


def _evenness(lines: list[str], mark: str) -> tuple[float, int]:
    counts = [len(_cells(line, mark)) for line in lines if line.strip()]
    if not counts:
        return (0.0, 0)
    usual = max(set(counts), key=lambda count: (counts.count(count), count))
    return (0.0, 0) if usual < 2 else (counts.count(usual) / len(counts), usual)


def _cells(text: str, delimiter: str) -> tuple[str, ...]:
    if '"' not in text:
        return tuple(text.split(delimiter))
    # A quote left open is allowed to run to the end of what was already cut to be one record.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    return tuple(cell for row in reader for cell in row)


def _fault_of(text: str) -> str:
    if "\0" in text:
        return "row_has_nul"
    return "row_not_text" if REPLACED in text else ""


def _logical_lines(
    source: Source, encoding: str, delimiter: str
) -> Generator[tuple[int, str, str]]:
    """Yields (row number, text, problem) where a quoted cell may run over several lines."""
    with opened(source) as stream:
        yield from _logical(_Lines(stream, encoding), delimiter)


def _logical(source: "_Lines", delimiter: str) -> Iterator[tuple[int, str, str]]:
    number = 0
    while (line := source.next()) is not None:
        number += 1
        if len(line) > RECORD_CHARS_MAX:
            yield number, line, "row_too_long"
            continue
        text, taken = line, 1
        quoted = _left_open(line, delimiter)
        waiting: list[str] = []
        while quoted:
            following = source.next()
            if following is not None:
                waiting.append(following)
                taken += len(following)
            if following is None or taken > RECORD_CHARS_MAX or len(waiting) > RECORD_LINES_MAX:
                # The quote never closes: its line is lost, those after it are rows of their own.
                source.put_back(waiting)
                break
            quoted = _left_open(following, delimiter, quoted=True)
        else:
            text = "".join((line, *waiting))
        yield number, text.rstrip("\r\n"), "quote_not_closed" if quoted else ""


class _Lines:
    """Lines of the file, one at a time, with a way to put some back."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._source = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")
        self._waiting: list[str] = []

    def next(self) -> str | None:
        """Returns the next line with its end, cut where it is endless; None after the last."""
        if self._waiting:
            return self._waiting.pop()
        line = self._source.readline(RECORD_CHARS_MAX + 1)
        if not line:
            return None
        rest = line
        while len(rest) > RECORD_CHARS_MAX and rest[-1] not in "\r\n":
            rest = self._source.readline(RECORD_CHARS_MAX + 1)
        return line

    def put_back(self, lines: list[str]) -> None:
        """Gives lines back; they come again, in the same order."""
        self._waiting += reversed(lines)


def _left_open(line: str, delimiter: str, *, quoted: bool = False) -> bool:
    """True where a quoted cell has not ended by the end of the line; `quoted` at its beginning."""
    if '"' not in line:
        return quoted
    at_start, after_quote = not quoted, False
    for letter in line:
        if quoted:
            if letter == '"':
                quoted, after_quote = False, True
            continue
        # A doubled quote inside a quoted cell closes it and opens it again.
        quoted = letter == '"' and (at_start or after_quote)
        at_start = letter in (delimiter, "\r", "\n")
        after_quote = False
    return quoted
