"""Why a call failed: SIP code, Q.850 cause, stage and ring time in; outcome, cause and advice out.

Codes follow RFC 3398 and RFC 6432, the marks of unwanted calls RFC 8197 (607), RFC 8688 (608) and
ATIS-1000099 (the 603 that says "Network Blocked"). A busy or a refusal *after alerting* is a
person's hand: a busy line never rings. Below a confidence of 0.6 the cause is shown as unknown,
while the outcome, which the redial needs, is still told. Words for screens are chosen by id
elsewhere.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from vyzov.core.outcome import AnswerClass, Outcome
from vyzov.core.trunk import TrunkFault

__all__ = [
    "Advice",
    "AnswerClass",
    "Cause",
    "Diagnosis",
    "Explanation",
    "Outcome",
    "diagnose_failure",
    "explain",
    "outcome_of",
    "q850_of",
]

CONFIDENCE_LEAST = 0.6
REJECT_RING_LEAST = 0.5
"""Seconds of ringing from which a busy or cause 21 is taken for somebody's hand."""


class Cause(StrEnum):
    """The real cause behind a code, as far as it can be told."""

    ANSWERED = "answered"
    RANG_OUT = "rang_out"
    LINE_BUSY = "line_busy"
    REJECTED_BY_HAND = "rejected_by_hand"
    REJECTED_AT_ONCE = "rejected_at_once"
    SWITCHED_OFF = "switched_off"
    NOT_ALLOCATED = "not_allocated"
    NUMBER_CHANGED = "number_changed"
    NUMBER_INCOMPLETE = "number_incomplete"
    CALLEE_BARRED = "callee_barred"
    CALLER_REFUSED = "caller_refused"
    LOGIN_REFUSED = "login_refused"
    ROUTING_HOLE = "routing_hole"
    CONGESTION = "congestion"
    NO_REPLY = "no_reply"
    CODEC = "codec"
    ANALYTICS_BLOCKED = "analytics_blocked"
    MARKED_AS_SPAM = "marked_as_spam"
    ANONYMOUS_REFUSED = "anonymous_refused"
    CANCELLED = "cancelled"
    ENGINE_LOST = "engine_lost"
    ONLY_MD5 = "only_md5"
    CERTIFICATE_BAD = "certificate_bad"
    REGISTRATION_REFUSED = "registration_refused"
    DNS_NOT_FOUND = "dns_not_found"
    TRUNK_UNREACHABLE = "trunk_unreachable"
    TRUNK_PAUSED = "trunk_paused"
    UNKNOWN = "unknown"


class Advice(StrEnum):
    """What to do next, by id; the screens have the words."""

    NONE = "none"
    TRY_OTHER_HOUR = "try_other_hour"
    TRY_SOON = "try_soon"
    TRY_TOMORROW = "try_tomorrow"
    TRY_IN_DAYS = "try_in_days"
    MARK_NUMBER_BAD = "mark_number_bad"
    CHECK_OTHER_TRUNK = "check_other_trunk"
    CHECK_CALLER_ID = "check_caller_id"
    CHECK_LOGIN = "check_login"
    CHECK_CODECS = "check_codecs"
    CHECK_TRUNK_ADDRESS = "check_trunk_address"
    SWITCH_TRUNK = "switch_trunk"
    ASK_FOR_REDRESS = "ask_for_redress"
    STOP_CALLING = "stop_calling"
    SHOW_CALLER_ID = "show_caller_id"
    LOOK_BY_HAND = "look_by_hand"
    ALLOW_MD5 = "allow_md5"
    CHECK_CERTIFICATE = "check_certificate"
    CHECK_TRUNK_NAME = "check_trunk_name"
    WAIT_FOR_TRUNK = "wait_for_trunk"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a failure means; `confidence` is 0..1, `q850` the cause value it was read from."""

    outcome: Outcome
    cause: Cause
    confidence: float
    q850: int | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A diagnosis for people: ids of words, and the figures that fill the evidence sentence."""

    cause: Cause
    confidence: float
    evidence: str
    args: Mapping[str, int | float | None]
    advice: tuple[Advice, ...]


_Guess = tuple[Outcome, Cause, float]

