"""Webhooks: who is told of what; their secrets, told once; their log; tests and telling again."""

import asyncio
import secrets
from datetime import datetime
from typing import Annotated

from fastapi import Response
from pydantic import AwareDatetime, ConfigDict, Field

from vyzov.core.webhook import SECRET_BYTES, HookEvent, secret_of
from vyzov.dialer.access_webhooks import WANTED
from vyzov.dialer.webhooks import (
    DeliveryRecord,
    DeliveryState,
    NewWebhook,
    OffReason,
    TryRecord,
    Webhook,
)
from vyzov.web.admission import In, Who, room
from vyzov.web.etags import IfMatch, etag_of, must_match
from vyzov.web.problems import Problem
from vyzov.web.shapes import Asked, Cursor, Limit, PageOf, PathId, Shape, page_of

router = room("webhooks", under="/webhooks")

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Url = Annotated[str, Field(min_length=1, max_length=2_000)]
Events = Annotated[list[HookEvent], Field(min_length=1, max_length=len(HookEvent))]
Number = Annotated[str, Field(pattern=r"^[0-9]{1,18}$")]


class WebhookShape(Shape):
    """Who is told of what; the secret never leaves again. `waiting` events are not delivered yet."""

    id: str
    name: str
    url: str
    events: list[HookEvent]
    with_person: bool
    active: bool
    off_reason: OffReason
    failing_since: datetime | None
    waiting: int
    created_at: datetime
    changed_at: datetime
    etag: str = ""


class WebhooksPage(PageOf[WebhookShape]):
    """Webhooks; what one may ask for; whether a worker delivers; whether private addresses are
    permitted."""

    events: list[HookEvent]
    worker_lives: bool
    private: bool


class WebhookMade(WebhookShape):
    """A webhook with the secret that signs its deliveries, told this once."""

    secret: str


