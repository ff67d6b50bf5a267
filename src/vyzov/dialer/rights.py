"""Decides what each role may do at all; which objects a person reaches is left to `access`.

An action without a row in `RIGHTS` is nobody's. The two refusals are kept apart: `Forbidden` is said
of an action, `NotFound` of an object out of reach, so that nobody learns what there is by asking.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from vyzov.core.errors import VyzovError
from vyzov.dialer.office_records import Role, User


class Forbidden(VyzovError):
    """The person's role may not do this, whatever the object."""


class NotFound(VyzovError):
    """There is no such object within the person's reach."""


class Action(StrEnum):
    """What can be asked for; one row of `RIGHTS` each."""

    SESSION_OWN = "session.own"
    LIVE_OPEN = "live.open"
    DESK_WORK = "desk.work"
    CALL_ENTER = "call.enter"
    FLOOR_SEE = "floor.see"
    FLOOR_STOP = "floor.stop"
    AGENT_LEAD = "agent.lead"
    WALL_SEE = "wall.see"
    ALARM_NOTE = "alarm.note"
    ALARM_EDIT = "alarm.edit"
    CLOCK_CONFIRM = "clock.confirm"
    QUARANTINE_LIFT = "quarantine.lift"
    CAMPAIGN_SEE = "campaign.see"
    CAMPAIGN_EDIT = "campaign.edit"
    CAMPAIGN_RUN = "campaign.run"
    LEAD_ADD = "lead.add"
    PRINCIPAL_SEE = "principal.see"
    SCRIPT_SEE = "script.see"
    SCRIPT_EDIT = "script.edit"
    LIST_SEE = "list.see"
    LIST_EDIT = "list.edit"
    CONTACT_FIND = "contact.find"
    CONTACT_SEE = "contact.see"
    CONTACT_EDIT = "contact.edit"
    CONTACT_EXPLAIN = "contact.explain"
    STOP_SEE = "stop.see"
    STOP_ADD = "stop.add"
    STOP_LIFT = "stop.lift"
    TRUNK_SEE = "trunk.see"
    TRUNK_EDIT = "trunk.edit"
    USER_SEE = "user.see"
    USER_EDIT = "user.edit"
    SECURITY_EDIT = "security.edit"
    PAUSE_SEE = "pause.see"
    PAUSE_EDIT = "pause.edit"
    CALLBACK_SEE = "callback.see"
    CALLBACK_EDIT = "callback.edit"
    ATTEMPT_SEE = "attempt.see"
    LADDER_SEE = "ladder.see"
    FACT_SEE = "fact.see"
    RECORDING_HEAR = "recording.hear"
    REPORT_SEE = "report.see"
    REPORT_AGENTS = "report.agents"
    WHATIF_SEE = "whatif.see"
    WHATIF_ASK = "whatif.ask"
    PRICE_SEE = "price.see"
    PRICE_EDIT = "price.edit"
    PROMPT_SEE = "prompt.see"
    PROMPT_EDIT = "prompt.edit"
    AUDIT_SEE = "audit.see"
    WEBHOOK_SEE = "webhook.see"
    WEBHOOK_EDIT = "webhook.edit"
    SHIFT_SEE = "shift.see"
    SHIFT_EDIT = "shift.edit"
    TOKEN_SEE = "token.see"  # noqa: S105 - an action, no secret
    TOKEN_EDIT = "token.edit"  # noqa: S105 - an action, no secret


_EVERYONE = frozenset(Role)
_OFFICE = frozenset({Role.MANAGER, Role.ADMINISTRATOR})
_LEADS = _OFFICE | {Role.SUPERVISOR}
_DESKS = frozenset({Role.OPERATOR, Role.SUPERVISOR})

