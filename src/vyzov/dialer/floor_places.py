"""Which floors there are, who owns each, and whose work is done where.

A *floor* is a set of campaigns that share agents. Its owner is the process that holds its lease, and
the lease says where that process listens. A person or a campaign without a floor of its own belongs to
the organisation's first. Who takes a floor without an owner is decided in `claims`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FloorPlace:
    """A floor and its lease as last written; `epoch` 0 and "" where nobody ever held it.

    `address` is where the holder listens: `unix:PATH`."""

    id: str
    organisation: str
    name: str
    epoch: int = 0
    holder: str = ""
    lease_until: datetime | None = None
    address: str = ""

    def has_owner(self, now: datetime) -> bool:
        """Tells whether the lease lasts by UTC."""
        return self.lease_until is not None and self.lease_until > now


@dataclass(frozen=True, slots=True)
class FloorMap:
    """All floors, the first made first; `people` and `campaigns` map those who were put on a floor."""

    floors: tuple[FloorPlace, ...] = ()
    people: Mapping[str, str] = field(default_factory=dict[str, str])
    campaigns: Mapping[str, str] = field(default_factory=dict[str, str])

    def of_organisation(self, organisation: str) -> tuple[FloorPlace, ...]:
        """Returns the floors of an organisation."""
        return tuple(one for one in self.floors if one.organisation == organisation)

    def of_person(self, organisation: str, user: str) -> str:
        """Returns the floor a person works on, "" where the organisation has none."""
        return self.people.get(user) or self._first(organisation)

    def of_campaign(self, organisation: str, campaign: str) -> str:
        """Returns the floor a campaign is on, "" where the organisation has none."""
        return self.campaigns.get(campaign) or self._first(organisation)

    def _first(self, organisation: str) -> str:
        return next((one.id for one in self.of_organisation(organisation)), "")


class FloorBook(Protocol):
    """Floors as the office keeps them."""

    def floor_map(self) -> FloorMap:
        """Returns the floors of all organisations with their owners, and who is on which."""
        ...

    def create_floor(self, organisation: str, name: str) -> FloorPlace:
        """Makes a floor; a name there is already raises `InvalidRequest`."""
        ...

    def put_person(self, organisation: str, user: str, floor: str) -> None:
        """Lets a person work on a floor from their next sign-in on; `InvalidRequest` for strangers."""
        ...

    def put_campaign(self, organisation: str, campaign: str, floor: str) -> None:
        """Moves a campaign that does not run and has no call; `InvalidRequest` for any other."""
        ...
