"""Sees every SIP message on the loopback interface, below all programs, and writes them down.

Datagrams and TCP streams are read from the interface itself; what travels under TLS is read from the
copies (HEP) that the partner sends of it. Nothing here belongs to Vyzov's own SIP.
"""

import fcntl
import json
import re
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

INTERFACE = "lo"
ETH_P_IP = 0x0800
OUTGOING = 4
UDP, TCP = 17, 6
SYN, FIN, RST = 2, 1, 4
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
STREAM_BYTES_MAX = 1 << 20
READ_BYTES = 1 << 17
FIRST_LINE = re.compile(rb"(?:SIP/2\.0 \d{3}|[A-Z]{3,12} \S+ SIP/2\.0)[^\r\n]*\r\n")
TLS_HANDSHAKE = b"\x16\x03"
LENGTH = re.compile(rb"^(?:content-length|l)\s*:\s*(\d+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Seen:
    """One message: `by` is udp, tcp, or hep for the partner's copy; ends are (host, port).

    `tls` says, without a text, that one end of a connection began to speak TLS."""

    at: float
    by: str
    source: tuple[str, int]
    target: tuple[str, int]
    text: str


class Split:
    """One direction of a TCP connection, cut into messages by Content-Length."""

    def __init__(self) -> None:
        self.next_seq: int | None = None
        self.is_sip: bool | None = None
        self._held = b""

    def take(self, seq: int, data: bytes) -> list[bytes]:
        """Returns the whole messages that these bytes complete."""
        if self.next_seq is not None and seq != self.next_seq:
            # The loopback neither loses nor reorders; what is not next was sent again.
            return []
        self.next_seq = (seq + len(data)) % (1 << 32)
        if self.is_sip is False:
            return []
        self._held = (self._held + data)[-STREAM_BYTES_MAX:].lstrip(b"\r\n")
        found: list[bytes] = []
        while self._held:
            if self.is_sip is None and b"\r\n" in self._held:
                self.is_sip = FIRST_LINE.match(self._held) is not None
            end = self._held.find(b"\r\n\r\n")
            if not self.is_sip or end < 0:
                break
            length = LENGTH.search(self._held[: end + 2])
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._held) < whole:
                break
            found.append(self._held[:whole])
            self._held = self._held[whole:].lstrip(b"\r\n")
        return found


class Reader:
    """Turns IP packets into SIP messages; keeps the state of the streams."""

    def __init__(self) -> None:
        self._streams: dict[tuple[tuple[str, int], tuple[str, int]], Split] = {}

    def take(self, packet: bytes, at: float) -> list[Seen]:
        """Returns the messages that an IPv4 packet completes."""
        if len(packet) < 20 or packet[0] >> 4 != 4:
            return []
        start = (packet[0] & 15) * 4
        length = int.from_bytes(packet[2:4], "big") or len(packet)
        hosts = [socket.inet_ntoa(packet[i : i + 4]) for i in (12, 16)]
        body = packet[start:length]
        if len(body) < 8 or packet[9] not in (UDP, TCP):
            return []
        ports = struct.unpack_from("!HH", body)
        source, target = (hosts[0], ports[0]), (hosts[1], ports[1])
        if packet[9] == UDP:
            return self._datagram(body[8:], source, target, at)
        return self._segment(body, source, target, at)

    def _datagram(
        self, data: bytes, source: tuple[str, int], target: tuple[str, int], at: float
    ) -> list[Seen]:
        if data[:4] == b"HEP3":
            copy = hep(data, at)
            return [copy] if copy else []
        if FIRST_LINE.match(data.lstrip(b"\r\n")):
            return [Seen(at, "udp", source, target, data.lstrip(b"\r\n").decode("latin-1"))]
        return []

    def _segment(
        self, body: bytes, source: tuple[str, int], target: tuple[str, int], at: float
    ) -> list[Seen]:
        seq, _, offset, flags = struct.unpack_from("!IIBB", body, 4)
        data = body[(offset >> 4) * 4 :]
        if flags & SYN:
            self._streams[source, target] = Split()
            self._streams[source, target].next_seq = (seq + 1) % (1 << 32)
            return []
        if not data:
            return []
        stream = self._streams.setdefault((source, target), Split())
        if stream.is_sip is None and data[:2] == TLS_HANDSHAKE:
            stream.is_sip = False
            return [Seen(at, "tls", source, target, "")]
        return [
            Seen(at, "tcp", source, target, message.decode("latin-1"))
            for message in stream.take(seq, data)
        ]


def hep(data: bytes, at: float) -> Seen | None:
    """Reads one HEP version 3 packet; None where it holds no SIP or is damaged."""
    chunks: dict[int, bytes] = {}
    place = 6
    while place + 6 <= len(data):
        vendor, kind, length = struct.unpack_from("!HHH", data, place)
        if length < 6:
            return None
        if vendor == 0:
            chunks[kind] = data[place + 6 : place + length]
        place += length
    try:
        source = (socket.inet_ntoa(chunks[3]), int.from_bytes(chunks[7], "big"))
        target = (socket.inet_ntoa(chunks[4]), int.from_bytes(chunks[8], "big"))
        text = chunks[15]
    except (KeyError, OSError):
        return None
    if not FIRST_LINE.match(text):
        return None
    return Seen(at, "hep", source, target, text.decode("latin-1"))


def loopback_up() -> None:
    """Brings the loopback of a fresh network namespace up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        ask = struct.pack("16sH14x", INTERFACE.encode(), 0)
        (flags,) = struct.unpack_from("H", fcntl.ioctl(any_socket, SIOCGIFFLAGS, ask), 16)
        if not flags & IFF_UP:
            ask = struct.pack("16sH14x", INTERFACE.encode(), flags | IFF_UP)
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, ask)


class Watch:
    """Watches from its making until `stop`; a thread of its own."""

    def __init__(self) -> None:
        """Raises PermissionError where this process may not look at the interface."""
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._socket.bind((INTERFACE, ETH_P_IP))
        self._socket.settimeout(0.2)
        # HEP copies are taken from the interface; the bound port only keeps them from bouncing.
        self._hep = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._hep.bind(("127.0.0.1", 0))
        self.hep_port: int = self._hep.getsockname()[1]
        self._reader = Reader()
        self._lock = threading.Lock()
        self._messages: list[Seen] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wire", daemon=True)
        self._thread.start()

    def messages(self) -> list[Seen]:
        """All that was seen so far, in order."""
        with self._lock:
            return list(self._messages)

    def clear(self) -> None:
        """Forgets what was seen."""
        with self._lock:
            self._messages.clear()

    def stop(self) -> None:
        """Ends the thread."""
        self._over.set()
        self._thread.join(2)
        self._socket.close()
        self._hep.close()

    def _run(self) -> None:
        while not self._over.is_set():
            with suppress(TimeoutError):
                data, address = self._socket.recvfrom(READ_BYTES)
                # Everything on the loopback is seen twice: leaving and arriving.
                if address[2] == OUTGOING:
                    continue
                found = self._reader.take(data, time.monotonic())
                if found:
                    with self._lock:
                        self._messages += found


def write(path: Path, messages: list[Seen]) -> None:
    """Leaves messages, a JSON object a line."""
    with path.open("w", encoding="utf-8") as file:
        for message in messages:
            file.write(json.dumps(asdict(message)) + "\n")
