"""Asks for the second factor: a code of an app or a recovery code, and who must set one up first.

Whether a code is right is `core.second_factor`'s word; whose sign-in needs one, the organisation's.
"""

import hashlib
import secrets

from vyzov.core.second_factor import SECRET_BYTES, accepted_step, secret_text
from vyzov.dialer.office_records import User
from vyzov.dialer.office_store import OfficeStore
from vyzov.dialer.ports import Clock
from vyzov.dialer.security_records import RECOVERY_CODES, SecondFactor
from vyzov.web.problems import Problem

RULE_KEPT_S = 1.0
"""A change of whose sign-in needs a second factor acts within a second."""
_ORGANISATIONS_KEPT = 1_000
# No letter or digit that is read as another one.
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"


def new_key() -> str:
    """Makes the secret of a second factor, as an app takes it."""
    return secret_text(secrets.token_bytes(SECRET_BYTES))


def new_codes() -> list[str]:
    """Makes recovery codes: 50 random bits each, to be written down."""
    return [
        "-".join("".join(secrets.choice(_SIGNS) for _ in range(5)) for _ in range(2))
        for _ in range(RECOVERY_CODES)
    ]


def hash_code(user: str, code: str) -> str:
    """Gives what the store keeps of a recovery code."""
    plain = "".join(code.casefold().replace("-", "").split())
    return hashlib.sha256(f"{user}:{plain}".encode()).hexdigest()


class Factors:
    """The second factors of an installation, over the office store."""

    def __init__(self, office: OfficeStore, clock: Clock) -> None:
        self._office = office
        self._clock = clock
        self._rules: dict[str, tuple[float, frozenset[str]]] = {}

    def must_prove(self, user: User, code: str | None) -> None:
        """Lets a person in who proved their password; Problem second_factor_needed, wrong_code;
        blocking."""
        factor = self._office.second_factor(user.organisation_id, user.id)
        if factor is None or not factor.holds:
            return
        if not code:
            raise Problem("second_factor_needed")
        if not self._is_right(user, factor, code):
            raise Problem("wrong_code")

    def _is_right(self, user: User, factor: SecondFactor, code: str) -> bool:
        step = accepted_step(factor.secret, code, self._clock.utc(), factor.step)
        if step is not None:
            # Of two who bring the same code at one time, one is let in.
            return self._office.take_step(user.organisation_id, user.id, step)
        hashed = hash_code(user.id, code)
        return self._office.take_recovery_code(user.organisation_id, user.id, hashed)

    def is_missing(self, user: User) -> bool:
        """Tells whether a person has to set a second factor up before anything else; blocking."""
        if not self.is_needed(user):
            return False
        factor = self._office.second_factor(user.organisation_id, user.id)
        return factor is None or not factor.holds

    def is_needed(self, user: User) -> bool:
        """Tells whether a person's role signs in with a second factor; blocking."""
        organisation = user.organisation_id
        now = self._clock.monotonic()
        at, roles = self._rules.get(organisation, (-RULE_KEPT_S, frozenset[str]()))
        if now - at >= RULE_KEPT_S:
            found = self._office.second_factor_roles(organisation)
            roles = frozenset(one.value for one in found)
            while len(self._rules) >= _ORGANISATIONS_KEPT:
                self._rules.pop(next(iter(self._rules)), None)
            self._rules[organisation] = now, roles
        return user.role.value in roles
