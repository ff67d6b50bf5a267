"""Second factors, recovery codes and sessions of people, as rows."""

from collections.abc import Sequence

import sqlalchemy as sa

from vyzov.dialer.office_records import Role, WebSession
from vyzov.dialer.security_records import SecondFactor
from vyzov.storage import tables as t
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.office_users import session_of
from vyzov.storage.tables_people import recovery_code
from vyzov.storage.values import time_or_none, words_of, words_text


class Security(OfficeBase):
    """The topic of `dialer.security_records.SecurityStore`."""

    def second_factor(self, organisation: str, user_id: str) -> SecondFactor | None:
        """Returns a person's second factor, None where they have none."""
        account, code = t.user_account.c, recovery_code.c
        with self._reading() as connection:
            row = connection.execute(
                sa.select(account.totp_secret, account.totp_since, account.totp_step).where(
                    *_user(organisation, user_id)
                )
            ).first()
            if row is None or not row.totp_secret:
                return None
            left = connection.execute(
                sa.select(sa.func.count()).where(
                    code.organisation_id == organisation,
                    code.user_id == user_id,
                    code.used_at.is_(None),
                )
            ).scalar_one()
        return SecondFactor(row.totp_secret, time_or_none(row.totp_since), row.totp_step, left)

    def begin_second_factor(self, organisation: str, user_id: str, secret: str) -> bool:
        """Keeps a secret that is not confirmed yet; False where a confirmed one stands."""
        # Nothing has changed for anybody before it is confirmed.
        with self._writing(audited=False) as connection:
            return (
                connection.execute(
                    t.user_account.update()
                    .where(*_user(organisation, user_id), t.user_account.c.totp_since.is_(None))
                    .values(totp_secret=secret, totp_step=0)
                ).rowcount
                == 1
            )

    def confirm_second_factor(
        self, organisation: str, user_id: str, step: int, code_hashes: Sequence[str]
    ) -> None:
        """Has signing in ask for the second factor from now on."""
        with self._writing() as connection:
            connection.execute(
                t.user_account.update()
                .where(*_user(organisation, user_id), t.user_account.c.totp_since.is_(None))
                .values(totp_since=self._now_text(), totp_step=step)
            )
            _drop_codes(connection, organisation, user_id)
            connection.execute(
                recovery_code.insert(),
                [
                    {"organisation_id": organisation, "user_id": user_id, "code_hash": one}
                    for one in code_hashes
                ],
            )

    def take_step(self, organisation: str, user_id: str, step: int) -> bool:
        """Notes that the code of a step was taken; False where a later one was already."""
        with self._writing(audited=False) as connection:
            return (
                connection.execute(
                    t.user_account.update()
                    .where(*_user(organisation, user_id), t.user_account.c.totp_step < step)
                    .values(totp_step=step)
                ).rowcount
                == 1
            )

    def take_recovery_code(self, organisation: str, user_id: str, code_hash: str) -> bool:
        """Uses a recovery code up; False where there is none like it."""
        code = recovery_code.c
        with self._writing() as connection:
            return (
                connection.execute(
                    recovery_code.update()
                    .where(
                        code.organisation_id == organisation,
                        code.user_id == user_id,
                        code.code_hash == code_hash,
                        code.used_at.is_(None),
                    )
                    .values(used_at=self._now_text())
                ).rowcount
                == 1
            )

    def drop_second_factor(self, organisation: str, user_id: str) -> bool:
        """Takes a person's second factor away; False where they had none."""
        with self._writing() as connection:
            _drop_codes(connection, organisation, user_id)
            return (
                connection.execute(
                    t.user_account.update()
                    .where(*_user(organisation, user_id), t.user_account.c.totp_secret != "")
                    .values(totp_secret="", totp_since=None, totp_step=0)
                ).rowcount
                == 1
            )

    def second_factor_roles(self, organisation: str) -> frozenset[Role]:
        """Returns whose sign-in needs a second factor."""
        column = t.organisation.c
        with self._reading() as connection:
            text = connection.execute(
                sa.select(column.second_factor_roles).where(column.id == organisation)
            ).scalar()
        return frozenset(Role(one) for one in words_of(text or "[]"))

    def set_second_factor_roles(self, organisation: str, roles: Sequence[Role]) -> None:
        """Says whose sign-in needs a second factor."""
        with self._writing() as connection:
            connection.execute(
                t.organisation.update()
                .where(t.organisation.c.id == organisation)
                .values(second_factor_roles=words_text(sorted(one.value for one in roles)))
            )

    def change_own_password(
        self, organisation: str, user_id: str, password_hash: str, keep: str
    ) -> None:
        """Changes a password and ends all sessions of the person but the one of hash `keep`."""
        session = t.web_session.c
        with self._writing() as connection:
            connection.execute(
                t.user_account.update()
                .where(*_user(organisation, user_id))
                .values(password_hash=password_hash)
            )
            connection.execute(
                t.web_session.delete().where(
                    session.organisation_id == organisation,
                    session.user_id == user_id,
                    session.id_hash != keep,
                )
            )

    def renew_hash(self, organisation: str, user_id: str, password_hash: str) -> None:
        """Keeps the same password under a newer hash; nobody's session ends."""
        with self._writing(audited=False) as connection:
            connection.execute(
                t.user_account.update()
                .where(*_user(organisation, user_id))
                .values(password_hash=password_hash)
            )

    def sessions_of(self, organisation: str, user_id: str) -> tuple[WebSession, ...]:
        """Returns a person's sessions, the latest used first."""
        session = t.web_session.c
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(t.web_session)
                .where(session.organisation_id == organisation, session.user_id == user_id)
                .order_by(session.last_seen_at.desc(), session.id_hash)
            )
            return tuple(session_of(row) for row in rows)


def _user(organisation: str, user_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return t.user_account.c.organisation_id == organisation, t.user_account.c.id == user_id


def _drop_codes(connection: sa.Connection, organisation: str, user_id: str) -> None:
    code = recovery_code.c
    connection.execute(
        recovery_code.delete().where(code.organisation_id == organisation, code.user_id == user_id)
    )
