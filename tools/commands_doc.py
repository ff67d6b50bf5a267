"""Writes docs/reference/commands.md: what can be typed, from the command line's own definitions.

`./run` is told in the words of its own usage text. Run this after a change of `vyzov.cli` or of
`run`; a test fails while the page is stale.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from vyzov.cli import app

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "commands.md"

HEAD = """# Commands

Made by `tools/commands_doc.py` from `run` and `src/vyzov/cli`; do not edit.

## ./run

`./run` makes its own environment in `.venv` and then does what it is asked:

```
{usage}
```

`./run demo`, `./run serve` and the words of the third line pass everything behind the word on to the
command of that name below. Where Vyzov
was installed with pip, the same commands begin with `vyzov`.
"""


def usage_of_run() -> str:
    """Gives the usage text of `./run` as it stands in the script."""
    text = (ROOT / "run").read_text(encoding="utf-8")
    return text.split("cat <<'T'\n", 1)[1].split("\nT\n", 1)[0]


def words_of_run() -> set[str]:
    """Gives every word `./run` understands, read from its `case`."""
    text = (ROOT / "run").read_text(encoding="utf-8")
    body = text.split('case "$command" in\n', 1)[1]
    heads = (line.strip().partition(")")[0] for line in body.splitlines() if ") " in line)
    return {word for head in heads for word in head.split("|")} - {"*"}


def commands() -> dict[str, Any]:
    """Gives the commands people type, in the order of their definition; groups' as two words."""
    return dict(_flat("", typer.main.get_command(app)))


def _flat(before: str, group: Any) -> Iterator[tuple[str, Any]]:
    for name, one in group.commands.items():
        if one.hidden:
            continue
        if hasattr(one, "commands"):
            yield from _flat(f"{before}{name} ", one)
        else:
            yield f"{before}{name}", one


def rows(command: Any) -> Iterator[str]:
    """Yields a table of the command's arguments and options."""
    yield "| | default | |"
    yield "|---|---|---|"
    for one in command.params:
        if one.hidden:
            continue
        spelt = ", ".join(f"`{name}`" for name in one.opts)
        if one.param_type_name == "argument":
            spelt = f"`{one.name.upper()}`"
        yield f"| {spelt} | {_default(one)} | {one.help} |"


def _default(one: Any) -> str:
    if one.required:
        return "needed"
    if getattr(one, "is_flag", False):
        return "off"
    return "" if one.default in (None, "") else f"`{one.default}`"


def page() -> str:
    """Gives the whole page."""
    parts = [HEAD.format(usage=usage_of_run())]
    for name, command in commands().items():
        parts += [f"## vyzov {name}", command.help]
        if any(not one.hidden for one in command.params):
            parts.append("\n".join(rows(command)))
    return "\n\n".join(part.strip() for part in parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
