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
        return probe.getsockname()[1] & ~1


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
    """Runs SIPp with a scenario of ours on loopback until it carried `calls` calls."""
    program = shutil.which("sipp")
    assert program is not None, "sipp is not installed; leave the marker `sipp` out"
    port, media, control = free_port(), free_port(), free_port()
    log = folder / f"{scenario}.messages.log"
    text = (SCENARIOS / f"{scenario}.xml").read_text(encoding="utf-8")
    for key, value in keys.items():
        text = text.replace(f"[{key}]", value)
    script = folder / f"{scenario}.xml"
    script.write_text(text, encoding="utf-8")
    command = [
        program, "-sf", str(script), "-i", "127.0.0.1", "-p", str(port),
        "-mi", "127.0.0.1", "-mp", str(media), "-ci", "127.0.0.1", "-cp", str(control),
        "-nostdin", "-m", str(calls), "-timeout", "40", "-timeout_error",
        "-trace_msg", "-message_file", str(log),
    ]  # fmt: skip
    output = (folder / f"{scenario}.out").open("wb")
    process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder)
    try:
        _wait_bound(port, process)
        yield Carrier(port, log, process)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(5)
        output.close()


def _wait_bound(port: int, process: "subprocess.Popen[bytes]") -> None:
    wanted = f"0100007F:{port:04X}"
    limit = time.monotonic() + 5
    while time.monotonic() < limit:
        assert process.poll() is None, "sipp ended at once"
        if wanted in Path("/proc/net/udp").read_text(encoding="ascii"):
            return
        time.sleep(0.02)
    raise AssertionError(f"sipp did not bind port {port}")
