"""Answers a repeated request with the answer it got, by its `Idempotency-Key`.

Only answers of success are kept: a refusal may be asked again. Two requests with one key at one time
are served one after the other; a key that comes back with another body is refused.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakValueDictionary

import orjson
from starlette.requests import Request
from starlette.responses import Response

from vyzov.core.errors import StoreFault
from vyzov.dialer.office_store import OfficeStore
from vyzov.dialer.ports import Clock
from vyzov.dialer.rights import Person
from vyzov.web.problems import Problem
from vyzov.web.settings import WebSettings

Json = dict[str, Any]

Work = Callable[[], Awaitable[tuple[int, Json]]]

KEY_HEADER = "Idempotency-Key"
_KEY_LENGTH_MAX = 200


def key_of(request: Request, *, required: bool) -> str | None:
    """Reads the key of a request; Problem key_missing where it must have one."""
    key = request.headers.get(KEY_HEADER, "").strip()
    if not key and required:
        raise Problem("key_missing")
    if len(key) > _KEY_LENGTH_MAX or not key.isprintable():
        raise Problem(
            "key_missing", f"An {KEY_HEADER} has at most {_KEY_LENGTH_MAX} printable characters."
        )
    return key or None


class Once:
    """Remembers answers in the office store."""

    def __init__(
        self, office: OfficeStore, clock: Clock, settings: WebSettings,
        is_store_away: Callable[[str], bool] = lambda _organisation: False,
    ) -> None:  # fmt: skip
        """`is_store_away` is as for `Sessions`."""
        self._is_store_away = is_store_away
        self._office = office
        self._clock = clock
        self._settings = settings
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def answer(
        self, person: Person, route: str, key: str | None, asked: bytes, work: Work
    ) -> Response:
        """Answers an HTTP request the way `do` does."""
        status, body = await self.do(person, route, key, asked, work)
        return Response(orjson.dumps(body), status_code=status, media_type="application/json")

    async def do(
        self, person: Person, route: str, key: str | None, asked: bytes, work: Work, *,
        floor_knows: bool = False,
    ) -> tuple[int, Json]:  # fmt: skip
        """Does `work` once per person, route and key; `asked` is what the request says.

        `floor_knows`: the floor keeps the key too, so it may be asked while the database is away."""
        if key is None:
            return await work()
        kept_as = f"{person.user}:{key}"
        lock = self._locks.setdefault(f"{route}:{kept_as}", asyncio.Lock())
        digest = hashlib.sha256(asked).hexdigest()
        async with lock:
            if not (floor_knows and self._is_store_away(person.organisation)):
                before = await self._before(person, route, kept_as, digest, floor_knows)
                if before is not None:
                    return before
            status, body = await work()
            if floor_knows and body.get("kept"):
                return status, body
            kept = orjson.dumps({"asked": digest, "answer": body}).decode()
            try:
                await asyncio.to_thread(
                    self._office.remember_answer, person.organisation, kept_as, route, status, kept
                )
            except StoreFault:
                # What was asked is done and durable; asked again, the floor knows it.
                if not floor_knows:
                    raise
            return status, body

    async def _before(
        self,
        person: Person,
        route: str,
        key: str,
        digest: str,
        floor_knows: bool,  # noqa: FBT001
    ) -> tuple[int, Json] | None:
        try:
            return await asyncio.to_thread(self._recall, person, key, route, digest)
        except StoreFault:
            if floor_knows:
                return None
            raise

    def _recall(self, person: Person, key: str, route: str, digest: str) -> tuple[int, Json] | None:
        kept = self._office.remembered_answer(person.organisation, key, route)
        if kept is None:
            return None
        if self._clock.utc() - kept.created_at > self._settings.idempotency_span:
            self._office.forget_answers(self._clock.utc() - self._settings.idempotency_span)
            return None
        told: Json = orjson.loads(kept.body)
        if told["asked"] != digest:
            raise Problem("key_reused")
        return kept.status, told["answer"]
