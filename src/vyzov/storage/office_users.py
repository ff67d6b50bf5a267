"""Organisations, the people who sign in, and their sessions."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from vyzov.core.errors import Fault, InvalidRequest
from vyzov.core.facts import FactKind
from vyzov.core.instants import from_text, to_text
from vyzov.dialer.office_records import (
    NewUser,
    Organisation,
    Principal,
    Role,
    User,
    UserChange,
    WebSession,
)
from vyzov.storage import tables as t
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.values import text_or_none, time_or_none


class Users(OfficeBase):
    """The topic of `dialer.office_store.UserStore`."""

    def organisations(self) -> tuple[Organisation, ...]:
        """Returns all organisations, the first made first."""
        with self._reading() as connection:
            rows = connection.execute(sa.select(t.organisation).order_by(t.organisation.c.id))
            return tuple(_organisation(row) for row in rows)

    def organisation(self, organisation: str) -> Organisation | None:
        """Returns an organisation by id."""
        with self._reading() as connection:
            row = connection.execute(
                sa.select(t.organisation).where(t.organisation.c.id == organisation)
            ).first()
        return None if row is None else _organisation(row)

    def set_emergency_stop(self, organisation: str, at: datetime | None) -> None:
        """Stops all dialling from the next reservation on; None lifts it."""
        with self._writing() as connection:
            connection.execute(
                t.organisation.update()
                .where(t.organisation.c.id == organisation)
                .values(emergency_stop_at=text_or_none(at))
            )
            kind = FactKind.EMERGENCY_STOP_LIFTED if at is None else FactKind.EMERGENCY_STOP
            self._tell(connection, organisation, kind, f"{kind}:{self._new_id()}", {})

    def floors(self, organisation: str) -> tuple[str, ...]:
        """Returns the ids of the organisation's floors, the first made first."""
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(t.floor.c.id)
                .where(t.floor.c.organisation_id == organisation)
                .order_by(t.floor.c.created_at, t.floor.c.id)
            )
            return tuple(row.id for row in rows)

    def principals(self, organisation: str) -> tuple[Principal, ...]:
        """Returns the customers called for, the first made first."""
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(t.principal)
                .where(t.principal.c.organisation_id == organisation)
                .order_by(t.principal.c.id)
            )
            return tuple(Principal(id=row.id, name=row.name) for row in rows)

    def create_principal(self, organisation: str, name: str) -> Principal:
        """Creates a customer called for."""
        made = Principal(id=self._new_id(), name=name)
        with self._writing() as connection:
            connection.execute(
                t.principal.insert().values(
                    id=made.id, organisation_id=organisation, name=made.name
                )
            )
        return made

    def users(self, organisation: str) -> tuple[User, ...]:
        """Returns all users, disabled ones too, by name."""
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(t.user_account)
                .where(t.user_account.c.organisation_id == organisation)
                .order_by(t.user_account.c.name, t.user_account.c.id)
            )
            return tuple(user_of(row) for row in rows)

    def user(self, organisation: str, user_id: str) -> User | None:
        """Returns a user by id."""
        return self._one_user(organisation, t.user_account.c.id == user_id)

    def user_by_login(self, organisation: str, login: str) -> User | None:
        """Returns the user of this login (case does not matter), disabled or not."""
        return self._one_user(organisation, t.user_account.c.login == plain_login(login))

    def create_user(self, organisation: str, user: NewUser) -> User:
        """Creates a user; a login already taken raises `InvalidRequest`."""
        login = plain_login(user.login)
        user_id = self._new_id()
        with self._writing() as connection:
            taken = connection.execute(
                sa.select(t.user_account.c.id).where(
                    t.user_account.c.organisation_id == organisation,
                    t.user_account.c.login == login,
                )
            ).first()
            if taken is not None or not login:
                problem = f"'{login}' is taken" if login else "it is empty"
                raise InvalidRequest.of("The new user", [Fault("login", problem)])
            connection.execute(
                t.user_account.insert().values(
                    id=user_id,
                    organisation_id=organisation,
                    login=login,
                    name=user.name,
                    role=user.role.value,
                    language=user.language,
                    theme=user.theme,
                    password_hash=user.password_hash,
                    principal_id=user.principal_id,
                    created_at=self._now_text(),
                )
            )
        made = self.user(organisation, user_id)
        assert made is not None, "a user just committed is there"
        return made

    def change_user(self, organisation: str, user_id: str, change: UserChange) -> User | None:
        """Changes a user; a disabled user's sessions end in the same transaction."""
        given: dict[str, str | None] = {
            "name": change.name,
            "role": None if change.role is None else change.role.value,
            "language": change.language,
            "theme": change.theme,
            "password_hash": change.password_hash,
        }
        values: dict[str, str | None] = {
            name: value for name, value in given.items() if value is not None
        }
        with self._writing() as connection:
            if change.disabled is not None:
                values["disabled_at"] = self._now_text() if change.disabled else None
            if values:
                connection.execute(
                    t.user_account.update()
                    .where(
                        t.user_account.c.organisation_id == organisation,
                        t.user_account.c.id == user_id,
                    )
                    .values(**values)
                )
            # Whoever changes a password or shuts somebody out means now, not at the next sign-in.
            if change.disabled or change.password_hash is not None:
                _end_sessions(connection, organisation, user_id)
        return self.user(organisation, user_id)

    def create_session(self, session: WebSession) -> None:
        """Keeps a new session."""
        with self._writing() as connection:
            connection.execute(
                t.web_session.insert().values(
                    id_hash=session.id_hash,
                    organisation_id=session.organisation_id,
                    user_id=session.user_id,
                    created_at=to_text(session.created_at),
                    last_seen_at=to_text(session.last_seen_at),
                    expires_at=to_text(session.expires_at),
                    device=session.device,
                    source=session.source,
                )
            )

    def session(self, id_hash: str) -> WebSession | None:
        """Returns the session whatever its organisation; the caller compares `expires_at`."""
        with self._reading() as connection:
            row = connection.execute(
                sa.select(t.web_session).where(t.web_session.c.id_hash == id_hash)
            ).first()
        return None if row is None else session_of(row)

    def touch_session(self, organisation: str, id_hash: str, seen: datetime) -> None:
        """Notes when a session was last used."""
        with self._writing() as connection:
            connection.execute(
                t.web_session.update()
                .where(
                    t.web_session.c.organisation_id == organisation,
                    t.web_session.c.id_hash == id_hash,
                )
                .values(last_seen_at=to_text(seen))
            )

    def end_session(self, organisation: str, id_hash: str) -> None:
        """Forgets a session."""
        with self._writing() as connection:
            connection.execute(
                t.web_session.delete().where(
                    t.web_session.c.organisation_id == organisation,
                    t.web_session.c.id_hash == id_hash,
                )
            )

    def end_sessions_of(self, organisation: str, user_id: str) -> int:
        """Forgets all sessions of a user and returns how many there were."""
        with self._writing() as connection:
            return _end_sessions(connection, organisation, user_id)

    def forget_expired_sessions(self, now: datetime) -> int:
        """Forgets sessions that ran out, of all organisations."""
        with self._writing() as connection:
            return connection.execute(
                t.web_session.delete().where(t.web_session.c.expires_at <= to_text(now))
            ).rowcount

    def _one_user(self, organisation: str, which: sa.ColumnElement[bool]) -> User | None:
        with self._reading() as connection:
            row = connection.execute(
                sa.select(t.user_account).where(
                    t.user_account.c.organisation_id == organisation, which
                )
            ).first()
        return None if row is None else user_of(row)


