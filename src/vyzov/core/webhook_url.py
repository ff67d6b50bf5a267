"""Decides where a webhook may point, and which addresses may be connected to for it.

Whoever may make a webhook could otherwise have Vyzov knock at doors inside the house it stands in (server
side request forgery). A name is looked up by whoever connects, who asks here of each address found.
"""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from vyzov.core.errors import Fault

URL_LETTERS_MOST = 2_000
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
# An address of IPv4 may stand inside one of IPv6: translated by a gateway (RFC 6052 2.1).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: IPAddress) -> bool:
    """Tells whether an address is one of the open internet: not of this machine, not of its
    neighbours, not of a private network, not of many at once."""
    inner = _inner(address)
    if inner is not None:
        return is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _inner(address: IPAddress) -> IPAddress | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour


def url_faults(url: str, *, private: bool) -> tuple[Fault, ...]:
    """Returns what is wrong with a webhook's address, nothing where it may be used.

    Only https, and plain http where `private` receivers are permitted; no name or password in it."""
    if len(url) > URL_LETTERS_MOST:
        return (Fault("url", "is too long", "too_long", {"most": URL_LETTERS_MOST}),)
    if any(ord(letter) <= 0x20 or ord(letter) >= 0x7F for letter in url):
        return (_fault("holds spaces or letters that no address has"),)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return (_fault("cannot be read"),)
    problem = _problem(parts, port, private=private)
    return (_fault(problem),) if problem else ()


def _problem(parts: SplitResult, port: int | None, *, private: bool) -> str:
    schemes = ("https", "http") if private else ("https",)
    if parts.scheme not in schemes:
        return f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}"
    if not parts.hostname or port == 0:
        return "names no host"
    if parts.username is not None or parts.password is not None:
        return "holds a name or a password; the signature proves who sends"
    if parts.fragment:
        return "ends with a fragment, which no server sees"
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return ""
    return "" if private or is_public(literal) else "is an address of a private network"


def _fault(problem: str) -> Fault:
    return Fault("url", problem, "web_address")
