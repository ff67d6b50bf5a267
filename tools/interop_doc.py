"""Writes docs/reference/interop.md: what is tried with which third party. Run it after a change there."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "interop.md"
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "bench" / "interop"), str(ROOT / "src")]

HEAD = """# What is tried with third parties

Made by `tools/interop_doc.py` from the checks themselves. `./run verify interop` runs all of them,
`./run test` those marked *quick*. Each partner is a program of its own on loopback;
`bench/check_interop.py`, which imports nothing of Vyzov, judges the messages on the wire, what the
engine reported, and what each side heard (frequency and level). SIPp sends our own sound back, so that
one tone proves both ways.

"""
TITLES = {
    "sipp": "SIPp: carrier and stranger",
    "baresip": "baresip: callee, and an operator's desk phone",
    "kamailio": "Kamailio: a proxy on the way",
    "asterisk": "Asterisk 22: carrier and registrar",
}


def page() -> str:
    """The whole page."""
    import partners  # noqa: F401 - enters the checks of all partners into the list
    from check_interop import EXPECTED
    from check_list import CHECKS

    parts = [HEAD.rstrip() + "\n"]
    for partner, title in TITLES.items():
        rows = [
            f"## {title}\n",
            "| what happens | by | sound | quick | name |",
            "|---|---|---|---|---|",
        ]
        for check in (one for one in CHECKS if one.partner == partner):
            expect = EXPECTED[check.name]
            what = (check.drive.__doc__ or "").strip().split("\n")[0]
            sound = sound_of(len(expect.we_hear), len(expect.they_hear), partner)
            by = ", ".join(check.transports).upper()
            quick = "yes" if check.quick else ""
            rows.append(f"| {what} | {by} | {sound} | {quick} | `{check.name}` |")
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def sound_of(ours: int, theirs: int, partner: str) -> str:
    """Which ways were heard."""
    if ours and (theirs or partner in ("sipp", "kamailio")):
        return "both ways"
    return "to the partner" if theirs else ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
