"""`vyzov facts`: writes facts into a file, proves a file or a database whole, notes anchors.

A file name behind `facts` means `facts export`. What a proof is stands in `core.chain_proof`.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from vyzov.core.chain_proof import Finding, Proof, Why, prove, read_anchors
from vyzov.core.errors import InvalidRequest

DATA = Path(".vyzov")
Data = Annotated[Path, typer.Option("--data", help="The folder in which this Vyzov lives.")]
BEGINNING = "export"
HASH_SHOWN = 16


class ExportFirst(TyperGroup):
    """A group in which a word that is no command is the file of `export`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Puts `export` before what does not begin with a command or ask for help."""
        if args and args[0] not in (*self.commands, "--help"):
            args = [BEGINNING, *args]
        return super().parse_args(ctx, args)


facts_group = typer.Typer(
    cls=ExportFirst, no_args_is_help=True, help="Facts: what happened, and the proof of it."
)


@facts_group.command(BEGINNING)
def export(
    out: Annotated[Path, typer.Argument(help="File to write, one JSON object a line.")],
    data: Data = DATA,
) -> None:
    """Writes all facts in the format of docs/formats.md; `vyzov facts FILE` is the same."""
    from vyzov.app import load_settings
    from vyzov.storage.export import export_facts

    typer.echo(json.dumps({"facts": export_facts(load_settings(data).database, out)}))


@facts_group.command()
def rollup(
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Empty the sums first and fold all facts anew.")
    ] = False,
    data: Data = DATA,
) -> None:
    """Takes new facts into the sums that key figures are read from."""
    from vyzov.cli.report import rollup as roll

    typer.echo(json.dumps({"facts": roll(data, rebuild=rebuild)}))


@facts_group.command()
def verify(
    file: Annotated[
        Path | None, typer.Argument(help="A file that `facts` wrote; none: the database.")
    ] = None,
    anchor: Annotated[
        Path | None, typer.Option(help="Anchors from elsewhere: shows an end that was cut off.")
    ] = None,
    data: Data = DATA,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Proves that no fact was changed, left out, added or moved, or names the first bad entry.

    With a file it needs no database and no Vyzov that runs. Exit code 0: all is as it was written.
    """
    anchors = read_anchors(_lines_of(anchor)) if anchor is not None else ()
    if file is not None:
        proof = prove(_lines_of(file), anchors)
    else:
        from vyzov.app import load_settings
        from vyzov.storage.anchors import heads
        from vyzov.storage.export import fact_lines

        database = load_settings(data).database
        # What the streams' heads say is an anchor too; read first, for facts go on being written.
        proof = prove(fact_lines(database), (*anchors, *heads(database)))
    if as_json:
        typer.echo(json.dumps(_as_json(proof)))
    else:
        for line in words_of(proof, is_anchored=bool(anchors) or file is None):
            typer.echo(line)
    raise typer.Exit(0 if proof.finding is None else 1)


@facts_group.command()
def anchor(
    data: Data = DATA,
    out: Annotated[Path | None, typer.Option(help="File to append to; none: print.")] = None,
) -> None:
    """Notes where every stream of facts stands now, as a line to be kept elsewhere.

    Whoever can write the database can cut it off at its end; against a line they cannot reach, that
    shows. Floors note such lines by themselves in anchors.jsonl of the data folder: copy it away.
    """
    from vyzov.app import load_settings
    from vyzov.storage.anchors import anchor_line, append_anchor, heads

    line = anchor_line(heads(load_settings(data).database), datetime.now(UTC))
    if out is None:
        typer.echo(line, nl=False)
    else:
        append_anchor(out, line)


def _lines_of(file: Path) -> Iterable[str]:
    try:
        with file.open(encoding="utf-8", errors="replace", newline="\n") as lines:
            yield from lines
    except OSError as fault:
        raise InvalidRequest(
            f"{file} cannot be read: {fault.strerror}.", "Name a file that is there."
        ) from fault


def _as_json(proof: Proof) -> dict[str, object]:
    return {
        "ok": proof.finding is None,
        "entries": proof.entries,
        "streams": len(proof.heads),
        "late": proof.late,
        "anchored": proof.anchored,
        "first_bad": None if proof.finding is None else _finding_as_json(proof.finding),
        "heads": [
            {
                "organisation": head.stream.organisation,
                "floor": head.stream.floor,
                "epoch": head.stream.epoch,
                "place": head.place,
                "hash": head.hash,
            }
            for head in proof.heads
        ],
    }


def _finding_as_json(finding: Finding) -> dict[str, object]:
    stream = finding.stream
    return {
        "why": finding.why.value,
        "line": finding.line,
        "seq": finding.seq,
        "organisation": None if stream is None else stream.organisation,
        "floor": None if stream is None else stream.floor,
        "epoch": None if stream is None else stream.epoch,
        "place": finding.place,
    }


def words_of(proof: Proof, *, is_anchored: bool) -> list[str]:
    """Says what a proof found, in lines for a person."""
    if proof.finding is not None:
        return [_sentence(proof.finding), f"  {proof.entries} entries before it are as written."]
    lines = [
        f"All {proof.entries} facts of {len(proof.heads)} streams are as they were written"
        + (f", {proof.late} of them late." if proof.late else "."),
        *(
            f"  {head.stream.floor or 'office'} epoch {head.stream.epoch}: "
            f"{head.place} facts, {head.hash[:HASH_SHOWN]}"
            for head in proof.heads
        ),
    ]
    if not is_anchored:
        lines.append("  Whether the end was cut off, only an anchor can tell: --anchor FILE.")
    return lines


def _sentence(finding: Finding) -> str:
    where = "" if finding.line is None else f"line {finding.line}"
    if finding.seq is not None:
        where += f", seq {finding.seq}"
    if finding.stream is not None:
        floor = finding.stream.floor or "of the office"
        where += f"{', ' if where else ''}floor {floor}, epoch {finding.stream.epoch}"
        where += f", place {finding.place}"
    said = {
        Why.CHANGED: "was changed after it was written",
        Why.MISSING: "is missing; it was missed there",
        Why.DOUBLED: "stands there a second time",
        Why.MOVED: "was moved from its place in the file",
        Why.INSERTED: "was never written by Vyzov",
        Why.CUT_OFF: "and all behind it was cut off",
    }[finding.why]
    return f"The first bad entry ({where}) {said}."
