"""The floor's side of the socket to the web process: asks in; replies, topics and messages out.

Several web processes may be connected. A topic is sent to all of them; a message to one browser goes
to all too, the process that has the browser passes it on. The last state of each topic is kept, so that
a web process that comes back sees everything at once.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

log = logging.getLogger("vyzov.floor_door")

LINE_BYTES_MAX = 1024 * 1024
BACKLOG_BYTES_MAX = 16 * 1024 * 1024

AskHandler = Callable[[int, dict[str, Any]], None]


class FloorDoor:
    """Serves the floor's unix socket. `on_ask(ask, request)` gets each request with a number of ours;
    `on_gone(connections)` tells which browsers went with a broken web process."""

    def __init__(
        self, path: Path, *, on_ask: AskHandler, on_gone: Callable[[list[str]], None]
    ) -> None:
        self._path = path
        self._on_ask = on_ask
        self._on_gone = on_gone
        self._peers: dict[asyncio.StreamWriter, set[str]] = {}
        self._open: dict[int, tuple[asyncio.StreamWriter, int]] = {}
        self._last: dict[str, bytes] = {}
        self._count = 0

    async def serve(self) -> asyncio.AbstractServer:
        """Listens; only the user who runs Vyzov may connect."""
        self._path.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(
            self._talk, path=str(self._path), limit=LINE_BYTES_MAX
        )
        self._path.chmod(0o600)
        return server

    def close(self) -> None:
        """Breaks off with every web process: another process has the floor now."""
        for writer in list(self._peers):
            writer.close()

    # ---- out

    def tell(self, topic: str, state: dict[str, Any]) -> None:
        line = orjson.dumps({"topic": topic, "state": state}) + b"\n"
        if self._last.get(topic) == line:
            return
        self._last[topic] = line
        self._send_all(line)

    def say(self, connection: str, message: dict[str, Any]) -> None:
        self._send_all(orjson.dumps({"to": connection, "say": message}) + b"\n")

    def reply(self, ask: int, ok: bool, body: dict[str, Any]) -> None:  # noqa: FBT001
        writer, number = self._open.pop(ask, (None, 0))
        if writer is None:
            return
        kind = "result" if ok else "problem"
        self._send(writer, orjson.dumps({"re": number, "ok": ok, kind: body}) + b"\n")

    def _send_all(self, line: bytes) -> None:
        for writer in list(self._peers):
            self._send(writer, line)

    def _send(self, writer: asyncio.StreamWriter, line: bytes) -> None:
        if writer.is_closing():
            return
        if writer.transport.get_write_buffer_size() > BACKLOG_BYTES_MAX:
            log.warning("a web process does not read; its connection is closed")
            writer.close()
            return
        writer.write(line)

    # ---- in

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._peers[writer] = set()
        for line in self._last.values():
            writer.write(line)
        try:
            while line := await reader.readline():
                self._take(writer, line)
        except (OSError, ValueError) as error:
            log.warning("a web process broke off: %s", error)
        finally:
            gone = self._peers.pop(writer, set())
            for ask in [ask for ask, (peer, _) in self._open.items() if peer is writer]:
                del self._open[ask]
            if gone:
                self._on_gone(sorted(gone))
            with contextlib.suppress(OSError):
                writer.close()

    def _take(self, writer: asyncio.StreamWriter, line: bytes) -> None:
        try:
            request: dict[str, Any] = orjson.loads(line)
            number = int(request["id"])
            who = request["as"]
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            log.warning("an unreadable request was left out")
            return
        connection = str(who.get("connection") or "")
        if request.get("do") == "desk.attach":
            self._peers[writer].add(connection)
        elif request.get("do") == "desk.detach":
            self._peers[writer].discard(connection)
        self._count += 1
        self._open[self._count] = (writer, number)
        self._on_ask(self._count, request)
