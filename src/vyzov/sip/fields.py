"""Reads header field values: addresses, URIs, Via hops, lists and parameters.

`sipmessage` reads values by the grammar and refuses what real networks send: hosts with an
underscore or a digit at the end, `urn:` URIs, `Contact: *`, a quoted list inside a challenge.
These readers keep what they cannot split as opaque text, compare parameter names without case
(RFC 3261 §7.3.1), and raise ValueError only where nothing usable is left.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote as unescape

from vyzov.sip.events import Transport

DEFAULT_PORT = 5060
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
DEFAULT_TLS_PORT = 5061
_PORT_MAX = 65_535
_KEPT, _KEPT_LENGTH_MAX = 1024, 256
"""How many addresses that were read are remembered, and how long they may be."""
_OUTSIDE_URIS = frozenset(' <>"')
_STRING = r'"(?:[^"\\]|\\.)*"?'
# What is never closed reaches to the end; each alternative begins with a sign of its own, so the
# time taken grows with the length alone.
_OPAQUE_OR = {
    separator: re.compile(rf'{_STRING}|<(?:[^">]|{_STRING})*>?|{separator}', re.DOTALL)
    for separator in ",;"
}


def split_outside_quotes(text: str, separator: str) -> list[str]:
    """Splits at `separator` outside of quoted strings and angle brackets; parts are stripped."""
    if '"' not in text and "<" not in text:
        return [part.strip() for part in text.split(separator)]
    before, _, after = text.partition("<")
    inside, closed, after = after.partition(">")
    if closed and '"' not in text and separator not in before and "<" not in inside + after:
        # One address in brackets, as nearly every message has it: no pattern is needed.
        first, *others = after.split(separator)
        return [f"{before}<{inside}>{first}".strip(), *[part.strip() for part in others]]
    parts: list[str] = []
    start = 0
    for found in _OPAQUE_OR[separator].finditer(text):
        if text[found.start()] == separator:
            parts.append(text[start : found.start()].strip())
            start = found.end()
    parts.append(text[start:].strip())
    return parts


def unquote(text: str) -> str:
    """Returns the content of a quoted string with its escapes undone; other text as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    out: list[str] = []
    escaped = False
    for char in text[1:-1]:
        if char == "\\" and not escaped:
            escaped = True
            continue
        out.append(char)
        escaped = False
    return "".join(out)


def plain_user(text: str) -> str:
    """Undoes the escapes of a URI's user part; one that hides control signs stays escaped."""
    plain = unescape(text)
    return plain if plain.isprintable() else text


