"""Tokens for programs: made, their secret told once, listed, revoked."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AwareDatetime, ConfigDict, Field

from vyzov.core.errors import Fault
from vyzov.dialer.token_records import ApiToken, NewToken
from vyzov.web.admission import In, Who, room
from vyzov.web.problems import Problem
from vyzov.web.sessions import hash_token
from vyzov.web.shapes import Asked, Cursor, Limit, Named, PageOf, PathId, Shape, named, page_of
from vyzov.web.tokens import hint_of, new_secret

router = room("tokens", under="/tokens")

EXPIRES_LATEST = timedelta(days=3660)
SCOPES_MAX = 100


class TokenShape(Shape):
    """A token as it may be shown: its secret never leaves again."""

    id: str
    name: str
    owner: Named | None
    hint: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    lives: bool


class TokensPage(PageOf[TokenShape]):
    """Tokens, the newest first; `grantable` are the scopes one may put on a new token."""

    grantable: list[str]


class TokenMade(TokenShape):
    """A token just made, with the secret, which is told this once."""

    secret: str


class NewTokenAsked(Asked):
    """A token to be made; without `expires_at` it holds until it is revoked."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "Site form", "scopes": ["lead.add"], "expires_at": None}]
        },
    )

    name: Annotated[str, Field(min_length=1, max_length=100)]
    scopes: Annotated[list[str], Field(min_length=1, max_length=SCOPES_MAX)]
    expires_at: AwareDatetime | None = None


@router.get("", summary="Tokens of programs")
def tokens(house: In, who: Who, limit: Limit = 50, cursor: Cursor = None) -> TokensPage:
    """Gives all tokens of the organisation, revoked ones too, without their secrets."""
    names, now = who.door.names(), house.clock.utc()
    found = page_of(
        who.door.tokens(), lambda one: TokenShape(**_fields(one, names, now)), cursor, limit
    )
    return TokensPage(
        items=found.items,
        next_cursor=found.next_cursor,
        grantable=[scope.value for scope in who.door.scopes()],
    )


# No Idempotency-Key: an answer that is kept would keep the secret.
@router.post("", status_code=201, summary="Make a token")
def make_token(asked: NewTokenAsked, house: In, who: Who) -> TokenMade:
    """Makes a token that speaks for whoever makes it; its secret is in this answer only."""
    now = house.clock.utc()
    if asked.expires_at is not None and not now < asked.expires_at <= now + EXPIRES_LATEST:
        raise Problem(
            "invalid_request", "A token's end lies ahead, within ten years.",
            fields=(Fault("expires_at", "must lie ahead, within ten years", "order"),),
        )  # fmt: skip
    secret = new_secret()
    scopes = tuple(dict.fromkeys(asked.scopes))
    made = who.door.create_token(
        NewToken(asked.name, hash_token(secret), hint_of(secret), scopes, asked.expires_at)
    )
    return TokenMade(**_fields(made, who.door.names(), now), secret=secret)


@router.delete("/{token_id}", status_code=204, summary="Revoke a token")
def revoke_token(token_id: PathId, who: Who) -> None:
    """Takes a token out of use at once and for good."""
    who.door.revoke_token(token_id)


def _fields(one: ApiToken, names: Mapping[str, str], now: datetime) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "owner": named(one.user_id, names),
        "hint": one.hint,
        "scopes": list(one.scopes),
        "created_at": one.created_at,
        "expires_at": one.expires_at,
        "last_used_at": one.last_used_at,
        "revoked_at": one.revoked_at,
        "lives": one.lives(now),
    }
