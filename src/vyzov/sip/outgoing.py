"""The plan of a call we place: what every INVITE of it says, checked before anything is sent.

The same plan, made again from the same leg, lets a restarted agent name the INVITEs of a call
it does not remember.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sipmessage.message import COMPACT_FORMS

from vyzov.sip.auth import NO_ACCOUNT, Account
from vyzov.sip.dialog import Dialog, DialogState, contact_of
from vyzov.sip.endpoint import Endpoint, refresh_headers
from vyzov.sip.events import Hop
from vyzov.sip.fields import host_port, quote
from vyzov.sip.identity import Identity, derive
from vyzov.sip.message import Message
from vyzov.sip.redirect import Redirects
from vyzov.sip.session_timer import offered_headers
from vyzov.sip.transaction import Request

CSEQ_LEAP = 1000
"""A restarted agent skips this many CSeq numbers, since it cannot know the last one used."""
_NUMBER = re.compile(r"\+?[0-9*#]{1,32}\Z", re.ASCII)
_CALLER = re.compile(r"[A-Za-z0-9+*#._-]{1,64}\Z", re.ASCII)
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?\Z", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}(?:%[A-Za-z0-9]{1,15})?\Z", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]{1,64}\Z", re.ASCII)
_OURS = frozenset(
    {"via", "from", "to", "call-id", "cseq", "contact", "max-forwards", "route", "record-route"}
    | {"allow", "supported", "require", "user-agent", "content-type", "content-length"}
    | {"authorization", "proxy-authorization", "session-expires", "min-se", "rseq", "rack"}
)


@dataclass(frozen=True, slots=True)
class Plan:
    """One call to be placed. `headers` are the owner's own, beside those every INVITE has.

    With `late_offer` the INVITE carries no session, and `sdp` is what an offer is answered with.
    `session_expires_s` is the session timer asked for, 0 for none (RFC 4028).
    """

    leg: str
    target: Hop
    uri: str
    sender: str
    recipient: str
    account: Account = NO_ACCOUNT
    sdp: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    pinned: bool = False
    late_offer: bool = False
    session_expires_s: int = 0
    redirects: Redirects = Redirects.REPORT
    number: str = ""

    @property
    def offered(self) -> bytes:
        """The session the INVITE carries, b"" where the far side is to offer."""
        return b"" if self.late_offer else self.sdp

    def identity(self, endpoint: Endpoint, cseq: int = 1) -> Identity:
        """Derives the names of the INVITE numbered `cseq`."""
        return derive(endpoint.secret, self.leg, cseq)

    def invite(
        self,
        endpoint: Endpoint,
        cseq: int,
        proofs: Sequence[tuple[str, str]] = (),
        *,
        floor_s: int = 0,
    ) -> Request:
        """Builds the INVITE numbered `cseq`, with Authorization headers after a challenge.

        `floor_s` is the Min-SE a 422 has asked for.
        """
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
                *refresh_headers(endpoint.contact(self.target.transport), endpoint.allow),
                *offered_headers(self.session_expires_s, floor_s=floor_s),
                *proofs,
                *self.headers,
            ],
            body=self.offered,
        )

    def redirected(self, hop: Hop) -> "Plan":
        """Plans the same call to the same number by another port of the same host."""
        uri = f"sip:{_user(self.number)}@{host_port(*hop.address)}"
        return replace(self, target=hop, uri=uri)

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
    caller_domain: str = "",
    late_offer: bool = False,
    session_expires_s: int = 0,
    redirects: str = Redirects.REPORT,
) -> Plan:
    """Plans a call; raises ValueError where a text could write more than its own value."""
    if caller_domain and not _DOMAIN.match(caller_domain):
        raise ValueError(
            f"caller domain {caller_domain[:40]!r} is no host name: letters, digits, .-"
        )
    if not _HOST.match(target.host):
        raise ValueError(f"host {target.host[:40]!r} is no address and no host name")
    if not _NUMBER.match(to):
        raise ValueError(f"number {to[:40]!r} may hold a plus sign, digits, * and # only")
    if not _CALLER.match(caller_id):
        raise ValueError(f"caller id {caller_id[:40]!r} may hold letters, digits and +*#._- only")
    if not caller_name.isprintable():
        raise ValueError(f"caller name {caller_name[:40]!r} holds control signs: remove them")
    for name, value in headers:
        if not _TOKEN.match(name) or name.lower() in _OURS or name.lower() in COMPACT_FORMS:
            raise ValueError(f"header {name[:40]!r} is not the caller's to set")
        if not value.isprintable():
            raise ValueError(f"header {name} holds control signs: remove them")
    uri = f"sip:{_user(to)}@{host_port(*target.address)}"
    name = quote(caller_name) + " " if caller_name else ""
    place = caller_domain or host_port(endpoint.advertised[0])
    return Plan(
        leg=leg,
        target=target,
        uri=uri,
        sender=f"{name}<sip:{_user(caller_id)}@{place}>",
        recipient=f"<{uri}>",
        account=account,
        sdp=sdp,
        headers=tuple(headers),
        late_offer=late_offer,
        session_expires_s=session_expires_s,
        redirects=Redirects(redirects),
        number=to,
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
