"""A floor's runtime ends when it is told to, whatever arrives at that moment."""

import asyncio
from typing import Any, cast

import pytest

from vyzov.dialer import effects as fx
from vyzov.dialer.runtime import Runtime


class DeafFloor:
    """A floor that wants nothing."""

    def step(self, item: fx.Input, now: fx.Now) -> tuple[fx.Effect, ...]:
        del item, now
        return ()


@pytest.mark.parametrize("turns", range(6))
def test_an_input_that_arrives_with_the_end_does_not_keep_the_runtime_alive(turns: int) -> None:
    async def live() -> bool:
        runtime = Runtime(
            cast("Any", DeafFloor()), cast("Any", None), floor_id="floor", holder="test",
            on_died=lambda _: None,
        )  # fmt: skip
        task = asyncio.create_task(runtime.run())
        for _ in range(5):
            await asyncio.sleep(0)
        runtime.post(fx.Tick())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        ended, _ = await asyncio.wait([task], timeout=1.0)
        task.cancel()
        return bool(ended)

    assert asyncio.run(live())
