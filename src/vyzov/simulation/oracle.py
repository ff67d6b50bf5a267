"""Says by the scenario's own books whether a person may be called now; the product's rules are not asked.

Two ways to one answer, written apart: what the dialer decides by `core.window`, this works out from
the campaign's settings as JSON and the zone the scenario gave the number.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from vyzov.dialer import ports
from vyzov.simulation.world_time import Timeline

DAY_MINUTES = 24 * 60


class Oracle:
    """Knows the zones and the campaign's hours of every number of a scenario."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._homes: dict[str, tuple[tuple[ZoneInfo, ...], Mapping[str, Any]]] = {}

    def know(self, number: str, zones: tuple[ZoneInfo, ...], settings: Mapping[str, Any]) -> None:
        """Notes where a number may be and when its campaign may call."""
        self._homes[number] = (zones, settings["window"])

    def __call__(self, order: ports.Originate) -> str:
        """Returns why this call may not go out now, "" where it may."""
        home = self._homes.get(order.to)
        if home is None:
            return "though nobody knows the number"
        zones, window = home
        whys = (self._why_not(zone, window) for zone in zones)
        return next((why for why in whys if why), "")

    def _why_not(self, zone: ZoneInfo, window: Mapping[str, Any]) -> str:
        local = self._timeline.utc.astimezone(zone)
        if local.isoweekday() not in window["days"]:
            return f"on day {local.isoweekday()} of their week"
        begins, ends = _minutes(window["start"]), _minutes(window["end"]) or DAY_MINUTES
        minute = local.hour * 60 + local.minute
        return "" if begins <= minute < ends else _outside(local)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _outside(local: datetime) -> str:
    return f"at {local:%H:%M} of their day"
