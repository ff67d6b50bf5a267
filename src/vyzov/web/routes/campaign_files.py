"""Campaigns as a whole: looked over before a start, copied, put away, written to a file and read."""

import asyncio
import re
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Request, Response
from pydantic import ConfigDict, Field

from vyzov.core.campaign_file import LONGEST, NAME_MAX
from vyzov.core.readiness import CheckId, is_ready
from vyzov.web.admission import In, Who, room
from vyzov.web.once import key_of
from vyzov.web.routes.campaigns import CampaignFull, StateNow, campaign_full, run_word
from vyzov.web.shapes import Asked, PathId, Shape

Json = dict[str, Any]

router = room("campaigns")

TOML = "application/toml"


class CheckShape(Shape):
    """One look at a campaign; `must`: a start needs it."""

    id: CheckId
    ok: bool
    must: bool


class Readiness(Shape):
    """What a campaign still lacks; `ready` is false where something is open that a start needs."""

    ready: bool
    checks: list[CheckShape]


class CopyAsked(Asked):
    """A name for the copy; `list` takes the list of people along."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "Spring, second time"}]}
    )

    name: Annotated[str, Field(min_length=1, max_length=NAME_MAX)]
    with_list: Annotated[bool, Field(validation_alias="list")] = False


class FileAsked(Asked):
    """The text of a campaign's file; `name` instead of the one in it."""

    toml: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    name: Annotated[str | None, Field(min_length=1, max_length=NAME_MAX)] = None


@router.get("/campaigns/{campaign_id}/readiness", summary="What it lacks before a start")
def readiness(campaign_id: PathId, who: Who) -> Readiness:
    """Says what must be decided before a start, and what deserves a second look."""
    found = who.door.campaign_checks(campaign_id)
    return Readiness(
        ready=is_ready(found),
        checks=[CheckShape(id=one.id, ok=one.ok, must=one.must) for one in found],
    )


@router.post("/campaigns/{campaign_id}/archive", response_model=StateNow, summary="Put away")
async def archive_campaign(campaign_id: PathId, request: Request, house: In, who: Who) -> Response:
    """Puts a campaign away for good: it keeps its reports and calls nobody."""
    return await run_word(request, house, who, campaign_id, "archive")


@router.post(
    "/campaigns/{campaign_id}/copy",
    status_code=201,
    response_model=CampaignFull,
    summary="Make a draft like it",
)
async def copy_campaign(
    campaign_id: PathId, asked: CopyAsked, request: Request, house: In, who: Who
) -> Response:
    """Makes a draft with the same settings; nothing is dialled before it is started."""

    async def work() -> tuple[int, Json]:
        made = await asyncio.to_thread(
            lambda: campaign_full(
                who.door,
                who.door.copy_campaign(campaign_id, name=asked.name, with_list=asked.with_list),
            )
        )
        await house.floor.tell("office.settings_changed", who.person, campaign=made.id)
        return 201, made.model_dump(mode="json", by_alias=True)

    key = key_of(request, required=False)
    route = f"POST /campaigns/{campaign_id}/copy"
    return await house.once.answer(who.person, route, key, await request.body(), work)


@router.get(
    "/campaigns/{campaign_id}/toml",
    summary="Its file",
    response_class=Response,
    responses={200: {"content": {TOML: {}}}},
)
def campaign_toml(campaign_id: PathId, who: Who) -> Response:
    """Gives the settings as TOML, with trunks and people by name and login, without the list."""
    name, text = who.door.campaign_file(campaign_id)
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "campaign"
    disposition = f"attachment; filename=\"{plain}.toml\"; filename*=UTF-8''{quote(name)}.toml"
    return Response(text, media_type=TOML, headers={"Content-Disposition": disposition})


@router.post(
    "/campaigns/import", status_code=201, response_model=CampaignFull, summary="Draft of a file"
)
async def import_campaign(asked: FileAsked, request: Request, house: In, who: Who) -> Response:
    """Makes a draft of a campaign's file; whatever it does not know is refused by name."""

    async def work() -> tuple[int, Json]:
        made = await asyncio.to_thread(
            lambda: campaign_full(who.door, who.door.import_campaign(asked.toml, name=asked.name))
        )
        await house.floor.tell("office.settings_changed", who.person, campaign=made.id)
        return 201, made.model_dump(mode="json", by_alias=True)

    key = key_of(request, required=False)
    return await house.once.answer(
        who.person, "POST /campaigns/import", key, await request.body(), work
    )
