"""A SIP message as it may be kept and shown: what it says, without secrets and without whole numbers.

`redacted` takes out what lets somebody sign in (digest answers, nonces, keys of SRTP), what a callee
typed (keys in INFO), and the middle of telephone numbers. `note` names the call a message belongs to
and what it is. Nothing here decides anything about a call; hostile input gives hostile text, never an
error, and never more than `TEXT_MOST` characters.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

TEXT_MOST = 8_192
HIDDEN = "[hidden]"
_HEAD_MOST = 200

_FOLD = re.compile(r"\r?\n[ \t]+")
_PROOF = re.compile(
    r"^((?:Proxy-|WWW-)?Authenticat(?:e|ion-Info)|(?:Proxy-)?Authorization)\s*:\s*(.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_SHOWN = re.compile(r"\b(realm|algorithm|qop|stale)\s*=\s*(\"[^\"]*\"|[^\s,]*)", re.IGNORECASE)
_IDENTITY = re.compile(r"^(Identity|y)\s*:\s*(.*)$", re.IGNORECASE | re.MULTILINE)
_KEY = re.compile(r"(inline:)[^\s|;]+", re.IGNORECASE)
_TYPED = re.compile(r"^(Signal\s*=\s*)\S+", re.IGNORECASE | re.MULTILINE)
_DIGITS_BODY = re.compile(
    r"(content-type\s*:\s*application/dtmf\s*\r?\n(?:.+\r?\n)*\r?\n).*", re.IGNORECASE | re.DOTALL
)
# Patterns that begin with one sign are looked for several times as fast as others.
_ADDRESS, _NAME = (re.compile(rf"({sign} *)(\+?[0-9]{{7,20}})(?=[@;>\" ,\r\n]|$)") for sign in ':"')
_CALL_ID = re.compile(r"\n(?:Call-ID|i)\s*:\s*(\S+)", re.IGNORECASE)
_CSEQ = re.compile(r"\nCSeq\s*:\s*([0-9]{1,10})\s+(\S+)", re.IGNORECASE)
_REASON = re.compile(r"\nReason\s*:\s*(.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Noted:
    """One message: its call, its first words (`INVITE`, `180 Ringing`), its CSeq, its Reason."""

    call_id: str
    head: str
    cseq: str
    reason: str
    has_sdp: bool
    text: str


def note(data: bytes, *, whole_numbers: bool = False) -> Noted:
    """Reads what a ladder shows of a message; a datagram that is no SIP has an empty call."""
    text = redacted(data, whole_numbers=whole_numbers)
    call = _CALL_ID.search(text)
    cseq = _CSEQ.search(text)
    reason = _REASON.search(text) if "reason" in text.lower() else None
    first = text.partition("\n")[0].strip()
    if first.upper().startswith("SIP/"):
        head = first.partition(" ")[2].strip()
    else:
        head = first.partition(" ")[0]
    return Noted(
        call_id=call[1][:_HEAD_MOST] if call else "",
        head=head[:_HEAD_MOST],
        cseq=f"{cseq[1]} {cseq[2][:32]}" if cseq else "",
        reason=reason[1].strip()[:_HEAD_MOST] if reason else "",
        has_sdp="\nm=audio" in text,
        text=text,
    )


def redacted(data: bytes, *, whole_numbers: bool = False) -> str:
    """Returns the message as text without secrets; `whole_numbers` keeps telephone numbers."""
    text = data[: 2 * TEXT_MOST].decode("utf-8", "replace")
    # Most messages hold none of these: a look for a word costs a hundredth of a search by pattern.
    small = text.lower()
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    if "authori" in small or "authenti" in small:
        text = _PROOF.sub(_without_proof, text)
    if "identity" in small or "\ny" in small:
        text = _IDENTITY.sub(rf"\1: {HIDDEN}", text)
    if "inline:" in small:
        text = _KEY.sub(rf"\1{HIDDEN}", text)
    if "dtmf" in small or "signal" in small:
        text = _TYPED.sub(rf"\1{HIDDEN}", text)
        text = _DIGITS_BODY.sub(rf"\1{HIDDEN}", text)
    if not whole_numbers:
        text = _ADDRESS.sub(_half_hidden, text)
        if '"' in text:
            text = _NAME.sub(_half_hidden, text)
    return text[:TEXT_MOST]


def _without_proof(found: re.Match[str]) -> str:
    scheme = found[2].partition(" ")[0][:16]
    shown = ", ".join(f"{name}={value}" for name, value in _SHOWN.findall(found[2]))
    return f"{found[1]}: {scheme} {shown}{', ' if shown else ''}{HIDDEN}"


def _half_hidden(found: re.Match[str]) -> str:
    number = found[2]
    return f"{found[1]}{number[:5]}{'*' * (len(number) - 7)}{number[-2:]}"


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of a ladder: a message with its time (seconds since the epoch) and its way."""

    at: float
    sent: bool
    peer: str
    noted: Noted

    def to_line(self) -> dict[str, object]:
        """Returns the members of the trace's line (docs/formats.md)."""
        return {
            "at": self.at, "dir": "out" if self.sent else "in", "peer": self.peer,
            "call": self.noted.call_id, "head": self.noted.head, "cseq": self.noted.cseq,
            "reason": self.noted.reason, "sdp": self.noted.has_sdp, "text": self.noted.text,
        }  # fmt: skip

    @classmethod
    def from_line(cls, line: Mapping[str, object]) -> "Step":
        """Reads what `to_line` gave; raises KeyError, TypeError or ValueError for anything else."""
        at = line["at"]
        if not isinstance(at, int | float):
            raise TypeError(f"a step's time is {at!r}, not a number")
        return cls(
            at=float(at),
            sent=line["dir"] == "out",
            peer=str(line["peer"]),
            noted=Noted(
                call_id=str(line["call"]),
                head=str(line["head"]),
                cseq=str(line["cseq"]),
                reason=str(line["reason"]),
                has_sdp=line["sdp"] is True,
                text=str(line["text"]),
            ),
        )
