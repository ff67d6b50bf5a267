"""Lists: what a file would bring, bringing it in, what became of each row, and taking it back."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Annotated, Any

import orjson
from fastapi import Query, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from vyzov.core.errors import Fault, InvalidRequest
from vyzov.dialer.access import Door
from vyzov.dialer.duplicates import Duplicates, settled_rows
from vyzov.dialer.list_words import said, sentence
from vyzov.dialer.lists import (
    Asked,
    Format,
    ListPreview,
    Meaning,
    read_list,
    reading_of,
    records_of,
    rows,
    verdict_counts,
)
from vyzov.dialer.office_records import ContactList, ImportedRow, ImportRow, RowVerdict
from vyzov.web.admission import Caller, House, In, Who, room
from vyzov.web.csv_out import Cell, csv_response
from vyzov.web.imports import Import
from vyzov.web.once import key_of
from vyzov.web.problems import Problem
from vyzov.web.shapes import Cursor, Limit, PageOf, PathId, Shape, page_of
from vyzov.web.uploads import Held, hold

Json = dict[str, Any]

router = room("lists")

_JUDGED_IN_PREVIEW = 2_000
_SHOWN_IN_PREVIEW = 20
_NAME_MAX = 200
_ROWS_PER_PAGE = 500
_WORDS = ("name", "default_region", "mapping", "duplicates", "encoding", "sheet")

_UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "name": {"type": "string", "maxLength": _NAME_MAX},
                        "default_region": {"type": "string", "examples": ["RU", "US", "GB"]},
                        "duplicates": {
                            "type": "string",
                            "enum": [policy.value for policy in Duplicates],
                            "description": "What becomes of people who are in other lists.",
                        },
                        "encoding": {
                            "type": "string",
                            "description": "Of a CSV; found where it is not said.",
                        },
                        "sheet": {
                            "type": "string",
                            "description": "Of a workbook; the first where it is not said.",
                        },
                        "mapping": {
                            "type": "string",
                            "description": "JSON: titles of columns to what they mean.",
                            "examples": ['{"Телефон": "phone", "Тариф": "field"}'],
                        },
                    },
                }
            }
        },
    }
}


class ColumnShape(Shape):
    """What a column is taken for; `field` is the name it gets on the card."""

    name: str
    use: Meaning
    field: str | None


class RowShape(Shape):
    """What became of a row; `reason` is an id to be worded with `args`."""

    row: int
    verdict: RowVerdict
    reason: str | None
    args: dict[str, str]
    cells: list[str]


class NoteShape(Shape):
    """Something to know of a file: an id to be worded with `args`."""

    id: str
    args: dict[str, str]


class PreviewShape(Shape):
    """What a file would bring; verdicts are of the first `rows_judged` rows.

    Of a workbook `sheet` is read, one of `sheets`; its encoding and delimiter are empty."""

    file: str
    format: Format
    sheet: str
    sheets: list[str]
    notes: list[NoteShape]
    encoding: str
    delimiter: str
    has_header: bool
    columns: list[ColumnShape]
    rows_total: int
    rows_judged: int
    verdicts: dict[RowVerdict, int]
    first_rows: list[RowShape]
    problems: list[str]


class ListShape(Shape):
    """A list, or an import on its way to become one (then `id` is of the import)."""

    id: str
    name: str
    file: str
    rows_total: int
    rows_done: int
    rows_ok: int
    contacts: int
    verdicts: dict[RowVerdict, int]
    campaigns: list[str]
    state: str
    created_at: datetime
    undone_at: datetime | None
    problem: Json | None = None


@dataclass(frozen=True, slots=True)
class _Upload:
    """What was sent: the file and how to read it."""

    held: Held
    file_name: str
    name: str
    region: str
    asked: Asked
    duplicates: Duplicates

    def read(self, door: Door) -> ListPreview:
        """Reads how the file would be taken; slow for a large one."""
        return read_list(
            self.held.open, self.file_name, default_region=self.region, asked=self.asked,
            remembered=door.columns_of_titles,
        )  # fmt: skip

    def judged(self, seen: ListPreview, door: Door) -> Iterator[ImportedRow]:
        """Yields the file's rows as they would be written."""
        return settled_rows(rows(self.held.open, seen), self.duplicates, door.known_numbers)