def plain_login(login: str) -> str:
    """Returns a login as it is kept: without surrounding space, in lower case."""
    return login.strip().casefold()


def _end_sessions(connection: sa.Connection, organisation: str, user_id: str) -> int:
    return connection.execute(
        t.web_session.delete().where(
            t.web_session.c.organisation_id == organisation,
            t.web_session.c.user_id == user_id,
        )
    ).rowcount


def _organisation(row: sa.Row[Any]) -> Organisation:
    return Organisation(
        id=row.id,
        name=row.name,
        emergency_stop_at=time_or_none(row.emergency_stop_at),
        created_at=from_text(row.created_at),
    )


def user_of(row: sa.Row[Any]) -> User:
    """Makes the user a row of the table describes."""
    return User(
        id=row.id,
        organisation_id=row.organisation_id,
        login=row.login,
        name=row.name,
        role=Role(row.role),
        language=row.language,
        theme=row.theme,
        password_hash=row.password_hash,
        principal_id=row.principal_id,
        disabled_at=time_or_none(row.disabled_at),
        created_at=from_text(row.created_at),
    )


def session_of(row: sa.Row[Any]) -> WebSession:
    """Makes the session a row of the table describes."""
    return WebSession(
        id_hash=row.id_hash,
        organisation_id=row.organisation_id,
        user_id=row.user_id,
        created_at=from_text(row.created_at),
        last_seen_at=from_text(row.last_seen_at),
        expires_at=from_text(row.expires_at),
        device=row.device,
        source=row.source,
    )
