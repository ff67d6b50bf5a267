"""Knows who a request comes from: signing in, the cookie, and how long a session lives.

The cookie is a random token; the store keeps only its SHA-256. What the person may do is decided by
`vyzov.dialer.access`.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from vyzov.core.errors import StoreFault
from vyzov.dialer.office_records import User, WebSession
from vyzov.dialer.office_store import OfficeStore
from vyzov.dialer.ports import Clock
from vyzov.dialer.rights import Person
from vyzov.web.factors import Factors
from vyzov.web.passwords import Throttle, check_password, hash_password, needs_new_hash
from vyzov.web.problems import Problem
from vyzov.web.settings import WebSettings

COOKIE = "vyzov_session"
SECURE_COOKIE = "__Host-vyzov_session"

# A session's last use is written at most this often: reading a page must not cost a write.
_TOUCH_EVERY = timedelta(minutes=1)
# For so long a session is believed without the database, and so many are remembered.
_SEEN_S = 600.0
_SEEN_MAX = 2_000
DEVICE_MOST, SOURCE_MOST = 200, 64


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A living session and whose it is; `limited` to setting a second factor up, which they need."""

    session: WebSession
    user: User
    limited: bool = False

    @property
    def person(self) -> Person:
        """Gives the person for `access`."""
        return Person.of(self.user)


def hash_token(token: str) -> str:
    """Gives what the store keeps of a cookie."""
    return hashlib.sha256(token.encode()).hexdigest()


