"""All floors as one: finds the owner of each, follows it when it moves, and asks the right one.

Who owns a floor stands in its lease; it is read again every second. What a desk asks goes to the
person's floor, what a campaign needs to the campaign's, what changed to all of them. A supervisor sees
the floors of the organisation as one picture.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from vyzov.core.errors import VyzovError
from vyzov.dialer.floor_places import FloorMap, FloorPlace
from vyzov.dialer.rights import Person
from vyzov.web.floor_link import FloorLink, speaker
from vyzov.web.floor_picture import one_picture
from vyzov.web.problems import Problem
from vyzov.web.settings import WebSettings

Json = dict[str, Any]

log = logging.getLogger(__name__)

UNIX = "unix:"
_OF_A_CAMPAIGN = frozenset(
    (
        "office.start_campaign",
        "office.pause_campaign",
        "office.finish_campaign",
        "office.lead_added",
    )
)
_OF_AN_AGENT = frozenset({"office.lead_agent", "office.answer_help"})
_OF_ANY = frozenset({"office.protection", "office.unban", "office.check_trunk"})
"""Asked of the engine in truth: whichever floor is there passes it on."""


class FloorLinks:
    """The web process's connections to the floors of every organisation."""

    def __init__(self, look: Callable[[], FloorMap], settings: WebSettings | None = None) -> None:
        """`look` reads who owns which floor; it may block, and may fail while the store is away."""
        self._look = look
        self._settings = settings or WebSettings()
        self._map = FloorMap()
        self._links: dict[str, FloorLink] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._watchers: list[Callable[[str], None]] = []
        self._moods: list[Callable[[bool], None]] = []
        self._sayers: list[Callable[[str, Json], None]] = []

    # ---- what is known

    @property
    def here(self) -> bool:
        """Tells whether every floor is connected."""
        return bool(self._links) and all(link.here for link in self._links.values())

    def state(self, topic: str) -> Json:
        """Gives the last known state of a topic, and whether its `floor` is here or away."""
        kind, _, about = topic.partition(":")
        if kind == "floor":
            return one_picture(
                [
                    (place, self._links[place.id].state(topic))
                    for place in self._map.of_organisation(about)
                    if place.id in self._links
                ]
            )
        found = self._home(kind, about)
        link = self._links.get(found)
        return link.state(topic) if link is not None else {"floor": "away"}

    def _home(self, kind: str, about: str) -> str:
        of = self._map.people if kind == "desk" else self._map.campaigns
        if about in of:
            return of[about]
        # Whoever was put nowhere belongs to the first floor of the organisation, which is the one that
        # tells of them: there is but one organisation on most sites.
        told = (key for key, link in self._links.items() if link.knows(f"{kind}:{about}"))
        return next(told, next(iter(self._links), ""))

    def on_topic(self, watcher: Callable[[str], None]) -> None:
        """Calls back with a topic's name whenever its state was replaced."""
        self._watchers.append(watcher)

    def on_mood(self, watcher: Callable[[bool], None]) -> None:
        """Calls back with True when a floor came and False when one went."""
        self._moods.append(watcher)

    def on_say(self, watcher: Callable[[str, Json], None]) -> None:
        """Calls back with a connection and what a floor says to it alone."""
        self._sayers.append(watcher)

    # ---- asking

    async def ask(
        self, verb: str, who: Mapping[str, Any], *, within: timedelta | None = None, **args: Any
    ) -> Json:
        """Asks the floor whose work it is and gives its result, waited for `within` that span.

        Raises Problem: floor_away (gone, silent or flooded), or the floor's own refusal (409)."""
        floors = await self._floors_of(verb, who, args)
        if not floors:
            raise Problem("floor_away", headers={"Retry-After": "1"})
        answers = await asyncio.gather(
            *(self._links[floor].ask(verb, who, within=within, **args) for floor in floors),
            return_exceptions=True,
        )
        results: list[Json] = []
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
            results.append(answer)
        return results[0] if len(results) == 1 else _together(results)

    async def tell(self, verb: str, person: Person, **args: Any) -> None:
        """Says that something changed, which is saved already whatever the floors make of it.

        A floor that is away reads it itself when it comes back."""
        try:
            await self.ask(verb, speaker(person), **args)
        except Problem as problem:
            log.warning("a floor was not told %s: %s", verb, problem.detail)

    async def _floors_of(self, verb: str, who: Mapping[str, Any], args: Json) -> list[str]:
        organisation = str(who.get("organisation") or "")
        if verb.startswith("desk."):
            found = [self._map.of_person(organisation, str(who.get("user") or ""))]
        elif verb in _OF_AN_AGENT:
            found = [self._map.of_person(organisation, str(args.get("agent") or ""))]
        elif verb in _OF_A_CAMPAIGN:
            campaign = str(args.get("campaign") or "")
            if campaign not in self._map.campaigns:
                # It may have been made a moment ago.
                await self.refresh()
            found = [self._map.of_campaign(organisation, campaign)]
        else:
            found = [place.id for place in self._map.of_organisation(organisation)]
            if verb in _OF_ANY:
                here = [
                    floor for floor in found if floor in self._links and self._links[floor].here
                ]
                found = (here or found)[:1]
        return [floor for floor in found if floor in self._links]

    # ---- following the owners

    async def run(self) -> None:
        """Keeps the connections until cancelled."""
        every = self._settings.floor_look_every.total_seconds()
        try:
            while True:
                await self.refresh()
                await asyncio.sleep(every)
        finally:
            for task in self._running.values():
                task.cancel()
            for task in self._running.values():
                with suppress(asyncio.CancelledError):
                    await task

    async def refresh(self) -> None:
        """Reads who owns which floor, and goes there."""
        try:
            seen = await asyncio.to_thread(self._look)
        except VyzovError as error:
            # The owners are where they were as far as anybody knows.
            log.warning("who owns which floor cannot be read: %s", error.what)
            return
        # With the first look nobody moves: their floors only become known.
        moved = bool(self._links) and seen.people != self._map.people
        self._map = seen
        for place in seen.floors:
            self._follow(place)
        if moved:
            for mood in self._moods:
                mood(True)

    def _follow(self, place: FloorPlace) -> None:
        path = Path(place.address.removeprefix(UNIX)) if place.address.startswith(UNIX) else None
        link = self._links.get(place.id)
        if link is not None:
            link.move(path)
            return
        link = self._links[place.id] = FloorLink(path, self._settings)
        link.on_topic(self._topic)
        link.on_mood(self._mood)
        link.on_say(self._say)
        self._running[place.id] = asyncio.create_task(link.run())

    def _topic(self, topic: str) -> None:
        for watcher in self._watchers:
            watcher(topic)

    def _mood(self, here: bool) -> None:  # noqa: FBT001 - the link's callback
        for mood in self._moods:
            mood(here)

    def _say(self, connection: str, what: Json) -> None:
        for sayer in self._sayers:
            sayer(connection, what)


def _together(results: Iterable[Json]) -> Json:
    """Makes one answer of several floors': what maps ids is joined, all else is the first's."""
    made: Json = {}
    for result in results:
        for name, value in result.items():
            if isinstance(value, dict) and isinstance(made.get(name), dict):
                made[name] = {**made[name], **value}
            else:
                made.setdefault(name, value)
    return made
