"""Lets a person guard their own account, and those who may edit people look after theirs.

Everybody changes their own password, sees and ends their own sessions and sets up a second factor.
Whose sign-in needs one is an administrator's decision. The rest of the door is in `access`.
"""

from collections.abc import Sequence

from vyzov.core.errors import InvalidRequest
from vyzov.dialer.access_history import found
from vyzov.dialer.access_kpi import KpiDoor
from vyzov.dialer.office_records import Role, User, WebSession
from vyzov.dialer.rights import Action, Forbidden, NotFound, may_grant
from vyzov.dialer.security_records import SecondFactor


class SecurityDoor(KpiDoor):
    """The part of `access.Door` about passwords, sessions and second factors."""

    # ---- one's own

    def my_second_factor(self) -> SecondFactor | None:
        """Gives the person's own second factor, None where they have none."""
        self.person.must(Action.SESSION_OWN)
        return self._office.second_factor(self._own, self.person.user)

    def begin_second_factor(self, secret: str) -> None:
        """Keeps a secret until a code of it proves that an app has it."""
        self.person.must(Action.SESSION_OWN)
        if not self._office.begin_second_factor(self._own, self.person.user, secret):
            raise InvalidRequest(
                "This account has a second factor already.", "Take it away first, then set it up."
            )

    def confirm_second_factor(self, step: int, code_hashes: Sequence[str]) -> None:
        """Has signing in ask for the second factor."""
        self.person.must(Action.SESSION_OWN)
        self._office.confirm_second_factor(self._own, self.person.user, step, code_hashes)

    def drop_my_second_factor(self) -> None:
        """Takes one's own second factor away, where the role does not need one."""
        self.person.must(Action.SESSION_OWN)
        if self.person.role in self._office.second_factor_roles(self._own):
            raise Forbidden(
                f"The role {self.person.role} signs in with a second factor here.",
                "Ask an administrator to reset it, then set it up on the new device.",
            )
        self._office.drop_second_factor(self._own, self.person.user)

    def change_my_password(self, password_hash: str, keep: str) -> None:
        """Changes one's own password; all other sessions end."""
        self.person.must(Action.SESSION_OWN)
        self._office.change_own_password(self._own, self.person.user, password_hash, keep)

    def my_sessions(self) -> tuple[WebSession, ...]:
        """Gives one's own sessions, the latest used first."""
        self.person.must(Action.SESSION_OWN)
        return self._office.sessions_of(self._own, self.person.user)

    def end_my_session(self, id_hash: str) -> None:
        """Ends one of one's own sessions."""
        if id_hash not in {one.id_hash for one in self.my_sessions()}:
            raise NotFound("There is no such session.", "It may have ended; load the list anew.")
        self._office.end_session(self._own, id_hash)

    # ---- other people's

    def sessions_of(self, user_id: str) -> tuple[WebSession, ...]:
        """Gives the sessions of somebody this person may edit."""
        return self._office.sessions_of(self._own, self._edited(user_id).id)

    def end_sessions(self, user_id: str) -> int:
        """Signs somebody out everywhere; gives how many sessions that ended."""
        return self._office.end_sessions_of(self._own, self._edited(user_id).id)

    def second_factor_of(self, user_id: str) -> SecondFactor | None:
        """Gives the second factor of somebody this person may edit."""
        return self._office.second_factor(self._own, self._edited(user_id).id)

    def reset_second_factor(self, user_id: str) -> None:
        """Takes somebody's second factor away: they lost it, or left."""
        self._office.drop_second_factor(self._own, self._edited(user_id).id)

    def _edited(self, user_id: str) -> User:
        self.person.must(Action.USER_EDIT)
        user = found(self._office.user(self._own, user_id), "user")
        if not may_grant(self.person.role, user.role):
            raise Forbidden(
                f"The role {self.person.role} may not change the role {user.role}.",
                "Ask an administrator.",
            )
        return user

    # ---- everybody's

    def second_factor_roles(self) -> frozenset[Role]:
        """Gives whose sign-in needs a second factor."""
        self.person.must(Action.USER_SEE)
        return self._office.second_factor_roles(self._own)

    def set_second_factor_roles(self, roles: Sequence[Role]) -> None:
        """Says whose sign-in needs a second factor."""
        self.person.must(Action.SECURITY_EDIT)
        self._office.set_second_factor_roles(self._own, roles)
