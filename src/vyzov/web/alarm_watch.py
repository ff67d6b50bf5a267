"""Watches the pictures of the floors for what a supervisor should know, once a second.

It runs in the web process, where the pictures of all floors of an organisation come together; what it
decides is `core.alarms`'s. Alarms stand in the database, so a web process that starts again goes on
with them, and of several only the first to see one raises it.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from vyzov.core.alarms import AlarmKind, Standing, Standings, Threshold, step
from vyzov.core.errors import VyzovError
from vyzov.dialer.alarm_readings import readings
from vyzov.dialer.office_store import OfficeStore
from vyzov.dialer.ports import Clock
from vyzov.web.floor_links import FloorLinks

LOOK_EVERY = timedelta(seconds=1)

log = logging.getLogger(__name__)


@dataclass
class _Watched:
    """An organisation's thresholds and figures beyond them, as last read."""

    thresholds: Mapping[AlarmKind, Threshold] = field(default_factory=dict[AlarmKind, Threshold])
    standing: Standings = field(default_factory=dict[tuple[AlarmKind, str], Standing])


class AlarmWatch:
    """Raises and clears alarms of all organisations."""

    def __init__(self, office: OfficeStore, floor: FloorLinks, clock: Clock) -> None:
        """Looks at nothing yet."""
        self._office = office
        self._floor = floor
        self._clock = clock
        self._watched: dict[str, _Watched] = {}

    async def run(self, every: timedelta = LOOK_EVERY) -> None:
        """Looks again and again until it is cancelled; a database that is away is waited for."""
        while True:
            try:
                await self.look()
            except VyzovError as error:
                log.warning("alarms are not looked at: %s", error)
            await asyncio.sleep(every.total_seconds())

    async def look(self) -> None:
        """Looks once at every organisation whose floors are there."""
        organisations = await asyncio.to_thread(self._office.organisations)
        for organisation in organisations:
            picture = self._floor.state(f"floor:{organisation.id}")
            # What a floor that is away said last may be over long since: nothing begins or ends.
            if picture.get("floor") == "here" and "at" in picture and _is_up(picture):
                await self._look_at(organisation.id, picture)

    async def _look_at(self, organisation: str, picture: dict[str, object]) -> None:
        known = self._watched.setdefault(organisation, _Watched())
        await asyncio.to_thread(self._read, organisation, known)
        now = self._clock.monotonic()
        after, told = step(known.standing, known.thresholds, readings(picture), now)
        if told:
            await asyncio.to_thread(self._office.note_alarms, organisation, told)
        known.standing = after

    def _read(self, organisation: str, known: _Watched) -> None:
        known.thresholds = self._office.thresholds(organisation)
        raised = {(one.kind, one.subject) for one in self._office.alarms(organisation)}
        pending = {key: one for key, one in known.standing.items() if not one.raised}
        standing = {key: Standing(0.0, raised=True) for key in raised}
        known.standing = {**pending, **standing}


def _is_up(picture: dict[str, object]) -> bool:
    return picture.get("database", "up") == "up"
