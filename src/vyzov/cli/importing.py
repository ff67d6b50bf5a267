"""`vyzov import` and `vyzov lists`: what a person types to bring in a file of people, or take one back.

What the commands do is in `list_work`, which is read only when one of them runs.
"""

from pathlib import Path
from typing import Annotated

import typer

from vyzov.dialer.duplicates import Duplicates

DATA = Path(".vyzov")

importing = typer.Typer()
lists_group = typer.Typer(no_args_is_help=True, help="Imported lists.")
importing.add_typer(lists_group, name="lists")

Data = Annotated[Path, typer.Option("--data", help="The folder in which this Vyzov lives.")]


@importing.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="A list of people: CSV or XLSX.")],
    campaign: Annotated[
        str, typer.Option(help="Name or id of the campaign that is to call them.")
    ] = "",
    name: Annotated[str, typer.Option(help="Name of the list; none: the file's.")] = "",
    columns: Annotated[
        list[str] | None,
        typer.Option(help="What columns are for, as 'Mobile=phone,Plan=field'; may be repeated."),
    ] = None,
    encoding: Annotated[str, typer.Option(help="Of a CSV; none: it is found.")] = "",
    sheet: Annotated[str, typer.Option(help="Sheet of a workbook; none: the first.")] = "",
    region: Annotated[str, typer.Option(help="Country of numbers without a code.")] = "RU",
    duplicates: Annotated[
        Duplicates, typer.Option(help="People of other lists: keep, skip or update them.")
    ] = Duplicates.KEEP,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say it all, write nothing.")] = False,
    verdicts: Annotated[
        Path | None, typer.Option(help="File for a verdict for every row, JSON lines.")
    ] = None,
    problems: Annotated[
        Path | None, typer.Option(help="File for the rows with problems, CSV.")
    ] = None,
    lang: Annotated[str, typer.Option(help="en or ru.")] = "en",
    data: Data = DATA,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object at the end.")] = False,
) -> None:
    """Imports a list of people, with a verdict for every row; or only says what it would bring."""
    from vyzov.cli.list_work import Order, import_list

    order = Order(
        file, campaign=campaign, name=name, columns=tuple(columns or ()), encoding=encoding,
        sheet=sheet, region=region, duplicates=duplicates, dry_run=dry_run, verdicts=verdicts,
        problems=problems, lang=lang,
    )  # fmt: skip
    import_list(data, order, as_json=as_json)


@lists_group.command("list")
def lists_list(
    data: Data = DATA,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list.")] = False,
) -> None:
    """Lists the imported lists, newest first, with what became of their rows."""
    from vyzov.cli.list_work import show

    show(data, as_json=as_json)


@lists_group.command("undo")
def lists_undo(
    which: Annotated[str, typer.Argument(help="Name or id of the list.")], data: Data = DATA
) -> None:
    """Takes an import back, while nobody it brought was called."""
    from vyzov.cli.list_work import undo

    undo(data, which)
