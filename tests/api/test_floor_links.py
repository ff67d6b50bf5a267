"""Several floors behind one web process: the right one is asked, an owner that moves is followed."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from api_floor_peer import FloorPeer

from vyzov.core.errors import StoreFault
from vyzov.dialer.floor_places import FloorMap, FloorPlace
from vyzov.web.floor_links import FloorLinks
from vyzov.web.floor_picture import one_picture
from vyzov.web.problems import Problem
from vyzov.web.settings import WebSettings

QUICK = WebSettings(
    floor_look_every=timedelta(milliseconds=20),
    floor_retry_first=timedelta(milliseconds=10),
    floor_retry_max=timedelta(milliseconds=20),
    ask_timeout=timedelta(seconds=2),
)
WHO = {"user": "vera", "organisation": "own", "role": "operator", "connection": "c1"}


class Town:
    """Two floors; what the database says of them may be changed by a test."""

    def __init__(self, day: FloorPeer, night: FloorPeer) -> None:
        self.fails = False
        self.map = FloorMap(
            (
                FloorPlace("day", "own", "Day", 1, "p1", None, f"unix:{day.path}"),
                FloorPlace("night", "own", "Night", 1, "p2", None, f"unix:{night.path}"),
            ),
            {"boris": "night"},
            {"c-day": "day", "c-night": "night"},
        )

    def look(self) -> FloorMap:
        if self.fails:
            raise StoreFault("The database did not answer.", "Wait.")
        return self.map

    def move(self, floor: str, peer: FloorPeer) -> None:
        self.map = replace(
            self.map,
            floors=tuple(
                replace(one, address=f"unix:{peer.path}", epoch=one.epoch + 1)
                if one.id == floor
                else one
                for one in self.map.floors
            ),
        )


@pytest.fixture
def peers(tmp_path: Path) -> Any:
    with FloorPeer(tmp_path / "day.sock") as day, FloorPeer(tmp_path / "night.sock") as night:
        yield day, night


@asynccontextmanager
async def connected(town: Town) -> AsyncGenerator[FloorLinks]:
    links = FloorLinks(town.look, QUICK)
    task = asyncio.create_task(links.run())
    try:
        await until(lambda: links.here)
        yield links
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - what is waited for is another thread's
            await asyncio.sleep(0.005)


def test_each_ask_goes_to_the_floor_whose_work_it_is(peers: tuple[FloorPeer, FloorPeer]) -> None:
    day, night = peers

    async def run() -> None:
        async with connected(Town(day, night)) as links:
            await links.ask("desk.ready", WHO)
            await links.ask("desk.pause", {**WHO, "user": "boris"})
            await links.ask("office.start_campaign", WHO, campaign="c-night")
            await links.ask("office.pause_campaign", WHO, campaign="c-day")
            await links.ask("office.users_changed", WHO)
            await links.ask("office.protection", WHO)

    asyncio.run(run())
    assert [ask["do"] for ask in day.asks] == [
        "desk.ready", "office.pause_campaign", "office.users_changed", "office.protection",
    ]  # fmt: skip
    assert [ask["do"] for ask in night.asks] == [
        "desk.pause", "office.start_campaign", "office.users_changed",
    ]  # fmt: skip


def test_what_is_asked_of_all_floors_is_answered_as_one(
    peers: tuple[FloorPeer, FloorPeer],
) -> None:
    day, night = peers
    day.answer = lambda _: {"ok": True, "result": {"phones": {"a": 1}, "from": "day"}}
    night.answer = lambda _: {"ok": True, "result": {"phones": {"b": 2}, "from": "night"}}

    async def run() -> dict[str, Any]:
        async with connected(Town(day, night)) as links:
            return await links.ask("office.phones", WHO)

    assert asyncio.run(run()) == {"phones": {"a": 1, "b": 2}, "from": "day"}


def test_an_owner_that_sleeps_is_left_for_the_one_in_the_lease(
    peers: tuple[FloorPeer, FloorPeer], tmp_path: Path
) -> None:
    day, night = peers

    async def run(other: FloorPeer) -> list[bool]:
        moods: list[bool] = []
        town = Town(day, night)
        async with connected(town) as links:
            links.on_mood(moods.append)
            # The day's owner is stopped: its socket stays open and says nothing any more.
            day.answer = lambda _: None
            town.move("day", other)
            await until(lambda: moods == [False, True])
            await links.ask("desk.attach", WHO, connection="c1")
            other.tell("desk:vera", {"agent": {"id": "vera"}})
            await until(lambda: "agent" in links.state("desk:vera"))
        return moods

    with FloorPeer(tmp_path / "other.sock") as other:
        asyncio.run(run(other))
        assert [ask["do"] for ask in other.asks] == ["desk.attach"]
        assert day.asks == []


def test_an_ask_under_way_fails_as_its_floor_moves_instead_of_waiting(
    peers: tuple[FloorPeer, FloorPeer], tmp_path: Path
) -> None:
    day, night = peers
    day.answer = lambda _: None

    async def run(other: FloorPeer) -> None:
        town = Town(day, night)
        async with connected(town) as links:
            asked = asyncio.create_task(links.ask("desk.ready", WHO, within=timedelta(seconds=60)))
            await until(lambda: bool(day.asks))
            town.move("day", other)
            with pytest.raises(Problem, match="restarting"):
                await asked

    with FloorPeer(tmp_path / "other.sock") as other:
        asyncio.run(run(other))


def test_while_the_database_is_away_the_owners_known_stay(
    peers: tuple[FloorPeer, FloorPeer],
) -> None:
    day, night = peers

    async def run() -> None:
        town = Town(day, night)
        async with connected(town) as links:
            town.fails = True
            await asyncio.sleep(0.1)
            await links.ask("desk.ready", WHO)

    asyncio.run(run())
    assert [ask["do"] for ask in day.asks] == ["desk.ready"]


def test_a_person_put_on_another_floor_is_attached_there(
    peers: tuple[FloorPeer, FloorPeer],
) -> None:
    day, night = peers

    async def run() -> None:
        moods: list[bool] = []
        town = Town(day, night)
        async with connected(town) as links:
            links.on_mood(moods.append)
            town.map = replace(town.map, people={"boris": "night", "vera": "night"})
            await until(lambda: moods == [True])
            await links.ask("desk.attach", WHO)

    asyncio.run(run())
    assert [ask["do"] for ask in night.asks] == ["desk.attach"]


def test_a_floor_nobody_owns_is_away(peers: tuple[FloorPeer, FloorPeer]) -> None:
    day, night = peers

    async def run() -> None:
        town = Town(day, night)
        town.map = replace(
            town.map, floors=(town.map.floors[0], FloorPlace("night", "own", "Night"))
        )
        links = FloorLinks(town.look, QUICK)
        task = asyncio.create_task(links.run())
        await until(lambda: links.state("floor:own").get("floors") is not None)
        await until(lambda: links.state("campaign:c-day")["floor"] == "here")
        assert not links.here
        assert links.state("floor:own")["floor"] == "away"
        with pytest.raises(Problem):
            await links.ask("desk.ready", {**WHO, "user": "boris"})
        with pytest.raises(Problem):
            await links.ask("desk.ready", {**WHO, "organisation": "nobody's"})
        task.cancel()

    asyncio.run(run())


def test_the_picture_of_one_floor_is_its_own() -> None:
    place = FloorPlace("day", "own", "Day")
    assert one_picture([]) == {"floor": "away"}
    assert one_picture([(place, {"floor": "here", "at": "1"})]) == {"floor": "here", "at": "1"}


def test_the_picture_of_two_floors_adds_up() -> None:
    def told(at: str, **other: object) -> dict[str, Any]:
        trunk = {"id": "t", "lines": 2, "per_second": 1, "lines_max": 30}
        return {
            "floor": "here", "at": at, "stopped": False, "engine": "up", "database": "up",
            "campaigns": [{"id": at}], "agents": [{"id": at}], "trunks": [trunk],
            "alerts": [{"id": "engine"}], **other,
        }  # fmt: skip

    day, night = FloorPlace("day", "own", "Day"), FloorPlace("night", "own", "Night")
    made = one_picture([(day, told("1")), (night, told("2", engine="away", stopped=True))])
    assert made["at"] == "1"
    assert (made["stopped"], made["engine"], made["database"]) == (True, "away", "up")
    assert [one["id"] for one in made["agents"]] == ["1", "2"]
    assert made["trunks"] == [{"id": "t", "lines": 4, "per_second": 2, "lines_max": 30}]
    assert made["alerts"] == [{"id": "engine"}]
    assert [one["engine"] for one in made["floors"]] == ["up", "away"]
    # A floor that never spoke leaves its part open, and the whole is away.
    silent = one_picture([(day, {"floor": "away"}), (night, {"floor": "away"})])
    assert (silent["floor"], len(silent["floors"])) == ("away", 2)
    assert "at" not in silent
