"""The names a call wears on the wire, derived so that a restarted agent can find them again.

Call-ID, From-tag and branches come from the attempt's id by HMAC-SHA-256 under a secret, so an
agent without memory can still CANCEL what rings and BYE a late answer, and nobody outside can
guess them or read anything of this machine in them.
"""

import hmac
from dataclasses import dataclass
from functools import lru_cache

BRANCH_COOKIE = "z9hG4bK"  # RFC 3261 §8.1.1.7
MAX_INVITES = 6
"""INVITEs one call may send, the first and what challenges, 422 and 3xx ask for; a reaper cancels
each of them."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What identifies one INVITE: the call's Call-ID and From-tag, and the INVITE's own branch."""

    call_id: str
    from_tag: str
    branch: str


# One call asks for the same names with its INVITE, its dialogs, its journal line and its end.
@lru_cache(maxsize=1024)
def derive(secret: bytes, attempt: str, cseq: int = 1) -> Identity:
    """Derives the identity of the INVITE numbered `cseq` of the call `attempt`.

    Call-ID and From-tag do not depend on `cseq`; the branch does, since every re-sent INVITE is
    a transaction of its own (RFC 3261 §22.2).
    """
    return Identity(
        call_id=_name(secret, "call-id", attempt, 32),
        from_tag=_name(secret, "from-tag", attempt, 16),
        branch=BRANCH_COOKIE + _name(secret, f"branch {cseq}", attempt, 24),
    )


def _name(secret: bytes, purpose: str, attempt: str, length: int) -> str:
    text = f"{purpose}\x00{attempt}".encode()
    return hmac.digest(secret, text, "sha256").hex()[:length]