class NewWebhookAsked(Asked):
    """A webhook to be made; `with_person` adds name, numbers and fields of the contact."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "CRM",
                    "url": "https://crm.example.org/vyzov",
                    "events": ["attempt.finished", "result.saved"],
                }
            ]
        },
    )

    name: Name
    url: Url
    events: Events
    with_person: bool = False
    active: bool = True


class WebhookChange(Asked):
    """What to change of a webhook; what is left out stays."""

    name: Name | None = None
    url: Url | None = None
    events: Events | None = None
    with_person: bool | None = None
    active: bool | None = None


class DeliveryShape(Shape):
    """One event told to one webhook; `status`, `error` and `took_ms` are those of the last try."""

    id: str
    event_id: str
    event: HookEvent
    at: datetime
    campaign: str | None
    contact: str | None
    attempt: str | None
    state: DeliveryState
    tries: int
    next_at: datetime | None
    done_at: datetime | None
    status: int | None
    error: str
    took_ms: int | None


class TryShape(Shape):
    """One attempt to bring an event: what was answered, or an id of why nothing was."""

    at: datetime
    status: int | None
    took_ms: int
    error: str


class Tries(Shape):
    """All attempts to bring one event, in order."""

    items: list[TryShape]


class TestSent(Shape):
    """The test event, to be looked for in the log."""

    delivery: str


class ReplayAsked(Asked):
    """What to tell again: one delivery, or the events of a time; `failed_only` those given up."""

    delivery: Number | None = None
    since: AwareDatetime | None = Field(default=None, alias="from")
    until: AwareDatetime | None = Field(default=None, alias="to")
    failed_only: bool = False


class Replayed(Shape):
    """How many events are told again."""

    events: int


def _fields(one: Webhook) -> dict[str, object]:
    settings = one.settings
    return {
        "id": one.id,
        "name": settings.name,
        "url": settings.url,
        "events": list(settings.events),
        "with_person": settings.with_person,
        "active": settings.active,
        "off_reason": one.off_reason,
        "failing_since": one.failing_since,
        "waiting": one.waiting,
        "created_at": one.created_at,
        "changed_at": one.changed_at,
    }


def _webhook(one: Webhook) -> WebhookShape:
    shape = WebhookShape.model_validate(_fields(one))
    # What goes on by itself is no change of somebody's: it must not be in the way of an edit.
    settled = shape.model_copy(update={"waiting": 0, "failing_since": None})
    return shape.model_copy(update={"etag": etag_of(settled)})


def _made(one: Webhook, secret: str) -> WebhookMade:
    return WebhookMade.model_validate({**_webhook(one).model_dump(), "secret": secret})


def _delivery(one: DeliveryRecord) -> DeliveryShape:
    return DeliveryShape(
        id=str(one.number),
        event_id=one.event_id,
        event=one.event,
        at=one.at,
        campaign=one.campaign,
        contact=one.contact,
        attempt=one.attempt,
        state=one.state,
        tries=one.tries,
        next_at=one.next_at if one.state is DeliveryState.WAITING else None,
        done_at=one.done_at,
        status=one.status,
        error=one.error,
        took_ms=one.took_ms,
    )


def _try(one: TryRecord) -> TryShape:
    return TryShape(at=one.at, status=one.status, took_ms=one.took_ms, error=one.error)


def _wanted(events: list[HookEvent]) -> tuple[HookEvent, ...]:
    return tuple(event for event in WANTED if event in events)


@router.get("", summary="Webhooks")
def webhooks(house: In, who: Who, limit: Limit = 50, cursor: Cursor = None) -> WebhooksPage:
    """Gives all webhooks of the organisation, without their secrets."""
    found = page_of(who.door.webhooks(), _webhook, cursor, limit)
    return WebhooksPage(
        items=found.items,
        next_cursor=found.next_cursor,
        events=list(WANTED),
        worker_lives=who.door.worker_lives(),
        private=house.settings.webhook_private,
    )


# No Idempotency-Key: an answer that is kept would keep the secret.
@router.post("", status_code=201, summary="Make a webhook")
def make_webhook(asked: NewWebhookAsked, house: In, who: Who) -> WebhookMade:
    """Makes a webhook; the secret that signs its deliveries is in this answer only."""
    secret = secret_of(secrets.token_bytes(SECRET_BYTES))
    new = NewWebhook(asked.name, asked.url, _wanted(asked.events), asked.with_person, asked.active)
    made = who.door.create_webhook(new, secret, private=house.settings.webhook_private)
    return _made(made, secret)


@router.get("/{webhook_id}", summary="One webhook")
def webhook(webhook_id: PathId, response: Response, who: Who) -> WebhookShape:
    """Gives a webhook and the ETag an edit must name."""
    shape = _webhook(who.door.webhook(webhook_id))
    response.headers["ETag"] = shape.etag
    return shape


@router.patch("/{webhook_id}", summary="Change a webhook")
async def change_webhook(
    webhook_id: PathId,
    asked: WebhookChange,
    response: Response,
    house: In,
    who: Who,
    if_match: IfMatch = None,
) -> WebhookShape:
    """Changes a webhook; one that is switched on again is brought at once what waits."""

    def work() -> WebhookShape:
        before = who.door.webhook(webhook_id)
        must_match(if_match, _webhook(before).etag)
        was = before.settings
        change = NewWebhook(
            name=was.name if asked.name is None else asked.name,
            url=was.url if asked.url is None else asked.url,
            events=was.events if asked.events is None else _wanted(asked.events),
            with_person=was.with_person if asked.with_person is None else asked.with_person,
            active=was.active if asked.active is None else asked.active,
        )
        private = house.settings.webhook_private
        return _webhook(who.door.change_webhook(webhook_id, change, private=private))

    shape = await asyncio.to_thread(work)
    response.headers["ETag"] = shape.etag
    return shape


@router.delete("/{webhook_id}", status_code=204, summary="Remove a webhook")
def delete_webhook(webhook_id: PathId, who: Who) -> None:
    """Removes a webhook with its log and what waits for it."""
    who.door.delete_webhook(webhook_id)


@router.post("/{webhook_id}/secret", summary="Give a webhook a new secret")
def renew_secret(webhook_id: PathId, who: Who) -> WebhookMade:
    """Makes a new secret; for 24 hours deliveries carry a signature of the old one as well."""
    secret = secret_of(secrets.token_bytes(SECRET_BYTES))
    return _made(who.door.renew_webhook_secret(webhook_id, secret), secret)


@router.post("/{webhook_id}/test", status_code=202, summary="Send a test")
def send_test(webhook_id: PathId, who: Who) -> TestSent:
    """Sends a test event to this webhook alone; what came of it stands in the log."""
    return TestSent(delivery=str(who.door.test_webhook(webhook_id)))


@router.post("/{webhook_id}/replay", status_code=202, summary="Tell events again")
def replay(webhook_id: PathId, asked: ReplayAsked, who: Who) -> Replayed:
    """Tells one event again, or those of a time, in their order and under their ids."""
    if (asked.delivery is None) is (asked.since is None):
        raise Problem("invalid_request", "Name either a delivery or, with `from`, a time.")
    told = who.door.replay_deliveries(
        webhook_id,
        number=None if asked.delivery is None else int(asked.delivery),
        since=asked.since,
        until=asked.until,
        failed_only=asked.failed_only,
    )
    return Replayed(events=told)


@router.get("/{webhook_id}/deliveries", summary="The log of a webhook")
def deliveries(
    webhook_id: PathId,
    who: Who,
    state: DeliveryState | None = None,
    limit: Limit = 50,
    cursor: Annotated[Number | None, Field()] = None,
) -> PageOf[DeliveryShape]:
    """Gives what was and is to be told, latest first."""
    found = who.door.deliveries(webhook_id, state, cursor, limit)
    return PageOf(items=[_delivery(one) for one in found.items], next_cursor=found.next)


@router.get("/{webhook_id}/deliveries/{delivery_id}", summary="Each try of a delivery")
def tries(webhook_id: PathId, delivery_id: Number, who: Who) -> Tries:
    """Gives each attempt to bring one event: when, how long it took, what was answered."""
    found = who.door.delivery_tries(webhook_id, int(delivery_id))
    return Tries(items=[_try(one) for one in found])
