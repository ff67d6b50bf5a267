"""Tokens of programs: made, found by their secret, taken out of use."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from vyzov.core.instants import from_text, to_text
from vyzov.dialer.office_records import User
from vyzov.dialer.token_records import ApiToken, NewToken
from vyzov.storage import tables as t
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.office_users import user_of
from vyzov.storage.tables_access import api_token
from vyzov.storage.values import text_or_none, time_or_none, words_of, words_text


class Tokens(OfficeBase):
    """The topic of `dialer.token_records.TokenStore`."""

    def tokens(self, organisation: str) -> Sequence[ApiToken]:
        """Returns all tokens, revoked ones too, the newest first."""
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(api_token)
                .where(api_token.c.organisation_id == organisation)
                .order_by(api_token.c.id.desc())
            )
            return tuple(_token(row) for row in rows)

    def token(self, organisation: str, token_id: str) -> ApiToken | None:
        """Returns a token by id."""
        with self._reading() as connection:
            return _read(connection, organisation, token_id)

    def create_token(self, organisation: str, user_id: str, token: NewToken) -> ApiToken:
        """Keeps a token of a person."""
        token_id = self._new_id()
        with self._writing() as connection:
            connection.execute(
                api_token.insert().values(
                    id=token_id, organisation_id=organisation, user_id=user_id, name=token.name,
                    secret_hash=token.secret_hash, hint=token.hint,
                    scopes=words_text(token.scopes), created_at=self._now_text(),
                    expires_at=text_or_none(token.expires_at),
                )
            )  # fmt: skip
            made = _read(connection, organisation, token_id)
        assert made is not None, "a token just written is there"
        return made

    def revoke_token(self, organisation: str, token_id: str) -> ApiToken | None:
        """Takes a token out of use for good; one that is out of use stays as it is."""
        with self._writing() as connection:
            connection.execute(
                api_token.update()
                .where(*_which(organisation, token_id), api_token.c.revoked_at.is_(None))
                .values(revoked_at=self._now_text())
            )
            return _read(connection, organisation, token_id)

    def token_of_secret(self, secret_hash: str) -> tuple[ApiToken, User] | None:
        """Returns the token whatever its organisation, with whose it is."""
        with self._reading() as connection:
            row = connection.execute(
                sa.select(api_token).where(api_token.c.secret_hash == secret_hash)
            ).first()
            if row is None:
                return None
            owner = connection.execute(
                sa.select(t.user_account).where(
                    t.user_account.c.organisation_id == row.organisation_id,
                    t.user_account.c.id == row.user_id,
                )
            ).one()
        return _token(row), user_of(owner)

    def touch_token(self, organisation: str, token_id: str, used: datetime) -> None:
        """Notes when a token was last used."""
        with self._writing() as connection:
            connection.execute(
                api_token.update()
                .where(*_which(organisation, token_id))
                .values(last_used_at=to_text(used))
            )


def _which(organisation: str, token_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return api_token.c.organisation_id == organisation, api_token.c.id == token_id


def _read(connection: sa.Connection, organisation: str, token_id: str) -> ApiToken | None:
    row = connection.execute(sa.select(api_token).where(*_which(organisation, token_id))).first()
    return None if row is None else _token(row)


def _token(row: sa.Row[Any]) -> ApiToken:
    return ApiToken(
        id=row.id,
        organisation_id=row.organisation_id,
        user_id=row.user_id,
        name=row.name,
        hint=row.hint,
        scopes=words_of(row.scopes),
        created_at=from_text(row.created_at),
        expires_at=time_or_none(row.expires_at),
        last_used_at=time_or_none(row.last_used_at),
        revoked_at=time_or_none(row.revoked_at),
    )
