"""The stack alone, for `bench sip`: `vyzov.sip.UserAgent` on one uvloop datagram socket, nothing else.

No journal, no RTP socket, no floor, no database: what SIP itself costs. Speaks one line when it is
ready and one when it is done, and leaves its own book of the calls as CSV.
"""

import asyncio
import csv
import json
import secrets
import socket
import sys
import time
from pathlib import Path
from typing import Any

import uvloop
from sip_carrier import BUFFER_BYTES

from vyzov.sip import sdp
from vyzov.sip.events import CallAnswered, CallEnded, CallRejected
from vyzov.sip.user_agent import Account, Hop, UserAgent

LIMIT_S = 600.0


class Caller(asyncio.DatagramProtocol):
    """Keeps `lines` calls up until `count` were made; hangs up as soon as one is answered."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._numbers: list[str] = options["numbers"]
        self._lines: int = options["lines"]
        self._caller: str = options["caller"]
        self._target = Hop("127.0.0.1", int(options["port"]))
        self._media: int = options["media_port"]
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._placed = 0
        self._over = 0
        self.rows: list[dict[str, Any]] = []
        self.done = asyncio.Event()

    def connection_made(self, transport: Any) -> None:
        bound = transport.get_extra_info("socket")
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._transport = transport
        self._agent = UserAgent(
            local=transport.get_extra_info("sockname")[:2],
            secret=secrets.token_bytes(32),
            new_token=lambda: secrets.token_hex(8),
        )

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        self._agent.receive(data, Hop(str(addr[0]), addr[1]), time.monotonic())
        self._pump()

    def begin(self) -> None:
        for _ in range(min(self._lines, len(self._numbers))):
            self._place()
        self._pump()

    def _place(self) -> None:
        leg, now = self._placed, time.monotonic()
        self._placed += 1
        offer = sdp.offer(address="127.0.0.1", port=self._media, session_id=int(now * 1e6))
        call_id = self._agent.invite(
            str(leg), target=self._target, to=self._numbers[leg], caller_id=self._caller, sdp=offer,
            account=Account(), now=now,
        )  # fmt: skip
        self.rows.append(
            {"call_id": call_id, "placed_at": time.time(), "answers": 0, "outcome": "lost"}
        )

    def _pump(self) -> None:
        while True:
            events = self._agent.events()
            for event in events:
                self._take(event)
            messages = self._agent.messages_to_send()
            for data, target in messages:
                self._transport.sendto(data, target.address)
            if not events and not messages:
                break
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._agent.next_deadline()
        if due is not None:
            self._timer = self._loop.call_later(max(0.001, due - time.monotonic()), self._fire)

    def _fire(self) -> None:
        self._timer = None
        self._agent.handle_deadline(time.monotonic())
        self._pump()

    def _take(self, event: object) -> None:
        match event:
            case CallAnswered(leg=leg):
                row = self.rows[int(leg)]
                row["answers"] += 1
                row["answered_at"] = time.time()
                self._agent.bye(leg, time.monotonic(), "normal")
            case CallEnded(leg=leg):
                self._finish(leg, "ended")
            case CallRejected(leg=leg, code=code):
                self._finish(leg, f"failed_{code}")
            case _:
                pass

    def _finish(self, leg: str, outcome: str) -> None:
        self.rows[int(leg)] |= {"outcome": outcome, "ended_at": time.time()}
        self._agent.forget(leg)
        self._over += 1
        if self._over == len(self._numbers):
            self.done.set()
        elif self._placed < len(self._numbers):
            self._place()


async def run(options: dict[str, Any]) -> None:
    """Says that it is ready, calls once a line comes, says that it is done, waits for another line."""
    loop = asyncio.get_running_loop()
    transport, caller = await loop.create_datagram_endpoint(
        lambda: Caller(options), local_addr=("127.0.0.1", 0)
    )
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    caller.begin()
    try:
        await asyncio.wait_for(caller.done.wait(), LIMIT_S)
    except TimeoutError:
        print("not all calls ended", file=sys.stderr)
    print("done", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    transport.close()
    leave(Path(options["book"]), caller.rows)


def leave(book: Path, rows: list[dict[str, Any]]) -> None:
    names = ["call_id", "placed_at", "answers", "answered_at", "ended_at", "outcome"]
    with book.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    uvloop.run(run(json.loads(sys.argv[1])))
