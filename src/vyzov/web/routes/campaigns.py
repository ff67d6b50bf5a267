"""Campaigns: their settings, how far they are, and starting, pausing and finishing them."""

import asyncio
import hashlib
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Header, Query, Request, Response
from pydantic import ConfigDict, Field

from vyzov.core.campaign import (
    CampaignEvent,
    CampaignSettings,
    CampaignState,
    DialMode,
    Purpose,
    campaign_step,
)
from vyzov.core.eligibility import needs_consent
from vyzov.core.errors import InvalidRequest
from vyzov.core.window import CallWindow, is_open, zones_of
from vyzov.dialer.access import Action, Door, Person
from vyzov.dialer.office_records import CampaignProgress, CampaignRecord, Waterfall
from vyzov.web.admission import Caller, House, In, Who, room
from vyzov.web.floor_link import speaker
from vyzov.web.live import apply
from vyzov.web.once import key_of
from vyzov.web.problems import Problem
from vyzov.web.shapes import Asked, Cursor, Limit, Named, PageOf, PathId, Shape, named, page_of

Json = dict[str, Any]

router = room("campaigns")

_EXAMPLE: Json = {
    "name": "Spring tariffs",
    "purpose": "service",
    "mode": "progressive",
    "list": None,
    "settings": {"caller_id": "+70005550199", "lines_max": 10, "wrap_up_s": 30},
}


class CampaignShape(Shape):
    """A campaign without its settings."""

    id: str
    name: str
    purpose: str
    mode: str
    state: str
    principal: Named | None
    contact_list: Annotated[Named | None, Field(serialization_alias="list")]
    version: int
    created_at: datetime
    allowed: list[str]
    etag: str


class CampaignFull(CampaignShape):
    """A campaign with the settings now valid (see `CampaignSettings`)."""

    settings: Json


class NewCampaign(Asked):
    """A campaign to be created as a draft; `settings` overlay the defaults."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    name: Annotated[str, Field(min_length=1, max_length=200)]
    purpose: Purpose
    mode: DialMode
    contact_list: Annotated[PathId | None, Field(validation_alias="list")] = None
    principal: PathId | None = None
    settings: Annotated[Json, Field(default_factory=dict)]


class CampaignChange(Asked):
    """What to change; `settings` is a merge patch (RFC 7386) over the settings now valid."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"settings": {"redial": {"attempts_max": 2}}}]},
    )

    name: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    contact_list: Annotated[PathId | None, Field(validation_alias="list")] = None
    settings: Json | None = None


class StateNow(Shape):
    """The state a campaign is in after the request."""

    id: str
    state: str


class Progress(Shape):
    """Contacts by state, and attempts by outcome."""

    at: datetime
    total: int
    fresh: int
    due: int
    callback: int
    in_call: int
    closed: int
    attempts: int
    answered: int
    outcomes: dict[str, int]
    next_due_at: datetime | None


class Gate(Shape):
    """One gate of the waterfall: how many it holds back, how many are left after it."""

    gate: str
    lost: int
    remaining: int


class CallableNow(Shape):
    """ "If started now": who would be called, and which gate holds back the others."""

    at: datetime
    total: int
    gates: list[Gate]
    callable: int
    next_at: datetime | None


def _moves(state: str, event: CampaignEvent) -> bool:
    """Tells whether the campaign's machine lets this happen and whether it changes anything."""
    try:
        return campaign_step(CampaignState(state), event).value != state
    except InvalidRequest:
        return False


def _allowed(person: Person, campaign: CampaignRecord) -> list[str]:
    runs, edits = person.may(Action.CAMPAIGN_RUN), person.may(Action.CAMPAIGN_EDIT)
    words = {
        "start": runs and _moves(campaign.state, CampaignEvent.START),
        "pause": runs and _moves(campaign.state, CampaignEvent.PAUSE),
        "finish": runs and _moves(campaign.state, CampaignEvent.FINISH),
        "archive": edits and _moves(campaign.state, CampaignEvent.ARCHIVE),
        "edit": edits and campaign.state != "archived",
        "copy": edits,
    }
    return [word for word, yes in words.items() if yes]


def _fields(door: Door, campaign: CampaignRecord, names: dict[str, str]) -> Json:
    return {
        "id": campaign.id,
        "name": campaign.name,
        "purpose": campaign.purpose,
        "mode": campaign.mode,
        "state": campaign.state,
        "principal": named(campaign.principal_id, names),
        "contact_list": named(campaign.list_id, names),
        "version": campaign.version,
        "created_at": campaign.created_at,
        "allowed": _allowed(door.person, campaign),
        "etag": etag_of(campaign),
    }


