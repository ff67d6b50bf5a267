"""The live socket: reads a browser's frames, writes what `live` decides, and knows when to close.

One reader and one writer per socket. Verbs go to the floor in the order they came and are answered in
the order the floor answers, so that a slow save does not hold up a mute.
"""

import asyncio
import logging
import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from vyzov.core.instants import to_text
from vyzov.dialer.access import Action
from vyzov.dialer.rights import Forbidden
from vyzov.web.access_table import API, TOPICS, VERBS
from vyzov.web.admission import Caller, House, caller_of, house_of, row_of
from vyzov.web.desk_asks import ask_desk
from vyzov.web.guard import own_origin
from vyzov.web.live import Outgoing
from vyzov.web.live_hub import (
    FOREIGN_ORIGIN,
    SIGNED_OUT,
    TOO_MANY_FRAMES,
    TOO_SLOW,
    Closing,
    LiveClient,
    floor_topic,
    seen_by,
)
from vyzov.web.live_verbs import args_of, frame_of
from vyzov.web.problems import Problem, problem_of

Json = dict[str, Any]

PROTOCOL = 1
_VERBS_AT_ONCE = 32
_IDS_REMEMBERED = 512

log = logging.getLogger(__name__)

router = APIRouter(prefix=API)


@dataclass(slots=True)
class _Pace:
    """A token bucket: `rate` frames a second, twice as many at once."""

    rate: float
    at: float
    tokens: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = self.rate * 2

    def allows(self, now: float) -> bool:
        """Takes a token at monotonic `now`; False where there is none."""
        self.tokens = min(self.rate * 2, self.tokens + (now - self.at) * self.rate)
        self.at = now
        self.tokens -= 1
        return self.tokens >= 0


