"""Knows which program a request comes from, by the token in its `Authorization` header.

A token is random and long, so the store keeps a plain SHA-256 of it. Such a request never looks at
cookies, which is why no foreign page can borrow anybody's session by sending one. What the token may
do is decided by `vyzov.dialer.rights`.
"""

import secrets
from contextlib import suppress
from datetime import timedelta

from starlette.requests import HTTPConnection

from vyzov.core.errors import StoreFault
from vyzov.dialer.office_records import User
from vyzov.dialer.office_store import OfficeStore
from vyzov.dialer.ports import Clock
from vyzov.dialer.rights import Person
from vyzov.dialer.token_records import ApiToken
from vyzov.web.passwords import Throttle
from vyzov.web.problems import Problem
from vyzov.web.sessions import hash_token
from vyzov.web.settings import WebSettings

PREFIX = "vyzov_"
HINT_SIGNS = 4
# A token's last use is written at most this often, as a session's is.
_TOUCH_EVERY = timedelta(minutes=1)
_GOOD_MAX = 2_000


def new_secret() -> str:
    """Makes the secret of a token: 256 random bits behind a mark that scanners of code can find."""
    return PREFIX + secrets.token_urlsafe(32)


def hint_of(secret: str) -> str:
    """Gives what a person may see of a secret later, to tell one token from another."""
    return secret[: len(PREFIX) + HINT_SIGNS]


def is_bearer(authorization: str) -> bool:
    """Tells whether a header brings a token at all."""
    return authorization[:7].casefold() == "bearer "


class Tokens:
    """Finds the person a token speaks for, and slows down whoever keeps guessing."""

    def __init__(self, office: OfficeStore, clock: Clock, settings: WebSettings) -> None:
        self._office = office
        self._clock = clock
        self._per_source = Throttle(
            settings.tries_free_per_source,
            settings.tries_wait_max.total_seconds(),
            settings.tries_remembered,
        )
        # Programs behind one address: what one of them guesses wrong must not shut out the others.
        self._good: dict[str, None] = {}

    def person_of(self, connection: HTTPConnection) -> Person:
        """Finds whose token a request brings; Problem wrong_token or too_many_tries; blocking."""
        secret = connection.headers["authorization"][7:].strip()
        source = connection.client.host if connection.client else "unknown"
        secret_hash, now = hash_token(secret), self._clock.monotonic()
        wait = self._per_source.wait_s(source, now)
        if wait > 0 and secret_hash not in self._good:
            seconds = int(wait) + 1
            raise Problem(
                "too_many_tries", args={"seconds": seconds}, headers={"Retry-After": str(seconds)}
            )
        found = self._office.token_of_secret(secret_hash) if secret.startswith(PREFIX) else None
        if found is None or not self._opens(*found):
            self._good.pop(secret_hash, None)
            self._per_source.spend(source, now)
            raise Problem("wrong_token", headers={"WWW-Authenticate": "Bearer"})
        self._note(secret_hash)
        self._touch(found[0])
        return _person(*found)

    def _opens(self, token: ApiToken, owner: User) -> bool:
        return token.lives(self._clock.utc()) and owner.disabled_at is None

    def _note(self, secret_hash: str) -> None:
        self._good.pop(secret_hash, None)
        self._good[secret_hash] = None
        while len(self._good) > _GOOD_MAX:
            del self._good[next(iter(self._good))]

    def _touch(self, token: ApiToken) -> None:
        now = self._clock.utc()
        if token.last_used_at is None or now - token.last_used_at > _TOUCH_EVERY:
            with suppress(StoreFault):
                self._office.touch_token(token.organisation_id, token.id, now)


def _person(token: ApiToken, owner: User) -> Person:
    return Person(
        owner.id,
        owner.organisation_id,
        owner.role,
        owner.principal_id,
        token=token.id,
        scopes=frozenset(token.scopes),
    )
