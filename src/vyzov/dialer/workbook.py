"""Reads a sheet of a workbook (XLSX, ISO/IEC 29500) as rows of text, one row at a time.

A workbook is a zip of XML files and comes from anybody. Nothing of it is unpacked to the disk, no row
but the one being read is held, document types are refused (so there are no entities), and every
part has a bound. What kept values look like is told by `workbook_values`, what rows mean by `lists`.
"""

import posixpath
import struct
import zipfile
import zlib
from array import array
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO
from xml.parsers import expat

from vyzov.core.errors import Fault, InvalidRequest
from vyzov.dialer.sheet import Record, Source, opened
from vyzov.dialer.workbook_values import is_moment, moment_text, number_text, plain_text

ZIP_MARK = b"PK\x03\x04"
OLD_MARK = b"\xd0\xcf\x11\xe0"
"""How workbooks of before 2007 begin, and those with a password."""

DIRECTORY_BYTES_MAX = 1 << 20
PART_BYTES_MAX = 16 << 20
STRINGS_BYTES_MAX = 96 << 20
"""All different texts of a workbook together; a list with more is read as CSV."""
SHEET_BYTES_MAX = 4 << 30
TOKEN_BYTES_MAX = 1 << 20
NAMES_MAX = 4_096
DEPTH_MAX = 64
CHUNK_BYTES = 64 * 1024
ROWS_MAX = 1_048_576
COLUMNS_MAX = 16_384
CELL_KEPT_CHARS = 40_000

_DIRECTORY_END = struct.Struct("<4s4H2LH")
_COMMENT_MAX = 65_535
_BROKEN = (
    zipfile.BadZipFile, zlib.error, expat.ExpatError, KeyError, IndexError, ValueError, EOFError,
    NotImplementedError, RuntimeError, struct.error,
)  # fmt: skip
"""What reading a zip or XML raises where it is not what it says."""


class TooLarge(Exception):
    """A part of the workbook goes beyond its bound."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook: its name and where it is in the zip."""

    name: str
    part: str


@dataclass(frozen=True, slots=True)
class Book:
    """What a workbook says of itself: its visible sheets, which formats show days, its calendar."""

    sheets: tuple[Sheet, ...]
    moments: frozenset[str]
    since_1904: bool


def refuse_old(file_name: str) -> InvalidRequest:
    """Says that a workbook is of before 2007 or has a password: nobody can read it here."""
    return InvalidRequest(
        f"The file '{file_name}' is an old workbook (.xls) or has a password.",
        "Save it as XLSX without a password, or the sheet as CSV (UTF-8).",
        [Fault("file", "is an old workbook or has a password", "workbook")],
    )


def read_book(source: Source, file_name: str) -> Book:
    """Returns what a workbook says of itself; what is no workbook raises `InvalidRequest`."""
    with _unpacked(source, file_name) as archive:
        main = _main_part(archive)
        targets = _targets(archive, main)
        found: list[Sheet] = []
        since_1904 = False
        for name, attributes in _elements(archive, main):
            if name == "sheet" and attributes.get("state", "visible") == "visible":
                part = targets.get(_relation(attributes), "")
                if part:
                    found.append(Sheet(attributes.get("name", ""), part))
            elif name == "workbookPr":
                since_1904 = attributes.get("date1904", "0") in ("1", "true")
        if not found:
            raise KeyError("no sheet")
        return Book(tuple(found), _moments(archive, targets), since_1904)


def sheet_records(source: Source, book: Book, sheet: Sheet, file_name: str) -> Iterator[Record]:
    """Yields the rows of a sheet that are not blank, numbered as the spreadsheet shows them."""
    with _unpacked(source, file_name) as archive:
        rows = _Rows(book, _texts(archive, posixpath.dirname(_main_part(archive))))
        for _ in _parsed(archive, sheet.part, SHEET_BYTES_MAX, rows.start, rows.end, rows.text):
            yield from rows.taken()


# ---- the zip -------------------------------------------------------------------------------------


@contextmanager
def _unpacked(source: Source, file_name: str) -> Generator[zipfile.ZipFile]:
    with opened(source) as stream:
        try:
            _check_directory(stream)
            with zipfile.ZipFile(stream) as archive:
                yield archive
        except TooLarge as error:
            raise InvalidRequest(
                f"The workbook '{file_name}' is too large to be read: {error}.",
                "Save the sheet as CSV (UTF-8): a CSV may be of any length.",
                [Fault("file", "is too large a workbook", "workbook_large")],
            ) from error
        except _BROKEN as error:
            raise InvalidRequest(
                f"The file '{file_name}' is a zip, but no XLSX workbook that can be read.",
                "Open it in the spreadsheet program and save it anew as XLSX or CSV (UTF-8).",
                [Fault("file", "is no workbook that can be read", "workbook_broken")],
            ) from error


