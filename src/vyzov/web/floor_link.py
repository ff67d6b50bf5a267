"""Talks to the floor process over a unix socket: asks go out, answers and states come in.

One JSON object per line. The link keeps the last state of every topic, comes back by itself with a
bounded back-off, and says plainly that the floor is away; it decides nothing about what it carries.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from vyzov.dialer.rights import Person
from vyzov.web.live import prune
from vyzov.web.problems import Problem
from vyzov.web.settings import WebSettings

Json = dict[str, Any]

log = logging.getLogger(__name__)


def speaker(person: Person, connection: str = "") -> Json:
    """Says to the floor in whose name something is asked."""
    return {
        "user": person.user,
        "organisation": person.organisation,
        "role": person.role.value,
        "connection": connection,
    }


class FloorLink:
    """The web process's connection to one floor, at `path` until it `moves`."""

    def __init__(self, path: Path | None, settings: WebSettings | None = None) -> None:
        """Connects to nobody before `run`; without a path, not before it moves somewhere."""
        self._path = path
        self._moved = asyncio.Event()
        self._settings = settings or WebSettings()
        self._writer: asyncio.StreamWriter | None = None
        self._asked: dict[int, asyncio.Future[Json]] = {}
        self._next_id = 1
        self._states: dict[str, Json] = {}
        self._watchers: list[Callable[[str], None]] = []
        self._moods: list[Callable[[bool], None]] = []
        self._sayers: list[Callable[[str, Json], None]] = []

    @property
    def here(self) -> bool:
        """Tells whether the floor is connected."""
        return self._writer is not None

    def knows(self, topic: str) -> bool:
        """Tells whether the floor ever told of a topic."""
        return topic in self._states

    def state(self, topic: str) -> Json:
        """Gives the last known state of a topic, and whether the `floor` is here or away."""
        return {**self._states.get(topic, {}), "floor": "here" if self.here else "away"}

    def on_topic(self, watcher: Callable[[str], None]) -> None:
        """Calls back with a topic's name whenever its state was replaced."""
        self._watchers.append(watcher)

    def on_mood(self, watcher: Callable[[bool], None]) -> None:
        """Calls back with True when the floor came and False when it went."""
        self._moods.append(watcher)

    def on_say(self, watcher: Callable[[str, Json], None]) -> None:
        """Calls back with a connection and what the floor says to it alone."""
        self._sayers.append(watcher)

    async def ask(
        self, verb: str, who: Mapping[str, Any], *, within: timedelta | None = None, **args: Any
    ) -> Json:
        """Asks the floor to do something and gives its result, waited for `within` that span.

        Raises Problem: floor_away (gone, silent or flooded), or the floor's own refusal (409)."""
        writer = self._writer
        if writer is None or len(self._asked) >= self._settings.ask_pending_max:
            raise Problem("floor_away", headers={"Retry-After": "1"})
        number = self._next_id
        self._next_id += 1
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            # Arguments come from outside: they may not overwrite who asks, or for what.
            frame = {**args, "id": number, "do": verb, "as": dict(who)}
            writer.write(orjson.dumps(frame) + b"\n")
            limit = within or self._settings.ask_timeout
            async with asyncio.timeout(limit.total_seconds()):
                await writer.drain()
                reply = await answer
        except (TimeoutError, OSError) as fault:
            raise Problem("floor_away", headers={"Retry-After": "1"}) from fault
        finally:
            self._asked.pop(number, None)
        return _result(reply)

    async def tell(self, verb: str, person: Person, **args: Any) -> None:
        """Says that something changed, which is saved already whatever the floor makes of it.

        A floor that is away reads it itself when it comes back."""
        try:
            await self.ask(verb, speaker(person), **args)
        except Problem as problem:
            log.warning("the floor was not told %s: %s", verb, problem.detail)

    def move(self, path: Path | None) -> None:
        """Goes to where the floor's owner listens now; who was there before is left at once.

        An owner that sleeps keeps its sockets open: only its lease says that it is the owner no more."""
        if path == self._path:
            return
        self._path = path
        self._moved.set()
        if self._writer is not None:
            self._writer.transport.abort()

    async def run(self) -> None:
        """Keeps the connection until cancelled."""
        first = self._settings.floor_retry_first.total_seconds()
        pause = first
        while True:
            self._moved.clear()
            if self._path is None:
                await self._moved.wait()
                continue
            try:
                reader, writer = await asyncio.open_unix_connection(
                    str(self._path), limit=self._settings.floor_line_max
                )
            except OSError:
                # Not `wait_for`: where its end comes with what it waits for, it forgets the end.
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._moved.wait()
                pause = min(pause * 2, self._settings.floor_retry_max.total_seconds())
                continue
            pause = first
            try:
                self._came(writer)
                await self._read(reader)
            finally:
                self._went(writer)
            await asyncio.sleep(first)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await reader.readline()
            except (OSError, ValueError):
                # ValueError: a line beyond floor_line_max; its end cannot be found again.
                log.exception("the connection to the floor broke")
                return
            if not line.endswith(b"\n"):
                return
            try:
                self._take(orjson.loads(line))
            except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
                log.exception("the floor sent a line nobody understands")

    def _take(self, frame: Json) -> None:
        if "re" in frame:
            answer = self._asked.get(frame["re"])
            if answer is not None and not answer.done():
                answer.set_result(frame)
        elif "topic" in frame:
            topic: str = frame["topic"]
            self._states[topic] = prune(frame["state"])
            for watcher in self._watchers:
                watcher(topic)
        else:
            for sayer in self._sayers:
                sayer(frame["to"], frame["say"])

    def _came(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        log.info("the floor is here")
        for mood in self._moods:
            mood(True)

    def _went(self, writer: asyncio.StreamWriter) -> None:
        self._writer = None
        log.warning("the floor is away")
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError("the floor went away"))
        with suppress(OSError):
            writer.close()
        for mood in self._moods:
            mood(False)


def _result(reply: Json) -> Json:
    if reply.get("ok") is True:
        result = reply.get("result")
        return result if isinstance(result, dict) else {}
    told = reply.get("problem")
    problem: Json = told if isinstance(told, dict) else {}
    raise Problem(
        str(problem.get("code", "floor_refused")),
        str(problem.get("what", "")),
        next_step=str(problem.get("next_step", "")),
        args=problem.get("args") if isinstance(problem.get("args"), dict) else None,
    )
