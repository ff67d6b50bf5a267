"""A dialog: the peers' tags, route set, remote target and sequence numbers (RFC 3261 §12).

Says where a request of a dialog goes and under which URI. What is sent in a dialog and when is
decided in `established` and `caller`.
"""

import ipaddress
import json
from dataclasses import dataclass
from functools import lru_cache

from vyzov.sip.events import Hop, Transport
from vyzov.sip.fields import NameAddr, Uri, addresses, default_port
from vyzov.sip.message import Message

_BROADCAST = "255.255.255.255"
_TRANSPORTS = frozenset(Transport)
_JSON = json.JSONEncoder(separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class DialogState:
    """What another run of the agent needs to end an answered call: JSON by `to_json`."""

    remote_tag: str
    remote_target: str
    route_set: tuple[str, ...]
    local_cseq: int
    remote_cseq: int
    peer: Hop
    pinned: bool = False

    def to_json(self) -> str:
        """Writes the state as one line of JSON."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return _JSON.encode(values)

    @classmethod
    def from_json(cls, text: str) -> "DialogState":
        """Reads what `to_json` wrote; raises ValueError where it is something else."""
        try:
            value = json.loads(text)
            return cls(
                remote_tag=str(value["remote_tag"]),
                remote_target=str(value["remote_target"]),
                route_set=tuple(str(route) for route in value["route_set"]),
                local_cseq=int(value["local_cseq"]),
                remote_cseq=int(value["remote_cseq"]),
                peer=_saved_hop(value["peer"]),
                pinned=bool(value.get("pinned", False)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"not a saved dialog ({error!r}): save it again with to_json"
            ) from None


@dataclass(slots=True)
class Dialog:
    """One dialog, seen from our side.

    `local` and `remote` are whole From and To values with their tags; `peer` is where requests
    go when the route names no address this agent can send to by itself (names are not resolved).
    """

    call_id: str
    local: str
    remote: str
    local_tag: str
    remote_tag: str
    route_set: tuple[str, ...]
    remote_target: str
    local_cseq: int
    remote_cseq: int
    peer: Hop
    pinned: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """What a message is matched by: Call-ID, our tag, their tag."""
        return self.call_id, self.local_tag, self.remote_tag

    @classmethod
    def of_callee(cls, invite: Message, local_tag: str, peer: Hop) -> "Dialog":
        """Makes the callee's dialog from the INVITE it answers (RFC 3261 §12.1.1)."""
        return cls(
            call_id=invite.call_id,
            local=f"{invite.header('To')};tag={local_tag}",
            remote=invite.header("From"),
            local_tag=local_tag,
            remote_tag=invite.sender.tag,
            route_set=invite.values("Record-Route"),
            remote_target=contact_of(invite) or invite.sender.uri,
            local_cseq=0,
            remote_cseq=invite.cseq,
            peer=peer,
        )

    def refresh(self, message: Message) -> None:
        """Takes the new remote target of a target-refreshing message (RFC 3261 §12.2)."""
        self.remote_target = contact_of(message) or self.remote_target

    def routing(self) -> tuple[str, tuple[str, ...]]:
        """Returns the Request-URI and Route values of a request (RFC 3261 §12.2.1.1)."""
        if not self.route_set:
            return self.remote_target, ()
        first = _route_uri(self.route_set[0])
        if first is None or first.loose:
            return self.remote_target, self.route_set
        # A strict router wants to find itself in the Request-URI and the target at the end.
        return first.text, (*self.route_set[1:], f"<{self.remote_target}>")

    def next_hop(self) -> Hop:
        """Returns where requests of this dialog are sent.

        A pinned dialog goes the way it came whatever the far side writes: what a desk phone behind
        address translation calls itself leads nowhere.
        """
        if self.pinned:
            return self.peer
        first = self.route_set[0] if self.route_set else f"<{self.remote_target}>"
        uri = _route_uri(first)
        return self.peer if uri is None else reachable(uri, self.peer)

    def state(self) -> DialogState:
        """Returns what a restarted agent needs to end this dialog."""
        return DialogState(
            remote_tag=self.remote_tag,
            remote_target=self.remote_target,
            route_set=self.route_set,
            local_cseq=self.local_cseq,
            remote_cseq=self.remote_cseq,
            # A number of a connection means nothing to another run.
            peer=self.peer._replace(flow=0),
            pinned=self.pinned,
        )


def contact_of(message: Message) -> str:
    """Returns the URI of the first Contact, "" where none can be used."""
    for contact in addresses(message.lines("Contact")):
        try:
            uri = Uri.parse(contact.uri)
        except ValueError:
            continue
        if uri.scheme in ("sip", "sips"):
            return contact.uri
    return ""


def _route_uri(value: str) -> Uri | None:
    try:
        return Uri.parse(NameAddr.parse(value).uri)
    except ValueError:
        return None


def _saved_hop(value: list[object]) -> Hop:
    """Reads a saved hop; one of an earlier version is a host and a UDP port alone."""
    host, port, *more = value
    transport, name = (*more, Transport.UDP, "")[:2]
    return Hop(str(host), int(str(port)), Transport(str(transport)), str(name))


def reachable(uri: Uri, otherwise: Hop) -> Hop:
    """Returns the hop a URI names, `otherwise` where that is no host we may be sent to."""
    if not _may_lead(uri.host, otherwise.host):
        return otherwise
    transport = _transport_of(uri, otherwise.transport)
    if otherwise.transport is Transport.TLS and transport is not Transport.TLS:
        # What was agreed on in private is not said in the open because a Contact asks for it.
        return otherwise
    port = uri.port or default_port(transport)
    if (uri.host, port, transport) == otherwise[:3]:
        return otherwise
    flow = otherwise.flow if transport is otherwise.transport else 0
    return Hop(uri.host, port, transport, otherwise.name, flow)


@lru_cache(maxsize=1024)
def _may_lead(host: str, home: str) -> bool:
    """Tells an address that one host has, and that a far side at `home` may send us to.

    Nobody sends us further inwards than they are themselves: who is outside and names this machine
    or a network behind us would have us speak to what they cannot reach.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    if address.is_unspecified or address.is_multicast or host == _BROADCAST:
        return False
    try:
        theirs = ipaddress.ip_address(home)
    except ValueError:
        return address.is_global
    return address.version == theirs.version and _depth(address) <= _depth(theirs)


def _depth(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> int:
    """Orders addresses by how far inside they are: the world, a network, a cable, this machine."""
    if address.is_loopback:
        return 3
    return 2 if address.is_link_local else int(not address.is_global)


def _transport_of(uri: Uri, otherwise: Transport) -> Transport:
    """Reads the transport a URI asks for; a dialog stays on its own where the URI names none."""
    if uri.scheme == "sips":
        return Transport.TLS
    named = dict(uri.params).get("transport", "").lower()
    return Transport(named) if named in _TRANSPORTS else otherwise
