"""What a 3xx may make us do: report it, or follow it to the trunk's own host and nowhere else.

A redirection may point at a premium number or at somebody's machine, so by default it only goes
back to the owner. Where it is followed, the number stays the one that was permitted, and the
address is built here, never copied.
"""

import re
from collections.abc import Sequence
from enum import StrEnum

from vyzov.sip.events import Hop
from vyzov.sip.fields import NameAddr, Uri, plain_user

MAX_REDIRECTIONS = 5
_Q = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\Z", re.ASCII)
_FOLLOWED = (300, 301, 302)


class Redirects(StrEnum):
    """What is done about a redirection."""

    REPORT = "report"
    SAME_HOST = "same_host"


def next_hop(
    policy: Redirects, code: int, contacts: Sequence[NameAddr], number: str, tried: Sequence[Hop]
) -> Hop | None:
    """Says where to place the call again, None for nowhere (the rejection is reported).

    Taken is the most wanted contact (RFC 3261 §20.10) of the same number on the host of the
    first hop of `tried`, over the same transport, that has not been tried.
    """
    if policy is Redirects.REPORT or code not in _FOLLOWED or len(tried) > MAX_REDIRECTIONS:
        return None
    home = tried[0]
    for contact in sorted(contacts, key=_wish):
        try:
            uri = Uri.parse(contact.uri)
        except ValueError:
            continue
        params = dict(uri.params)
        same = (
            uri.scheme == "sip"
            and plain_user(uri.user) == number
            and uri.host == home.host
            and params.get("transport", home.transport).lower() == home.transport
            and "maddr" not in params
        )
        hop = home._replace(port=uri.port or home.port)
        if same and hop not in tried:
            return hop
    return None


def _wish(contact: NameAddr) -> float:
    """Orders contacts by q, the most wanted first; one without q is wanted most."""
    text = contact.params.get("q", "1")
    return -float(text) if _Q.match(text) else 0.0
