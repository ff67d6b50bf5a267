"""The SIPp scenarios of this folder: how they are put together and what is expected of each.

A scenario is `NAME.xml` (SIPp's own language, with `<part name="..."/>` for what many of them do)
and `NAME.toml` beside it: how the call is placed, what the floor must hear, what must be on the
wire. One file may hold several cases, which differ in the words put into it.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "scenarios"
SAVED = ("via", "from", "to", "cseq", "caller")
TAG = "[pid]-[call_number]"

SDP = """\
Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 [version] IN IP4 127.0.0.1
s=-
c=IN IP4 [media_host]
t=0 0
m=audio [sink] RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=[direction]
"""

BLOCKS = {
    "invite": """\
Via: [$via]
From: [$from]
To: [$to]
Call-ID: [call_id]
CSeq: [$cseq]
""",
    "last": """\
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
""",
    "contact": "Contact: <sip:callee@[here];transport=[TRANSPORT]>\n",
    "sdp": SDP,
}


def dialog(fork: str) -> str:
    """The headers of a response to the INVITE in the early dialog `fork`."""
    return BLOCKS["invite"].replace("[$to]", f"[$to];tag={TAG}{fork}")


def request(fork: str) -> str:
    """The headers of a request of the callee in its dialog, CSeq left to the scenario."""
    return f"""\
Via: SIP/2.0/[TRANSPORT] [local_ip]:[local_port];rport;branch=[branch]
From: [$to];tag={TAG}{fork}
To: [$from]
Call-ID: [call_id]
Max-Forwards: 70
"""


DEFAULTS = {"version": "1", "direction": "sendrecv", "media_host": "127.0.0.1", "TRANSPORT": "UDP"}


@dataclass(frozen=True, slots=True)
class Case:
    """One call: the script of its callee, how it is placed and what must come of it.

    `long` ones wait for timers of 32 s. Without `repeats` SIPp repeats nothing by itself, because
    it would take an equal message that comes twice for a repetition to be answered with one. One
    that is not `surprised` lets messages pass for which its script has no step just then; all
    others fail on them.
    """

    name: str
    about: str
    script: str
    place: Mapping[str, Any] = field(default_factory=dict[str, Any])
    trunk: Mapping[str, Any] = field(default_factory=dict[str, Any])
    expect: Mapping[str, Any] = field(default_factory=dict[str, Any])
    keys: Mapping[str, str] = field(default_factory=dict[str, str])
    tcp: bool = False
    long: bool = False
    repeats: bool = True
    surprised: bool = True

    def written(self, *, here: str, sink: int, linger_ms: int) -> str:
        """Returns the script SIPp runs; `here` is where the callee can be reached."""
        words = DEFAULTS | {"TRANSPORT": "TCP" if self.tcp else "UDP"} | self.keys
        words |= {"here": here, "sink": str(sink)}
        text = _with_parts(self.script)
        text = re.sub(r"(?m)^\[dialog(?::(\w+))?\]\n", lambda m: dialog(m[1] or ""), text)
        text = re.sub(r"(?m)^\[request(?::(\w+))?\]\n", lambda m: request(m[1] or ""), text)
        for name, block in BLOCKS.items():
            text = text.replace(f"[{name}]\n", block)
        for name, value in words.items():
            # A header left out leaves no empty line, which would end the headers.
            text = text.replace(f"[{name}]\n", f"{value}\n" if value else "")
            text = text.replace(f"[{name}]", value)
        end = f'<timewait milliseconds="{linger_ms}"/>\n<Reference variables="{",".join(SAVED)}"/>'
        return text.replace("</scenario>", f"{end}\n</scenario>")


def _with_parts(text: str) -> str:
    def part(found: re.Match[str]) -> str:
        body = (FOLDER / "parts" / f"{found[1]}.xml").read_text(encoding="latin-1")
        for name, value in re.findall(r'(\w+)="([^"]*)"', found[2]):
            body = body.replace(f"[{name}]\n", f"{value}\n" if value else "")
            body = body.replace(f"[{name}]", value)
        return body

    return re.sub(r'<part name="(\w+)"([^/]*)/>\n?', part, text)


def cases() -> list[Case]:
    """Returns every case of every scenario, in the order of their names."""
    found: list[Case] = []
    for path in sorted(FOLDER.glob("*.toml")):
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        script = path.with_suffix(".xml").read_text(encoding="latin-1")
        for one in told.get("cases", [{}]):
            name = f"{path.stem}-{one['name']}" if "name" in one else path.stem
            found.append(
                Case(
                    name=name,
                    about=one.get("about", told["about"]),
                    script=script,
                    place=told.get("place", {}) | one.get("place", {}),
                    trunk=told.get("trunk", {}) | one.get("trunk", {}),
                    expect=_merged(told.get("expect", {}), one.get("expect", {})),
                    keys=told.get("keys", {}) | one.get("keys", {}),
                    tcp=one.get("tcp", told.get("tcp", False)),
                    long=one.get("long", told.get("long", False)),
                    repeats=one.get("repeats", told.get("repeats", True)),
                    surprised=one.get("surprised", told.get("surprised", True)),
                )
            )
    return found


def _merged(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    both = {**base, **more}
    if "wire" in base or "wire" in more:
        both["wire"] = {**base.get("wire", {}), **more.get("wire", {})}
    return both
