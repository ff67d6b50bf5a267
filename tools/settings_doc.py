"""Writes docs/reference/settings.md: every setting with its default and its bounds, from the code.

The installation's settings are the fields of `vyzov.settings.Settings`. A campaign's are found by letting
the code read a campaign that has everything and watching which names it asks for, with which default
and which bounds. What a setting is for is said here; one without words stops the tool. A test fails
while the page is stale.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar, cast
from unittest.mock import patch

from vyzov.core import campaign
from vyzov.core.disposition import default_results
from vyzov.core.fields import Fields
from vyzov.core.flow import Callback, Suppress
from vyzov.core.redial import RedialPolicy
from vyzov.core.window import CallWindow, window_to_json
from vyzov.settings import Settings

from settings_words import CAMPAIGN, INSTALLATION, MAY_BE, NEEDED  # isort: skip

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "settings.md"
Choice = TypeVar("Choice", bound=StrEnum)

FULL: Mapping[str, Any] = {
    "mode": "power",
    "purpose": "service",
    "caller_id": "+70005550180",
    "trunks": ["t"],
    "window": {"days": [1]},
    "redial": {"rules": {"busy": {"after_s": 600}}},
    "flow": {
        "start": "announce",
        "on_machine": {"leave": "offer"},
        "steps": {
            "announce": {
                "do": "announce",
                "prompt": "offer",
                "keys": {"1": "connect", "2": "callback", "9": "suppress"},
                "on_silence": "hang_up",
            },
            "connect": {"do": "connect"},
            "callback": {"do": "callback"},
            "suppress": {"do": "suppress"},
            "hang_up": {"do": "hang_up"},
        },
    },
    "results": [{"key": 1, "code": "agreed", "label": {"en": "Agreed"}, "group": "success"}],
    "preview": {"at_zero": "dial"},
    "script": [
        {
            "id": "hello",
            "title": {"en": "Hello"},
            "text": {"en": "Hello, {{name}}"},
            "question": {
                "kind": "one",
                "words": {"en": "Is now a good time?"},
                "options": [{"key": "yes", "label": {"en": "Yes"}, "to": ""}],
            },
        },
        {
            "id": "people",
            "title": {"en": "People"},
            "text": {"en": "How many of you are there?"},
            "question": {"kind": "number", "ranges": [{"least": 1, "most": 4, "to": "hello"}]},
        },
    ],
    "script_from": {"id": "0199-s", "version": 1},
    "pace_rules": [
        {
            "when": "abandonment",
            "is": "above",
            "value": 0.03,
            "do": "switch",
            "mode": "progressive",
        },
        {"when": "time_of_day", "is": "above", "clock": "18:00", "zone": "UTC", "do": "tell"},
    ],
}
"""A campaign in which every reader of settings has something to read."""

STEPS = ("announce", "connect", "callback", "suppress", "hang_up")


@dataclass(frozen=True, slots=True)
class Row:
    """One setting as the code reads it: its default and what it may be, in words."""

    name: str
    default: str
    may_be: str


@dataclass(slots=True)
class Watched(Fields):
    """A reader of settings that notes what is asked of it; `seen` is shared by all of a campaign."""

    seen: dict[str, Row] = field(default_factory=dict[str, Row])

    def get(self, name: str) -> Any:
        """Notes a value that is taken as it stands, unless more is known of it."""
        self.seen.setdefault(self._path(name), Row(self._path(name), "", ""))
        return Fields.get(self, name)

    def text(self, name: str, default: str | None = None, *, longest: int = 4000) -> str:
        self._note(name, default, f"a text of at most {longest} characters")
        return Fields.text(self, name, default, longest=longest)

    def flag(self, name: str, *, default: bool) -> bool:
        self._note(name, str(default).lower(), "true or false")
        return Fields.flag(self, name, default=default)

    def number(self, name: str, default: float, *, least: float, most: float) -> float:
        self._note(name, f"{default:g}", f"{least:g} to {most:,.10g}")
        return Fields.number(self, name, default, least=least, most=most)

    def whole(self, name: str, default: int, *, least: int, most: int) -> int:
        read = Fields.whole(self, name, default, least=least, most=most)
        self._note(name, str(default), f"{least} to {most:,}, whole")
        return read

    def span(
        self, name: str, default: timedelta, *, least: timedelta,
        most: timedelta = timedelta(days=366),
    ) -> timedelta:  # fmt: skip
        read = Fields.span(self, name, default, least=least, most=most)
        bounds = f"{least.total_seconds():g} to {most.total_seconds():,.10g} seconds"
        self._note(name, f"{default.total_seconds():g}", bounds)
        return read

    def choice(self, name: str, kinds: type[Choice], default: Choice | None = None) -> Choice:
        self._note(name, default, ", ".join(f"`{kind.value}`" for kind in kinds))
        return Fields.choice(self, name, kinds, default)

    def texts(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        self._note(name, ", ".join(default) or "none", "a list of texts")
        return Fields.texts(self, name, default)

    def inner(self, name: str) -> "Watched":
        self.seen[self._path(name)] = Row(self._path(name), "", "an object")
        inside = Fields.inner(self, name)
        return Watched(inside.source, inside.where, inside.faults, inside.read, self.seen)

    def rows(self, name: str) -> list[Fields]:
        self.seen[self._path(name)] = Row(self._path(name), "", "a list of objects")
        return [
            Watched(row.source, row.where, row.faults, row.read, self.seen)
            for row in Fields.rows(self, name)
        ]

    def _note(self, name: str, default: str | None, may_be: str) -> None:
        said = "needed" if default is None else str(default)
        self.seen[self._path(name)] = Row(self._path(name), said, may_be)

    def _path(self, name: str) -> str:
        path = re.sub(r"\[\d+\]", "[]", f"{self.where}{name}")
        path = re.sub(r"(?<=keys\.)[0-9*#]$", "KEY", path)
        path = re.sub(r"(?<=rules\.)\w+", "OUTCOME", path)
        return re.sub(r"(?<=label\.|title\.)en$|(?<=text\.)en$|(?<=words\.)en$", "LANGUAGE", path)


def campaign_rows() -> dict[str, Row]:
    """Gives all settings of a campaign by their path, in the order in which they are read."""
    seen: dict[str, Row] = {}

    def watched(source: Mapping[str, Any], where: str, faults: list[Any]) -> Watched:
        return Watched(source, where, faults, set(), seen)

    with patch.object(campaign, "Fields", watched):
        campaign.CampaignSettings.from_json(FULL)
    return seen


def table(rows: Iterator[Row], words: Mapping[str, str], *, under: str = "") -> str:
    """Words a table of settings."""
    lines = ["| setting | default | may be | |", "|---|---|---|---|"]
    for row in rows:
        default = "needed" if row.name in NEEDED else row.default or elsewhere().get(row.name, "")
        default = default if default in ("", "needed", "none") else f"`{default}`"
        may_be = MAY_BE.get(row.name, row.may_be)
        name = row.name.removeprefix(under)
        lines.append(f"| `{name}` | {default} | {may_be} | {words[row.name]} |")
    return "\n".join(lines)


def elsewhere() -> dict[str, str]:
    """Gives the defaults that stand in values of their own, not in the reading."""
    hours = window_to_json(CallWindow())
    told = {f"window.{name}": str(value).strip("[]") for name, value in hours.items()}
    told["flow.on_machine"] = '"hang_up"'
    told["flow.steps.callback.result"] = str(Callback(timedelta(), None).result)
    told["flow.steps.suppress.result"] = str(Suppress(None).result)
    return told


KINDS = {str: "a text", int: "a whole number", bool: "true or false", tuple: "a list of texts"}


def installation() -> str:
    """Words the table of `vyzov.toml`."""
    plain = Settings(data=Path())
    lines = ["| setting | default | may be | |", "|---|---|---|---|"]
    for one in fields(Settings):
        if one.name == "data":
            continue
        value = getattr(plain, one.name)
        kind = KINDS[type(value)]
        lines.append(
            f"| `{one.name}` | {toml(value)} | {kind} | {INSTALLATION[one.name]} |"
        )  # fmt: skip
    return "\n".join(lines)


def toml(value: object) -> str:
    """Writes a default as it would stand in the file; empty ones are said in words."""
    if value in ("", ()):
        return "none"
    return f"`{json.dumps(value, default=str)}`"


def redials() -> str:
    """Words the waits of a campaign that says nothing of them."""
    lines = ["| outcome | again after |", "|---|---|"]
    for outcome, wait in RedialPolicy().waits.items():
        minutes = wait.total_seconds() / 60
        said = f"{minutes:g} min" if minutes < 60 else f"{minutes / 60:g} h"
        lines.append(f"| `{outcome.value}` | {said} |")
    return "\n".join(lines)


def results() -> str:
    """Words the results of a campaign that says nothing of them."""
    lines = [
        "| key | code | English | Russian | group | what follows |",
        "|---|---|---|---|---|---|",
    ]
    for one in default_results():
        follows = "the contact is done"
        if one.needs.value == "callback":
            follows = "a call-back at the chosen time"
        elif one.group.value == "stop":
            follows = "the number goes on the stop-list, the contact is done"
        elif one.redial_as is not None:
            follows = f"tried again like `{one.redial_as.value}`"
        told = (str(one.key), f"`{one.code}`", one.label["en"], one.label["ru"], one.group.value)
        lines.append(f"| {' | '.join((*told, follows))} |")
    return "\n".join(lines)


def page() -> str:
    """Gives the whole page."""
    seen = campaign_rows()

    def under(*roots: str) -> Iterator[Row]:
        return (row for row in seen.values() if row.name.startswith(roots))

    def top() -> Iterator[Row]:
        return (row for row in seen.values() if "." not in row.name)

    steps = [
        f"### {kind}\n\n"
        + table(under(f"flow.steps.{kind}."), _by_step(kind), under=f"flow.steps.{kind}.")
        for kind in STEPS
    ]
    head = (
        row for row in seen.values() if row.name.startswith("flow.") and row.name.count(".") < 3
    )
    outside = [row for row in head if not row.name.startswith("flow.steps.")]
    return "\n\n".join([
        HEAD.strip(), installation(),
        CAMPAIGN_HEAD.strip(), table(top(), CAMPAIGN),
        "## Hours: `window`", table(under("window."), CAMPAIGN),
        "## Cards before calls: `preview`", PREVIEW.strip(), table(under("preview."), CAMPAIGN),
        "## Trying again: `redial`", table(under("redial."), CAMPAIGN), REDIALS.strip(), redials(),
        FLOW.strip(), table(iter(outside), CAMPAIGN), "\n\n".join(steps),
        "## Results: `results[]`", table(under("results[]."), CAMPAIGN), RESULTS.strip(), results(),
        "## Script: `script[]`", table(under("script[].", "script_from."), CAMPAIGN),
        RULES.strip(), table(under("pace_rules[]."), CAMPAIGN),
    ]) + "\n"  # fmt: skip


def _by_step(kind: str) -> Mapping[str, str]:
    """The words of a step's settings: its own where it has any, else those all steps share."""
    shared = {name: words for name, words in CAMPAIGN.items() if name.startswith("flow.steps.*.")}
    here = {name.replace(".*.", f".{kind}."): words for name, words in shared.items()}
    return cast("Mapping[str, str]", here | dict(CAMPAIGN))


