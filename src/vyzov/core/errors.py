"""The error tree of the whole product, and the one shape every message has.

    VyzovError
    ├── InvalidRequest      the caller broke a rule; `faults` names each wrong field
    ├── ImpossibleEvent     our own code asked a machine for a step it does not have
    ├── CarrierFault        the telephone network did something it should not
    ├── EngineFault         the engine is away or refused to start
    └── StoreFault          the database is away, full or refused a write
        ├── DiskFull        there is no room left where the data lives
        └── LeaseLost       another process owns this floor now

A refusal that is normal business (outside the hours, on the stop-list) is a value, not an error.
Every error says what happened (`what`, which names the thing it happened to) and what to do next
(`next_step`); words for screens are chosen by the one who shows them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as part
from typing import Literal


class VyzovError(Exception):
    """Root of all errors raised on purpose; read `next_step` before trying again."""

    def __init__(self, what: str, next_step: str) -> None:
        super().__init__(f"{what} {next_step}")
        self.what = what
        self.next_step = next_step


Reason = Literal[
    "", "needed", "text", "too_short", "too_long", "flag", "number", "whole", "between", "least",
    "most", "choice", "list", "one_needed", "twice", "object", "unknown_field", "name", "phone",
    "prefixes", "weekdays", "clock", "order", "moment", "key", "no_step", "unreachable", "endless",
    "called", "gone", "empty_file", "too_many_columns", "no_numbers", "workbook",
    "workbook_broken", "workbook_large", "customer_only", "new_user", "wrong_code",
    "needs_tls", "number_format",
    "hidden_number", "web_address", "no_switch", "unfinished", "taken",
    "prompt_played", "no_audio", "audio_format", "audio_rate", "audio_empty", "audio_short",
    "audio_long", "audio_silent", "audio_clipped", "no_voice", "contradicts", "in_use",
]  # fmt: skip
"""Ids of what can be wrong with a field; each has words in every language of the screens."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong field of a request: where it is (`redial.rules.busy.after_s`) and what is wrong.

    `reason` is an id that screens word with `args`, empty where only `problem` says it."""

    field: str
    problem: str
    reason: Reason = part(default="", compare=False)
    args: Mapping[str, float | str] = part(
        default_factory=dict[str, float | str], compare=False, hash=False
    )


class InvalidRequest(VyzovError):
    """The caller broke a rule; mend the named fields and ask again."""

    def __init__(self, what: str, next_step: str, faults: Iterable[Fault] = ()) -> None:
        super().__init__(what, next_step)
        self.faults = tuple(faults)

    @classmethod
    def of(cls, subject: str, faults: Iterable[Fault]) -> "InvalidRequest":
        """Builds the error for `subject` out of its wrong fields, all named in the message."""
        found = tuple(faults)
        listed = "; ".join(f"{fault.field}: {fault.problem}" for fault in found)
        return cls(
            f"{subject} cannot be used: {listed}.", "Mend these fields and send it again.", found
        )


class ImpossibleEvent(VyzovError):
    """Our own code broke the order of a machine; report it with the fact log of the call."""

    def __init__(self, machine: str, state: str, event: object) -> None:
        super().__init__(
            f"The {machine} machine in state '{state}' was given {event!r}, which it cannot have.",
            "This is a defect of Vyzov: report it together with the facts of this call.",
        )


class CarrierFault(VyzovError):
    """The network broke its side; look at the trunk named in the message, then at the carrier."""


class EngineFault(VyzovError):
    """The engine is away or cannot serve; see that its process runs and read its log."""


class StoreFault(VyzovError):
    """The database refused; dialling stays stopped until it answers again."""


class DiskFull(StoreFault):
    """There is no room left where the data lives; nothing was saved until some is made."""


class LeaseLost(StoreFault):
    """Another process owns the floor; this one must stop dialling and start over."""
