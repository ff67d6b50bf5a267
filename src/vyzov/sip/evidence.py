"""What a response says about why: reasons, warnings, identities and redirections as received.

Kept raw and bounded beside the values read of it; what a cause means is decided in `vyzov.core`.
"""

import re

from vyzov.sip.events import CallRejected, Evidence, Provisional, Stage
from vyzov.sip.fields import addresses, bounded_int, split_outside_quotes
from vyzov.sip.message import Message

MAX_VALUES = 16
MAX_VALUE_CHARS = 512
RETRY_AFTER_MAX_S = 86_400
# Comments may stand anywhere in the value, parameters behind it (RFC 3261 §20.33).
_COMMENT = re.compile(r"\([^()]*\)")


def evidence_of(response: Message) -> Evidence:
    """Collects what a response tells beside its code, each list bounded."""
    return Evidence(
        warnings=_raw(response, "Warning"),
        asserted=_raw(response, "P-Asserted-Identity"),
        history=_raw(response, "History-Info"),
        diversion=_raw(response, "Diversion"),
        call_info=_raw(response, "Call-Info"),
        contacts=_raw(response, "Contact"),
    )


def _raw(response: Message, name: str) -> tuple[str, ...]:
    values = response.values(name)[:MAX_VALUES]
    if not values:
        return ()
    return tuple(value[:MAX_VALUE_CHARS] for value in values)


def rejection(
    leg: str,
    response: Message | None,
    stage: Stage,
    provisionals: tuple[tuple[int, float], ...],
    now: float,
    *,
    phrase: str = "",
    challenge_refused: str = "",
    heard: tuple[Provisional, ...] = (),
) -> CallRejected:
    """Makes the event of a call that came to nothing; `phrase` where no response came."""
    if response is None:
        return CallRejected(
            leg, now, 0, phrase, (), "", None, None, (), provisionals, stage, heard=heard
        )
    reasons = response.values("Reason")
    return CallRejected(
        leg=leg,
        at=now,
        code=response.code,
        phrase=response.phrase,
        reasons=reasons,
        warning=response.header("Warning"),
        q850=q850_cause(reasons),
        retry_after=retry_after(response),
        contacts=tuple(contact.uri for contact in addresses(response.lines("Contact"))),
        provisionals=provisionals,
        stage=stage,
        challenge_refused=challenge_refused,
        evidence=evidence_of(response),
        heard=heard,
    )


def q850_cause(reasons: tuple[str, ...]) -> int | None:
    """Returns the cause of the first Q.850 reason, None where there is none (RFC 3326 §2)."""
    for reason in reasons:
        protocol, *params = split_outside_quotes(reason, ";")
        for param in params:
            name, _, value = param.partition("=")
            if protocol.lower() == "q.850" and name.strip().lower() == "cause":
                try:
                    return bounded_int(value, 127)
                except ValueError:
                    break
    return None


def retry_after(response: Message) -> int | None:
    """Reads the seconds of Retry-After, None where there are none; at most a day."""
    text = response.header("Retry-After")[:MAX_VALUE_CHARS]
    while (shorter := _COMMENT.sub(" ", text)) != text:
        text = shorter
    try:
        return bounded_int(text.partition(";")[0].partition("(")[0].strip(), RETRY_AFTER_MAX_S)
    except ValueError:
        return None