HEAD = """
# Settings

Made by `tools/settings_doc.py` from `src/vyzov/settings.py` and `src/vyzov/core`; do not edit.

## The installation: `vyzov.toml`

The file lies in the data folder (`.vyzov` unless `--data` names another) and is read at the start.
What is not in it has its default. The first start writes it with every default as a comment; after
that it is yours, and Vyzov only reads it. A flag of `vyzov serve` goes before the file, for that run
alone. A name Vyzov does not know, or a value it cannot take, stops the start and is named.
"""

CAMPAIGN_HEAD = """
## A campaign: its settings as JSON

This is what `POST /api/v1/campaigns` takes and `PATCH /api/v1/campaigns/{id}` merges
([API](api.md#campaigns)). Seconds have `_s` in the name, shares are 0 to 1. All wrong fields are
named at once, and a name nobody knows is wrong too. The campaign's page edits all of them but
`flow`, `results` and the ones marked *API*.
"""

PREVIEW = """
For campaigns of mode `preview`. A card is no attempt: a contact that is skipped, postponed or given
back has used up none.
"""

REDIALS = """
Without `rules` a campaign waits as below. With `rules`, an outcome that has none is not tried
again; an answer by a person, `invalid_number`, `blocked_spam` and `unknown` never are.
"""

FLOW = """
## The offer with keys: `flow`

Steps have names of your own (small letters, digits, `_`). `announce` says something and waits for a
key; the others end the robot's part. Every step must be reachable from `start`, and whoever presses
nothing must come to an end. A prompt `offer` is the file `ru/offer.wav` or `en/offer.wav`, by the
contact's language: the organisation's own on the page Prompts, else the first folder of
`prompt_folders` that has it, else the sample prompts
that come with Vyzov.
"""

RESULTS = "A campaign that says nothing of results has these nine:"

RULES = """
## Rules of pace: `pace_rules[]`

When a figure stays on one side of a value for some time, the campaign pauses, changes its mode, or
somebody is told on the floor's screen. A rule acts once, and again only after its condition has not
held for as long (a minute at least). What it did is the fact `pace_rule`. A changed mode stands
until another rule changes it or the rule is taken out of the settings.
"""

if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
