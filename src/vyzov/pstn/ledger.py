"""The box's own book: what was on the wire, and what each callee heard and did.

Written from raw datagrams by a small scanner of its own. It must share nothing with `vyzov.sip`: a
misreading there has to show up as a difference between this book and the product's facts. One JSON
object per line, appended and never changed; `docs/formats.md` has the columns.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

Address = tuple[str, int]

_COMPACT = {b"i": b"call-id", b"f": b"from", b"t": b"to", b"v": b"via", b"l": b"content-length"}
_START = re.compile(
    rb"^(?:SIP/2\.0[ \t]+(\d{3})[ \t]*([^\r\n]*)|([A-Z]+)[ \t]+(\S+)[ \t]+SIP/2\.0)"
)
_USER = re.compile(rb"(?:sips?|tel):([^@;>\s]+)")
_TAG = re.compile(rb";\s*tag\s*=\s*([^;,\s>]+)", re.IGNORECASE)
_BRANCH = re.compile(rb";\s*branch\s*=\s*([^;,\s]+)", re.IGNORECASE)
_CSEQ = re.compile(rb"^(\d+)\s+([A-Z]+)")


@dataclass(frozen=True, slots=True)
class Scanned:
    """The few words of a SIP datagram that the book keeps; "" or 0 where a word is missing."""

    method: str
    status: int
    phrase: str
    uri_user: str
    call_id: str
    cseq: int
    cseq_method: str
    branch: str
    to_number: str
    from_number: str
    to_tag: str
    from_tag: str
    reasons: tuple[str, ...]
    has_body: bool


def scan(data: bytes) -> Scanned | None:
    """Reads a datagram by searching its bytes; None where it does not start like SIP."""
    head, _, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    start = _START.match(head)
    if start is None:
        return None
    headers = _headers(head)
    to, sender = _one(headers, b"to"), _one(headers, b"from")
    cseq = _CSEQ.match(_one(headers, b"cseq"))
    status, phrase, method, uri = start.groups()
    return Scanned(
        method=_text(method),
        status=int(status or 0),
        phrase=_text(phrase),
        uri_user=_found(_USER, uri or b""),
        call_id=_text(_one(headers, b"call-id")),
        cseq=int(cseq[1]) if cseq else 0,
        cseq_method=_text(cseq[2]) if cseq else "",
        branch=_found(_BRANCH, _one(headers, b"via")),
        to_number=_found(_USER, to),
        from_number=_found(_USER, sender),
        to_tag=_found(_TAG, to),
        from_tag=_found(_TAG, sender),
        reasons=tuple(_text(value) for value in headers.get(b"reason", ())),
        has_body=bool(body.strip()),
    )


def _headers(head: bytes) -> dict[bytes, list[bytes]]:
    unfolded = re.sub(rb"\r\n[ \t]+", b" ", head)
    headers: dict[bytes, list[bytes]] = {}
    for line in unfolded.split(b"\r\n")[1:]:
        name, colon, value = line.partition(b":")
        if colon:
            name = name.strip().lower()
            headers.setdefault(_COMPACT.get(name, name), []).append(value.strip())
    return headers


def _one(headers: dict[bytes, list[bytes]], name: bytes) -> bytes:
    return headers.get(name, [b""])[0]


def _found(pattern: re.Pattern[bytes], value: bytes) -> str:
    match = pattern.search(value)
    return _text(match[1]) if match else ""


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


class Ledger:
    """The open book. Each line is handed to the system at once, so a killed box loses none.

    `monotonic` gives seconds of the machine's clock, written as `t` beside `utc` on every line.
    """

    def __init__(
        self,
        path: Path,
        monotonic: Callable[[], float],
        utc: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: TextIO = path.open("a", encoding="utf-8", buffering=1)
        self._monotonic = monotonic
        self._utc = utc
        self.invites = 0

    def datagram(self, direction: str, data: bytes, peer: Address, at: float | None = None) -> None:
        """Writes one SIP datagram; `direction` is `in` or `out`, seen from the box.

        `at` is the monotonic second of its arrival where that is known better than by reading it.
        """
        words = scan(data)
        if words is None:
            self.line("noise", at, dir=direction, peer=_peer(peer), bytes=len(data))
            return
        if direction == "in" and words.method == "INVITE":
            self.invites += 1
        self.line(
            "sip",
            at,
            dir=direction,
            peer=_peer(peer),
            bytes=len(data),
            **({"method": words.method} if words.method else _status(words)),
            call_id=words.call_id,
            cseq=words.cseq,
            cseq_method=words.cseq_method,
            branch=words.branch,
            uri=words.uri_user,
            to=words.to_number,
            to_tag=words.to_tag,
            **{"from": words.from_number},
            from_tag=words.from_tag,
            reasons=list(words.reasons),
            body=words.has_body,
        )

    def line(self, rec: str, at: float | None = None, /, **fields: object) -> None:
        """Writes one line of kind `rec`, of now or of the monotonic second `at`."""
        now = self._monotonic()
        ago = timedelta(seconds=0.0 if at is None else now - at)
        utc = (self._utc().astimezone(UTC) - ago).isoformat(timespec="microseconds")
        stamp: dict[str, object] = {
            "rec": rec,
            "t": round(now if at is None else at, 6),
            "utc": utc.replace("+00:00", "Z"),
        }
        self._file.write(json.dumps(stamp | fields, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Closes the book."""
        self._file.close()


def _status(words: Scanned) -> dict[str, object]:
    return {"status": words.status, "phrase": words.phrase}


def _peer(peer: Address) -> str:
    return f"{peer[0]}:{peer[1]}"
