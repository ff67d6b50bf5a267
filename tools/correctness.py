"""Writes docs/reference/sip-correctness.md: each rule of SIP and RTP with the tests that hold it.

The rules stand in `correctness_calls.py` and `correctness_talks.py`. A test fails while the page is
stale, while a rule has no test, or while a test named there does not exist.
"""

import re
from pathlib import Path

from correctness_calls import ACKS, CANCELS, DIALOGS, PROVISIONALS, RELIABLE, TIMERS
from correctness_rows import Row
from correctness_talks import CHANGES, NETWORK, OFFERS, PARSING

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "sip-correctness.md"

SECTIONS: tuple[tuple[str, tuple[Row, ...]], ...] = (
    ("Timers", TIMERS),
    ("ACK", ACKS),
    ("Dialogs, routes, passwords", DIALOGS),
    ("Giving up", CANCELS),
    ("Before the answer", PROVISIONALS),
    ("Reliable responses and UPDATE", RELIABLE),
    ("Changes in mid-call", CHANGES),
    ("Sessions offered and answered", OFFERS),
    ("Reading messages", PARSING),
    ("The network", NETWORK),
)

HEAD = """# What SIP and RTP must do right

Made by `tools/correctness.py` from `tools/correctness_calls.py` and `correctness_talks.py`; do not edit.

Every rule here is held by the tests beside it. Files of `scenarios` are calls on a real wire: SIPp
plays the carrier, and what it saw is judged by `bench/check_sipp.py`, which imports nothing of Vyzov.
`./run test` runs all of them; `./run verify sipp` runs them also 20 at once, with 5 % and 20 % of the
datagrams lost, repeated and overtaken, and a sample of them through the whole product.
"""


def missing(held_by: str) -> bool:
    """Tells whether a test or scenario named in a row is not there."""
    file, _, name = held_by.partition("::")
    path = ROOT / file
    if not path.is_file():
        return True
    defined = rf"^\s*(?:async )?def {name}\("
    return bool(name) and not re.search(defined, path.read_text(encoding="utf-8"), re.MULTILINE)


def cell(row: Row) -> str:
    """Gives the tests of a row as links: one for each file, its names behind it."""
    files: dict[str, list[str]] = {}
    for one in row.held_by:
        file, _, name = one.partition("::")
        files.setdefault(file, []).extend([name] if name else [])
    return "<br>".join(
        f"[{Path(file).stem}](../../{file})" + "".join(f" `{name}`" for name in names)
        for file, names in files.items()
    )


def page() -> str:
    """Gives the whole page."""
    parts = [HEAD]
    for title, rows in SECTIONS:
        lines = [f"| {row.rule} | {cell(row)} |" for row in rows]
        parts.append(f"## {title}\n\n| rule | held by |\n|---|---|\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