async def _upload_of(request: Request) -> _Upload:
    """Reads the form only now that the caller was let in: strangers must not fill the disk."""
    async with request.form(max_files=1, max_fields=10) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Problem(
                "invalid_request", "There is no file in the form.",
                fields=(Fault("file", "is not in the form", "needed"),),
            )  # fmt: skip
        held = await hold(file)
        told = file.filename or "list.csv"
        words = {name: str(form.get(name) or "").strip() for name in _WORDS}
    bare = "".join(c for c in told.replace("\\", "/").rsplit("/", 1)[-1] if c.isprintable())
    file_name = bare[:_NAME_MAX] or "list.csv"
    region = words["default_region"].upper() or "RU"
    if len(region) != 2 or not region.isascii() or not region.isalpha():
        raise Problem("invalid_request", "The default region is two letters, such as RU.")
    name = words["name"][:_NAME_MAX] or file_name.rsplit(".", 1)[0]
    asked = Asked(_mapping(words["mapping"]), words["encoding"], words["sheet"])
    return _Upload(held, file_name, name, region, asked, _policy(words["duplicates"]))


def _policy(text: str) -> Duplicates:
    try:
        return Duplicates(text or Duplicates.KEEP)
    except ValueError as error:
        raise Problem(
            "invalid_request", "There is no such way with duplicates.",
            next_step=f"Use one of {', '.join(Duplicates)}.",
            fields=(Fault("duplicates", "is none that is known", "choice"),),
        ) from error  # fmt: skip


def _mapping(text: str) -> dict[str, Meaning]:
    try:
        given = orjson.loads(text) if text else {}
        return {str(title): Meaning(str(use)) for title, use in given.items()}
    except (orjson.JSONDecodeError, AttributeError, ValueError) as error:
        raise Problem(
            "invalid_request",
            "The mapping is not JSON of titles to meanings.",
            next_step=f"Use the meanings {', '.join(Meaning)}.",
        ) from error


# ---- preview and import --------------------------------------------------------------------------


@router.post(
    "/lists",
    status_code=202,
    response_model=ListShape,
    responses={200: {"model": PreviewShape, "description": "With `preview=true`."}},
    openapi_extra=_UPLOAD,
    summary="Import a list, or see what it would bring",
)
async def import_list(
    request: Request,
    house: In,
    who: Who,
    preview: bool = False,  # noqa: FBT001 - a query parameter
) -> Response:
    """Starts an import (needs an Idempotency-Key), or with `preview=true` only looks."""
    upload = await _upload_of(request)
    seen = await asyncio.to_thread(upload.read, who.door)
    if preview:
        shown = await asyncio.to_thread(_preview, upload, seen, who.door)
        return Response(shown.model_dump_json(), media_type="application/json")
    key = key_of(request, required=True)
    if seen.problems:
        raise Problem(
            "invalid_request",
            f"The file cannot be imported: {', '.join(seen.problems)}.",
            next_step="Look at the preview and say which column holds the numbers.",
            args={"problems": list(seen.problems)},
        )

    async def work() -> tuple[int, Json]:
        total = await asyncio.to_thread(_rows_total, upload, seen)
        return 202, _import_shape(_start(house, who, upload, seen, total)).model_dump(mode="json")

    asked = upload.asked
    told = [
        upload.held.sha256, upload.name, upload.region, sorted(asked.columns.items()),
        asked.encoding, asked.sheet, upload.duplicates,
    ]  # fmt: skip
    return await house.once.answer(who.person, "POST /lists", key, json.dumps(told).encode(), work)


def _start(house: House, who: Caller, upload: _Upload, seen: ListPreview, total: int) -> Import:
    async def told() -> None:
        await house.floor.tell("office.lists_changed", who.person)

    return house.imports.start(
        who.person.organisation,
        upload.name,
        upload.file_name,
        total,
        lambda done: who.door.import_list(
            name=upload.name,
            file_name=upload.file_name,
            file_sha256=upload.held.sha256,
            rows=upload.judged(seen, who.door),
            progress=done,
            reading=reading_of(seen),
        ),
        told,
    )


def _rows_total(upload: _Upload, seen: ListPreview) -> int:
    count = sum(1 for _ in records_of(upload.held.open, seen))
    return max(0, count - int(seen.has_header))


