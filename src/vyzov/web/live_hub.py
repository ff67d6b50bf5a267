"""Knows which browsers watch what, and wakes them when the floor says something.

Holds no state of calls and writes no frames: `live` decides what a browser is sent, `live_socket`
sends it. A browser that watches a desk is made known to the floor (`desk.attach`) and made known
again when the floor comes back.
"""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from vyzov.dialer.rights import Person
from vyzov.web.floor_link import speaker
from vyzov.web.floor_links import FloorLinks
from vyzov.web.live import BacklogFull, Outgoing
from vyzov.web.problems import Problem

Json = dict[str, Any]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Closing:
    """Why a socket is closed, for the browser to act upon."""

    code: int
    reason: str


SIGNED_OUT = Closing(4401, "signed out")
FOREIGN_ORIGIN = Closing(4403, "foreign origin")
TOO_SLOW = Closing(4408, "too slow: the backlog is full")
TOO_MANY_SOCKETS = Closing(4409, "too many sockets of one user")
TOO_MANY_FRAMES = Closing(4429, "too many frames")


@dataclass(eq=False, slots=True)
class LiveClient:
    """One open socket: who it is, what it watches, what it still has to be sent."""

    connection: str
    session: str
    person: Person
    outgoing: Outgoing
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    closing: Closing | None = None

    def put(self, frame: Json) -> None:
        """Queues a frame for this browser alone; one that does not read is closed."""
        try:
            self.outgoing.put(frame)
        except BacklogFull:
            self.close(TOO_SLOW)
        self.wake.set()

    def close(self, why: Closing) -> None:
        """Asks the socket to close; the first reason counts."""
        self.closing = self.closing or why
        self.wake.set()


def floor_topic(person: Person, topic: str) -> str:
    """Gives the floor's name of what a browser calls `desk`, `floor` or `campaign:ID`."""
    if topic == "desk":
        return f"desk:{person.user}"
    return f"floor:{person.organisation}" if topic == "floor" else topic


def seen_by(desk: Json, connection: str) -> Json:
    """Gives a desk's state as one of the agent's windows sees it.

    Only one window holds the phone; for the others it is `elsewhere` while it is up."""
    device: Json = desk.get("device", {})
    owner = device.get("owner")
    if owner in (None, "", connection) or device.get("state") not in ("up", "connecting"):
        return desk
    return {**desk, "device": {**device, "state": "elsewhere"}}


class LiveHub:
    """All open sockets of this process."""

    def __init__(self, floor: FloorLinks, sockets_per_user: int) -> None:
        self._floor = floor
        self._sockets_per_user = sockets_per_user
        self._clients: dict[str, LiveClient] = {}
        self._chores: set[asyncio.Task[None]] = set()
        floor.on_topic(self._changed)
        floor.on_mood(self._mood)
        floor.on_say(self._say)

    def add(self, client: LiveClient) -> None:
        """Takes a socket in; the oldest of a user with too many is closed."""
        own = [one for one in self._clients.values() if one.person.user == client.person.user]
        for old in own[: max(0, len(own) + 1 - self._sockets_per_user)]:
            old.close(TOO_MANY_SOCKETS)
        self._clients[client.connection] = client

    def remove(self, client: LiveClient) -> None:
        """Lets a socket go and tells the floor where a desk was watched through it."""
        self._clients.pop(client.connection, None)
        if "desk" in client.outgoing.topics():
            self.chore("desk.detach", client)

    def watch(self, client: LiveClient, topic: str) -> None:
        """Starts or restarts a topic of a socket; a desk newly watched is told to the floor."""
        fresh = topic not in client.outgoing.topics()
        client.outgoing.watch(topic)
        client.wake.set()
        if topic == "desk" and fresh:
            self.chore("desk.attach", client)

    def unwatch(self, client: LiveClient, topic: str) -> None:
        """Ends a topic of a socket."""
        if topic == "desk" and topic in client.outgoing.topics():
            self.chore("desk.detach", client)
        client.outgoing.unwatch(topic)

    def close_session(self, session: str) -> None:
        """Closes the sockets of a session that ended."""
        for client in self._clients.values():
            if client.session == session:
                client.close(SIGNED_OUT)

    def close_user(self, user: str) -> None:
        """Closes the sockets of a user whose rights changed."""
        for client in self._clients.values():
            if client.person.user == user:
                client.close(SIGNED_OUT)

    def chore(self, verb: str, client: LiveClient) -> None:
        """Tells the floor about a socket without anybody waiting for it."""
        task = asyncio.create_task(self._tell_floor(verb, client))
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    async def _tell_floor(self, verb: str, client: LiveClient) -> None:
        who = speaker(client.person, client.connection)
        try:
            await self._floor.ask(verb, who, connection=client.connection)
        except Problem as problem:
            # An absent floor is told again when it comes back (`_mood`).
            if problem.code != "floor_away":
                log.warning("the floor refused %s: %s", verb, problem.detail)

    def _watching(self, topic: str) -> Iterator[tuple[LiveClient, str]]:
        for client in self._clients.values():
            for own in client.outgoing.topics():
                if floor_topic(client.person, own) == topic:
                    yield client, own

    def _changed(self, topic: str) -> None:
        for client, own in self._watching(topic):
            client.outgoing.changed(own)
            client.wake.set()

    def _mood(self, here: bool) -> None:  # noqa: FBT001 - the link's callback
        for client in self._clients.values():
            for topic in client.outgoing.topics():
                client.outgoing.changed(topic)
                if here and topic == "desk":
                    self.chore("desk.attach", client)
            client.wake.set()

    def _say(self, connection: str, what: Json) -> None:
        client = self._clients.get(connection)
        if client is not None:
            client.put({"say": what})
