"""Which INVITEs from outside become calls: the refusals that need no owner.

What a call is answered with is its owner's; how an INVITE reaches it is decided in `user_agent`.
"""

from collections.abc import Callable

from vyzov.sip.endpoint import Headers
from vyzov.sip.message import Message
from vyzov.sip.refer import Replaces
from vyzov.sip.session_timer import MIN_SE_S, too_small

Refusal = tuple[int, Headers]
MERELY_SDP = ("Accept", "application/sdp")


def refused(message: Message) -> Refusal | None:
    """Returns the status and headers an INVITE is refused with, None where it may be a call."""
    if not _takes_sdp(message):
        return 406, ()
    if message.body and message.sdp() is None:
        return 415, (MERELY_SDP,)
    if too_small(message):
        return 422, (("Min-SE", str(MIN_SE_S)),)
    return None


def _takes_sdp(message: Message) -> bool:
    """Tells whether the caller can read the only description of a session we write."""
    kinds = [value.partition(";")[0].strip().lower() for value in message.values("Accept")]
    return not kinds or any(
        kind in ("application/sdp", "application/*", "*/*") or kind.startswith("multipart/")
        for kind in kinds
    )


Found = tuple[str, bool, bool]
"""A dialog of ours as Replaces finds it: its leg, whether it is answered, whether it has ended."""


def replaced(message: Message, find: Callable[[tuple[str, str, str]], Found | None]) -> str | int:
    """Returns the leg an INVITE wants to replace, "" for none, or the status it is refused with.

    By RFC 3891 §3: 400 for what is no Replaces value, 481 for a dialog we do not know, 603 for one
    that is over, 486 where only an unanswered one may be replaced.
    """
    lines = message.lines("Replaces")
    if not lines:
        return ""
    try:
        wanted = Replaces.parse(lines[0])
    except ValueError:
        return 400
    if len(lines) > 1:
        return 400
    found = find(wanted.key)
    if found is None:
        return 481
    leg, answered, ended = found
    if ended:
        return 603
    return 486 if answered and wanted.early_only else leg
