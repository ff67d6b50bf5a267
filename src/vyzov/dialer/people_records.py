"""Teams of people, and the reasons for which they pause."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

REASONS_MOST = 40
TEAMS_MOST = 500
LIMIT_MOST_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class NewReason:
    """A reason of pauses as it is to be; `limit_s` 0 is no limit."""

    name_ru: str
    name_en: str
    paid: bool = True
    limit_s: int = 0


@dataclass(frozen=True, slots=True)
class PauseReason:
    """A reason of pauses; one that is not in `use` keeps its name for past pauses."""

    id: str
    settings: NewReason
    position: int
    in_use: bool


@dataclass(frozen=True, slots=True)
class Team:
    """A team, with the ids of its people."""

    id: str
    name: str
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FirstReason:
    """A reason every installation begins with; its id is what older pauses carry."""

    id: str
    name_ru: str
    name_en: str
    paid: bool
    limit_s: int


FIRST_REASONS = (
    FirstReason("break", "Перерыв", "Break", paid=True, limit_s=900),
    FirstReason("lunch", "Обед", "Lunch", paid=False, limit_s=3600),
    FirstReason("training", "Обучение", "Training", paid=True, limit_s=0),
    FirstReason("task", "Другая работа", "Other work", paid=True, limit_s=0),
)


class PeopleStore(Protocol):
    """Reasons of pauses, and teams."""

    def pause_reasons(self, organisation: str) -> tuple[PauseReason, ...]:
        """Returns all reasons in their order, those out of use last."""
        ...

    def create_pause_reason(self, organisation: str, new: NewReason) -> PauseReason:
        """Adds a reason behind the others; more than `REASONS_MOST` raise `InvalidRequest`."""
        ...

    def change_pause_reason(
        self, organisation: str, reason_id: str, change: NewReason, *, in_use: bool
    ) -> PauseReason | None:
        """Changes a reason, or takes it out of use or into it again."""
        ...

    def order_pause_reasons(self, organisation: str, ids: Sequence[str]) -> None:
        """Puts reasons into an order; those that are not named stand behind."""
        ...

    def pause_free_text(self, organisation: str) -> bool:
        """Tells whether a pause may carry words that are no reason of the list."""
        ...

    def set_pause_free_text(self, organisation: str, *, allowed: bool) -> None:
        """Says whether a pause may carry words of one's own."""
        ...

    def teams(self, organisation: str) -> tuple[Team, ...]:
        """Returns all teams, by name."""
        ...

    def create_team(self, organisation: str, name: str) -> Team:
        """Makes a team; a name there is already raises `InvalidRequest`."""
        ...

    def rename_team(self, organisation: str, team_id: str, name: str) -> Team | None:
        """Renames a team; a name there is already raises `InvalidRequest`."""
        ...

    def delete_team(self, organisation: str, team_id: str) -> bool:
        """Removes a team; its people are in none then."""
        ...

    def put_in_team(self, organisation: str, team_id: str, people: Sequence[str]) -> Team | None:
        """Makes these people the team: who was in it and is not named is in none then."""
        ...
