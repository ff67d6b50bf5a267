"""Writes docs/reference/messages.md: what is said when something goes wrong, where, and what to do next.

The words are read from where they are said: `dialer/list_words.py`, `cli/trunk_words.py`,
`cli/port_words.py` and the words of the screens. `tests/api/test_messages.py` brings each case about and
compares what comes with its row here.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vyzov.cli.port_words import WORDS as PORTS
from vyzov.cli.trunk_words import FINDINGS
from vyzov.dialer.list_words import said

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "messages.md"
SCREENS = ROOT / "ui" / "src" / "words"

HEAD = """# What is said when something goes wrong

Made by `tools/messages_doc.py` from the words themselves; do not edit. `tests/api/test_messages.py`
brings each case about and compares what comes. A message is an id with values; programs read the id
(`code`, `reason`, a note's or row's `id`), people read the words of their language. Rows of a list say
which row and which value; [the guide](../guide.md) tells where each is seen.
"""


@dataclass(frozen=True, slots=True)
class Case:
    """Something that goes wrong, the id it is told by, where, and the values of its words."""

    case: str
    id: str
    where: str
    args: Mapping[str, str] = field(default_factory=dict[str, str])


CASES = (
    Case("An XLSX workbook named .csv", "note.named_otherwise", "the file, in its preview",
         {"format": "XLSX"}),
    Case("A list of 200 MB", "note.list_large", "the file, in its preview", {"mb": "200"}),
    Case("A list larger than the server takes", "problem.too_large", "the file"),
    Case("A list in UTF-16", "note.encoding_read", "the file, in its preview",
         {"encoding": "UTF-16"}),
    Case("A list in cp1251", "note.encoding_read", "the file, in its preview",
         {"encoding": "CP1251"}),
    Case("Two columns with one title", "note.title_twice", "the column, in the preview",
         {"title": "Phone", "times": "2"}),
    Case("SIP syntax in a number", "row.phone_sip_syntax", "the row and its number",
         {"value": "sip:70005550101@host;tag=1"}),
    Case("The wrong password of a trunk", "finding.login_refused",
         "the trunk, at the step of its sign-in"),
    Case("A port that is in use", "start.port_in_use", "the terminal, before the start",
         {"port": "8080", "host": "127.0.0.1", "what": "http", "setting": "web_port",
          "flag": "port", "other": "8081"}),
    Case("A disk that is full", "problem.disk_full", "whatever was to be saved"),
    Case("A prompt that is no sound", "fault.no_audio", "the field File"),
)  # fmt: skip
"""What `tests/api/test_messages.py` brings about, in the order of the page."""


def words_of(case: Case, language: str) -> tuple[str, str]:
    """Gives what is said of a case and what to do next, in one language."""
    kind, _, name = case.id.partition(".")
    if kind in ("note", "row", "file"):
        told = said(kind, name, case.args, language)
        return told.what, told.next_step
    if kind == "finding":
        found = FINDINGS[language][name]
        return found.what, found.do
    if kind == "start":
        what, next_step = PORTS[language]
        return what.format_map(case.args), next_step.format_map(case.args)
    return parted(on_screen(case.id, language))


def on_screen(name: str, language: str) -> str:
    """Reads the words of an id from those of the screens."""
    for file in sorted((SCREENS / language).glob("*.json")):
        words = json.loads(file.read_text(encoding="utf-8"))
        if name in words:
            return str(words[name])
    raise KeyError(f"{name} has no words in {language}")


def parted(sentence: str) -> tuple[str, str]:
    """Parts what is wrong from what to do: by the first full stop, or the first colon or semicolon."""
    for sign in (r"\.\s", r":\s", r";\s"):
        parts = re.split(sign, sentence, maxsplit=1)
        if len(parts) == 2:
            return parts[0], parts[1]
    return sentence, ""


def page() -> str:
    """Gives the whole page."""
    parts = [HEAD.strip()]
    for language, title in (("en", "In English"), ("ru", "По-русски")):
        rows = [
            f"## {title}",
            "",
            "| case | id | where | what | what next |",
            "|---|---|---|---|---|",
        ]
        for case in CASES:
            what, next_step = words_of(case, language)
            rows.append(f"| {case.case} | `{case.id}` | {case.where} | {what} | {next_step} |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
