"""SIPp as the carrier of one test: an implementation that does not share our misunderstandings.

What went over the wire is read from SIPp's own message log, not from anything of ours.
"""

import contextlib
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SCENARIOS = Path(__file__).parent / "scenarios"
HEAD = re.compile(r"^-{5,} .*?\n(UDP message (?:sent|received)) [^\n]*:\n\n", re.MULTILINE)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass(frozen=True)
class WireMessage:
    """One message as SIPp saw it: `sent` by the carrier or received from us."""

    sent: bool
    text: str

    @property
    def start(self) -> str:
        return self.text.split("\n", 1)[0].rstrip("\r")

    @property
    def method(self) -> str:
        return "" if self.start.startswith("SIP/2.0") else self.start.split(" ", 1)[0]

    @property
    def code(self) -> int:
        return int(self.start.split(" ")[1]) if self.start.startswith("SIP/2.0") else 0

    def header(self, name: str) -> str:
        found = re.search(rf"^{name}: ?(.*?)\r?$", self.text, re.MULTILINE | re.IGNORECASE)
        return found[1].strip() if found else ""

    @property
    def branch(self) -> str:
        found = re.search(r"branch=([^;,\s]+)", self.header("Via"))
        return found[1] if found else ""


class Carrier:
    """A running SIPp."""

    def __init__(self, port: int, log: Path, process: "subprocess.Popen[bytes]") -> None:
        self.port = port
        self.trunk = f"sip:127.0.0.1:{port}"
        self._log = log
        self._process = process

    def finish(self, timeout_s: float = 10.0) -> int:
        """Waits for SIPp to end and returns its exit status, 0 where every step was seen."""
        return self._process.wait(timeout_s)

    def messages(self) -> list[WireMessage]:
        text = self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""
        pieces = HEAD.split(text)[1:]
        return [
            WireMessage(kind.endswith("sent"), body.strip("\n"))
            for kind, body in zip(pieces[::2], pieces[1::2], strict=True)
        ]

    def received(self, method: str) -> list[WireMessage]:
        return [m for m in self.messages() if not m.sent and m.method == method]

    def sent(self, code: int) -> list[WireMessage]:
        return [m for m in self.messages() if m.sent and m.code == code]


@contextlib.contextmanager
def sipp(scenario: str, folder: Path, *, calls: int = 1, **keys: str) -> Iterator[Carrier]:
    """Runs SIPp with a scenario of ours on loopback until it carried `calls` calls.

    `keys` replace the words in brackets that SIPp itself does not know."""
    text = (SCENARIOS / f"{scenario}.xml").read_text(encoding="utf-8")
    for key, value in keys.items():
        text = text.replace(f"[{key}]", value)
    script = folder / f"{scenario}.xml"
    script.write_text(text, encoding="utf-8")
    carrier, process = _started(script, folder / f"{scenario}.messages.log", calls)
    try:
        yield carrier
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(5)


def _started(script: Path, log: Path, calls: int) -> "tuple[Carrier, subprocess.Popen[bytes]]":
    program = shutil.which("sipp")
    assert program is not None, "sipp is not installed; leave the marker `sipp` out"
    output = script.with_suffix(".out")
    for _ in range(3):
        port, media, control = free_port(), free_port(), free_port()
        command = [
            program, "-sf", str(script), "-i", "127.0.0.1", "-p", str(port),
            "-mi", "127.0.0.1", "-mp", str(media), "-ci", "127.0.0.1", "-cp", str(control),
            "-nostdin", "-m", str(calls), "-timeout", "40", "-timeout_error",
            "-trace_msg", "-message_file", str(log),
        ]  # fmt: skip
        with output.open("wb") as file:
            process = subprocess.Popen(command, stdout=file, stderr=file, cwd=script.parent)
        # Somebody may take a port between our look and SIPp's bind: then others are tried.
        if _bound(port, process):
            return Carrier(port, log, process), process
    raise AssertionError(f"sipp did not start: {output.read_text(errors='replace')[-500:]}")


def _bound(port: int, process: "subprocess.Popen[bytes]") -> bool:
    wanted = f"0100007F:{port:04X}"
    limit = time.monotonic() + 5
    while time.monotonic() < limit:
        if process.poll() is not None:
            return False
        if wanted in Path("/proc/net/udp").read_text(encoding="ascii"):
            return True
        time.sleep(0.02)
    process.terminate()
    process.wait(5)
    return False
