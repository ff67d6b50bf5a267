"""Reasons of pauses, and teams."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

from pydantic import ConfigDict, Field

from vyzov.dialer.people_records import (
    LIMIT_MOST_S,
    REASONS_MOST,
    NewReason,
    PauseReason,
    Team,
)
from vyzov.web.admission import In, Who, room
from vyzov.web.shapes import Asked, Named, PathId, Shape, named

router = room("users")

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Limit = Annotated[int, Field(ge=0, le=LIMIT_MOST_S)]


class ReasonShape(Shape):
    """A reason of pauses; over `limit_s` a pause is told on the floor, 0 is no limit."""

    id: str
    name_ru: str
    name_en: str
    paid: bool
    limit_s: int
    in_use: bool


class ReasonsShape(Shape):
    """The reasons in their order, and whether a pause may carry words of one's own."""

    items: list[ReasonShape]
    free_text: bool


class ReasonAsked(Asked):
    """A reason of pauses, in both languages."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name_ru": "Планёрка", "name_en": "Briefing", "paid": True, "limit_s": 1800}
            ]
        },
    )

    name_ru: Name
    name_en: Name
    paid: bool = True
    limit_s: Limit = 0


class ReasonChange(ReasonAsked):
    """The whole of a reason as it is to be."""

    in_use: bool = True


class OrderAsked(Asked):
    """The order of the reasons, and whether a pause may carry words of one's own."""

    ids: Annotated[list[PathId], Field(max_length=REASONS_MOST)]
    free_text: bool


class TeamShape(Shape):
    """A team and who is in it."""

    id: str
    name: str
    people: list[Named]


class TeamsShape(Shape):
    """All teams, by name."""

    items: list[TeamShape]


class TeamAsked(Asked):
    """A team to be made."""

    name: Name


class TeamChange(Asked):
    """What to change of a team; `people` are all who are in it then."""

    name: Name | None = None
    people: Annotated[list[PathId], Field(max_length=5_000)] | None = None


@router.get("/pause-reasons", summary="Reasons of pauses")
def reasons(who: Who) -> ReasonsShape:
    """Gives the list the desk offers, and those out of use, for names of past pauses."""
    return ReasonsShape(
        items=[_reason(one) for one in who.door.pause_reasons()],
        free_text=who.door.pause_free_text(),
    )


@router.post("/pause-reasons", status_code=201, summary="Add a reason")
async def add_reason(asked: ReasonAsked, house: In, who: Who) -> ReasonShape:
    """Adds a reason behind the others."""
    made = await asyncio.to_thread(who.door.create_pause_reason, _new(asked))
    await house.floor.tell("office.users_changed", who.person)
    return _reason(made)


@router.put("/pause-reasons", summary="Order the reasons")
async def order_reasons(asked: OrderAsked, who: Who) -> ReasonsShape:
    """Puts the list into an order, and says whether words of one's own are allowed."""

    def work() -> ReasonsShape:
        who.door.order_pause_reasons(asked.ids, free_text=asked.free_text)
        return reasons(who)

    return await asyncio.to_thread(work)


@router.put("/pause-reasons/{reason_id}", summary="Change a reason")
async def change_reason(reason_id: PathId, asked: ReasonChange, house: In, who: Who) -> ReasonShape:
    """Changes a reason; out of use it is offered no more and keeps its name."""
    changed = await asyncio.to_thread(
        lambda: who.door.change_pause_reason(reason_id, _new(asked), in_use=asked.in_use)
    )
    await house.floor.tell("office.users_changed", who.person)
    return _reason(changed)


@router.get("/teams", summary="Teams")
def teams(who: Who) -> TeamsShape:
    """Gives all teams and who is in each."""
    names = who.door.names()
    return TeamsShape(items=[_team(one, names) for one in who.door.teams()])


@router.post("/teams", status_code=201, summary="Make a team")
def add_team(asked: TeamAsked, who: Who) -> TeamShape:
    """Makes a team without people."""
    return _team(who.door.create_team(asked.name), {})


@router.patch("/teams/{team_id}", summary="Change a team")
def change_team(team_id: PathId, asked: TeamChange, who: Who) -> TeamShape:
    """Renames a team or says who is in it; a person is in one team at most."""
    return _team(who.door.change_team(team_id, asked.name, asked.people), who.door.names())


@router.delete("/teams/{team_id}", status_code=204, summary="Remove a team")
def delete_team(team_id: PathId, who: Who) -> None:
    """Removes a team; its people stay, in no team."""
    who.door.delete_team(team_id)


def _new(asked: ReasonAsked) -> NewReason:
    return NewReason(asked.name_ru, asked.name_en, asked.paid, asked.limit_s)


def _reason(one: PauseReason) -> ReasonShape:
    return ReasonShape(
        id=one.id,
        name_ru=one.settings.name_ru,
        name_en=one.settings.name_en,
        paid=one.settings.paid,
        limit_s=one.settings.limit_s,
        in_use=one.in_use,
    )


def _team(one: Team, names: Mapping[str, str]) -> TeamShape:
    people = (named(person, names) for person in one.people)
    return TeamShape(id=one.id, name=one.name, people=[p for p in people if p is not None])
