"""What is kept of scripts: their versions, where calls are in theirs, and what was answered.

The steps a call walks through are those of its campaign's settings at the version the call was made
with, so that nothing changes under an agent who is talking.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from vyzov.core.script import Answer, QuestionKind, Script, Walk
from vyzov.core.script_report import AnswerTally
from vyzov.dialer.office_records import AttemptRecord, Page
from vyzov.dialer.ports import Json

SCRIPTS_MOST = 500
"""Scripts of an organisation, archived ones included."""


@dataclass(frozen=True, slots=True)
class ScriptRecord:
    """A kept script: its latest version with its steps, or another one that was asked for."""

    id: str
    name: str
    version: int
    latest: int
    steps: Sequence[Json]
    created_at: datetime
    saved_at: datetime
    saved_by: str
    archived_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ScriptVersion:
    """When a version was saved, and by whom."""

    version: int
    saved_at: datetime
    saved_by: str
    steps: int


@dataclass(frozen=True, slots=True)
class SavedWalk:
    """Where a call is in its script; `turn` counts its moves, `last_move` is the digest of one."""

    walk: Walk
    turn: int
    last_move: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer to be kept with an attempt; `field` is the contact's field it goes to, if any."""

    step: str
    kind: QuestionKind
    answer: Answer
    field: str = ""


@dataclass(frozen=True, slots=True)
class CallScript:
    """The script of a call and where the call is in it."""

    attempt: str
    steps: Script
    saved: SavedWalk
    unanswered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerQuery:
    """Which answers are meant: of the attempts begun within a time, of a campaign, to a question."""

    since: datetime
    until: datetime
    campaign_id: str | None = None
    principal_id: str | None = None
    step: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """One answer of one attempt."""

    attempt_id: str
    campaign_id: str
    campaign_version: int
    contact_id: str
    agent_id: str
    step: str
    kind: QuestionKind
    answer: Answer
    at: datetime


@dataclass(frozen=True, slots=True)
class AnswerTotals:
    """Answers counted, and the scripts they were given to, by campaign and its version."""

    tallies: tuple[AnswerTally, ...]
    scripts: Mapping[tuple[str, int], Script] = field(default_factory=dict[tuple[str, int], Script])


class ScriptStore(Protocol):
    """Scripts, walks and answers as the office keeps them."""

    def scripts(self, organisation: str, *, archived: bool = False) -> tuple[ScriptRecord, ...]:
        """Returns scripts at their latest versions, by name."""
        ...

    def script(
        self, organisation: str, script_id: str, version: int | None = None
    ) -> ScriptRecord | None:
        """Returns a script at a version, the latest where none is named."""
        ...

    def script_versions(self, organisation: str, script_id: str) -> tuple[ScriptVersion, ...]:
        """Returns all versions, latest first."""
        ...

    def create_script(
        self, organisation: str, name: str, steps: Sequence[Json], by: str
    ) -> ScriptRecord:
        """Makes a script with version 1; more than `SCRIPTS_MOST` raise `InvalidRequest`."""
        ...

    def save_script(
        self, organisation: str, script_id: str, *, if_version: int, name: str,
        steps: Sequence[Json], by: str,
    ) -> ScriptRecord | None:  # fmt: skip
        """Keeps a script's name, and its steps as a new version where they differ.

        None where the script is not there or its latest version is no longer `if_version`."""
        ...

    def archive_script(
        self, organisation: str, script_id: str, *, archived: bool
    ) -> ScriptRecord | None:
        """Puts a script away, or takes it back; campaigns that use it go on."""
        ...

    def field_titles(self, organisation: str) -> tuple[str, ...]:
        """Returns the titles of the fields that lists of the organisation brought."""
        ...

    def saved_walk(self, organisation: str, attempt_id: str) -> SavedWalk | None:
        """Returns where a call is in its script, None where nobody has moved in it yet."""
        ...

    def save_walk(
        self, organisation: str, attempt: AttemptRecord, saved: SavedWalk, *, agent: str,
        answered: Answered | None,
    ) -> bool:  # fmt: skip
        """Keeps a walk that was at the turn before, with the answer given in this move, and writes
        it to the contact's field; False where somebody else moved it meanwhile."""
        ...

    def answer_totals(self, organisation: str, query: AnswerQuery) -> AnswerTotals:
        """Counts answers by what they were; free text is counted whole."""
        ...

    def answers(
        self, organisation: str, query: AnswerQuery, *, cursor: str | None = None, limit: int = 50
    ) -> Page[AnswerRecord]:
        """Returns answers, of the latest attempts first."""
        ...
