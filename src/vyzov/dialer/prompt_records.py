"""What is kept of an organisation's own prompts, and what is asked of their store.

A prompt is a name in a language: `offer` in `ru` and in `en` are two. Its sound is a file that the engine
plays; the row says who brought it, when, and what was measured of it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from vyzov.core.flow import PROMPT_LIMIT

LONGEST_MS = int(PROMPT_LIMIT.total_seconds() * 1000)
"""Milliseconds a prompt lasts at most: a flow goes on after that, whatever is being said."""

PROMPTS_MOST = 500
"""Prompts of an organisation, all languages together: a backup carries their sound."""


class PromptOrigin(StrEnum):
    """How a prompt came."""

    UPLOADED = "uploaded"
    RECORDED = "recorded"
    SPOKEN = "spoken"


@dataclass(frozen=True, slots=True)
class NewPromptFile:
    """A prompt to be kept: its WAV file as the engine plays it, and what was measured.

    `given_dbm0` is the level of the speech as it was brought, `level_dbm0` as it is played."""

    name: str
    language: str
    origin: PromptOrigin
    file_name: str
    ms: int
    level_dbm0: float
    given_dbm0: float
    wav: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PromptRecord:
    """A prompt of an organisation; `by` is the user who brought this sound, empty where a command did."""

    id: str
    name: str
    language: str
    origin: PromptOrigin
    file_name: str
    ms: int
    level_dbm0: float
    given_dbm0: float
    bytes: int
    sha256: str
    by: str
    at: datetime


class PromptStore(Protocol):
    """An organisation's own prompts."""

    def prompts(self, organisation: str) -> tuple[PromptRecord, ...]:
        """Returns all prompts by name, then language."""
        ...

    def prompt(self, organisation: str, prompt_id: str) -> PromptRecord | None: ...

    def save_prompt(
        self, organisation: str, new: NewPromptFile, *, by: str, replace: bool
    ) -> PromptRecord:
        """Keeps a prompt, file and row; raises `InvalidRequest` where there is one of that name and
        language and it is not to be replaced, or where there are `PROMPTS_MOST`."""
        ...

    def delete_prompt(self, organisation: str, prompt_id: str) -> PromptRecord | None:
        """Removes a prompt, file and row; raises `InvalidRequest` where a campaign plays it."""
        ...