_BLOCKED_PHRASE = "network blocked"
_CODEC: _Guess = (Outcome.TRUNK_ERROR, Cause.CODEC, 0.9)
_FULL: _Guess = (Outcome.CONGESTION, Cause.CONGESTION, 0.9)
_LOGIN: _Guess = (Outcome.TRUNK_ERROR, Cause.LOGIN_REFUSED, 0.9)
_RANG_OUT: _Guess = (Outcome.NO_ANSWER, Cause.RANG_OUT, 0.9)
_BUSY: _Guess = (Outcome.BUSY, Cause.LINE_BUSY, 0.9)
_BY_HAND: _Guess = (Outcome.REJECTED, Cause.REJECTED_BY_HAND, 0.8)
_NO_NUMBER: _Guess = (Outcome.INVALID_NUMBER, Cause.NOT_ALLOCATED, 0.9)
_CHANGED: _Guess = (Outcome.INVALID_NUMBER, Cause.NUMBER_CHANGED, 0.9)
_INCOMPLETE: _Guess = (Outcome.INVALID_NUMBER, Cause.NUMBER_INCOMPLETE, 0.9)
_BARRED: _Guess = (Outcome.UNREACHABLE, Cause.CALLEE_BARRED, 0.6)
_NO_ROUTE: _Guess = (Outcome.TRUNK_ERROR, Cause.ROUTING_HOLE, 0.6)
_OFF: _Guess = (Outcome.UNREACHABLE, Cause.SWITCHED_OFF, 0.9)

_BY_CODE: Mapping[int, _Guess] = {
    401: _LOGIN,
    402: (Outcome.TRUNK_ERROR, Cause.CALLER_REFUSED, 0.9),
    403: (Outcome.TRUNK_ERROR, Cause.CALLER_REFUSED, 0.7),
    404: (Outcome.INVALID_NUMBER, Cause.NOT_ALLOCATED, 0.7),
    407: _LOGIN,
    410: _CHANGED,
    415: _CODEC,
    433: (Outcome.TRUNK_ERROR, Cause.ANONYMOUS_REFUSED, 1.0),
    484: _INCOMPLETE,
    488: _CODEC,
    500: (Outcome.CONGESTION, Cause.CONGESTION, 0.7),
    502: _FULL,
    503: _FULL,
    504: _FULL,
    604: (Outcome.INVALID_NUMBER, Cause.NOT_ALLOCATED, 0.7),
    606: _CODEC,
    607: (Outcome.BLOCKED_SPAM, Cause.MARKED_AS_SPAM, 1.0),
    608: (Outcome.BLOCKED_SPAM, Cause.ANALYTICS_BLOCKED, 1.0),
}

_BY_CAUSE: Mapping[int, tuple[_Guess, _Guess]] = {
    # Q.850 value: what it means without ringing, and after it.
    1: (_NO_NUMBER, (Outcome.INVALID_NUMBER, Cause.NOT_ALLOCATED, 0.7)),
    2: (_NO_ROUTE, _NO_ROUTE),
    3: (_NO_ROUTE, _NO_ROUTE),
    17: (_BUSY, _BY_HAND),
    18: ((Outcome.UNREACHABLE, Cause.SWITCHED_OFF, 0.7), _RANG_OUT),
    19: (_RANG_OUT, _RANG_OUT),
    20: (_OFF, _OFF),
    21: (_BARRED, _BY_HAND),
    22: (_CHANGED, _CHANGED),
    28: (_INCOMPLETE, _INCOMPLETE),
    31: (_BARRED, (Outcome.NO_ANSWER, Cause.RANG_OUT, 0.5)),
    34: (_FULL, _FULL),
    38: (_FULL, _FULL),
    41: (_FULL, _FULL),
    42: (_FULL, _FULL),
    44: (_FULL, _FULL),
    47: (_FULL, _FULL),
    55: (_BARRED, _BARRED),
    58: (_FULL, _FULL),
    65: (_CODEC, _CODEC),
    79: (_CODEC, _CODEC),
    87: (_BARRED, _BARRED),
    88: (_CODEC, _CODEC),
}

_WEAK_CODES = frozenset({408, 480, 500})
"""Codes that vendors put on almost anything: beside them the Q.850 cause is the better witness."""

_REFINED: Mapping[tuple[int, int], _Guess] = {
    (403, 55): _BARRED,
    (403, 87): _BARRED,
    (404, 1): _NO_NUMBER,
    (404, 2): _NO_ROUTE,
    (404, 3): _NO_ROUTE,
    (604, 1): _NO_NUMBER,
}

_Q850 = re.compile(r"\s*Q\.850\s*(?:;[^,]*?)?;\s*cause\s*=\s*([0-9]{1,3})(?![0-9])", re.IGNORECASE)


def q850_of(reasons: Iterable[str]) -> int | None:
    """Returns the first Q.850 cause among `Reason` headers (RFC 3326), None where there is none."""
    for reason in reasons:
        if found := _Q850.match(reason):
            return int(found.group(1))
    return None


