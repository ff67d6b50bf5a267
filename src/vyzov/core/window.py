"""The hours in which a callee may be called, judged in every zone their number may be in.

A number seldom tells its zone, so it comes with a *set* of possible zones and is called only while
the window is open in all of them. Local time is read from UTC through `zoneinfo`, never the other
way round, so a clock change can neither open a closed hour nor lose an open one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vyzov.core.errors import Fault
from vyzov.core.fields import Fields, Json

LOOK_AHEAD = timedelta(days=8)
"""How far `next_open` looks: one day more than a week, so that every weekday is seen whole."""

_MIDNIGHT = time()
_STEP = timedelta(minutes=15)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class CallWindow:
    """Permitted weekdays (1 Monday to 7 Sunday) and hours of the callee's day.

    `start` is the first permitted instant, `end` the first forbidden one; `end` of 00:00 means
    midnight at the end of the day.
    """

    days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    start: time = time(9)
    end: time = time(21)

    def is_open(self, local: datetime) -> bool:
        """True where the callee's clock reads a permitted moment."""
        clock = local.time()
        before_end = self.end == _MIDNIGHT or clock < self.end
        return local.isoweekday() in self.days and self.start <= clock and before_end


def read_window(fields: Fields) -> CallWindow:
    """Reads `{"days": [1, 2], "start": "09:00", "end": "21:00"}`, noting faults in `fields`."""
    usual = CallWindow()
    days = fields.items("days") if fields.get("days") is not None else list(usual.days)
    if not days or any(type(day) is not int or not 1 <= day <= 7 for day in days):
        fields.fault(
            "days", "must be weekdays from 1 (Monday) to 7 (Sunday), at least one", "weekdays"
        )
        days = list(usual.days)
    start = _clock(fields, "start", usual.start)
    end = _clock(fields, "end", usual.end)
    if end != time() and end <= start:
        fields.fault("end", "must be later than start", "order")
    fields.close()
    return CallWindow(tuple(sorted(set(days))), start, end)


def window_from_json(source: Mapping[str, Any]) -> CallWindow:
    """Returns the window of a JSON object, or raises `InvalidRequest` naming its wrong fields."""
    faults: list[Fault] = []
    fields = Fields(source, "", faults)
    window = read_window(fields)
    fields.settle("A call window")
    return window


def window_to_json(window: CallWindow) -> dict[str, Json]:
    """Returns the JSON that `read_window` reads."""
    return {
        "days": list(window.days),
        "start": window.start.strftime("%H:%M"),
        "end": window.end.strftime("%H:%M"),
    }


def zones_of(names: Iterable[str]) -> tuple[ZoneInfo, ...] | None:
    """Returns the zones of these IANA names; None where one is not known or none was given.

    A callee in an unknown zone cannot be called at a permitted hour, so the answer is all or
    nothing.
    """
    return _zones_of(tuple(names))


# `zoneinfo` keeps eight zones at hand and reads the others from their files again each time.
@lru_cache(maxsize=4096)
def _zones_of(names: tuple[str, ...]) -> tuple[ZoneInfo, ...] | None:
    zones: list[ZoneInfo] = []
    for name in names:
        try:
            zones.append(ZoneInfo(name))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return None
    return tuple(zones) or None


def is_open(window: CallWindow, zones: Iterable[ZoneInfo], now: datetime) -> bool:
    """True where the window is open at `now` in every one of the zones."""
    return all(window.is_open(now.astimezone(zone)) for zone in zones)


def next_open(window: CallWindow, zones: tuple[ZoneInfo, ...], now: datetime) -> datetime | None:
    """Returns the first instant from `now` on at which all zones are open, to the minute.

    None where there is none within `LOOK_AHEAD`: zones twelve hours apart can share no open hour.
    """
    if is_open(window, zones, now):
        return now
    # Offsets of all living zones are whole quarters of an hour, and hours are set to the minute.
    # Quarter steps would miss a window of less than 15 minutes, so the minutes in between are asked
    # wherever the window itself is not made of whole quarters.
    step = _STEP if _is_quarterly(window) else _MINUTE
    instant = now.astimezone(UTC).replace(second=0, microsecond=0)
    instant -= timedelta(minutes=instant.minute % (step // _MINUTE))
    last = now + LOOK_AHEAD
    while (instant := instant + step) <= last:
        if is_open(window, zones, instant):
            return instant
    return None


def _is_quarterly(window: CallWindow) -> bool:
    return window.start.minute % 15 == 0 and window.end.minute % 15 == 0


def _clock(fields: Fields, name: str, usual: time) -> time:
    value = fields.get(name)
    if value is None:
        return usual
    try:
        hour, minute = str(value).split(":")
        return time(int(hour), int(minute))
    except ValueError:
        fields.fault(name, "must be a time such as 09:00", "clock")
        return usual
