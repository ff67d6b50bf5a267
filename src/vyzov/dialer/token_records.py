"""Tokens that programs sign their requests with, and who is doing what is written down.

A token speaks for the person who made it: it may do what its scopes name and that person still may.
Who may make one is decided in `access_tokens`, how a request brings one in the web process.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from vyzov.dialer.office_records import User


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to be kept: `secret_hash` is its SHA-256, `hint` the first letters a person may see."""

    name: str
    secret_hash: str
    hint: str
    scopes: tuple[str, ...]
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token as it is kept; its secret is known to nobody but whoever was told it once."""

    id: str
    organisation_id: str
    user_id: str
    name: str
    hint: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    def lives(self, now: datetime) -> bool:
        """True while it opens doors."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class TokenStore(Protocol):
    """Tokens, and whose they are."""

    def tokens(self, organisation: str) -> Sequence[ApiToken]:
        """Returns all tokens, revoked ones too, the newest first."""
        ...

    def token(self, organisation: str, token_id: str) -> ApiToken | None: ...

    def create_token(self, organisation: str, user_id: str, token: NewToken) -> ApiToken:
        """Keeps a token of a person."""
        ...

    def revoke_token(self, organisation: str, token_id: str) -> ApiToken | None:
        """Takes a token out of use for good; one that is out of use stays as it is."""
        ...

    def token_of_secret(self, secret_hash: str) -> tuple[ApiToken, User] | None:
        """Returns the token whatever its organisation, with whose it is; the caller asks whether
        it lives."""
        ...

    def touch_token(self, organisation: str, token_id: str, used: datetime) -> None:
        """Notes when a token was last used."""
        ...
