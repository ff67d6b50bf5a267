"""Alarms of the floor: those that stand, who took them up, and from which figures on they are raised."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Query
from pydantic import Field

from vyzov.core.alarms import AlarmKind, Threshold
from vyzov.dialer.alarm_store import AlarmRecord
from vyzov.web.admission import Who, room
from vyzov.web.shapes import Asked, Limit, Named, PathId, Shape, named

router = room("floor", under="/alarms")


class AlarmShape(Shape):
    """An alarm: `name` is what people call its subject; `cleared_at` is null while it stands."""

    id: str
    kind: AlarmKind
    subject: str
    name: str
    value: float
    threshold: float
    raised_at: datetime
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: Named | None


class ThresholdShape(Shape):
    """From which figure on an alarm of a kind is raised, after which time, and where it clears."""

    kind: AlarmKind
    raise_at: float
    clear_at: float
    hold_s: float
    active: bool


class AlarmsShape(Shape):
    """Alarms, the latest first, and the threshold of each kind."""

    items: list[AlarmShape]
    thresholds: list[ThresholdShape]


class ThresholdAsked(Asked):
    """A threshold to be set."""

    kind: AlarmKind
    raise_at: Annotated[float, Field(allow_inf_nan=False)]
    clear_at: Annotated[float, Field(allow_inf_nan=False)]
    hold_s: Annotated[float, Field(allow_inf_nan=False, ge=0, le=86_400)]
    active: bool = True


def _shape(one: AlarmRecord, names: Mapping[str, str]) -> AlarmShape:
    return AlarmShape(
        id=one.id,
        kind=one.kind,
        subject=one.subject,
        name=one.name,
        value=one.value,
        threshold=one.threshold,
        raised_at=one.raised_at,
        cleared_at=one.cleared_at,
        acknowledged_at=one.acknowledged_at,
        acknowledged_by=named(one.acknowledged_by, names),
    )


def _threshold(one: Threshold) -> ThresholdShape:
    return ThresholdShape(
        kind=one.kind,
        raise_at=one.raise_at,
        clear_at=one.clear_at,
        hold_s=one.hold.total_seconds(),
        active=one.active,
    )


@router.get("", summary="Alarms of the floor")
def alarms(
    who: Who,
    past: Annotated[bool, Query(description="Those that are over as well.")] = False,
    limit: Limit = 50,
) -> AlarmsShape:
    """Gives the alarms that stand and the thresholds they are raised by."""
    names = who.door.names()
    return AlarmsShape(
        items=[_shape(one, names) for one in who.door.alarms(standing=not past, limit=limit)],
        thresholds=[_threshold(one) for one in who.door.thresholds().values()],
    )


@router.post("/{alarm_id}/acknowledge", summary="Take an alarm up")
async def acknowledge(alarm_id: PathId, who: Who) -> AlarmShape:
    """Says that somebody looks after it; whoever was first stays."""
    done = await asyncio.to_thread(who.door.acknowledge_alarm, alarm_id)
    return _shape(done, await asyncio.to_thread(who.door.names))


@router.patch("", summary="Change a threshold")
async def change(asked: ThresholdAsked, who: Who) -> ThresholdShape:
    """Sets the threshold of one kind; it acts with the next look, within a second."""
    hold = timedelta(seconds=asked.hold_s)
    threshold = Threshold(asked.kind, asked.raise_at, asked.clear_at, hold, asked.active)
    await asyncio.to_thread(who.door.set_threshold, threshold)
    return _threshold(threshold)
