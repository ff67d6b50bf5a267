"""The engine's door: a unix socket on which floors send verbs and hear events, a line of JSON each.

A connection is nobody's until it asks for the snapshot of a floor; from then on that floor's
events go to it alone, and an older connection of the same floor is closed. A line that cannot be
read costs a log entry, a reader too slow for its events costs the connection (it asks for a
snapshot again).
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import cast

from vyzov.dialer import ports
from vyzov.dialer.ports import AskSnapshot, Event, Verb
from vyzov.dialer.wire import WireError, from_wire, to_wire

log = logging.getLogger("vyzov.engine.control")

LINE_MAX_BYTES = 4 * 1024 * 1024
BACKLOG_MAX_BYTES = 64 * 1024 * 1024
DOORS_MAX = 64

_VERBS = frozenset(cast("tuple[type, ...]", ports.Verb.__args__))


class Door(asyncio.Protocol):
    """One connection."""

    def __init__(self, control: "Control") -> None:
        """Belongs to no floor yet."""
        self._control = control
        self._rest = b""
        self._waiting: list[bytes] = []
        self.transport: asyncio.Transport | None = None
        self.floor: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the connection, if there are not too many."""
        self.transport = cast("asyncio.Transport", transport)
        self._control.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tells the engine that a floor may be gone."""
        if exc is not None:
            log.info("the connection of floor %s broke: %s", self.floor, exc)
        self._control.closed(self)

    def data_received(self, data: bytes) -> None:
        """Carries out each whole line at once."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._control.line(self, line)
        if len(self._rest) > LINE_MAX_BYTES:
            log.error("floor %s sends a line of more than %d bytes", self.floor, LINE_MAX_BYTES)
            self.shut()

    def send(self, event: Event) -> None:
        """Sends one event now, behind those that wait."""
        self.later(event, None)
        self.flush()

    def later(self, event: Event, line: bytes | None) -> None:
        """Takes an event that leaves with the next `flush`."""
        try:
            self._waiting.append(line or to_wire(event))
        except WireError as error:
            log.warning("an event was not sent: %s", error)

    def flush(self) -> None:
        """Sends what waits, in the order in which it was given."""
        if not self._waiting:
            return
        data = b"".join(self._waiting)
        self._waiting.clear()
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        transport.write(data)
        if transport.get_write_buffer_size() > BACKLOG_MAX_BYTES:
            log.error("floor %s does not read its events: its connection is closed", self.floor)
            transport.abort()

    def shut(self) -> None:
        """Closes the connection after what waits."""
        self.flush()
        if self.transport is not None:
            self.transport.close()


class Control:
    """All connections of an engine, by floor."""

    def __init__(
        self,
        *,
        verb: Callable[[Verb, str], None],
        snapshot: Callable[[AskSnapshot], Event | None],
        came: Callable[[str], None],
        left: Callable[[str], None],
    ) -> None:
        """Gives verbs of known floors to `verb`, and tells when floors come and leave.

        `snapshot` returns None for a floor whose fence is too low: its process has lost its lease,
        and its connection is closed."""
        self._verb = verb
        self._snapshot = snapshot
        self._came = came
        self._left = left
        self._doors: set[Door] = set()
        self._floors: dict[str, Door] = {}
        self._server: asyncio.Server | None = None

    async def listen(self, path: Path) -> None:
        """Opens the socket at `path` for this user alone, replacing a dead engine's."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: Door(self), str(path))
        path.chmod(0o600)

    def close(self) -> None:
        """Closes the socket and every connection, after what was written to them."""
        if self._server is not None:
            self._server.close()
        for door in list(self._doors):
            door.shut()

    def post(self, floor: str, event: Event) -> None:
        """Sends an event to a floor, if it is there, behind those that wait."""
        door = self._floors.get(floor)
        if door is not None:
            door.send(event)

    def later(self, floor: str, event: Event, line: bytes | None) -> None:
        """Gives an event to a floor, if it is there; it leaves with the next `flush`.

        `line` is what `to_wire` gave for it, if known."""
        door = self._floors.get(floor)
        if door is not None:
            door.later(event, line)

    def flush(self) -> None:
        """Sends what waits for floors."""
        for door in self._floors.values():
            door.flush()

    def post_all(self, event: Event) -> None:
        """Sends an event to every floor that is there."""
        for door in self._floors.values():
            door.send(event)

    # ---- from the doors

    def opened(self, door: Door) -> None:
        """Takes a connection in."""
        if len(self._doors) >= DOORS_MAX:
            log.error("%d floors are connected already: one more is refused", DOORS_MAX)
            door.shut()
            return
        self._doors.add(door)

    def closed(self, door: Door) -> None:
        """Lets a connection go."""
        self._doors.discard(door)
        floor = door.floor
        if floor is not None and self._floors.get(floor) is door:
            del self._floors[floor]
            self._left(floor)

    def line(self, door: Door, line: bytes) -> None:
        """Carries out one line of a connection."""
        if not line:
            return
        try:
            message = from_wire(line)
            if isinstance(message, AskSnapshot):
                self._ask(door, message)
            elif type(message) not in _VERBS:
                log.error("floor %s sent an event: %.100r", door.floor, line)
            elif door.floor is None:
                log.error("a verb before any AskSnapshot is ignored: %.100r", line)
            else:
                self._verb(cast("Verb", message), door.floor)
        except WireError as error:
            log.warning("floor %s: %s", door.floor, error)
        except Exception:
            # One verb's fault must not cost the other calls their engine.
            log.exception("floor %s: a verb failed: %.200r", door.floor, line)

    def _ask(self, door: Door, ask: AskSnapshot) -> None:
        answer = self._snapshot(ask)
        if answer is None:
            log.error("floor %s came with the old fence %d and is refused", ask.floor, ask.fence)
            door.shut()
            return
        before = self._floors.get(ask.floor)
        if before is not None and before is not door:
            log.warning("floor %s connected anew; its older connection is closed", ask.floor)
            before.floor = None
            before.shut()
        if door.floor is not None and door.floor != ask.floor:
            del self._floors[door.floor]
            self._left(door.floor)
        door.floor = ask.floor
        self._floors[ask.floor] = door
        self._came(ask.floor)
        # Taken anew: what a floor's coming stops is told before the floor listens, so it must
        # stand in what it reads first.
        door.send(self._snapshot(ask) or answer)


def line_of(event: Event) -> bytes | None:
    """Writes an event once for the journal and its floor; None where those will say why not."""
    try:
        return to_wire(event)
    except WireError:
        return None