class _Socket:
    """One browser's socket from its greeting to its end."""

    def __init__(self, house: House, caller: Caller, socket: WebSocket) -> None:
        self._house = house
        self._caller = caller
        self._socket = socket
        self._pace = _Pace(house.settings.live_frames_per_second, house.clock.monotonic())
        self._verbs: set[asyncio.Task[None]] = set()
        self._ids: deque[int] = deque(maxlen=_IDS_REMEMBERED)
        self.client = LiveClient(
            connection=secrets.token_hex(8),
            session=caller.signed_in.session.id_hash,
            person=caller.person,
            outgoing=Outgoing(self._state_of, house.settings.live_backlog_max),
        )

    def _state_of(self, topic: str) -> Json:
        state = self._house.floor.state(floor_topic(self.client.person, topic))
        return seen_by(state, self.client.connection) if topic == "desk" else state

    def _now(self) -> str:
        return to_text(self._house.clock.utc())

    async def serve(self) -> Closing | None:
        """Serves until either side ends; gives the reason where we end it."""
        self._house.hub.add(self.client)
        hello: Json = {"server_time": self._now(), "version": PROTOCOL}
        hello["connection"] = self.client.connection
        hello["ping_s"] = self._house.settings.live_ping.total_seconds()
        self.client.put({"hello": hello})
        tasks = [
            asyncio.create_task(work)
            for work in (self._read(), self._write(), self._recheck_session())
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._house.hub.remove(self.client)
            for task in (*tasks, *self._verbs):
                task.cancel()
            ended = await asyncio.gather(*tasks, *self._verbs, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception) and not isinstance(error, WebSocketDisconnect):
                log.error("a live socket broke", exc_info=error)
        return self.client.closing

    # ---- out ------------------------------------------------------------------------------------

    async def _write(self) -> None:
        limit = self._house.settings.live_send_timeout.total_seconds()
        while self.client.closing is None:
            frame = self.client.outgoing.next(self._now())
            if frame is None:
                self.client.wake.clear()
                await self.client.wake.wait()
                continue
            try:
                async with asyncio.timeout(limit):
                    await self._socket.send_text(orjson.dumps(frame).decode())
            except TimeoutError:
                self.client.close(TOO_SLOW)

    async def _recheck_session(self) -> None:
        every = self._house.settings.session_recheck.total_seconds()
        while True:
            await asyncio.sleep(every)
            try:
                alive = await asyncio.to_thread(self._house.sessions.find_hash, self.client.session)
            except Exception:
                # An absent database says nothing about the session: it is asked again.
                log.exception("a session could not be looked up")
                continue
            if alive is None or alive.person != self.client.person:
                self.client.close(SIGNED_OUT)
                return

    # ---- in -------------------------------------------------------------------------------------

    async def _read(self) -> None:
        while self.client.closing is None:
            try:
                text = await self._socket.receive_text()
            except KeyError:
                # Bytes: nobody here speaks that, which is said like of any other frame.
                text = ""
            if not self._pace.allows(self._house.clock.monotonic()):
                self.client.close(TOO_MANY_FRAMES)
                return
            try:
                await self._take(frame_of(text, self._house.settings.live_frame_max))
            except Exception as error:
                problem = problem_of(error)
                if problem.code == "internal":
                    log.exception("a live frame failed")
                self.client.put({"error": problem.body()})

    async def _take(self, frame: Json) -> None:
        if "do" in frame:
            self._start_verb(frame)
            return
        for word in ("subscribe", "resync", "unsubscribe"):
            if isinstance(topic := frame.get(word), str):
                if word == "unsubscribe":
                    self._house.hub.unwatch(self.client, topic)
                else:
                    await self._watch(topic)
                return
        raise Problem("bad_frame")

    async def _watch(self, topic: str) -> None:
        kind, _, campaign = topic.partition(":")
        action = TOPICS.get(kind)
        if action is None or (kind == "campaign") != bool(campaign):
            raise Problem("not_found", f"There is no topic {topic[:80]}.")
        self.client.person.must(action)
        if campaign:
            await asyncio.to_thread(self._caller.door.campaign, campaign)
        watched = self.client.outgoing.topics()
        if topic not in watched and len(watched) >= self._house.settings.live_topics_max:
            raise Problem("too_busy", "This socket watches too many topics already.")
        self._house.hub.watch(self.client, topic)

    def _start_verb(self, frame: Json) -> None:
        number = frame.get("id")
        if not isinstance(number, int) or isinstance(number, bool):
            raise Problem("bad_frame", "A verb needs a whole number as its id.")
        if number in self._ids:
            return
        self._ids.append(number)
        if len(self._verbs) >= _VERBS_AT_ONCE:
            self._refuse(number, Problem("too_busy"))
            return
        task = asyncio.create_task(self._verb(number, frame))
        self._verbs.add(task)
        task.add_done_callback(self._verbs.discard)

    def _refuse(self, number: int, problem: Problem) -> None:
        self.client.put({"re": number, "ok": False, "problem": problem.body()})

    async def _verb(self, number: int, frame: Json) -> None:
        try:
            result = await self._do(str(frame["do"]), frame)
        except Exception as error:
            problem = problem_of(error)
            if problem.code == "internal":
                log.exception("a live verb failed")
            self._refuse(number, problem)
        else:
            self.client.put({"re": number, "ok": True, "result": result})

    async def _do(self, verb: str, frame: Json) -> Json:
        action = VERBS.get(verb)
        if action is None:
            raise Problem("not_found", f"There is no verb {verb[:40]}.")
        self.client.person.must(action)
        if verb == "ping":
            return {"server_time": self._now()}
        args = args_of(verb, frame)
        house, connection = self._house, self.client.connection
        return await ask_desk(house.floor, house.once, self._caller.door, verb, args, connection)


async def _let_in(house: House, socket: WebSocket) -> Caller | Closing:
    origin = socket.headers.get("origin", "")
    host = socket.headers.get("host", "")
    if origin and not own_origin(origin, host, house.settings.extra_origins):
        return FOREIGN_ORIGIN
    try:
        caller = await asyncio.to_thread(caller_of, house, socket)
        row = row_of(socket, "LIVE")
        if not isinstance(row, Action):
            return SIGNED_OUT
        caller.person.must(row)
        if caller.signed_in.limited:
            return SIGNED_OUT
    except (Problem, Forbidden):
        return SIGNED_OUT
    return caller


@router.websocket("/live")
async def live(socket: WebSocket) -> None:
    """Serves one browser; see the API overview for the frames."""
    house = house_of(socket)
    caller = await _let_in(house, socket)
    await socket.accept()
    if isinstance(caller, Closing):
        closing: Closing | None = caller
    else:
        closing = await _Socket(house, caller, socket).serve()
    if closing is not None:
        await socket.close(closing.code, closing.reason)
