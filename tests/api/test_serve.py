"""The web process from its start to its end."""

import asyncio
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa
from api_floor_peer import FloorPeer
from api_town import Town

from vyzov.core.errors import StoreFault
from vyzov.dialer.runtime import SystemDice
from vyzov.storage import tables as t
from vyzov.storage.connections import open_engine
from vyzov.storage.database import open_floor_store
from vyzov.web.server import serve
from vyzov.web.settings import WebSettings


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_it_serves_until_it_is_told_to_stop(
    town: Town, peer: FloorPeer, settings: WebSettings
) -> None:
    port = free_port()
    for side in (town.own, town.other):
        store = open_floor_store(town.path, randomness=SystemDice())
        store.take_lease(
            side.floor, "the peer", datetime.now(UTC), timedelta(minutes=5),
            address=f"unix:{peer.path}", gone="test",
        )  # fmt: skip
        store.close()

    async def life() -> list[int]:
        stop = asyncio.Event()
        process = asyncio.create_task(serve(town.office, replace(settings, port=port), stop=stop))
        statuses: list[int] = []
        async with httpx.AsyncClient(trust_env=False) as browser:
            for _ in range(500):
                try:
                    answer = await browser.get(f"http://127.0.0.1:{port}/api/v1/health")
                except httpx.ConnectError:
                    await asyncio.sleep(0.01)
                    continue
                statuses.append(answer.status_code)
                if answer.status_code == 200:
                    break
        stop.set()
        async with asyncio.timeout(10):
            await process
        return statuses

    assert asyncio.run(life())[-1] == 200
    with socket.socket() as one:
        assert one.connect_ex(("127.0.0.1", port)) != 0


def start_and_stop(town: Town, settings: WebSettings) -> None:
    async def life() -> None:
        stop = asyncio.Event()
        stop.set()
        await serve(town.office, replace(settings, port=free_port()), stop=stop)

    asyncio.run(life())


def test_what_an_earlier_run_left_half_done_is_removed_at_the_start(
    town: Town, settings: WebSettings
) -> None:
    own = town.own.organisation
    cut_short = town.office.import_list(
        own, name="New", file_name="n.csv", file_sha256="1" * 64, rows=[]
    )
    engine = open_engine(town.path, writes=True)
    this = t.contact_list.c.id == cut_short.id
    with engine.begin() as connection:
        connection.execute(sa.update(t.contact_list).where(this).values(completed_at=None))
    start_and_stop(town, settings)
    with engine.begin() as connection:
        left = connection.execute(sa.select(t.contact_list.c.id)).scalars().all()
    engine.dispose()
    assert cut_short.id not in left
    assert {town.own["list"], town.other["list"]} == set(left)


def test_a_database_that_does_not_answer_does_not_keep_the_screens_away(
    town: Town, settings: WebSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StoreFault("The database is away.", "Wait.")

    monkeypatch.setattr(type(town.office), "organisations", away)
    start_and_stop(town, settings)