RIGHTS: Mapping[Action, frozenset[Role]] = {
    Action.SESSION_OWN: _EVERYONE,
    Action.LIVE_OPEN: _EVERYONE,
    Action.DESK_WORK: _DESKS,
    # Of those who have a desk, and so a phone: who only manages hears recordings.
    Action.CALL_ENTER: frozenset({Role.SUPERVISOR}),
    Action.FLOOR_SEE: _LEADS,
    Action.FLOOR_STOP: _LEADS,
    Action.AGENT_LEAD: _LEADS,
    Action.WALL_SEE: _LEADS,
    Action.ALARM_NOTE: _LEADS,
    Action.ALARM_EDIT: _OFFICE,
    Action.CLOCK_CONFIRM: _OFFICE,
    Action.QUARANTINE_LIFT: _OFFICE,
    Action.CAMPAIGN_SEE: _LEADS | {Role.CUSTOMER},
    Action.CAMPAIGN_EDIT: _OFFICE,
    Action.CAMPAIGN_RUN: _LEADS,
    Action.LEAD_ADD: _OFFICE,
    Action.PRINCIPAL_SEE: _LEADS,
    Action.SCRIPT_SEE: _LEADS,
    Action.SCRIPT_EDIT: _OFFICE,
    Action.LIST_SEE: _LEADS,
    Action.LIST_EDIT: _OFFICE,
    Action.CONTACT_FIND: _LEADS,
    Action.CONTACT_SEE: _LEADS | {Role.OPERATOR},
    Action.CONTACT_EDIT: _LEADS,
    Action.CONTACT_EXPLAIN: _LEADS,
    Action.STOP_SEE: _LEADS,
    Action.STOP_ADD: _LEADS,
    Action.STOP_LIFT: _OFFICE,
    Action.TRUNK_SEE: _LEADS,
    Action.TRUNK_EDIT: _OFFICE,
    Action.USER_SEE: _LEADS,
    Action.USER_EDIT: _OFFICE,
    Action.SECURITY_EDIT: frozenset({Role.ADMINISTRATOR}),
    Action.PAUSE_SEE: _LEADS | {Role.OPERATOR},
    Action.PAUSE_EDIT: _OFFICE,
    Action.CALLBACK_SEE: _LEADS | {Role.OPERATOR},
    Action.CALLBACK_EDIT: _LEADS,
    Action.ATTEMPT_SEE: _LEADS | {Role.OPERATOR, Role.CUSTOMER},
    Action.LADDER_SEE: _LEADS,
    Action.FACT_SEE: _LEADS | {Role.OPERATOR, Role.CUSTOMER},
    Action.RECORDING_HEAR: _LEADS | {Role.OPERATOR, Role.CUSTOMER},
    Action.REPORT_SEE: _LEADS | {Role.CUSTOMER},
    Action.REPORT_AGENTS: _LEADS,
    Action.WHATIF_SEE: _LEADS,
    Action.WHATIF_ASK: _LEADS,
    Action.PRICE_SEE: _OFFICE,
    Action.PRICE_EDIT: _OFFICE,
    Action.PROMPT_SEE: _LEADS,
    Action.PROMPT_EDIT: _OFFICE,
    Action.AUDIT_SEE: _OFFICE,
    Action.WEBHOOK_SEE: _OFFICE,
    Action.WEBHOOK_EDIT: _OFFICE,
    Action.SHIFT_SEE: _LEADS,
    Action.SHIFT_EDIT: _OFFICE,
    Action.TOKEN_SEE: _OFFICE,
    Action.TOKEN_EDIT: _OFFICE,
}

_GRANTS: Mapping[Role, frozenset[Role]] = {
    Role.MANAGER: frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.CUSTOMER}),
    Role.ADMINISTRATOR: _EVERYONE,
}


def may(role: Role, action: Action) -> bool:
    """Tells whether a role may do an action; an action without a row is nobody's."""
    return role in RIGHTS.get(action, frozenset())


def actions_of(role: Role) -> tuple[Action, ...]:
    """Lists what a role may do, in the order of `Action`."""
    return tuple(action for action in Action if may(role, action))


def may_grant(granter: Role, role: Role) -> bool:
    """Tells whether `granter` may create, change or become the maker of a user with `role`."""
    return role in _GRANTS.get(granter, frozenset())


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks: a signed-in user of one organisation; customers speak for one principal.

    Where a program asks with a token of theirs, `token` is its id and `scopes` all it may do."""

    user: str
    organisation: str
    role: Role
    principal: str | None = None
    token: str = ""
    scopes: frozenset[str] | None = None

    @staticmethod
    def of(user: User) -> "Person":
        """Makes the person a user record describes."""
        return Person(user.id, user.organisation_id, user.role, user.principal_id)

    def may(self, action: Action) -> bool:
        """Tells whether the role, and the token if there is one, may do `action`."""
        return may(self.role, action) and (self.scopes is None or action.value in self.scopes)

    def must(self, action: Action) -> None:
        """Raises Forbidden unless the role, and the token if there is one, may do `action`."""
        if self.scopes is not None and action.value not in self.scopes:
            raise Forbidden(
                f"This token has no scope {action}.",
                "Make a token that has this scope, and use it.",
            )
        if not may(self.role, action):
            raise Forbidden(
                f"The role {self.role} may not do {action}.",
                "Ask a manager or an administrator to do it.",
            )