def _check_directory(stream: BinaryIO) -> None:
    """Refuses a zip whose list of parts is long: it would be read into memory whole."""
    length = stream.seek(0, 2)
    start = max(0, length - _DIRECTORY_END.size - _COMMENT_MAX)
    stream.seek(start)
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0:
        raise zipfile.BadZipFile("no end")
    size = _DIRECTORY_END.unpack_from(tail, at)[5]
    if size > DIRECTORY_BYTES_MAX or b"PK\x06\x07" in tail[max(0, at - 20) : at]:
        raise TooLarge("it has too many parts")
    stream.seek(0)


def _main_part(archive: zipfile.ZipFile) -> str:
    for name, attributes in _elements(archive, "_rels/.rels"):
        if name == "Relationship" and attributes.get("Type", "").endswith("/officeDocument"):
            return _within("", attributes["Target"])
    raise KeyError("no main part")


def _targets(archive: zipfile.ZipFile, part: str) -> dict[str, str]:
    """Returns the parts that a part names, by their ids; sheets of cells and styles only."""
    folder, name = posixpath.split(part)
    wanted = ("/worksheet", "/styles")
    return {
        "styles" if attributes["Type"].endswith("/styles") else attributes["Id"]: _within(
            folder, attributes["Target"]
        )
        for tag, attributes in _elements(archive, posixpath.join(folder, "_rels", f"{name}.rels"))
        if tag == "Relationship" and attributes.get("Type", "").endswith(wanted)
    }


def _within(folder: str, target: str) -> str:
    if target.startswith("/"):
        return posixpath.normpath(target[1:])
    return posixpath.normpath(posixpath.join(folder, target))


def _relation(attributes: dict[str, str]) -> str:
    return next((value for name, value in attributes.items() if name.endswith(":id")), "")


# ---- the XML -------------------------------------------------------------------------------------

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


