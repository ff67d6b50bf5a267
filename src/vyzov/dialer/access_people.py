"""Hands out reasons of pauses and teams; the rest of the door is in `access`.

Everybody who signs in reads the reasons, for their own screen and for names of past pauses; those who
may edit people change both.
"""

from collections.abc import Sequence

from vyzov.dialer.access_history import found
from vyzov.dialer.access_kpi import KpiDoor
from vyzov.dialer.office_records import User
from vyzov.dialer.people_records import NewReason, PauseReason, Team
from vyzov.dialer.rights import Action, NotFound


class PeopleDoor(KpiDoor):
    """The part of `access.Door` about pauses and teams."""

    def pause_reasons(self) -> tuple[PauseReason, ...]:
        """Gives all reasons in their order, those out of use last."""
        self.person.must(Action.PAUSE_SEE)
        return self._office.pause_reasons(self._own)

    def pause_free_text(self) -> bool:
        """Tells whether a pause may carry words of one's own."""
        self.person.must(Action.PAUSE_SEE)
        return self._office.pause_free_text(self._own)

    def create_pause_reason(self, new: NewReason) -> PauseReason:
        """Adds a reason."""
        self.person.must(Action.PAUSE_EDIT)
        return self._office.create_pause_reason(self._own, new)

    def change_pause_reason(
        self, reason_id: str, change: NewReason, *, in_use: bool
    ) -> PauseReason:
        """Changes a reason, or takes it out of use or into it again."""
        self.person.must(Action.PAUSE_EDIT)
        changed = self._office.change_pause_reason(self._own, reason_id, change, in_use=in_use)
        return found(changed, "pause reason")

    def order_pause_reasons(self, ids: Sequence[str], *, free_text: bool) -> None:
        """Puts the list into an order, and says whether words of one's own are allowed."""
        self.person.must(Action.PAUSE_EDIT)
        self._office.order_pause_reasons(self._own, ids)
        self._office.set_pause_free_text(self._own, allowed=free_text)

    def led_agent(self, user_id: str) -> User:
        """Gives an agent this person may set the state of."""
        self.person.must(Action.AGENT_LEAD)
        return found(self._office.user(self._own, user_id), "agent")

    def teams(self) -> tuple[Team, ...]:
        """Gives all teams of the organisation."""
        self.person.must(Action.USER_SEE)
        return self._office.teams(self._own)

    def create_team(self, name: str) -> Team:
        """Makes a team."""
        self.person.must(Action.USER_EDIT)
        return self._office.create_team(self._own, name)

    def change_team(self, team_id: str, name: str | None, people: Sequence[str] | None) -> Team:
        """Renames a team, or says who is in it."""
        self.person.must(Action.USER_EDIT)
        known = {user.id for user in self._office.users(self._own)}
        if not set(people or ()) <= known:
            raise NotFound("There is no such person.", "Choose from the list of people.")
        if name is not None:
            found(self._office.rename_team(self._own, team_id, name), "team")
        if people is not None:
            found(self._office.put_in_team(self._own, team_id, people), "team")
        mine = (one for one in self._office.teams(self._own) if one.id == team_id)
        return found(next(mine, None), "team")

    def delete_team(self, team_id: str) -> None:
        """Removes a team; its people stay."""
        self.person.must(Action.USER_EDIT)
        if not self._office.delete_team(self._own, team_id):
            raise NotFound("There is no such team.", "Load the list anew.")
