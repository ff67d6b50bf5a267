"""Hands out tokens of programs to one person; the rest of the door is in `access`.

A token is never more than the person who made it: what it may do is asked of both at every request.
A few actions belong to people alone, whatever their role.
"""

from collections.abc import Iterable, Sequence

from vyzov.core.errors import Fault, InvalidRequest
from vyzov.dialer.access_history import found
from vyzov.dialer.access_kpi import KpiDoor
from vyzov.dialer.rights import Action, Forbidden, actions_of, may_grant
from vyzov.dialer.token_records import ApiToken, NewToken

OF_PEOPLE = frozenset(
    {
        Action.SESSION_OWN,
        Action.LIVE_OPEN,
        Action.DESK_WORK,
        Action.CALL_ENTER,
        Action.TOKEN_SEE,
        Action.TOKEN_EDIT,
        Action.USER_EDIT,
        Action.SECURITY_EDIT,
    }
)
"""What no token may do: a program has no screens, and one that made people or tokens would outlive
its own end."""


class TokenDoor(KpiDoor):
    """The part of `access.Door` about tokens."""

    def scopes(self) -> tuple[Action, ...]:
        """Gives the scopes this person may put on a token."""
        self.person.must(Action.TOKEN_SEE)
        return tuple(one for one in actions_of(self.person.role) if one not in OF_PEOPLE)

    def tokens(self) -> Sequence[ApiToken]:
        """Gives all tokens of the organisation, revoked ones too."""
        self.person.must(Action.TOKEN_SEE)
        return self._office.tokens(self._own)

    def create_token(self, token: NewToken) -> ApiToken:
        """Keeps a token that speaks for this person; a scope they may not give is a fault."""
        self.person.must(Action.TOKEN_EDIT)
        unknown = sorted(set(token.scopes) - set(self._given(self.scopes())))
        if unknown or not token.scopes:
            raise InvalidRequest.of(
                "The token",
                [Fault("scopes", f"cannot have {', '.join(unknown) or 'no scope'}", "choice")],
            )
        return self._office.create_token(self._own, self.person.user, token)

    def revoke_token(self, token_id: str) -> ApiToken:
        """Takes a token out of use: one's own, or that of somebody whose role one may give."""
        self.person.must(Action.TOKEN_EDIT)
        token = found(self._office.token(self._own, token_id), "token")
        owner = found(self._office.user(self._own, token.user_id), "user")
        if owner.id != self.person.user and not may_grant(self.person.role, owner.role):
            raise Forbidden(
                f"This token is of somebody with the role {owner.role}.",
                "Ask them or an administrator to revoke it.",
            )
        return found(self._office.revoke_token(self._own, token_id), "token")

    def _given(self, actions: Iterable[Action]) -> list[str]:
        return [action.value for action in actions]
