"""`vyzov campaign`: what a person types to write a campaign to a file, or to make one of a file.

What the commands do is in `campaign_work`, which is read only when one of them runs.
"""

from pathlib import Path
from typing import Annotated

import typer

DATA = Path(".vyzov")

campaign_group = typer.Typer(no_args_is_help=True, help="Campaigns as files.")

Data = Annotated[Path, typer.Option("--data", help="The folder in which this Vyzov lives.")]


@campaign_group.command("list")
def campaign_list(
    data: Data = DATA,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list.")] = False,
) -> None:
    """Lists the campaigns, newest first, with their state."""
    from vyzov.cli.campaign_work import show

    show(data, as_json=as_json)


@campaign_group.command("export")
def campaign_export(
    which: Annotated[str, typer.Argument(help="Name or id of the campaign.")],
    out: Annotated[Path | None, typer.Option(help="File to write; none: standard output.")] = None,
    data: Data = DATA,
) -> None:
    """Writes a campaign's settings as TOML: trunks and people by name, without the list."""
    from vyzov.cli.campaign_work import export

    export(data, which, out)


@campaign_group.command("import")
def campaign_import(
    file: Annotated[Path, typer.Argument(help="A file that `vyzov campaign export` wrote.")],
    name: Annotated[str, typer.Option(help="Another name than the one in the file.")] = "",
    data: Data = DATA,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Makes a draft of a campaign's file; whatever it does not know is refused by name."""
    from vyzov.cli.campaign_work import bring_in

    bring_in(data, file, name=name, as_json=as_json)
