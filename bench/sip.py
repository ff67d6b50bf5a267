"""`./run bench sip`: the product's way of placing calls, Asterisk's, the SIP stack alone, SIPp's own.

All call the same carrier (SIPp: 180, 200, then the caller hangs up) over loopback, one after the
other in one run, with equally many calls on their way at once; Asterisk at the rate that the product
reached before it. What came of each call, what it cost each process and how many came through in a
second is worked out by `check_sip.py` from what SIPp and the callers left in DIR. A lost call is a
failure; so are fewer than 100 calls a second by the product, and an engine that works more than half
as long for an answered call as Asterisk. Without Asterisk on the machine that last promise is not
looked at: exit code 77, and 1 where CI=true.
"""

import argparse
import csv
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sip_carrier
from check_sip import Log
from processes import HERE, cpu_s, judged, machine_s, vyzov_parts
from sip_asterisk import AsteriskSide, missing_asterisk
from sip_carrier import Caller, Carrier, free_port
from sip_product import Product

from vyzov.cli.demo_lists import numbers_of
from vyzov.cli.precedence import take_niceness

PATHS = ("product", "asterisk", "stack", "sipp")
CALLER = "+70005559999"
LIMIT_S = 900.0
CALLS_MOST = 9000
NOT_LOOKED_AT = 77


