"""`vyzov report`: key figures of an installation, or of a file of facts without one."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from vyzov.core.errors import InvalidRequest
from vyzov.core.facts import from_json
from vyzov.core.instants import from_text
from vyzov.core.kpi.agents import agent_cells
from vyzov.core.kpi.book import Book
from vyzov.core.kpi.book_file import book_from_json, book_to_json, report_json
from vyzov.core.kpi.cells import (
    HALF_HOUR_MS,
    Cells,
    Folded,
    Joined,
    Placed,
    Reach,
    Source,
    half_hour_of,
    moment_of,
    ms_of,
)
from vyzov.core.kpi.fold import fold
from vyzov.core.kpi.words import WORDS

DATA = Path(".vyzov")
Data = Annotated[Path, typer.Option("--data", help="The folder in which this Vyzov lives.")]

report_group = typer.Typer(no_args_is_help=True, help="Reports: key figures with their formulas.")


@report_group.command()
def kpis(
    facts: Annotated[
        Path | None, typer.Option(help="A file that `facts` wrote; none: the database.")
    ] = None,
    prices: Annotated[
        Path | None, typer.Option(help="Prices and shifts for that file, see `report prices`.")
    ] = None,
    since: Annotated[str, typer.Option("--from", help="From when, as RFC 3339.")] = "",
    until: Annotated[str, typer.Option("--to", help="Until when, as RFC 3339.")] = "",
    campaign: Annotated[str, typer.Option(help="Id of one campaign.")] = "",
    agent: Annotated[str, typer.Option(help="Id of one agent.")] = "",
    lang: Annotated[str, typer.Option(help="en or ru.")] = "en",
    data: Data = DATA,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Prints every key figure with its numerator and denominator."""
    reach = Reach(campaign or None, agent or None)
    first, last = (ms_of(from_text(text)) if text else None for text in (since, until))
    if facts is not None:
        found = list(_read(facts))
        book = book_from_json(_object(prices)) if prices else Book()
        source: Source = Folded(fold(found), reach)
        moments = [ms_of(one.fact.at) for one in found] or [0]
        first = min(moments) if first is None else first
        last = max(moments) + 1 if last is None else last
    else:
        now = datetime.now(UTC)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        first = ms_of(midnight) if first is None else first
        last = ms_of(now) if last is None else last
        source, book = _installed(data, reach, now, last)
    begins, ends = half_hour_of(first), half_hour_of(last + HALF_HOUR_MS - 1)
    told = report_json(source, reach, book, begins, max(begins, ends))
    typer.echo(json.dumps(told, ensure_ascii=False) if as_json else _table(told, lang))


@report_group.command("prices")
def prices_of(data: Data = DATA) -> None:
    """Prints prices and shifts as JSON, for `report kpis --facts FILE --prices FILE`."""
    office, organisation = _office(data)
    book = office.price_book(organisation, moment_of(2**42))
    typer.echo(json.dumps(book_to_json(book), ensure_ascii=False, indent=1))


def rollup(data: Path, *, rebuild: bool) -> int:
    """Takes new facts into the sums of key figures, or all of them anew; returns how many."""
    office, organisation = _office(data)
    if rebuild:
        office.drop_sums(organisation)
    taken = 0
    while piece := office.roll_up(organisation):
        taken += piece
    return taken


def _office(data: Path) -> tuple[Any, str]:
    from vyzov.app import load_settings
    from vyzov.dialer.runtime import SystemClock, SystemDice
    from vyzov.storage.office import open_office

    settings = load_settings(data)
    if not settings.is_there():
        raise InvalidRequest(
            f"No Vyzov lives in {data}.", "Name its folder with --data, or start it first."
        )
    office = open_office(settings.database, clock=SystemClock(), randomness=SystemDice())
    return office, office.organisations()[0].id


def _installed(data: Path, reach: Reach, now: datetime, last: int) -> tuple[Source, Book]:
    """The sums of an installation, with the states that last until now."""
    rollup(data, rebuild=False)
    office, organisation = _office(data)
    lasting = Cells()
    for placed in office.last_states(organisation):
        lasting.join(agent_cells([placed], ms_of(now)))
    book: Book = office.price_book(organisation, moment_of(last))
    return Joined(office.kpi_sums(organisation, reach), Folded(lasting, reach)), book


def _read(file: Path) -> Iterator[Placed]:
    """Yields the facts of a file; a last line cut short is left out."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidRequest(f"{file} cannot be read: {error}.", "Name another file.") from error
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        if line.endswith("\n") and line.strip():
            try:
                told = json.loads(line)
            except ValueError as error:
                raise InvalidRequest(
                    f"Line {number} of {file} is no JSON.", "Write the file anew: vyzov facts FILE."
                ) from error
            place = told.get("place") or told.get("seq") or 0
            yield Placed(from_json(told), told.get("floor") or "", told.get("epoch") or 0, place)


def _object(file: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidRequest(f"{file} cannot be read: {error}.", "Name another file.") from error
    return found


def _table(told: dict[str, Any], lang: str) -> str:
    """The figures as lines: name, value, and what was divided by what."""
    lines = [f"{told['from']} – {told['to']}"]
    for one in told["figures"]:
        words = WORDS[one["id"]].name
        name = words.ru if lang == "ru" else words.en
        divided = "–" if one["numerator"] is None else f"{one['numerator']} / {one['denominator']}"
        lines.append(f"{name:<52} {_value(one):>16}   {divided}")
    return "\n".join(lines)


def _value(one: dict[str, Any]) -> str:
    if one["why_not"]:
        return str(one["why_not"])
    value = one["numerator"] * one["scale"] / one["denominator"]
    match one["unit"]:
        case "share":
            return f"{100 * value:.1f} %"
        case "ms":
            return f"{value / 1000:.1f} s"
        case "money" | "money_per_hour":
            return f"{value / 100:.2f} {one['currency']}"
        case _:
            return f"{value:.2f}"
