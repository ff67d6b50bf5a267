"""A process with several floors: the trouble of one is no matter to the others."""

import asyncio

import pytest

from vyzov.dialer.claims import Claim, Claims
from vyzov.dialer.floor_places import FloorPlace
from vyzov.dialer.hosting import Held, Host
from vyzov.dialer.runtime import SystemClock

DAY, NIGHT = FloorPlace("day", "own", "Day"), FloorPlace("night", "own", "Night")


class Working:
    """A floor that works until it is let go."""

    def __init__(self, began: asyncio.Event) -> None:
        self._began = began
        self.is_let_go = False

    async def live(self) -> None:
        self._began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.is_let_go = True

    async def drain(self) -> None:
        pass


def test_a_floor_whose_files_cannot_be_read_does_not_end_the_others() -> None:
    async def work() -> tuple[list[str], bool]:
        stop, began, tried = asyncio.Event(), asyncio.Event(), list[str]()
        night = Working(began)

        async def take(claim: Claim) -> Held | None:
            tried.append(claim.floor)
            if claim.floor == "day":
                places[:] = [NIGHT, DAY]
                raise PermissionError(13, "Permission denied", "/journal/day")
            return night

        places = [DAY, NIGHT]
        host = Host(lambda: tuple(places), take, Claims(), SystemClock(), 1)
        running = asyncio.create_task(host.run(stop))
        await asyncio.wait(
            {running, asyncio.create_task(began.wait())},
            timeout=5.0, return_when=asyncio.FIRST_COMPLETED,
        )  # fmt: skip
        stop.set()
        await running
        return tried, night.is_let_go

    tried, let_go = asyncio.run(work())
    assert tried[:2] == ["day", "night"]
    assert let_go


@pytest.mark.parametrize("turns", range(4))
def test_a_stop_that_comes_with_the_end_does_not_make_the_end_a_drain(turns: int) -> None:
    async def work() -> bool:
        stop, began = asyncio.Event(), asyncio.Event()

        async def take(claim: Claim) -> Held | None:
            del claim
            return Working(began)

        host = Host(lambda: (DAY,), take, Claims(), SystemClock(), 1)
        running = asyncio.create_task(host.run(stop))
        await asyncio.wait_for(began.wait(), 5.0)
        stop.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        was_there = running.cancel()
        await asyncio.wait([running], timeout=5.0)
        return running.cancelled() or not was_there

    assert asyncio.run(work())
