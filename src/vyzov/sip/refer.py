"""Transfers a far side asks for: REFER, its NOTIFYs, and INVITE with Replaces (RFC 3515, 3891).

Reads and writes what these messages carry. Nothing here dials: a REFER is a wish that passes the
same gates as every other call, and is carried out by the owner or declined.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote as unescape

from vyzov.sip.fields import NameAddr, Uri, parameters, split_outside_quotes
from vyzov.sip.message import Message

SIPFRAG = "message/sipfrag"
MAX_FRAGMENT = 4_096


@dataclass(frozen=True, slots=True)
class Replaces:
    """A Replaces value: the dialog it names, seen by whoever receives it (RFC 3891 §3)."""

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False

    @classmethod
    def parse(cls, text: str) -> "Replaces":
        """Reads a value; raises ValueError where it names no dialog."""
        call_id, *rest = split_outside_quotes(text, ";")
        values = parameters(rest)
        found = cls(
            call_id, values.get("to-tag", ""), values.get("from-tag", ""), "early-only" in values
        )
        if not (found.call_id and found.to_tag and found.from_tag):
            raise ValueError(f"no dialog in the Replaces value {text[:80]!r}")
        return found

    @property
    def key(self) -> tuple[str, str, str]:
        """What our dialogs are found by: Call-ID, our tag, their tag."""
        return self.call_id, self.to_tag, self.from_tag


@dataclass(frozen=True, slots=True)
class Wish:
    """What a REFER asks for: whom to call, which dialog that call should replace, who says so."""

    to: str
    replaces: str
    referred_by: str

    @classmethod
    def of(cls, message: Message) -> "Wish":
        """Reads a REFER; raises ValueError where it names not exactly one address we could call.

        Such a REFER is answered 400 (RFC 3515 §2.4.1).
        """
        named = message.lines("Refer-To")
        if len(named) != 1:
            raise ValueError(f"{len(named)} Refer-To headers (exactly one says whom to call)")
        address = NameAddr.parse(named[0])
        uri = Uri.parse(address.uri)
        if uri.scheme not in ("sip", "sips", "tel"):
            raise ValueError(f"a Refer-To of the scheme {uri.scheme[:20]!r}: nothing to call")
        bare, _, headers = address.uri.partition("?")
        return cls(bare, _replaces_of(headers), message.header("Referred-By"))


def _replaces_of(headers: str) -> str:
    for header in headers.split("&"):
        name, _, value = header.partition("=")
        if name.lower() == "replaces":
            plain = unescape(value)
            if plain.isprintable():
                return plain
    return ""


def wants_no_notice(message: Message) -> bool:
    """Tells a REFER whose sender wants no NOTIFYs (Refer-Sub: false, RFC 4488 §4)."""
    return message.header("Refer-Sub").partition(";")[0].strip().lower() == "false"


def sipfrag(code: int, phrase: str) -> bytes:
    """Writes how far a transfer has come, as NOTIFY tells it (RFC 3420, RFC 3515 §2.4.5)."""
    clean = "".join(sign for sign in phrase if sign.isprintable())
    return f"SIP/2.0 {code} {clean}\r\n".encode()


def read_sipfrag(body: bytes) -> tuple[int, str]:
    """Reads (code, phrase) of a NOTIFY's fragment; raises ValueError where there is none."""
    line = body[:MAX_FRAGMENT].decode("utf-8", "replace").lstrip().partition("\n")[0].strip()
    version, _, rest = line.partition(" ")
    code, _, phrase = rest.strip().partition(" ")
    if version.upper() != "SIP/2.0" or not (code.isascii() and code.isdigit() and len(code) == 3):
        raise ValueError(f"no status line at the start of a fragment: {line[:80]!r}")
    if not 100 <= int(code) <= 699:
        raise ValueError(f"a status of {code} in a fragment")
    return int(code), phrase.strip()


def notice_headers(cseq: int, *, over: bool, expires_s: int) -> Iterable[tuple[str, str]]:
    """Returns the headers of a NOTIFY that tells of the REFER numbered `cseq`."""
    state = "terminated;reason=noresource" if over else f"active;expires={expires_s}"
    return (
        ("Event", f"refer;id={cseq}"),
        ("Subscription-State", state),
        ("Content-Type", f"{SIPFRAG};version=2.0"),
    )