def diagnose_failure(
    code: int,
    *,
    phrase: str = "",
    stage: str = "trying",
    reasons: tuple[str, ...] = (),
    q850: int | None = None,
    ring_s: float = 0.0,
    early_media: bool = False,
    heard: str = "",
    fault: str = "",
) -> Diagnosis:
    """Says what came of an unanswered attempt; the fields are of the engine's `Failed`.

    `fault` is a word of `trunk.TrunkFault`: what failed on the way to the carrier, or was asked by it.

    `heard` names what was heard before the failure: it speaks where code and cause do not, and a
    ring-back tone under early media is ringing and no announcement."""
    cause = q850 if q850 is not None else q850_of(reasons)
    texts = (phrase, *reasons)
    said = _BY_FAULT.get(fault) or _by_sound(code, cause, heard)
    outcome, why, confidence = said or _guess(
        code,
        cause,
        stage,
        texts,
        rang=ring_s >= REJECT_RING_LEAST or heard == "ringback",
        announced=early_media and heard not in ("ringback", "silence"),
    )
    return Diagnosis(outcome, why, confidence, cause)


_BY_FAULT: Mapping[str, _Guess] = {
    TrunkFault.ONLY_MD5: (Outcome.TRUNK_ERROR, Cause.ONLY_MD5, 1.0),
    TrunkFault.TLS_CERTIFICATE: (Outcome.TRUNK_ERROR, Cause.CERTIFICATE_BAD, 1.0),
    TrunkFault.REGISTRATION_REFUSED: (Outcome.TRUNK_ERROR, Cause.REGISTRATION_REFUSED, 1.0),
    TrunkFault.DNS_NOT_FOUND: (Outcome.TRUNK_ERROR, Cause.DNS_NOT_FOUND, 1.0),
    TrunkFault.UNREACHABLE: (Outcome.TRUNK_ERROR, Cause.TRUNK_UNREACHABLE, 1.0),
    TrunkFault.WAIT_ASKED: (Outcome.CONGESTION, Cause.TRUNK_PAUSED, 1.0),
}

_BY_SOUND: Mapping[str, _Guess] = {
    # A tone is the network's own word; which number it means is not in it.
    "busy": (Outcome.BUSY, Cause.LINE_BUSY, 0.8),
    "congestion": (Outcome.CONGESTION, Cause.CONGESTION, 0.8),
    "special_information": (Outcome.UNREACHABLE, Cause.NOT_ALLOCATED, 0.6),
}
_SPEECHLESS_CODES = frozenset({0, 408, 480, 487, 500, 503, 504})
"""Codes with which a network ends what it has said in sound: by themselves they name no reason."""
_SPEECHLESS_CAUSES = frozenset({None, 16, 31, 127})


def _by_sound(code: int, q850: int | None, heard: str) -> _Guess | None:
    if code in _SPEECHLESS_CODES and q850 in _SPEECHLESS_CAUSES:
        return _BY_SOUND.get(heard)
    return None


def _guess(
    code: int,
    q850: int | None,
    stage: str,
    texts: tuple[str, ...],
    *,
    rang: bool,
    announced: bool,
) -> _Guess:
    match stage, code:
        case "lost", 0:
            return Outcome.UNKNOWN, Cause.ENGINE_LOST, 1.0
        case "lost", 487:
            return Outcome.CANCELLED_BY_US, Cause.ENGINE_LOST, 1.0
        case "cancelled", 0 if not rang:
            # Not even a 1xx came: it is the trunk that is silent, nobody's telephone rang.
            return Outcome.TRUNK_ERROR, Cause.NO_REPLY, 0.9
        case "cancelled", (0 | 408 | 480):
            return _RANG_OUT
        case _, 487:
            return _RANG_OUT
        case "ringing", 0:
            return Outcome.NO_ANSWER, Cause.RANG_OUT, 0.7
        case _, 0:
            return Outcome.TRUNK_ERROR, Cause.NO_REPLY, 0.9
        case _, (486 | 600):
            return _BY_HAND if rang else _BUSY
        case _, 603 if any(_is_analytics(text) for text in texts):
            return Outcome.BLOCKED_SPAM, Cause.ANALYTICS_BLOCKED, 1.0
        case _, 603:
            return _BY_HAND if rang else (Outcome.REJECTED, Cause.REJECTED_AT_ONCE, 0.6)
        case _, _ if q850 is not None and code in _WEAK_CODES and q850 in _BY_CAUSE:
            return _BY_CAUSE[q850][rang]
        case _, (408 | 480):
            return _unavailable(code, rang=rang, announced=announced)
        case _:
            refined = None if q850 is None else _REFINED.get((code, q850))
            return refined or _BY_CODE.get(code) or _by_class(code)


def _unavailable(code: int, *, rang: bool, announced: bool) -> _Guess:
    if announced:
        # An announcement before a failure is nearly always "switched off or out of coverage".
        return Outcome.UNREACHABLE, Cause.SWITCHED_OFF, 0.7
    if rang:
        return _RANG_OUT
    if code == 408:
        return Outcome.NO_ANSWER, Cause.RANG_OUT, 0.5
    return Outcome.UNREACHABLE, Cause.SWITCHED_OFF, 0.5


