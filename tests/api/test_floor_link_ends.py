"""A connection to a floor ends when it is told to, whatever happens at that moment."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from vyzov.web.floor_link import FloorLink
from vyzov.web.settings import WebSettings

PATIENT = WebSettings(floor_retry_first=timedelta(hours=1), floor_retry_max=timedelta(hours=1))


@pytest.mark.parametrize("turns", range(4))
def test_a_move_that_comes_with_the_end_does_not_keep_the_connection_alive(
    tmp_path: Path, turns: int
) -> None:
    async def live() -> bool:
        link = FloorLink(tmp_path / "nobody", PATIENT)
        task = asyncio.create_task(link.run())
        # Nobody listens there: it waits for an hour, or until it is to go elsewhere.
        await asyncio.sleep(0.05)
        link.move(tmp_path / "elsewhere")
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        ended, _ = await asyncio.wait([task], timeout=1.0)
        task.cancel()
        return bool(ended)

    assert asyncio.run(live())
