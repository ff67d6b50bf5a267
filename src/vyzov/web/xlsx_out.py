"""Writes a table as a workbook (XLSX, ISO/IEC 29500) of one sheet that every spreadsheet opens.

Texts are kept within their cells and never are formulas, so nothing of what people typed can run.
Numbers stay numbers. The sheet is written row by row into a file that spills to the disk, so its
length costs no memory. What the rows say is the caller's part; reading one is `dialer.workbook`'s.
"""

import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO
from xml.sax.saxutils import escape

from starlette.responses import StreamingResponse

from vyzov.web.csv_out import Cell

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SPILLS_AT = 4 << 20
CHUNK = 64 * 1024
ROWS_MAX = 1_048_576
"""The most rows a sheet can have, its head among them."""
TEXT_MAX = 32_767
"""The most characters a cell can have."""
MADE_AT = (2000, 1, 1, 0, 0, 0)
"""The same table gives the same bytes whenever it is written."""

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/content-types"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
# XML 1.0 knows no such characters; a workbook writes them as _xHHHH_ (ISO/IEC 29500-1, 22.9.2.19).
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0d\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")

_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1"'
    f' Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><fonts count="2"><font/><font><b/></font></fonts>'
    '<fills count="1"><fill><patternFill patternType="none"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf xfId="0"/><xf xfId="0" fontId="1" applyFont="1"/></cellXfs>'
    "</styleSheet>",
}


def plain(text: str) -> str:
    """Gives a text as a workbook keeps it: escaped, and cut where a cell cannot hold more."""
    kept = _LOOKS_ESCAPED.sub("_x005F_", text[:TEXT_MAX])
    return escape(_UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", kept))


def column(place: int) -> str:
    """Names a column as spreadsheets do; the first has place 0."""
    name = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def _cell(at: str, value: Cell, style: str = "") -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        kept = f'<is><t xml:space="preserve">{plain(value)}</t></is>'
        return f'<c r="{at}"{style} t="inlineStr">{kept}</c>'
    return f'<c r="{at}"{style}><v>{value!r}</v></c>'


def _row(number: int, cells: Sequence[Cell], style: str = "") -> str:
    written = (_cell(f"{column(n)}{number}", one, style) for n, one in enumerate(cells))
    return f'<row r="{number}">{"".join(written)}</row>'


def _sheet(header: Sequence[Cell], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    yield f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    yield '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    yield "</sheetView></sheetViews><sheetData>"
    yield _row(1, header, ' s="1"')
    for number, cells in enumerate(rows, 2):
        if number > ROWS_MAX:
            break
        yield _row(number, cells)
    yield "</sheetData></worksheet>"


def write_workbook(
    out: IO[bytes], name: str, header: Sequence[Cell], rows: Iterable[Sequence[Cell]]
) -> None:
    """Writes a workbook of one sheet; rows beyond what a sheet can have are left out."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        book = (
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            f'<sheet name="{plain(name[:31])}" sheetId="1" r:id="rId1"/></sheets></workbook>'
        )
        for part, text in {**_PARTS, "xl/workbook.xml": book}.items():
            archive.writestr(_info(part), _HEAD + text)
        with archive.open(_info("xl/worksheets/sheet1.xml"), "w", force_zip64=True) as part:
            for piece in _sheet(header, rows):
                part.write(piece.encode())


def _info(part: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(part, MADE_AT)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(CHUNK):
            yield piece


def xlsx_response(
    file_name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> StreamingResponse:
    """Answers with a workbook for download; `file_name` is ours, never the caller's."""
    file: IO[bytes] = tempfile.SpooledTemporaryFile(SPILLS_AT)  # noqa: SIM115 - `_pieces` closes it
    write_workbook(file, file_name.removesuffix(".xlsx"), header, rows)
    return StreamingResponse(
        _pieces(file),
        media_type=MEDIA_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )
