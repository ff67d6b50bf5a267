"""What `vyzov import` and `vyzov lists` do: a file read, judged and written, or only looked at.

Works on the database, whether Vyzov runs or not; floors that run are told. How a file is read and what
becomes of its rows is decided in `dialer.lists` and `dialer.duplicates`.
"""

import contextlib
import hashlib
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import phonenumbers
import typer

from vyzov.cli.floor_ask import NobodyThere, ask_all
from vyzov.core.errors import InvalidRequest
from vyzov.dialer.audit_records import by_command
from vyzov.dialer.columns import Meaning
from vyzov.dialer.duplicates import Duplicates, Known, settled_rows
from vyzov.dialer.list_words import LANGUAGES, said, sentence
from vyzov.dialer.lists import (
    Asked,
    ListPreview,
    columns_of_reading,
    read_list,
    reading_of,
    rows,
)
from vyzov.dialer.office_records import ImportedRow, RowVerdict
from vyzov.dialer.office_store import OfficeStore
from vyzov.dialer.runtime import SystemClock, SystemDice
from vyzov.settings import Settings, load_settings
from vyzov.storage.office import open_office
from vyzov.web.csv_out import BOM, csv_line

PROGRESS_S = 0.5
REASONS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Order:
    """What a person asked for, as typed."""

    file: Path
    campaign: str = ""
    name: str = ""
    columns: tuple[str, ...] = ()
    encoding: str = ""
    sheet: str = ""
    region: str = "RU"
    duplicates: Duplicates = Duplicates.KEEP
    dry_run: bool = False
    verdicts: Path | None = None
    problems: Path | None = None
    lang: str = "en"


@dataclass(slots=True)
class _Counts:
    """What became of the rows so far."""

    rows: int = 0
    verdicts: Counter[RowVerdict] = field(default_factory=Counter[RowVerdict])
    reasons: Counter[str] = field(default_factory=Counter[str])

    def take(self, row: ImportedRow) -> None:
        self.rows += 1
        self.verdicts[row.verdict] += 1
        if row.reason:
            self.reasons[row.reason] += 1


def import_list(data: Path, order: Order, *, as_json: bool) -> None:
    """Imports a file, or says what it would bring; prints what became of its rows."""
    lang = order.lang
    if lang not in LANGUAGES:
        raise InvalidRequest(f"There are no words in {lang!r}.", "Choose en or ru.")
    if order.region.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidRequest(f"There is no country {order.region!r}.", "Write RU, US, GB ...")
    home = _Home.at(data, needed=not order.dry_run)
    campaign = home.campaign(order.campaign) if order.campaign else ""
    preview = home.preview(order)
    _show(preview, lang)
    if preview.problems:
        first = said("file", preview.problems[0], {}, lang)
        raise InvalidRequest(f"{first.what}.", f"{first.next_step} (--columns 'TITLE=phone')")
    counts, began = _Counts(), time.monotonic()
    with contextlib.ExitStack() as files:
        judged = settled_rows(
            rows(lambda: order.file.open("rb"), preview), order.duplicates, home.known
        )
        judged = _told(judged, counts, files, order)
        made = None
        if order.dry_run:
            for _ in judged:
                pass
        else:
            made = home.import_list(order, judged, preview)
    seconds = time.monotonic() - began
    if made and campaign:
        home.give(campaign, made)
    told: dict[str, Any] = {
        **_reading(preview, lang), "dry_run": order.dry_run, "rows": counts.rows,
        "verdicts": {verdict.value: counts.verdicts[verdict] for verdict in RowVerdict},
        "reasons": dict(counts.reasons.most_common()), "list": made, "campaign": campaign or None,
        "seconds": round(seconds, 3),
    }  # fmt: skip
    typer.echo(json.dumps(told, ensure_ascii=False) if as_json else _summary(told, lang))


def show(data: Path, *, as_json: bool) -> None:
    """Prints the imported lists, newest first."""
    home = _Home.at(data)
    found = [
        {
            "id": one.id, "name": one.name, "file": one.file_name, "rows": one.rows_total,
            "contacts": one.contacts, "imported_at": one.created_at.isoformat(),
            "undone": one.undone_at is not None,
            "verdicts": {verdict.value: one.verdicts.get(verdict, 0) for verdict in RowVerdict},
        }
        for one in home.office.lists(home.organisation)
    ]  # fmt: skip
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        undone = "  (taken back)" if one["undone"] else ""
        typer.echo(f"{one['id']}  {one['contacts']:>9} of {one['rows']:>9}  {one['name']}{undone}")


def undo(data: Path, which: str) -> None:
    """Takes the import of a list back, by its name or id."""
    home = _Home.at(data)
    found = [
        one
        for one in home.office.lists(home.organisation)
        if which in (one.id, one.name) and one.undone_at is None
    ]
    if len(found) != 1:
        raise InvalidRequest(f"{len(found)} lists are called '{which}'.", "See `vyzov lists list`.")
    home.office.undo_list(home.organisation, found[0].id)
    home.tell()
    typer.echo(f"The import of '{found[0].name}' is taken back: {found[0].contacts} contacts.")


# ---- the installation ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Home:
    """The installation a file goes into; a look at a file needs none."""

    settings: Settings
    found: OfficeStore | None
    organisation: str

    @classmethod
    def at(cls, data: Path, *, needed: bool = True) -> "_Home":
        settings = load_settings(data)
        if not settings.is_there():
            if needed:
                raise InvalidRequest(
                    f"There is no Vyzov in {data}.", "Name its folder with --data."
                )
            return cls(settings, None, "")
        office = open_office(settings.database, clock=SystemClock(), randomness=SystemDice())
        acting = office.acting(by_command("import"))
        return cls(settings, acting, office.organisations()[0].id)

    @property
    def office(self) -> OfficeStore:
        assert self.found is not None, "asked of an installation that is there"
        return self.found

    def known(self, numbers: Sequence[str]) -> Mapping[str, Known]:
        """Says whose some numbers are already."""
        return self.office.known_numbers(self.organisation, numbers) if self.found else {}

    def preview(self, order: Order) -> ListPreview:
        """Finds out how the file is to be read."""
        file, asked = order.file, Asked(_columns(order.columns), order.encoding, order.sheet)
        if not file.is_file():
            raise InvalidRequest(f"There is no file {file}.", "See how it is spelt.")

        def remembered(titles: tuple[str, ...]) -> dict[str, Meaning]:
            if self.found is None:
                return {}
            return columns_of_reading(self.office.reading_of_titles(self.organisation, titles))

        return read_list(
            lambda: file.open("rb"), file.name, default_region=order.region.upper(), asked=asked,
            remembered=remembered,
        )  # fmt: skip

    def import_list(self, order: Order, judged: Iterator[ImportedRow], preview: ListPreview) -> str:
        """Writes the list and returns its id."""
        file, name = order.file, order.name or order.file.stem
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        made = self.office.import_list(
            self.organisation, name=name, file_name=file.name, file_sha256=digest, rows=judged,
            reading=reading_of(preview),
        )  # fmt: skip
        self.tell()
        return made.id

    def campaign(self, which: str) -> str:
        """Finds a campaign by name or id that may still be given a list."""
        if self.found is None:
            raise InvalidRequest("There is no installation to find the campaign in.", "Use --data.")
        found = [
            one
            for one in self.office.campaigns(self.organisation)
            if which in (one.id, one.name) and one.state != "archived"
        ]
        if len(found) != 1:
            raise InvalidRequest(
                f"{len(found)} campaigns are called '{which}'.", "Give the id of the one meant."
            )
        progress = self.office.campaign_progress(self.organisation, found[0].id)
        if progress is not None and progress.attempts:
            raise InvalidRequest(
                f"Campaign '{found[0].name}' has called people of its list already.",
                "Make another campaign for another list.",
            )
        return found[0].id

    def give(self, campaign: str, made: str) -> None:
        """Gives the list to the campaign."""
        self.office.change_campaign(self.organisation, campaign, list_id=made)
        self.tell()

    def tell(self) -> None:
        """Lets floors that run read what changed; one that does not reads it when it starts."""
        with contextlib.suppress(NobodyThere):
            ask_all(self.settings, "office.lists_changed")


# ---- what is asked and said ----------------------------------------------------------------------


