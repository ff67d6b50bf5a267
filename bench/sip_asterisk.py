"""Asterisk as the engine of `bench sip`, and the process that drives it over ARI.

The driver does what the floor does with our engine, and no more: it originates at a given rate, hangs
up what is answered, and writes down what came of each call. Originates and hang-ups go over the event
socket, whose events are filtered to the two kinds it needs.
"""

import asyncio
import csv
import json
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import uvloop
from ari import Ari, hear_only

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from asterisk import Asterisk, Missing, fetch

APP = "vyzov"
LIMIT_S = 600.0
COLUMNS = ["call_id", "placed_at", "answers", "answered_at", "ended_at", "outcome"]
PJSIP = """[global]
type = global
taskprocessor_overload_trigger = pjsip_only
[transport]
type = transport
protocol = udp
bind = 127.0.0.1:{own}
[carrier]
type = endpoint
transport = transport
context = none
disallow = all
allow = alaw,ulaw
aors = carrier
direct_media = no
dtmf_mode = rfc4733
[carrier]
type = aor
contact = sip:127.0.0.1:{carrier}
"""


def missing_asterisk() -> str:
    """Why this machine has no Asterisk, "" where it has."""
    try:
        fetch()
    except Missing as error:
        return str(error)
    return ""


class AsteriskSide:
    """An Asterisk and its driver, both ready to begin."""

    def __init__(
        self, folder: Path, carrier: int, free_port: Any, *, numbers: list[str], lines: int,
        rate: float, caller: str,
    ) -> None:  # fmt: skip
        self.book = folder / "book.csv"
        password = secrets.token_hex(8)
        self.asterisk = Asterisk(
            folder / "asterisk",
            pjsip=PJSIP.format(own=free_port(), carrier=carrier),
            extensions="[none]\n",
            rtp=(20_000, 29_999),
            http_port=free_port(),
            password=password,
            real_time=True,
        )
        self.asterisk.wait_ready()
        options = {
            "http_port": self.asterisk.http_port, "password": password, "numbers": numbers,
            "lines": lines, "rate": rate, "caller": caller, "book": str(self.book),
        }  # fmt: skip
        with (folder / "driver.log").open("wb") as log:
            self.driver = subprocess.Popen(
                [sys.executable, str(Path(__file__)), json.dumps(options)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip
        assert self.driver.stdout is not None
        if self.driver.stdout.readline() != b"ready\n":
            self.stop()
            raise RuntimeError(f"the driver did not start; read {folder}/driver.log")

    @property
    def pids(self) -> dict[str, int]:
        """The processes whose work is counted."""
        return {"engine": self.asterisk.process.pid, "driver": self.driver.pid}

    def run(self) -> None:
        """Lets the driver place all calls, and waits until they are over."""
        assert self.driver.stdin is not None
        assert self.driver.stdout is not None
        self.driver.stdin.write(b"\n")
        self.driver.stdin.flush()
        self.driver.stdout.readline()

    def rows(self) -> list[dict[str, Any]]:
        """What the driver wrote of each call."""
        self.driver.communicate(b"\n", timeout=20)
        with self.book.open(encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def stop(self) -> None:
        """Ends both."""
        self.driver.kill()
        self.driver.wait()
        self.asterisk.stop()


class Driver:
    """Places calls at a rate, with no more than `lines` on their way."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._numbers: list[str] = options["numbers"]
        self._rate: float = options["rate"]
        self._caller: str = options["caller"]
        self._free = asyncio.Semaphore(options["lines"])
        self._options = options
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = 0
        self.rows: list[dict[str, Any]] = []
        self.done = asyncio.Event()

    async def connect(self) -> None:
        """Opens the event socket and filters its events."""
        told = self._options
        self._ari = await Ari.open(told["http_port"], told["password"], APP, self._take)
        kinds = ("StasisStart", "ChannelDestroyed")
        await asyncio.to_thread(hear_only, told["http_port"], told["password"], APP, *kinds)

    async def run(self) -> None:
        """Places every call in its turn."""
        start = time.monotonic()
        for leg in range(len(self._numbers)):
            await self._free.acquire()
            await asyncio.sleep(max(0.0, start + leg / self._rate - time.monotonic()))
            self.rows.append(
                {"call_id": "", "placed_at": time.time(), "answers": 0, "outcome": "lost"}
            )
            self._begin(self._place(leg))
        await asyncio.wait_for(self.done.wait(), LIMIT_S)

    def _begin(self, doing: Any) -> None:
        task = asyncio.get_running_loop().create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _place(self, leg: int) -> None:
        query = {
            "endpoint": f"PJSIP/{self._numbers[leg]}@carrier", "app": APP, "channelId": f"v{leg}",
            "callerId": self._caller, "timeout": "20",
        }  # fmt: skip
        status = await self._ari.request("POST", "channels", query)
        if status >= 300:
            self._finish(leg, f"refused_{status}")

    def _take(self, event: dict[str, Any]) -> None:
        channel = event.get("channel", {})
        if not str(channel.get("id", "")).startswith("v"):
            return
        leg = int(channel["id"][1:])
        row = self.rows[leg]
        row["call_id"] = row["call_id"] or channel.get("protocol_id", "")
        if event["type"] == "StasisStart":
            row["answers"] += 1
            row["answered_at"] = time.time()
            self._begin(self._hang_up(leg))
        elif event["type"] == "ChannelDestroyed":
            tech = event.get("tech_cause", 0)
            self._finish(leg, "ended" if row["answers"] else f"failed_{tech}")

    async def _hang_up(self, leg: int) -> None:
        await self._ari.request("DELETE", f"channels/v{leg}", {"reason_code": "16"})

    def _finish(self, leg: int, outcome: str) -> None:
        self.rows[leg] |= {"outcome": outcome, "ended_at": time.time()}
        self._free.release()
        self._over += 1
        if self._over == len(self._numbers):
            self.done.set()


async def drive(options: dict[str, Any]) -> None:
    """Says that it is ready, calls once a line comes, says that it is done, waits for another."""
    loop = asyncio.get_running_loop()
    driver = Driver(options)
    await driver.connect()
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    try:
        await driver.run()
    except TimeoutError:
        print("not all calls ended", file=sys.stderr)
    print("done", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    leave(Path(options["book"]), driver.rows)


def leave(book: Path, rows: list[dict[str, Any]]) -> None:
    """Writes the book of the calls."""
    with book.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    uvloop.run(drive(json.loads(sys.argv[1])))
