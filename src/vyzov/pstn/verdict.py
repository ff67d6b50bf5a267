"""The callee's side of a call in one record: who heard whom, and was anybody left with nobody.

Pure: folds a call's story into the `call` line of the ledger. It knows nothing of what the product
says about the same call; comparing the two is the checker's work.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from vyzov.pstn.hearing import PILOTS, Segment
from vyzov.simulation.conversation import NO_PACKETS, OFFER, OPERATOR, SILENCE
from vyzov.simulation.people import CalleeKind, Ending, Plan

SAFE_HARBOUR = "safe_harbour"
OPERATOR_KEY = "1"

_NOT_PEOPLE = frozenset({CalleeKind.SILENT, CalleeKind.VOICEMAIL})


@dataclass(slots=True)
class Story:
    """What happened on one call; instants in monotonic seconds, `keys` in seconds since answer."""

    invited_at: float
    challenges: int = 0
    rung_at: float | None = None
    answered_at: float | None = None
    confirmed_at: float | None = None
    ended_at: float = 0.0
    ended_by: str = ""
    ending: Ending | None = None
    keys: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])
    heard: tuple[Segment, ...] = ()

    def finish(
        self, at: float, ended_by: str, ending: Ending | None, heard: tuple[Segment, ...]
    ) -> None:
        """Closes the story; `ended_by` is callee, caller, cancelled, refused, no_ack or box."""
        self.ended_at, self.ended_by, self.ending, self.heard = at, ended_by, ending, heard


def record(plan: Plan, story: Story) -> dict[str, object]:
    """Returns the columns of the `call` line; spans in seconds, `_s` since the answer."""
    joined_s = _first(story.heard, OPERATOR)
    names = set(PILOTS.values())
    return {
        "kind": plan.kind.value,
        "acts_as": plan.acts_as.value,
        "attempt_index": plan.attempt,
        "voice_hz": plan.voice_hz,
        "invited_at": round(story.invited_at, 6),
        "rung_at": _rounded(story.rung_at),
        "answered_at": _rounded(story.answered_at),
        "confirmed_at": _rounded(story.confirmed_at),
        "ended_at": round(story.ended_at, 6),
        "ended_by": story.ended_by,
        "code": 200 if story.answered_at is not None else story.ending.code if story.ending else 0,
        "reason": story.ending.reason if story.ending else "",
        "challenges": story.challenges,
        "prompts": list(dict.fromkeys(s.heard.what for s in story.heard if s.heard.what in names)),
        "operators": _operators(story.heard),
        "keys": [{"key": key, "at_s": round(at, 3)} for key, at in story.keys],
        "joined": joined_s is not None,
        "joined_s": None if joined_s is None else round(joined_s, 3),
        "abandoned": _abandoned(plan, story),
        "quiet_s": round(_longest_quiet(story.heard), 3),
    }


def wants_operator(plan: Plan, story: Story) -> bool:
    """Tells whether a person stood waiting for a person: no offer was made, or key 1 taken up."""
    if plan.acts_as in _NOT_PEOPLE:
        return False
    return _first(story.heard, OFFER) is None or any(key == OPERATOR_KEY for key, _ in story.keys)


def _abandoned(plan: Plan, story: Story) -> bool:
    """Tells whether a callee was left: answered, heard no operator, and it was not their choice.

    The safe-harbour message makes it plain whoever hung up after it; without the message a person
    who waited for a person and was hung up on is left as well.
    """
    if story.answered_at is None or _first(story.heard, OPERATOR) is not None:
        return False
    if _first(story.heard, SAFE_HARBOUR) is not None:
        return True
    return story.ended_by == "caller" and wants_operator(plan, story)


def _first(heard: Sequence[Segment], what: str) -> float | None:
    return next((segment.start for segment in heard if segment.heard.what == what), None)


def _operators(heard: Sequence[Segment]) -> list[dict[str, float]]:
    """Returns each operator's tone with when it was first and last heard and for how long."""
    found: dict[int, dict[str, float]] = {}
    for segment in heard:
        if segment.heard.what == OPERATOR:
            one = found.setdefault(segment.heard.hz, {"from_s": segment.start, "heard_s": 0.0})
            one["to_s"] = segment.end
            one["heard_s"] += segment.end - segment.start
    return [
        {"hz": hz} | {name: round(value, 3) for name, value in one.items()}
        for hz, one in found.items()
    ]


def _longest_quiet(heard: Sequence[Segment]) -> float:
    longest, start = 0.0, None
    for segment in heard:
        if segment.heard.what in (NO_PACKETS, SILENCE):
            start = segment.start if start is None else start
            longest = max(longest, segment.end - start)
        else:
            start = None
    return longest


def _rounded(at: float | None) -> float | None:
    return None if at is None else round(at, 6)