def _columns(given: Sequence[str]) -> dict[str, Meaning]:
    """Reads `TITLE=MEANING,...`; a title may hold commas."""
    found: dict[str, Meaning] = {}
    for pair in (pair for text in given for pair in re.split(r",(?=[^=]*=)", text)):
        title, _, use = pair.rpartition("=")
        try:
            found[title.strip()] = Meaning(use.strip())
        except ValueError as error:
            raise InvalidRequest(
                f"{pair!r} says no meaning of a column.",
                f"Write TITLE=MEANING with one of {', '.join(Meaning)}.",
            ) from error
    return found


def _told(
    judged: Iterator[ImportedRow], counts: _Counts, files: contextlib.ExitStack, order: Order
) -> Iterator[ImportedRow]:
    """Passes rows on, and writes of each what was asked for."""
    verdicts, problems, lang = order.verdicts, order.problems, order.lang
    out = files.enter_context(verdicts.open("w", encoding="utf-8")) if verdicts else None
    bad = None
    if problems:
        bad = _Problems(files.enter_context(problems.open("w", encoding="utf-8", newline="")))
    shown = sys.stderr.isatty()
    last = time.monotonic()
    for row in judged:
        counts.take(row)
        if out:
            out.write(_line(row, lang))
        if bad and row.verdict is RowVerdict.PROBLEM:
            bad.write(row, lang)
        if shown and counts.rows % 256 == 0 and time.monotonic() - last > PROGRESS_S:
            last = time.monotonic()
            sys.stderr.write(f"\r{counts.rows:,} rows ")
        yield row
    if shown:
        sys.stderr.write("\r")


class _Problems:
    """The rows with problems as a file that runs no formula."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        file.write(BOM + csv_line(("row", "reason", "what")))

    def write(self, row: ImportedRow, lang: str) -> None:
        what = sentence(said("row", row.reason, row.args, lang))
        self._file.write(csv_line((row.row, row.reason, what, *row.raw)))


def _line(row: ImportedRow, lang: str) -> str:
    told: dict[str, Any] = {"row": row.row, "verdict": row.verdict.value}
    if row.reason:
        told |= {"reason": row.reason, "args": dict(row.args)}
        told["said"] = sentence(said("row", row.reason, row.args, lang))
    if row.phones:
        told["phones"] = [phone.e164 for phone in row.phones]
    if row.same_as:
        told["same_as"] = row.same_as
    if row.contact:
        told["contact"] = row.contact
    return json.dumps(told, ensure_ascii=False) + "\n"


def _reading(preview: ListPreview, lang: str) -> dict[str, Any]:
    return {
        "file": preview.file_name, "format": preview.format.value, "encoding": preview.encoding,
        "delimiter": preview.delimiter, "sheet": preview.sheet.name if preview.sheet else "",
        "has_header": preview.has_header,
        "columns": [
            {"title": one.title, "name": one.name, "use": one.meaning.value}
            for one in preview.columns
        ],
        "notes": [
            {
                "id": note.id, "args": dict(note.args),
                "said": sentence(said("note", note.id, note.args, lang)),
            }
            for note in preview.notes
        ],
    }  # fmt: skip


def _show(preview: ListPreview, lang: str) -> None:
    """Says on the error output how the file is read, before anything is done with it."""
    told = _reading(preview, lang)
    how = (
        f"XLSX, {told['sheet']!r}"
        if told["format"] == "xlsx"
        else f"CSV, {told['encoding']}, {told['delimiter']!r}"
    )
    typer.echo(f"{preview.file_name}: {how}", err=True)
    for one in told["columns"]:
        typer.echo(f"  {one['name'] or one['title']:<28} {one['use']}", err=True)
    for note in told["notes"]:
        typer.echo(note["said"], err=True)


def _summary(told: dict[str, Any], lang: str) -> str:
    lines = [f"{told['rows']:>10}  rows in {told['seconds']} s"]
    lines += [f"{count:>10}  {verdict}" for verdict, count in told["verdicts"].items()]
    shown = list(told["reasons"].items())[:REASONS_SHOWN]
    for reason, count in shown:
        what = said("row", reason, {"value": "…", "row": "…", "list": "…"}, lang).what
        lines.append(f"{count:>20}  {what}")
    if told["list"]:
        lines.append(f"List {told['list']}")
    return "\n".join(lines)
