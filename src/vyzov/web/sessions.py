"""Knows who a request comes from: signing in, the cookie, and how long a session lives.

The cookie is a random token; the store keeps only its SHA-256. What the person may do is decided by
`vyzov.dialer.access`.
"""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from vyzov.dialer.office_records import User, UserChange, WebSession
from vyzov.dialer.office_store import OfficeStore
from vyzov.dialer.ports import Clock
from vyzov.dialer.rights import Person
from vyzov.web.passwords import Throttle, check_password, hash_password, needs_new_hash
from vyzov.web.problems import Problem
from vyzov.web.settings import WebSettings

COOKIE = "vyzov_session"
SECURE_COOKIE = "__Host-vyzov_session"

# A session's last use is written at most this often: reading a page must not cost a write.
_TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A living session and whose it is."""

    session: WebSession
    user: User

    @property
    def person(self) -> Person:
        """Gives the person for `access`."""
        return Person.of(self.user)


def hash_token(token: str) -> str:
    """Gives what the store keeps of a cookie."""
    return hashlib.sha256(token.encode()).hexdigest()


class Sessions:
    """Opens, finds and ends sessions over the office store."""

    def __init__(self, office: OfficeStore, clock: Clock, settings: WebSettings) -> None:
        self._office = office
        self._clock = clock
        self._settings = settings
        wait_max_s = settings.tries_wait_max.total_seconds()
        remembered = settings.tries_remembered
        self._per_login = Throttle(settings.tries_free_per_login, wait_max_s, remembered)
        self._per_source = Throttle(settings.tries_free_per_source, wait_max_s, remembered)
        # Each check takes 19 MiB and a core; a flood of them must not take the machine.
        self._checks = asyncio.Semaphore(settings.password_checks_at_once)

    @property
    def cookie_name(self) -> str:
        """Names the cookie; `__Host-` where only https may carry it."""
        return SECURE_COOKIE if self._settings.secure_cookie else COOKIE

    async def sign_in(
        self, login: str, password: str, organisation: str | None, source: str
    ) -> tuple[str, SignedIn]:
        """Opens a session, gives the cookie's token; Problem wrong_login or too_many_tries."""
        now = self._clock.monotonic()
        by_login = f"{organisation or ''}/{login.strip().casefold()}"
        wait = max(self._per_login.wait_s(by_login, now), self._per_source.wait_s(source, now))
        if wait > 0:
            seconds = int(wait) + 1
            raise Problem(
                "too_many_tries", args={"seconds": seconds}, headers={"Retry-After": str(seconds)}
            )
        self._per_login.spend(by_login, now)
        self._per_source.spend(source, now)
        user = await asyncio.to_thread(self._find, login.strip(), organisation)
        async with self._checks:
            stored = user.password_hash if user and user.disabled_at is None else None
            right = await asyncio.to_thread(check_password, stored, password)
        if user is None or not right:
            raise Problem("wrong_login")
        self._per_login.forgive(by_login)
        self._per_source.give_back(source)
        return await asyncio.to_thread(self._open, user, password)

    def _find(self, login: str, named: str | None) -> User | None:
        users = [
            user
            for one in self._office.organisations()
            if named in (None, one.id, one.name)
            and (user := self._office.user_by_login(one.id, login)) is not None
        ]
        # A login alone is enough where it cannot mean two people.
        return users[0] if len(users) == 1 else None

    def _open(self, user: User, password: str) -> tuple[str, SignedIn]:
        if needs_new_hash(user.password_hash):
            change = UserChange(password_hash=hash_password(password))
            self._office.change_user(user.organisation_id, user.id, change)
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
        )
        self._office.create_session(session)
        return token, SignedIn(session, user)

    def find(self, token: str | None) -> SignedIn | None:
        """Finds the living session of a cookie, None where there is none; blocking."""
        return self.find_hash(hash_token(token)) if token else None

    def find_hash(self, id_hash: str) -> SignedIn | None:
        """Finds a living session by its hash, and keeps it alive; blocking."""
        session = self._office.session(id_hash)
        now = self._clock.utc()
        if session is None or not self._lives(session, now):
            return None
        user = self._office.user(session.organisation_id, session.user_id)
        if user is None or user.disabled_at is not None:
            return None
        if now - session.last_seen_at > _TOUCH_EVERY:
            self._office.touch_session(session.organisation_id, id_hash, now)
        return SignedIn(session, user)

    def _lives(self, session: WebSession, now: datetime) -> bool:
        idle = now - session.last_seen_at
        return now < session.expires_at and idle < self._settings.session_idle

    def end(self, signed_in: SignedIn) -> None:
        """Ends a session; blocking."""
        session = signed_in.session
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
