"""A carrier that writes markup into every header it may, for `verify xss`. It shares no code with Vyzov.

It answers calls by the last digit of the number (busy, declined, unknown, answered and hung up after a
moment), registers nobody and asks nothing. Each header carries a probe of its own.
"""

import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

Address = tuple[str, int]
Probe = Callable[[str], str]

# Headers beside those a response copies; phrase, From, To and Contact are written where they stand.
PLAIN = (
    "User-Agent", "Server", "Subject", "Organization", "Reason", "Warning", "Error-Info",
    "Alert-Info", "Call-Info", "P-Asserted-Identity", "Remote-Party-ID", "Diversion", "X-Note",
)  # fmt: skip
TALK_S = 1.5
_ANSWERS = {"1": 486, "2": 603, "3": 404, "4": 200}


class HostileCarrier:
    """One UDP socket that answers; `probe` makes the text for the place it is given."""

    def __init__(self, probe: Probe, *, broken: bool = False) -> None:
        self._probe = probe
        self._broken = broken
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.calls = 0
        self.asked: set[str] = set()
        self._closed = False
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._closed = True
        self._socket.close()

    def strike(self, target: Address) -> None:
        """Calls in from outside, with markup wherever a caller may write."""
        for method in ("INVITE", "OPTIONS", "REGISTER", "MESSAGE"):
            call = f"strike-{method}-{time.time_ns()}"
            lines = [
                f"{method} sip:70005550101@{target[0]}:{target[1]} SIP/2.0",
                f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};rport;branch=z9hG4bK{call}",
                f'From: "{self._quoted("in From")}" <sip:x@127.0.0.1>;tag=1',
                f'To: "{self._quoted("in To")}" <sip:70005550101@{target[0]}>',
                f"Call-ID: {call}", f"CSeq: 1 {method}", "Max-Forwards: 70",
                f'Contact: "{self._quoted("in Contact")}" <sip:x@127.0.0.1:{self.port}>',
                *self._hostile("in"), "Content-Length: 0",
            ]  # fmt: skip
            self._socket.sendto("\r\n".join([*lines, "", ""]).encode(), target)

    def _quoted(self, place: str) -> str:
        return self._probe(place).replace("\\", "\\\\").replace('"', '\\"')

    def _hostile(self, way: str) -> list[str]:
        lines: list[str] = []
        for name in PLAIN:
            text, quoted = self._probe(f"{way} {name}"), self._quoted(f"{way} {name}")
            match name:
                case "Reason":
                    lines.append(f'Reason: Q.850;cause=17;text="{quoted}"')
                case "Warning":
                    lines.append(f'Warning: 399 carrier "{quoted}"')
                case "P-Asserted-Identity" | "Remote-Party-ID" | "Diversion":
                    lines.append(f'{name}: "{quoted}" <sip:x@127.0.0.1>')
                case _:
                    lines.append(f"{name}: {text}")
        return lines

    def _serve(self) -> None:
        while not self._closed:
            with suppress(OSError, UnicodeDecodeError, IndexError):
                data, peer = self._socket.recvfrom(65_535)
                self._take(data.decode(), peer)

    def _take(self, text: str, peer: Address) -> None:
        method, _, rest = text.partition(" ")
        self.asked.add(method)
        if method.startswith("SIP/2.0") or method == "ACK":
            return
        if self._broken and method == "OPTIONS":
            self._answer(text, peer, 500)
        elif method != "INVITE":
            self._answer(text, peer, 200)
        else:
            self.calls += 1
            user = rest.partition("@")[0].rpartition(":")[2]
            code = _ANSWERS.get(user[-1:], 486)
            self._answer(text, peer, 180)
            threading.Thread(target=self._decide, args=(text, peer, code), daemon=True).start()

    def _decide(self, text: str, peer: Address, code: int) -> None:
        time.sleep(0.4)
        self._answer(text, peer, code, media=code == 200)
        if code == 200:
            time.sleep(TALK_S)
            self._bye(text, peer)

    def _answer(self, text: str, peer: Address, code: int, *, media: bool = False) -> None:
        body = ""
        if media:
            body = (
                f"v=0\r\no=x 1 1 IN IP4 127.0.0.1\r\ns={self._probe('sdp s=')}\r\n"
                "c=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 49170 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
            )
        to = _field(text, "To")
        if "tag=" not in to:
            address = re.search(r"<[^>]*>", to)
            name = self._quoted("out To")
            to = f'"{name}" {address[0] if address else to};tag=hostile'
        lines = [
            f"SIP/2.0 {code} {self._probe(f'phrase {code}')}",
            *(f"Via: {one}" for one in re.findall(r"(?im)^via:\s*(.*?)\r?$", text)),
            f"From: {_field(text, 'From')}", f"To: {to}", f"Call-ID: {_field(text, 'Call-ID')}",
            f"CSeq: {_field(text, 'CSeq')}",
            f'Contact: "{self._quoted("out Contact")}" <sip:x@127.0.0.1:{self.port}>',
            *self._hostile("out"), *(["Content-Type: application/sdp"] if media else []),
            f"Content-Length: {len(body.encode())}",
        ]  # fmt: skip
        with suppress(OSError):
            self._socket.sendto("\r\n".join([*lines, "", body]).encode(), peer)

    def _bye(self, text: str, peer: Address) -> None:
        contact = re.search(r"<([^>]*)>", _field(text, "Contact"))
        ours = re.search(r"<[^>]*>", _field(text, "To"))
        lines = [
            f"BYE {contact[1] if contact else 'sip:x@127.0.0.1'} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};rport;branch=z9hG4bK{time.time_ns()}",
            f'From: "{self._quoted("bye From")}" {ours[0] if ours else "<sip:x@x>"};tag=hostile',
            f"To: {_field(text, 'From')}", f"Call-ID: {_field(text, 'Call-ID')}", "CSeq: 9 BYE",
            "Max-Forwards: 70", *self._hostile("bye"), "Content-Length: 0",
        ]  # fmt: skip
        with suppress(OSError):
            self._socket.sendto("\r\n".join([*lines, "", ""]).encode(), peer)


def _field(text: str, name: str) -> str:
    found = re.search(rf"(?im)^{re.escape(name)}:\s*(.*?)\r?$", text)
    return found[1] if found else ""
