"""Second factors, recovery codes, whose sign-in needs them, and changing one's own password.

What a code must be is `core.second_factor`'s word; guessing is slowed down in the web process.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from vyzov.dialer.office_records import Role, WebSession

RECOVERY_CODES = 10


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """A person's second factor: `since` None is one that is set up and not confirmed yet.

    `step` is the last time step whose code was taken, `codes_left` how many recovery codes are."""

    secret: str
    since: datetime | None
    step: int
    codes_left: int

    @property
    def holds(self) -> bool:
        """True where signing in asks for it."""
        return self.since is not None


class SecurityStore(Protocol):
    """What stands between a password and a session."""

    def second_factor(self, organisation: str, user_id: str) -> SecondFactor | None:
        """Returns a person's second factor, None where they have none."""
        ...

    def begin_second_factor(self, organisation: str, user_id: str, secret: str) -> bool:
        """Keeps a secret that is not confirmed yet; False where a confirmed one stands."""
        ...

    def confirm_second_factor(
        self, organisation: str, user_id: str, step: int, code_hashes: Sequence[str]
    ) -> None:
        """Has signing in ask for the second factor from now on."""
        ...

    def take_step(self, organisation: str, user_id: str, step: int) -> bool:
        """Notes that the code of a step was taken; False where a later one was already."""
        ...

    def take_recovery_code(self, organisation: str, user_id: str, code_hash: str) -> bool:
        """Uses a recovery code up; False where there is none like it."""
        ...

    def drop_second_factor(self, organisation: str, user_id: str) -> bool:
        """Takes a person's second factor away; False where they had none."""
        ...

    def second_factor_roles(self, organisation: str) -> frozenset[Role]:
        """Returns whose sign-in needs a second factor."""
        ...

    def set_second_factor_roles(self, organisation: str, roles: Sequence[Role]) -> None:
        """Says whose sign-in needs a second factor."""
        ...

    def change_own_password(
        self, organisation: str, user_id: str, password_hash: str, keep: str
    ) -> None:
        """Changes a password and ends all sessions of the person but the one of hash `keep`."""
        ...

    def renew_hash(self, organisation: str, user_id: str, password_hash: str) -> None:
        """Keeps the same password under a newer hash; nobody's session ends."""
        ...

    def sessions_of(self, organisation: str, user_id: str) -> tuple[WebSession, ...]:
        """Returns a person's sessions, the latest used first."""
        ...
