"""The closed lists of what can come of an attempt, and of who can be at the other end of an answer.

Which outcome a SIP answer means is decided in `diagnosis`; what follows from it in `redial`.
"""

from enum import StrEnum


class AttemptState(StrEnum):
    """How far an attempt is. *Unknown* counts as made and is never redialled by itself; only the
    engine's late word can still make it final."""

    RESERVED = "reserved"
    ORIGINATED = "originated"
    FINAL = "final"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """The technical outcome: exactly one per attempt, told by the telephone network and by us."""

    ANSWERED_HUMAN = "answered_human"
    ANSWERED_MACHINE = "answered_machine"
    ANSWERED_SCREENER = "answered_screener"
    ANSWERED_IVR = "answered_ivr"
    ANSWERED_FAX = "answered_fax"
    ANSWERED_SILENCE = "answered_silence"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    INVALID_NUMBER = "invalid_number"
    BLOCKED_SPAM = "blocked_spam"
    BLOCKED_LABEL = "blocked_label"
    CONGESTION = "congestion"
    TRUNK_ERROR = "trunk_error"
    CANCELLED_BY_US = "cancelled_by_us"
    ABANDONED = "abandoned"
    UNKNOWN = "unknown"

    @property
    def is_answer(self) -> bool:
        """True where somebody or something picked up."""
        return self in _ANSWERS


class AnswerClass(StrEnum):
    """Who or what answered, as far as its sound tells."""

    HUMAN = "human"
    MACHINE = "machine"
    SCREENER = "screener"
    IVR = "ivr"
    FAX = "fax"
    SILENCE = "silence"
    UNKNOWN = "unknown"


OUTCOME_OF_CLASS = {
    AnswerClass.HUMAN: Outcome.ANSWERED_HUMAN,
    AnswerClass.UNKNOWN: Outcome.ANSWERED_HUMAN,
    AnswerClass.MACHINE: Outcome.ANSWERED_MACHINE,
    AnswerClass.SCREENER: Outcome.ANSWERED_SCREENER,
    AnswerClass.IVR: Outcome.ANSWERED_IVR,
    AnswerClass.FAX: Outcome.ANSWERED_FAX,
    AnswerClass.SILENCE: Outcome.ANSWERED_SILENCE,
}
"""An answer nobody could classify counts as a person: that is the reading which protects people."""

_ANSWERS = frozenset(OUTCOME_OF_CLASS.values()) | {Outcome.ABANDONED}