def quote(text: str) -> str:
    """Writes `text` as a quoted string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parameters(parts: list[str]) -> dict[str, str]:
    """Reads `name=value` parts: names in lower case, values unquoted, the first of twins wins."""
    found: dict[str, str] = {}
    for part in parts:
        name, _, value = part.partition("=")
        if name := name.strip().lower():
            found.setdefault(name, unquote(value.strip()))
    return found


@dataclass(frozen=True, slots=True)
class Uri:
    """A URI taken apart as far as it goes; `text` is the whole of it as received.

    `host` is "" for anything but `sip:` and `sips:`; `port` is None where none is given.
    """

    text: str
    scheme: str
    user: str = ""
    host: str = ""
    port: int | None = None
    params: tuple[tuple[str, str], ...] = ()

    @property
    def loose(self) -> bool:
        """Tells a loose router (`;lr`, RFC 3261 §19.1.1) from a strict one."""
        return any(name == "lr" for name, _ in self.params)

    @classmethod
    def parse(cls, text: str) -> "Uri":
        """Reads a URI; raises ValueError where there is no scheme, a space or a control sign."""
        return _uri(text) if len(text) <= _KEPT_LENGTH_MAX else cls.uncached(text)

    @classmethod
    def uncached(cls, text: str) -> "Uri":
        """Does what `parse` does, without remembering."""
        text = text.strip()
        scheme, colon, rest = text.partition(":")
        if not colon or not scheme or not text.isprintable() or not _OUTSIDE_URIS.isdisjoint(text):
            raise ValueError(f"not a URI: {text[:80]!r}")
        scheme = scheme.lower()
        if scheme not in ("sip", "sips"):
            return cls(text, scheme, user=rest if scheme == "tel" else "")
        # A user part may hold ";" and "?" (RFC 3261 §25.1), so the "@" is looked for first.
        user, at, place = rest.partition("@")
        if not at:
            user, place = "", rest
        host, port, tail = _host_port(place.partition("?")[0])
        return cls(text, scheme, user.partition(":")[0], host, port, tuple(tail.items()))


def _host_port(place: str) -> tuple[str, int | None, dict[str, str]]:
    """Reads `host[:port][;params]`, IPv6 hosts in brackets (returned without them)."""
    where, _, tail = place.partition(";")
    where = where.strip()
    host, port_text = where, ""
    if where.startswith("["):
        host, bracket, port_text = where[1:].partition("]")
        if not bracket:
            raise ValueError(f"unclosed bracket in host {place[:80]!r}")
        port_text = port_text.strip().removeprefix(":")
    elif ":" in where:
        host, _, port_text = where.partition(":")
    host, port_text = host.strip(), port_text.strip()
    if not host:
        raise ValueError(f"no host in {place[:80]!r}")
    params = parameters(split_outside_quotes(tail, ";")) if tail else {}
    return host, _port(port_text), params


def _port(text: str) -> int | None:
    if not text:
        return None
    number = bounded_int(text, _PORT_MAX)
    if number == 0:
        raise ValueError("port 0 cannot be sent to")
    return number


def bounded_int(text: str, limit: int) -> int:
    """Reads a decimal number of 0..limit; raises ValueError for anything else."""
    text = text.strip()
    # int() alone would take signs, underscores, other scripts' digits and megabytes of zeros.
    if not (text.isascii() and text.isdigit() and len(text) <= 20) or int(text) > limit:
        raise ValueError(f"not a number of 0..{limit}: {text[:40]!r}")
    return int(text)


@dataclass(frozen=True, slots=True)
class NameAddr:
    """A From, To, Contact or Route value: display name, URI as text, header parameters."""

    display: str
    uri: str
    params: dict[str, str]

    @property
    def tag(self) -> str:
        """The tag, "" where there is none."""
        return self.params.get("tag", "")

    @property
    def user(self) -> str:
        """The user part of the URI, "" where there is none that can be read."""
        try:
            return plain_user(Uri.parse(self.uri).user)
        except ValueError:
            return ""

    @classmethod
    def parse(cls, text: str) -> "NameAddr":
        """Reads `"Name" <uri>;params` or `uri;params`; raises ValueError where no URI is seen.

        What it returns may be shared: nobody changes its parameters.
        """
        return _name_addr(text) if len(text) <= _KEPT_LENGTH_MAX else cls.uncached(text)

    @classmethod
    def uncached(cls, text: str) -> "NameAddr":
        """Does what `parse` does, without remembering."""
        parts = split_outside_quotes(text, ";")
        head = parts[0]
        if head.endswith(">") and "<" in head:
            display, _, uri = head[:-1].rpartition("<")
            display = display.strip()
            if display.startswith('"') and not _QUOTED.fullmatch(display):
                raise ValueError(f"a quote that never closes in {text[:80]!r}")
            name = unquote(display)
        else:
            name, uri = "", head
        uri = uri.strip()
        if not uri or not _OUTSIDE_URIS.isdisjoint(uri):
            raise ValueError(f"no address in {text[:80]!r}")
        return cls(name, uri, parameters(parts[1:]))


# Every message of a call repeats its From, To and Contact: most are read a second time or a fifth.
@lru_cache(maxsize=_KEPT)
def _uri(text: str) -> Uri:
    return Uri.uncached(text)


@lru_cache(maxsize=_KEPT)
def _name_addr(text: str) -> NameAddr:
    return NameAddr.uncached(text)


def addresses(values: list[str]) -> list[NameAddr]:
    """Reads every address of a header's lines; `Contact: *` and unreadable ones are left out."""
    found: list[NameAddr] = []
    for value in values:
        for part in split_outside_quotes(value, ","):
            if part and part != "*":
                try:
                    found.append(NameAddr.parse(part))
                except ValueError:
                    continue
    return found


@dataclass(frozen=True, slots=True)
class Via:
    """One hop: transport in capitals, the sent-by host and port, parameters."""

    transport: str
    host: str
    port: int | None
    params: dict[str, str]

    @property
    def branch(self) -> str:
        """The branch, "" where there is none (RFC 2543 peers)."""
        return self.params.get("branch", "")

    @classmethod
    def parse(cls, text: str) -> "Via":
        """Reads the first hop of a Via value; raises ValueError where there is none.

        What it returns may be shared: nobody changes its parameters.
        """
        return _via(text) if len(text) <= _KEPT_LENGTH_MAX else cls.uncached(text)

    @classmethod
    def uncached(cls, text: str) -> "Via":
        """Does what `parse` does, without remembering."""
        first = split_outside_quotes(text, ",")[0]
        head, _, tail = first.partition(";")
        # The grammar allows spaces around both slashes: "SIP / 2.0 / UDP host".
        protocol, _, rest = head.partition("/")
        version, _, rest = rest.partition("/")
        if (protocol.strip().upper(), version.strip()) != ("SIP", "2.0"):
            raise ValueError(f"not a Via: {text[:80]!r}")
        transport, _, place = rest.strip().partition(" ")
        host, port, _ = _host_port(place)
        params = parameters(split_outside_quotes(tail, ";")) if tail else {}
        return cls(transport.upper(), host, port, params)


# Every response of a transaction repeats its Via, and so does a request sent once more.
@lru_cache(maxsize=_KEPT)
def _via(text: str) -> Via:
    return Via.uncached(text)


def default_port(transport: Transport) -> int:
    """Returns the port of an address that names none (RFC 3261 §19.1.2)."""
    return DEFAULT_TLS_PORT if transport is Transport.TLS else DEFAULT_PORT


def host_port(host: str, port: int | None = None) -> str:
    """Writes `host[:port]` for a URI or Via, IPv6 hosts in brackets."""
    name = f"[{host}]" if ":" in host else host
    return name if port is None else f"{name}:{port}"