def _parsed(
    archive: zipfile.ZipFile, part: str, most: int, start: Start, end: End, text: Text
) -> Iterator[None]:
    """Parses a part piece by piece; yields after each, so that what was found can be taken."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    depth = 0

    def opens(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEPTH_MAX:
            raise TooLarge("its elements are nested too deep")
        start(name.rpartition(":")[2], attributes)

    def closes(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(name.rpartition(":")[2])

    parser.StartElementHandler = opens
    parser.EndElementHandler = closes
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    fed = 0
    with archive.open(part) as stream:
        while piece := stream.read(CHUNK_BYTES):
            fed += len(piece)
            parser.Parse(piece, False)
            if fed > most:
                raise TooLarge("a part of it is too long")
            if fed - parser.CurrentByteIndex > TOKEN_BYTES_MAX or len(parser.intern) > NAMES_MAX:
                raise TooLarge("its elements are too large")
            yield
    parser.Parse(b"", True)
    yield


def _refuse_doctype(*_: object) -> None:
    raise ValueError("a document type")


def _elements(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yields the elements of a short part in their order."""
    found: list[tuple[str, dict[str, str]]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        found.append((name, attributes))

    for _ in _parsed(archive, part, PART_BYTES_MAX, start, _nothing, _nothing):
        yield from found
        found.clear()


def _nothing(_: str) -> None:
    """Passes over what is not asked for."""


def _moments(archive: zipfile.ZipFile, targets: dict[str, str]) -> frozenset[str]:
    """Returns the numbers of the cell styles that show days or times."""
    if "styles" not in targets or targets["styles"] not in archive.NameToInfo:
        return frozenset()
    custom: dict[int, str] = {}
    found: set[str] = set()
    of_cells, style = False, 0
    for name, attributes in _elements(archive, targets["styles"]):
        if name == "numFmt":
            custom[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif name in ("cellXfs", "cellStyles", "dxfs"):
            of_cells = name == "cellXfs"
        elif name == "xf" and of_cells:
            code = int(attributes.get("numFmtId", "0"))
            if is_moment(code, custom.get(code)):
                found.add(str(style))
            style += 1
    return frozenset(found)


# ---- texts that cells share ----------------------------------------------------------------------


class _Texts:
    """All different texts of a workbook, packed: a million of them take little more than they are
    long."""

    def __init__(self) -> None:
        self._pool = bytearray()
        self._ends = array("Q", [0])
        self._taking = False
        self._aside = 0
        self._length = 0

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < len(self._ends) - 1:
            raise IndexError(index)
        kept = self._pool[self._ends[index] : self._ends[index + 1]]
        return plain_text(kept.decode("utf-8", "replace"))

    def start(self, name: str, _: dict[str, str]) -> None:
        if name == "t":
            self._taking = not self._aside
        elif name == "rPh":  # How a text is pronounced is no part of it.
            self._aside += 1
        elif name == "si":
            self._length = 0

    def end(self, name: str) -> None:
        if name == "t":
            self._taking = False
        elif name == "rPh":
            self._aside -= 1
        elif name == "si":
            self._ends.append(len(self._pool))
            if len(self._pool) + 8 * len(self._ends) > STRINGS_BYTES_MAX:
                raise TooLarge("it holds too many different texts")

    def text(self, said: str) -> None:
        if self._taking and self._length < CELL_KEPT_CHARS:
            self._length += len(said)
            self._pool += said.encode("utf-8", "replace")


def _texts(archive: zipfile.ZipFile, folder: str) -> _Texts:
    texts = _Texts()
    part = posixpath.join(folder, "sharedStrings.xml")
    if part in archive.NameToInfo:
        for _ in _parsed(archive, part, SHEET_BYTES_MAX, texts.start, texts.end, texts.text):
            pass
    return texts


# ---- rows ----------------------------------------------------------------------------------------


class _Rows:
    """Puts the cells of a sheet together into rows."""

    def __init__(self, book: Book, texts: _Texts) -> None:
        self._book = book
        self._texts = texts
        self._done: list[Record] = []
        self._number = 0
        self._cells: list[str] = []
        self._column = 0
        self._kind = self._style = ""
        self._parts: list[str] = []
        self._length = 0
        self._taking = False
        self._aside = 0

    def taken(self) -> list[Record]:
        """Hands out the rows that are whole."""
        done, self._done = self._done, []
        return done

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._column = _column_of(attributes.get("r", "")) or self._column + 1
            if self._column > COLUMNS_MAX:
                raise TooLarge("it has more columns than a sheet can have")
            self._kind = attributes.get("t", "n")
            self._style = attributes.get("s", "0")
            self._parts, self._length = [], 0
        elif name in ("v", "t"):
            self._taking = not self._aside
        elif name == "rPh":
            self._aside += 1
        elif name == "row":
            told = attributes.get("r", "")
            number = int(told) if told.isascii() and told.isdigit() and len(told) < 9 else 0
            self._number = max(number, self._number + 1)
            if self._number > ROWS_MAX:
                raise TooLarge("it has more rows than a sheet can have")
            self._cells, self._column = [], 0

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self._taking = False
        elif name == "rPh":
            self._aside -= 1
        elif name == "c" and self._parts:
            self._put(self._value("".join(self._parts)))
        elif name == "row" and any(cell.strip() for cell in self._cells):
            cells = tuple(self._cells)
            self._done.append(Record(self._number, cells, _fault_of(cells)))

    def text(self, said: str) -> None:
        if self._taking and self._length < CELL_KEPT_CHARS:
            self._length += len(said)
            self._parts.append(said)

    def _put(self, text: str) -> None:
        missing = self._column - len(self._cells)
        if missing > 0:
            self._cells += [""] * missing
        self._cells[self._column - 1] = text

    def _value(self, kept: str) -> str:
        match self._kind:
            case "s":
                return self._texts[int(kept)]
            case "n":
                if self._style in self._book.moments:
                    return moment_text(kept, since_1904=self._book.since_1904)
                return number_text(kept)
            case "b":
                return "true" if kept == "1" else "false"
            case "d":
                return kept.removesuffix("T00:00:00").removesuffix("Z")
            case _:
                return plain_text(kept)


def _column_of(place: str) -> int:
    """Returns the column of a cell by its place (`AB12` is 28), 0 where it does not say."""
    column = 0
    for letter in place:
        if not "A" <= letter <= "Z":
            break
        column = min(column * 26 + ord(letter) - 64, COLUMNS_MAX + 1)
    return column


def _fault_of(cells: tuple[str, ...]) -> str:
    if any("\0" in cell for cell in cells):
        return "row_has_nul"
    return "row_not_text" if any("\ufffd" in cell for cell in cells) else ""