class Bench:
    """One run."""

    def __init__(self, options: argparse.Namespace, out: Path) -> None:
        self.options = options
        self.out = out
        self.numbers = random.Random(options.seed).sample(numbers_of(options.count), options.count)
        self.calls: list[dict[str, Any]] = []
        self.processes: list[dict[str, Any]] = []
        self.missing = missing_asterisk()
        self.asterisk_version = ""
        # Sound that the engine sends to answered calls goes here and is thrown away by the kernel.
        self._sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sink.bind(("127.0.0.1", 0))
        self.media_port: int = self._sink.getsockname()[1]

    def run(self) -> None:
        ways = {
            "product": self._product, "asterisk": self._asterisk, "stack": self._stack,
            "sipp": self._sipp,
        }  # fmt: skip
        for path, way in ways.items():
            if path == "asterisk" and self.missing:
                continue
            folder = self.out / path
            folder.mkdir()
            carrier = Carrier(folder, ring_ms=self.options.ring, media_port=self.media_port)
            try:
                rows = way(folder, carrier)
            finally:
                carrier.stop()
            self.calls += [{"path": path, **row} for row in rows]

    def _product(self, folder: Path, carrier: Carrier) -> list[dict[str, Any]]:
        product = Product(folder, self.options.seed, free_port())
        try:
            product.open(carrier.port, self.numbers, lines=self.options.lines, caller=CALLER)
            serve = product.centre.processes[0][1].pid
            pids = {"supervisor": serve, **vyzov_parts(serve), "carrier": carrier.process.pid}
            with self._measured("product", pids):
                product.start()
                carrier.wait_ended(self.options.count, LIMIT_S)
                product.wait_saved(self.options.count)
        finally:
            product.close()
        return product.rows()

    def _asterisk(self, folder: Path, carrier: Carrier) -> list[dict[str, Any]]:
        """The same calls by Asterisk, at the rate at which the product placed them."""
        reached = Log(self.out / "product" / "carrier.log").calls_per_s()
        side = AsteriskSide(
            folder, carrier.port, free_port, numbers=self.numbers, lines=self.options.lines,
            rate=max(1.0, reached), caller=CALLER,
        )  # fmt: skip
        try:
            self.asterisk_version = side.asterisk.version
            with self._measured("asterisk", side.pids | {"carrier": carrier.process.pid}):
                side.run()
                carrier.wait_ended(self.options.count, 10.0)
            return side.rows()
        finally:
            side.stop()

    def _stack(self, folder: Path, carrier: Carrier) -> list[dict[str, Any]]:
        book = folder / "book.csv"
        options = {
            "port": carrier.port, "numbers": self.numbers, "lines": self.options.lines,
            "caller": CALLER, "media_port": self.media_port, "book": str(book),
        }  # fmt: skip
        with (folder / "stack.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, str(HERE / "sip_stack.py"), json.dumps(options)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            if process.stdout.readline() != b"ready\n":
                raise RuntimeError(f"the stack did not start; read {folder}/stack.log")
            with self._measured("stack", {"caller": process.pid, "carrier": carrier.process.pid}):
                process.stdin.write(b"\n")
                process.stdin.flush()
                process.stdout.readline()
                carrier.wait_ended(self.options.count, 10.0)
            process.communicate(b"\n", timeout=20)
        finally:
            process.kill()
            process.wait()
        with book.open(encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def _sipp(self, folder: Path, carrier: Carrier) -> list[dict[str, Any]]:
        with self._measured("sipp", {"carrier": carrier.process.pid}) as pids:
            caller = Caller(
                folder, carrier, numbers=self.numbers, lines=self.options.lines, caller=CALLER,
                media_port=self.media_port,
            )  # fmt: skip
            # Its numbers can still be read while nobody has fetched its exit code.
            pids["caller"] = caller.process.pid
            os.waitid(os.P_PID, caller.process.pid, os.WEXITED | os.WNOWAIT)
        caller.process.wait()
        caller.settle()
        return sipp_rows(caller.log)

    @contextmanager
    def _measured(self, path: str, pids: dict[str, int]) -> Generator[dict[str, int]]:
        """Notes what every process, and the machine as a whole, worked meanwhile."""
        before = {name: cpu_s(pid) for name, pid in pids.items()}
        machine, began = machine_s(), time.monotonic()
        yield pids
        spent = time.monotonic() - began
        work = {name: cpu_s(pid) - before.get(name, 0.0) for name, pid in pids.items()}
        for name, seconds in (work | {"machine": machine_s() - machine}).items():
            row = {"path": path, "process": name, "cpu_s": seconds, "wall_s": spent}
            self.processes.append({key: _short(value) for key, value in row.items()})

    def write(self) -> None:
        names = ["path", "call_id", "placed_at", "answers", "answered_at", "ended_at", "outcome"]
        _table(self.out / "calls.csv", names, self.calls)
        names = ["path", "process", "cpu_s", "wall_s"]
        _table(self.out / "processes.csv", names, self.processes)

    def close(self) -> None:
        self._sink.close()


def sipp_rows(log: Path) -> list[dict[str, Any]]:
    """SIPp's own caller's words about each call, from the log its script writes."""
    rows: dict[str, dict[str, Any]] = {}
    for line in log.read_text(encoding="ascii").splitlines():
        what, at, call_id = line.split(",", 2)
        row = rows.setdefault(call_id, {"call_id": call_id, "answers": 0, "outcome": "lost"})
        moment = at.split("\t")[-1]
        if what == "answered":
            row["answers"] += 1
        elif what == "ended":
            row["outcome"] = "ended"
        row[f"{what}_at"] = moment
    return list(rows.values())


def _short(value: object) -> object:
    return f"{value:.3f}" if isinstance(value, float) else value


def _table(path: Path, names: list[str], rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="calls on each of the three paths")
    parser.add_argument("--lines", type=int, default=100, help="calls on their way at once")
    parser.add_argument("--ring", type=int, default=50, help="milliseconds until the answer")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true", help="the last line is JSON in any case")
    options = parser.parse_args()
    if not 1 <= options.count <= CALLS_MOST:
        parser.error(f"--count is 1 to {CALLS_MOST}: that many numbers are kept for fiction")
    begun = time.monotonic()
    out = (options.out or Path(tempfile.mkdtemp(prefix="vyzov-sip-"))).resolve()
    if any((out / path).exists() for path in PATHS):
        parser.error(f"{out} holds an earlier run; name another folder")
    out.mkdir(parents=True, exist_ok=True)
    # A caller or carrier that waits for its turn would measure itself.
    take_niceness()
    (out / "run.json").write_text(
        json.dumps({"count": options.count, "lines": options.lines, "ring_ms": options.ring}),
        encoding="utf-8",
    )
    bench = Bench(options, out)
    try:
        bench.run()
    finally:
        bench.write()
        bench.close()
    versions = {"sipp": sip_carrier.version()}
    if bench.missing:
        print(f"asterisk: {bench.missing}", file=sys.stderr)
    else:
        versions["asterisk"] = bench.asterisk_version
    held = judged("check_sip.py", out, begun, options.seed, **versions)
    if held == 0 and bench.missing:
        # The promise beside Asterisk was not looked at.
        return 1 if os.environ.get("CI") == "true" else NOT_LOOKED_AT
    return held


if __name__ == "__main__":
    sys.exit(main())