class Sessions:
    """Opens, finds and ends sessions over the office store."""

    def __init__(
        self, office: OfficeStore, clock: Clock, settings: WebSettings, factors: Factors,
        is_store_away: Callable[[str], bool] = lambda _organisation: False,
    ) -> None:  # fmt: skip
        """`is_store_away` says of an organisation whether its floor cannot reach the database: one
        that hangs is then not asked at all."""
        self._is_store_away = is_store_away
        self._office = office
        self._clock = clock
        self._settings = settings
        self._factors = factors
        wait_max_s = settings.tries_wait_max.total_seconds()
        remembered = settings.tries_remembered
        self._per_login = Throttle(settings.tries_free_per_login, wait_max_s, remembered)
        self._per_source = Throttle(settings.tries_free_per_source, wait_max_s, remembered)
        # Each check takes 19 MiB and a core; a flood of them must not take the machine.
        self._checks = asyncio.Semaphore(settings.password_checks_at_once)
        self._seen: dict[str, tuple[float, SignedIn]] = {}

    @property
    def cookie_name(self) -> str:
        """Names the cookie; `__Host-` where only https may carry it."""
        return SECURE_COOKIE if self._settings.secure_cookie else COOKIE

    async def sign_in(
        self, login: str, password: str, organisation: str | None, source: str, *,
        device: str = "", code: str | None = None,
    ) -> tuple[str, SignedIn]:  # fmt: skip
        """Opens a session, gives the cookie's token; Problem wrong_login, too_many_tries,
        second_factor_needed or wrong_code."""
        by_login = f"{organisation or ''}/{login.strip().casefold()}"
        self._spend(by_login, source)
        user = await asyncio.to_thread(self._find, login.strip(), organisation)
        async with self._checks:
            stored = user.password_hash if user and user.disabled_at is None else None
            right = await asyncio.to_thread(check_password, stored, password)
        if user is None or not right:
            raise Problem("wrong_login")
        # A code is guessed like a password: until it is right, the try stays counted. To be asked
        # for one is no failure.
        try:
            await asyncio.to_thread(self._factors.must_prove, user, code)
        except Problem as problem:
            if problem.code == "second_factor_needed":
                self._per_login.give_back(by_login)
                self._per_source.give_back(source)
            raise
        self._per_login.forgive(by_login)
        self._per_source.give_back(source)
        return await asyncio.to_thread(self._open, user, password, device, source)

    async def prove(self, signed_in: SignedIn, password: str) -> None:
        """Makes sure that whoever asks knows the person's password; Problem wrong_password."""
        key = f"own/{signed_in.user.id}"
        self._spend(key, key)
        async with self._checks:
            stored = signed_in.user.password_hash
            right = await asyncio.to_thread(check_password, stored, password)
        if not right:
            raise Problem("wrong_password")
        self._per_login.forgive(key)
        self._per_source.forgive(key)

    def _spend(self, by_login: str, source: str) -> None:
        """Counts a try before it is known how it ends; Problem too_many_tries."""
        now = self._clock.monotonic()
        wait = max(self._per_login.wait_s(by_login, now), self._per_source.wait_s(source, now))
        if wait > 0:
            seconds = int(wait) + 1
            raise Problem(
                "too_many_tries", args={"seconds": seconds}, headers={"Retry-After": str(seconds)}
            )
        self._per_login.spend(by_login, now)
        self._per_source.spend(source, now)

    def _find(self, login: str, named: str | None) -> User | None:
        users = [
            user
            for one in self._office.organisations()
            if named in (None, one.id, one.name)
            and (user := self._office.user_by_login(one.id, login)) is not None
        ]
        # A login alone is enough where it cannot mean two people.
        return users[0] if len(users) == 1 else None

    def _open(self, user: User, password: str, device: str, source: str) -> tuple[str, SignedIn]:
        if needs_new_hash(user.password_hash):
            self._office.renew_hash(user.organisation_id, user.id, hash_password(password))
        now = self._clock.utc()
        self._office.forget_expired_sessions(now)
        token = secrets.token_urlsafe(32)
        session = WebSession(
            id_hash=hash_token(token),
            organisation_id=user.organisation_id,
            user_id=user.id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + self._settings.session_span,
            device=device[:DEVICE_MOST],
            source=source[:SOURCE_MOST],
        )
        self._office.create_session(session)
        return token, SignedIn(session, user, self._factors.is_missing(user))

    def find(self, token: str | None) -> SignedIn | None:
        """Finds the living session of a cookie, None where there is none; blocking."""
        return self.find_hash(hash_token(token)) if token else None

    def find_hash(self, id_hash: str) -> SignedIn | None:
        """Finds a living session by its hash, and keeps it alive; blocking."""
        now = self._clock.utc()
        _, known = self._seen.get(id_hash, (0.0, None))
        if known is not None and self._is_store_away(known.user.organisation_id):
            return self._as_last_seen(id_hash, now)
        try:
            session = self._office.session(id_hash)
            if session is None or not self._lives(session, now):
                self._seen.pop(id_hash, None)
                return None
            user = self._office.user(session.organisation_id, session.user_id)
            limited = user is not None and self._factors.is_missing(user)
        except StoreFault:
            return self._as_last_seen(id_hash, now)
        if user is None or user.disabled_at is not None:
            self._seen.pop(id_hash, None)
            return None
        found = SignedIn(session, user, limited)
        self._note(id_hash, found)
        if now - session.last_seen_at > _TOUCH_EVERY:
            with suppress(StoreFault):
                self._office.touch_session(session.organisation_id, id_hash, now)
        return found

    def _note(self, id_hash: str, found: SignedIn) -> None:
        """Remembers who a session was a moment ago, for when the database cannot say."""
        self._seen.pop(id_hash, None)
        self._seen[id_hash] = self._clock.monotonic(), found
        while len(self._seen) > _SEEN_MAX:
            self._seen.pop(next(iter(self._seen)), None)

    def _as_last_seen(self, id_hash: str, now: datetime) -> SignedIn | None:
        """Finds a session the database let in a short while ago; raises `StoreFault` without one.

        An operator must be able to end a talk with a result while the database is away. What needs
        the database fails there by itself."""
        at, found = self._seen.get(id_hash, (0.0, None))
        fresh = found is not None and self._clock.monotonic() - at < _SEEN_S
        if found is None or not fresh or now >= found.session.expires_at:
            raise StoreFault(
                "The database does not answer, so nobody can be let in.", "Try again in a moment."
            )
        return found

    def _lives(self, session: WebSession, now: datetime) -> bool:
        idle = now - session.last_seen_at
        return now < session.expires_at and idle < self._settings.session_idle

    def forget(self, id_hash: str) -> None:
        """Believes a session no longer that was ended elsewhere."""
        self._seen.pop(id_hash, None)

    def forget_user(self, user: str) -> None:
        """Believes no session of a person any longer."""
        for id_hash, (_, found) in list(self._seen.items()):
            if found.user.id == user:
                self._seen.pop(id_hash, None)

    def end(self, signed_in: SignedIn) -> None:
        """Ends a session; blocking."""
        session = signed_in.session
        self._seen.pop(session.id_hash, None)
        self._office.end_session(session.organisation_id, session.id_hash)

    def set_cookie(self, response: Response, token: str) -> None:
        """Gives the cookie to the browser."""
        response.set_cookie(
            self.cookie_name,
            token,
            max_age=int(self._settings.session_span.total_seconds()),
            path="/",
            secure=self._settings.secure_cookie,
            httponly=True,
            samesite="strict",
        )

    def clear_cookie(self, response: Response) -> None:
        """Takes the cookie from the browser."""
        response.delete_cookie(
            self.cookie_name,
            path="/",
            secure=self._settings.secure_cookie,
            httponly=True,
            samesite="strict",
        )
