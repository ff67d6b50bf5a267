"""Makes workbooks for tests: the parts of XLSX as spreadsheet programs write them, or broken."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from html import escape

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"

Cell = str | int | float | None


def column(index: int) -> str:
    """Names a column, from 0 on, as spreadsheets do."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def relations(*targets: tuple[str, str, str]) -> str:
    body = "".join(
        f'<Relationship Id="{name}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for name, kind, target in targets
    )
    return f'{HEAD}<Relationships xmlns="{PACKAGE}">{body}</Relationships>'


def sheet(rows: Sequence[Sequence[Cell]], texts: list[str]) -> str:
    lines: list[str] = []
    for number, row in enumerate(rows, start=1):
        cells = "".join(
            cell_of(f"{column(index)}{number}", value, texts)
            for index, value in enumerate(row)
            if value is not None
        )
        lines.append(f'<row r="{number}">{cells}</row>')
    return f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def cell_of(place: str, value: Cell, texts: list[str]) -> str:
    if isinstance(value, str) and value.startswith("<c "):
        return value.replace("<c ", f'<c r="{place}" ', 1)
    if isinstance(value, str):
        texts.append(value)
        return f'<c r="{place}" t="s"><v>{len(texts) - 1}</v></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def workbook(
    rows: Sequence[Sequence[Cell]] = (),
    *,
    sheets: Mapping[str, Sequence[Sequence[Cell]]] | None = None,
    hidden: str = "",
    styles: str = "",
    properties: str = "",
    parts: Mapping[str, str | bytes | None] | None = None,
) -> bytes:
    """Makes a workbook; `parts` replaces parts of the zip, None takes one out.

    A cell that begins with `<c ` is put in as it stands, its place added."""
    texts: list[str] = []
    named = dict(sheets or {"Sheet1": rows})
    names = list(named)
    body = "".join(
        f'<sheet name="{escape(name)}" sheetId="{at}" r:id="rId{at}"'
        f"{' state=' + chr(34) + 'hidden' + chr(34) if name == hidden else ''}/>"
        for at, name in enumerate(names, start=1)
    )
    made: dict[str, str | bytes | None] = {
        "_rels/.rels": relations(("rId1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{properties}'
        f"<sheets>{body}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": relations(
            *(
                (f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml")
                for n in range(1, len(names) + 1)
            ),
            ("rId98", "styles", "styles.xml"),
            ("rId99", "sharedStrings", "sharedStrings.xml"),
        ),
        **{
            f"xl/worksheets/sheet{at}.xml": sheet(named[name], texts)
            for at, name in enumerate(names, start=1)
        },
    }
    made["xl/sharedStrings.xml"] = (
        f'{HEAD}<sst xmlns="{MAIN}">'
        + "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in texts)
        + "</sst>"
    )
    if styles:
        made["xl/styles.xml"] = f'{HEAD}<styleSheet xmlns="{MAIN}">{styles}</styleSheet>'
    return zipped({**made, **(parts or {})})


def zipped(parts: Mapping[str, str | bytes | None]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            if body is not None:
                archive.writestr(name, body)
    return held.getvalue()