def campaign_full(door: Door, campaign: CampaignRecord) -> CampaignFull:
    """Makes the shape of a campaign with its settings."""
    names = dict(door.names()) | dict(door.list_names())
    return CampaignFull(**_fields(door, campaign, names), settings=campaign.settings)


def etag_of(campaign: CampaignRecord) -> str:
    """Names this very state of a campaign; its run state is left out, for nobody edits that."""
    rest = hashlib.sha256(f"{campaign.name}\n{campaign.list_id}".encode()).hexdigest()[:12]
    return f'"{campaign.version}-{rest}"'


@router.get("/campaigns", summary="Campaigns, newest first")
def campaigns(
    who: Who,
    state: Annotated[str | None, Query(max_length=20)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[CampaignShape]:
    """Gives the campaigns within reach; a customer's are those of their principal."""
    names = dict(who.door.names()) | dict(who.door.list_names())
    found = [one for one in who.door.campaigns() if state in (None, one.state)]
    return page_of(found, lambda one: CampaignShape(**_fields(who.door, one, names)), cursor, limit)


@router.post("/campaigns", status_code=201, response_model=CampaignFull, summary="Create a draft")
async def create_campaign(asked: NewCampaign, request: Request, house: In, who: Who) -> Response:
    """Creates a campaign in the state draft; nothing is dialled before it is started."""

    async def work() -> tuple[int, Json]:
        made = await asyncio.to_thread(_create, who.door, asked)
        await house.floor.tell("office.settings_changed", who.person, campaign=made.id)
        return 201, made.model_dump(mode="json", by_alias=True)

    key = key_of(request, required=False)
    asked_bytes = await request.body()
    return await house.once.answer(who.person, "POST /campaigns", key, asked_bytes, work)


def _create(door: Door, asked: NewCampaign) -> CampaignFull:
    given = {"trunks": [trunk.id for trunk in door.trunks() if trunk.settings.active]}
    given |= {**asked.settings, "mode": asked.mode.value, "purpose": asked.purpose.value}
    settings = CampaignSettings.from_json(given).to_json()
    made = door.create_campaign(
        name=asked.name,
        settings=settings,
        principal=asked.principal,
        contact_list=asked.contact_list,
    )
    return campaign_full(door, made)


@router.get("/campaigns/{campaign_id}", summary="One campaign")
def campaign(campaign_id: PathId, response: Response, who: Who) -> CampaignFull:
    """Gives a campaign with its settings and the ETag an edit must name."""
    one = who.door.campaign(campaign_id)
    response.headers["ETag"] = etag_of(one)
    return campaign_full(who.door, one)


@router.patch("/campaigns/{campaign_id}", summary="Change a campaign")
async def change_campaign(
    campaign_id: PathId,
    asked: CampaignChange,
    response: Response,
    house: In,
    who: Who,
    if_match: Annotated[str | None, Header()] = None,
) -> CampaignFull:
    """Changes a campaign; new settings reach the floor at once and mark later attempts."""
    changed = await asyncio.to_thread(_change, who.door, campaign_id, asked, if_match)
    await house.floor.tell("office.settings_changed", who.person, campaign=campaign_id)
    response.headers["ETag"] = etag_of(changed)
    return await asyncio.to_thread(campaign_full, who.door, changed)


def _change(
    door: Door, campaign_id: str, asked: CampaignChange, if_match: str | None
) -> CampaignRecord:
    before = door.campaign(campaign_id, Action.CAMPAIGN_EDIT)
    if if_match is None:
        raise Problem("if_match_missing")
    if if_match != etag_of(before):
        raise Problem("changed_meanwhile")
    settings = None
    if asked.settings is not None:
        settings = CampaignSettings.from_json(apply(asked.settings, before.settings)).to_json()
    _keep_archived(before)
    try:
        return door.change_campaign(
            campaign_id,
            if_version=before.version,
            name=asked.name,
            settings=settings,
            contact_list=asked.contact_list,
        )
    except InvalidRequest as refusal:
        if door.campaign(campaign_id).version != before.version:
            raise Problem("changed_meanwhile") from refusal
        raise Problem(
            "conflict", refusal.what, next_step=refusal.next_step, fields=refusal.faults
        ) from refusal


def _keep_archived(before: CampaignRecord) -> None:
    if before.state == CampaignState.ARCHIVED:
        raise Problem(
            "conflict", f"Campaign '{before.name}' is in the archive.",
            next_step="Copy it, and change the copy.",
        )  # fmt: skip


async def _ask_floor(house: House, person: Person, campaign_id: str, word: str) -> Json:
    """Asks the floor about a campaign we know; one made a moment ago may still be on its way."""
    tries = house.settings.new_campaign_tries
    while True:
        try:
            verb = f"office.{word}_campaign"
            return await house.floor.ask(verb, speaker(person), campaign=campaign_id)
        except Problem as problem:
            tries -= 1
            if problem.code != "not_found" or tries <= 0:
                raise
        await house.floor.tell("office.settings_changed", person, campaign=campaign_id)
        await asyncio.sleep(house.settings.new_campaign_pause.total_seconds())


Word = Literal["start", "pause", "finish", "archive"]


async def run_word(
    request: Request, house: House, who: Caller, campaign_id: str, word: Word
) -> Response:
    """Asks the floor to move a campaign along its life, once for each key."""
    action = Action.CAMPAIGN_EDIT if word == "archive" else Action.CAMPAIGN_RUN
    await asyncio.to_thread(who.door.campaign, campaign_id, action)

    async def work() -> tuple[int, Json]:
        result = await _ask_floor(house, who.person, campaign_id, word)
        now = await asyncio.to_thread(who.door.campaign, campaign_id)
        return 200, {"id": campaign_id, "state": result.get("state", now.state)}

    key = key_of(request, required=word == "start")
    route = f"POST /campaigns/{campaign_id}/{word}"
    return await house.once.answer(who.person, route, key, b"", work)


@router.post("/campaigns/{campaign_id}/start", response_model=StateNow, summary="Start dialling")
async def start_campaign(campaign_id: PathId, request: Request, house: In, who: Who) -> Response:
    """Starts or resumes a campaign; needs an Idempotency-Key, for it dials."""
    return await run_word(request, house, who, campaign_id, "start")


@router.post("/campaigns/{campaign_id}/pause", response_model=StateNow, summary="Stop new calls")
async def pause_campaign(campaign_id: PathId, request: Request, house: In, who: Who) -> Response:
    """Places no new calls and hangs up what rings; talks go on."""
    return await run_word(request, house, who, campaign_id, "pause")


@router.post("/campaigns/{campaign_id}/finish", response_model=StateNow, summary="Finish")
async def finish_campaign(campaign_id: PathId, request: Request, house: In, who: Who) -> Response:
    """Ends a campaign for good; talks go on."""
    return await run_word(request, house, who, campaign_id, "finish")


@router.get("/campaigns/{campaign_id}/progress", summary="How far it is")
def progress(campaign_id: PathId, house: In, who: Who) -> Progress:
    """Counts contacts by state and attempts by outcome."""
    counts: CampaignProgress = who.door.campaign_progress(campaign_id)
    return Progress(
        at=house.clock.utc(),
        total=counts.total,
        fresh=counts.fresh,
        due=counts.due,
        callback=counts.callback,
        in_call=counts.in_call,
        closed=counts.closed,
        attempts=counts.attempts,
        answered=counts.answered,
        outcomes=dict(counts.outcomes),
        next_due_at=counts.next_due_at,
    )


@router.get("/campaigns/{campaign_id}/callable", summary="If started now")
def callable_now(campaign_id: PathId, house: In, who: Who) -> CallableNow:
    """Counts who would be called now, gate by gate, in the order the dialer asks."""
    now = house.clock.utc()
    campaign = who.door.campaign(campaign_id)
    settings = CampaignSettings.from_json(campaign.settings)
    counts = who.door.waterfall(
        campaign_id, now, lambda zones: _open(settings.window, zones, now),
        needs_consent=needs_consent(settings.purpose, settings.mode),
    )  # fmt: skip
    gates: list[Gate] = []
    remaining = counts.total
    for name, lost in _gates(counts):
        remaining -= lost
        gates.append(Gate(gate=name, lost=lost, remaining=remaining))
    next_at = who.door.campaign_progress(campaign_id).next_due_at
    return CallableNow(
        at=now, total=counts.total, gates=gates, callable=counts.callable, next_at=next_at
    )


def _gates(counts: Waterfall) -> tuple[tuple[str, int], ...]:
    return (
        ("no_phone", counts.no_phone),
        ("suppressed", counts.stop_listed),
        ("closed", counts.closed),
        ("in_call", counts.in_call),
        ("not_due", counts.not_due),
        ("window", counts.outside_hours),
        ("no_consent", counts.no_consent),
    )


def _open(window: CallWindow, names: tuple[str, ...], now: datetime) -> bool:
    zones = zones_of(names)
    return zones is not None and is_open(window, zones, now)