def _preview(upload: _Upload, seen: ListPreview, door: Door) -> PreviewShape:
    judged = []
    if "no_phone_column" not in seen.problems:
        judged = list(islice(upload.judged(seen, door), _JUDGED_IN_PREVIEW))
    return PreviewShape(
        file=seen.file_name,
        format=seen.format,
        sheet=seen.sheet.name if seen.sheet else "",
        sheets=[sheet.name for sheet in seen.book.sheets] if seen.book else [],
        notes=[NoteShape(id=note.id, args=dict(note.args)) for note in seen.notes],
        encoding=seen.encoding,
        delimiter=seen.delimiter,
        has_header=seen.has_header,
        columns=[
            ColumnShape(
                name=column.name,
                use=column.meaning,
                field=column.name if column.meaning is Meaning.FIELD else None,
            )
            for column in seen.columns
        ],
        rows_total=_rows_total(upload, seen),
        rows_judged=len(judged),
        verdicts=verdict_counts(judged),
        first_rows=[
            RowShape(
                row=one.row,
                verdict=one.verdict,
                reason=one.reason or None,
                args=dict(one.args),
                cells=list(one.raw),
            )
            for one in judged[:_SHOWN_IN_PREVIEW]
        ]
        or [
            RowShape(
                row=one.number,
                verdict=RowVerdict.PROBLEM,
                reason=None,
                args={},
                cells=list(one.cells),
            )
            for one in seen.sample[:_SHOWN_IN_PREVIEW]
        ],
        problems=list(seen.problems),
    )


# ---- what there is -------------------------------------------------------------------------------


def _import_shape(one: Import) -> ListShape:
    return ListShape(
        id=one.list_id or one.id,
        name=one.name,
        file=one.file_name,
        rows_total=one.rows_total,
        rows_done=one.rows_done,
        rows_ok=0,
        contacts=0,
        verdicts={},
        campaigns=[],
        state=one.state,
        created_at=one.started_at,
        undone_at=None,
        problem=one.problem.body() if one.problem else None,
    )


def _list_shape(one: ContactList) -> ListShape:
    return ListShape(
        id=one.id,
        name=one.name,
        file=one.file_name,
        rows_total=one.rows_total,
        rows_done=one.rows_total,
        rows_ok=one.rows_ok,
        contacts=one.contacts,
        verdicts={verdict: one.verdicts.get(verdict, 0) for verdict in RowVerdict},
        campaigns=list(one.campaigns),
        state="undone" if one.undone_at else "ready",
        created_at=one.created_at,
        undone_at=one.undone_at,
    )


@router.get("/lists", summary="Imported lists, newest first")
def lists(who: Who, limit: Limit = 50, cursor: Cursor = None) -> PageOf[ListShape]:
    """Gives complete lists, undone ones too; imports on their way are asked for by id."""
    return page_of(who.door.lists(), _list_shape, cursor, limit)


@router.get("/lists/{list_id}", summary="One list, or an import on its way")
def one_list(list_id: PathId, house: In, who: Who) -> ListShape:
    """Gives a list; asked by an import's id, how far that is, and the list once it is one."""
    one = house.imports.find(who.person.organisation, list_id)
    if one is not None and one.list_id is None:
        return _import_shape(one)
    return _list_shape(who.door.contact_list(one.list_id if one and one.list_id else list_id))


@router.delete("/lists/{list_id}", status_code=204, summary="Take an import back")
async def undo_list(list_id: PathId, house: In, who: Who) -> None:
    """Removes what an import brought, while nobody of it was called."""

    def work() -> None:
        who.door.contact_list(list_id)
        try:
            who.door.undo_list(list_id)
        except InvalidRequest as refusal:
            raise Problem("list_already_dialled", refusal.what) from refusal

    await asyncio.to_thread(work)
    await house.floor.tell("office.lists_changed", who.person)


def _row_shape(one: ImportRow) -> RowShape:
    return RowShape(
        row=one.row,
        verdict=one.verdict,
        reason=one.reason or None,
        args=dict(one.args),
        cells=list(one.raw),
    )


@router.get("/lists/{list_id}/rows", summary="What became of each row")
def list_rows(
    list_id: PathId,
    who: Who,
    verdict: Annotated[RowVerdict | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[RowShape]:
    """Gives rows in the order of the file."""
    page = who.door.list_rows(list_id, verdict, cursor, limit)
    return PageOf(items=[_row_shape(one) for one in page.items], next_cursor=page.next)


@router.get("/lists/{list_id}/problems.csv", response_class=Response, summary="Rows with problems")
def problem_rows(list_id: PathId, who: Who) -> Response:
    """Gives the rows with problems as a file: the row's number, what is wrong, then its cells."""
    who.door.contact_list(list_id)
    language = who.door.myself().language
    return csv_response(
        "problems.csv", ("row", "reason", "what"), _problem_cells(who.door, list_id, language)
    )


def _problem_cells(door: Door, list_id: str, language: str) -> Iterator[tuple[Cell, ...]]:
    cursor: str | None = None
    while True:
        page = door.list_rows(list_id, RowVerdict.PROBLEM, cursor, _ROWS_PER_PAGE)
        for one in page.items:
            what = sentence(said("row", one.reason, one.args, language))
            yield (one.row, one.reason, what, *one.raw)
        cursor = page.next
        if cursor is None:
            return