def _by_class(code: int) -> _Guess:
    """The last resort: the first figure of the code."""
    outcome = {3: Outcome.UNREACHABLE, 4: Outcome.TRUNK_ERROR, 5: Outcome.CONGESTION}
    return outcome.get(code // 100, Outcome.REJECTED), Cause.UNKNOWN, 0.4


def _is_analytics(text: str) -> bool:
    folded = text.casefold()
    return _BLOCKED_PHRASE in folded or "v=analytics" in folded


def outcome_of(
    code: int,
    q850: int | None = None,
    stage: str = "trying",
    ring_s: float = 0.0,
    *,
    answered: bool = False,
    phrase: str = "",
    reasons: tuple[str, ...] = (),
    early_media: bool = False,
) -> tuple[Outcome, Cause]:
    """Returns outcome and cause of one attempt, answered or not; 0 for `code` where none came."""
    if answered:
        return Outcome.ANSWERED_HUMAN, Cause.ANSWERED
    found = diagnose_failure(
        code,
        phrase=phrase,
        stage=stage,
        reasons=reasons,
        q850=q850,
        ring_s=ring_s,
        early_media=early_media,
    )
    return found.outcome, found.cause


_ADVICE: Mapping[Cause, tuple[Advice, ...]] = {
    Cause.ANSWERED: (Advice.NONE,),
    Cause.RANG_OUT: (Advice.TRY_OTHER_HOUR,),
    Cause.LINE_BUSY: (Advice.TRY_SOON,),
    Cause.REJECTED_BY_HAND: (Advice.TRY_TOMORROW,),
    Cause.REJECTED_AT_ONCE: (Advice.TRY_TOMORROW, Advice.CHECK_CALLER_ID),
    Cause.SWITCHED_OFF: (Advice.TRY_OTHER_HOUR,),
    Cause.NOT_ALLOCATED: (Advice.MARK_NUMBER_BAD, Advice.CHECK_OTHER_TRUNK),
    Cause.NUMBER_CHANGED: (Advice.MARK_NUMBER_BAD,),
    Cause.NUMBER_INCOMPLETE: (Advice.MARK_NUMBER_BAD,),
    Cause.CALLEE_BARRED: (Advice.TRY_IN_DAYS,),
    Cause.CALLER_REFUSED: (Advice.CHECK_CALLER_ID, Advice.CHECK_LOGIN),
    Cause.LOGIN_REFUSED: (Advice.CHECK_LOGIN,),
    Cause.ROUTING_HOLE: (Advice.CHECK_OTHER_TRUNK,),
    Cause.CONGESTION: (Advice.SWITCH_TRUNK, Advice.TRY_SOON),
    Cause.NO_REPLY: (Advice.CHECK_TRUNK_ADDRESS,),
    Cause.CODEC: (Advice.CHECK_CODECS,),
    Cause.ANALYTICS_BLOCKED: (Advice.ASK_FOR_REDRESS,),
    Cause.MARKED_AS_SPAM: (Advice.STOP_CALLING,),
    Cause.ANONYMOUS_REFUSED: (Advice.SHOW_CALLER_ID,),
    Cause.CANCELLED: (Advice.NONE,),
    Cause.ENGINE_LOST: (Advice.LOOK_BY_HAND,),
    Cause.ONLY_MD5: (Advice.ALLOW_MD5,),
    Cause.CERTIFICATE_BAD: (Advice.CHECK_CERTIFICATE,),
    Cause.REGISTRATION_REFUSED: (Advice.CHECK_LOGIN,),
    Cause.DNS_NOT_FOUND: (Advice.CHECK_TRUNK_NAME,),
    Cause.TRUNK_UNREACHABLE: (Advice.CHECK_TRUNK_ADDRESS,),
    Cause.TRUNK_PAUSED: (Advice.WAIT_FOR_TRUNK, Advice.SWITCH_TRUNK),
    Cause.UNKNOWN: (Advice.LOOK_BY_HAND,),
}


def explain(found: Diagnosis, code: int, ring_s: float) -> Explanation:
    """Words a diagnosis: by id, and honest about what is not known well enough."""
    sure = found.confidence >= CONFIDENCE_LEAST
    cause = found.cause if sure else Cause.UNKNOWN
    evidence = "after_ringing" if ring_s >= REJECT_RING_LEAST else "without_ringing"
    if code == 0:
        evidence = "no_reply"
    elif found.q850 is not None:
        evidence += "_with_cause"
    args: dict[str, int | float | None] = {"code": code, "q850": found.q850, "ring_s": ring_s}
    return Explanation(cause, found.confidence, evidence, args, _ADVICE[cause])
