"""The plan of a call we place: what every INVITE of it says, checked before anything is sent.

The same plan, made again from the same leg, lets a restarted agent name the INVITEs of a call
it does not remember.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vyzov.sip.auth import NO_ACCOUNT, Account
from vyzov.sip.dialog import Dialog, DialogState, contact_of
from vyzov.sip.endpoint import ALLOW, Endpoint
from vyzov.sip.events import Hop
from vyzov.sip.fields import host_port, quote
from vyzov.sip.identity import Identity, derive
from vyzov.sip.message import Message
from vyzov.sip.transaction import Request

CSEQ_LEAP = 1000
"""A restarted agent skips this many CSeq numbers, since it cannot know the last one used."""
_NUMBER = re.compile(r"\+?[0-9*#]{1,32}\Z", re.ASCII)
_CALLER = re.compile(r"[A-Za-z0-9+*#._-]{1,64}\Z", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]{1,64}\Z", re.ASCII)
_OURS = frozenset(
    {"via", "from", "to", "call-id", "cseq", "contact", "max-forwards", "route", "record-route"}
    | {"allow", "supported", "require", "user-agent", "content-type", "content-length"}
    | {"authorization", "proxy-authorization"}
)


@dataclass(frozen=True, slots=True)
class Plan:
    """One call to be placed. `headers` are the owner's own, beside those every INVITE has."""

    leg: str
    target: Hop
    uri: str
    sender: str
    recipient: str
    account: Account = NO_ACCOUNT
    sdp: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    pinned: bool = False

    def identity(self, endpoint: Endpoint, cseq: int = 1) -> Identity:
        """Derives the names of the INVITE numbered `cseq`."""
        return derive(endpoint.secret, self.leg, cseq)

    def invite(
        self, endpoint: Endpoint, cseq: int, proofs: Sequence[tuple[str, str]] = ()
    ) -> Request:
        """Builds the INVITE numbered `cseq`, with Authorization headers after a challenge."""
        identity = self.identity(endpoint, cseq)
        return endpoint.request(
            "INVITE",
            self.uri,
            branch=identity.branch,
            sender=f"{self.sender};tag={identity.from_tag}",
            recipient=self.recipient,
            call_id=identity.call_id,
            cseq=cseq,
            headers=[
                ("Contact", endpoint.contact(self.target.transport)),
                ("Allow", ALLOW),
                ("Supported", "100rel"),
                *proofs,
                *self.headers,
            ],
            body=self.sdp,
        )

    def dialog(self, endpoint: Endpoint, response: Message) -> Dialog:
        """Makes the dialog a response with a To-tag opens (RFC 3261 §12.1.2)."""
        identity = self.identity(endpoint)
        return Dialog(
            call_id=identity.call_id,
            local=f"{self.sender};tag={identity.from_tag}",
            remote=response.header("To"),
            local_tag=identity.from_tag,
            remote_tag=response.recipient.tag,
            route_set=tuple(reversed(response.values("Record-Route"))),
            remote_target=contact_of(response) or self.uri,
            local_cseq=response.cseq,
            remote_cseq=-1,
            peer=self.target,
            pinned=self.pinned,
        )

    def saved_dialog(self, endpoint: Endpoint, state: DialogState) -> Dialog:
        """Makes the dialog an earlier run had saved, with CSeq numbers it cannot have used."""
        identity = self.identity(endpoint)
        return Dialog(
            call_id=identity.call_id,
            local=f"{self.sender};tag={identity.from_tag}",
            remote=f"{self.recipient};tag={state.remote_tag}",
            local_tag=identity.from_tag,
            remote_tag=state.remote_tag,
            route_set=state.route_set,
            remote_target=state.remote_target,
            local_cseq=state.local_cseq + CSEQ_LEAP,
            remote_cseq=state.remote_cseq,
            peer=state.peer,
            pinned=state.pinned,
        )


def plan_call(
    endpoint: Endpoint,
    leg: str,
    *,
    target: Hop,
    to: str,
    caller_id: str,
    caller_name: str = "",
    account: Account = NO_ACCOUNT,
    sdp: bytes = b"",
    headers: Sequence[tuple[str, str]] = (),
) -> Plan:
    """Plans a call; raises ValueError where a text could write more than its own value."""
    if not _NUMBER.match(to):
        raise ValueError(f"number {to[:40]!r} may hold a plus sign, digits, * and # only")
    if not _CALLER.match(caller_id):
        raise ValueError(f"caller id {caller_id[:40]!r} may hold letters, digits and +*#._- only")
    if not caller_name.isprintable():
        raise ValueError(f"caller name {caller_name[:40]!r} holds control signs: remove them")
    for name, value in headers:
        if not _TOKEN.match(name) or name.lower() in _OURS:
            raise ValueError(f"header {name[:40]!r} is not the caller's to set")
        if not value.isprintable():
            raise ValueError(f"header {name} holds control signs: remove them")
    uri = f"sip:{_user(to)}@{host_port(*target.address)}"
    name = quote(caller_name) + " " if caller_name else ""
    return Plan(
        leg=leg,
        target=target,
        uri=uri,
        sender=f"{name}<sip:{_user(caller_id)}@{host_port(endpoint.advertised[0])}>",
        recipient=f"<{uri}>",
        account=account,
        sdp=sdp,
        headers=tuple(headers),
    )


def plan_phone_call(
    endpoint: Endpoint, leg: str, *, target: Hop, uri: str, caller_name: str = "", sdp: bytes = b""
) -> Plan:
    """Plans a call to a desk phone: to the URI it gave, on the way it signed in."""
    name = quote(caller_name) + " " if caller_name else ""
    return Plan(
        leg=leg,
        target=target,
        uri=uri,
        sender=f"{name}<sip:vyzov@{host_port(endpoint.advertised[0])}>",
        recipient=f"<{uri}>",
        sdp=sdp,
        pinned=True,
    )


def _user(text: str) -> str:
    """Escapes the one sign of a number that a URI's user part may not hold (RFC 3261 §25.1)."""
    return text.replace("#", "%23")
