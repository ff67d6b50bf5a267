"""Asterisk's doors, as thin as they can be: REST over the event socket (ARI), and actions (AMI).

Only what the benches need. One connection each; requests do not wait for one another.
"""

import asyncio
import base64
import json
import urllib.request
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

Json = dict[str, Any]
EVENT_BYTES_MAX = 1 << 20
ANSWER_LIMIT_S = 20.0


def hear_only(port: int, password: str, app: str, *kinds: str) -> None:
    """Asks a connected application's events to be of these kinds and no others.

    By HTTP: Asterisk 22.10 goes silent on a request with a body that comes over the event socket."""
    body = json.dumps({"allowed": [{"type": kind} for kind in kinds]}).encode()
    ask = urllib.request.Request(
        f"http://127.0.0.1:{port}/ari/applications/{app}/eventFilter", body, method="PUT"
    )
    token = base64.b64encode(f"vyzov:{password}".encode()).decode()
    ask.add_header("Authorization", f"Basic {token}")
    ask.add_header("Content-Type", "application/json")
    urllib.request.urlopen(ask, timeout=ANSWER_LIMIT_S).close()


class Ari:
    """One application's event socket; requests travel on it too."""

    def __init__(self, socket: ClientConnection, on_event: Callable[[Json], None]) -> None:
        self._socket = socket
        self._on_event = on_event
        self._asked: dict[str, asyncio.Future[Json]] = {}
        self._last = 0
        self._reading = asyncio.get_running_loop().create_task(self._read())

    @classmethod
    async def open(
        cls, port: int, password: str, app: str, on_event: Callable[[Json], None]
    ) -> "Ari":
        """Connects as `app`."""
        uri = f"ws://127.0.0.1:{port}/ari/events?app={app}&api_key=vyzov:{password}"
        socket = await connect(uri, max_size=EVENT_BYTES_MAX, compression=None, ping_interval=None)
        return cls(socket, on_event)

    async def request(self, method: str, uri: str, query: dict[str, str] | None = None) -> int:
        """Sends a request and returns the status of its answer; TimeoutError where none comes."""
        self._last += 1
        number = str(self._last)
        message: Json = {
            "type": "RESTRequest", "transaction_id": number, "request_id": number,
            "method": method, "uri": uri,
        }  # fmt: skip
        if query:
            message["query_strings"] = [{"name": k, "value": v} for k, v in query.items()]
        answer = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        await self._socket.send(json.dumps(message))
        told = await asyncio.wait_for(answer, ANSWER_LIMIT_S)
        return int(told["status_code"])

    async def close(self) -> None:
        """Leaves."""
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self._socket.close()

    async def _read(self) -> None:
        async for line in self._socket:
            event: Json = json.loads(line)
            if event["type"] == "RESTResponse":
                answer = self._asked.pop(event["request_id"], None)
                if answer is not None and not answer.done():
                    answer.set_result(event)
            else:
                self._on_event(event)


class Ami:
    """One connection to the manager."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
        on_event: Callable[[dict[str, str]], None],
    ) -> None:  # fmt: skip
        self._reader, self._writer, self._on_event = reader, writer, on_event
        self._asked: dict[str, asyncio.Future[dict[str, str]]] = {}
        self._last = 0
        self._reading = asyncio.get_running_loop().create_task(self._read())

    @classmethod
    async def open(
        cls, port: int, password: str, on_event: Callable[[dict[str, str]], None]
    ) -> "Ami":
        """Connects and signs in as `vyzov`."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=EVENT_BYTES_MAX)
        await reader.readline()
        ami = cls(reader, writer, on_event)
        await ami.act("Login", Username="vyzov", Secret=password, Events="call")
        return ami

    async def act(self, action: str, **fields: str) -> dict[str, str]:
        """Carries out an action; raises RuntimeError with what Asterisk says against it."""
        self._last += 1
        number = str(self._last)
        answer = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        lines = {"Action": action, "ActionID": number, **fields}
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._writer.write(text.encode() + b"\r\n")
        told = await asyncio.wait_for(answer, ANSWER_LIMIT_S)
        if told.get("Response") != "Success":
            raise RuntimeError(f"Asterisk refuses {action} {fields}: {told.get('Message')}")
        return told

    def close(self) -> None:
        """Leaves."""
        self._reading.cancel()
        self._writer.close()

    async def _read(self) -> None:
        while True:
            block = await self._reader.readuntil(b"\r\n\r\n")
            pairs = [line.split(": ", 1) for line in block.decode().split("\r\n") if ": " in line]
            told = {pair[0]: pair[1] for pair in pairs}
            answer = self._asked.pop(told.get("ActionID", ""), None)
            if "Response" in told and answer is not None and not answer.done():
                answer.set_result(told)
            elif "Event" in told:
                self._on_event(told)
