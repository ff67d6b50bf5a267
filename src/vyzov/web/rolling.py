"""Keeps the sums of key figures up with the facts, piece by piece, beside the pages.

It runs in the web process because that is where the sums are read, and because a floor's commits
must not wait for reports. A piece is a few thousand facts: some 100 ms in a thread of its own, a
short write at its end. Several web processes may do it at once; a report asked for in between takes
the rest in itself.
"""

import asyncio
import logging
from datetime import timedelta

from vyzov.core.errors import VyzovError
from vyzov.dialer.office_store import OfficeStore

PIECES_AT_ONCE = 20

log = logging.getLogger(__name__)


async def keep_sums(office: OfficeStore, every: timedelta) -> None:
    """Rolls up again and again until it is cancelled; a database that is away is waited for."""
    while True:
        try:
            await asyncio.to_thread(_roll, office)
        except VyzovError as error:
            log.warning("key figures are not brought up to date: %s", error)
        await asyncio.sleep(every.total_seconds())


def _roll(office: OfficeStore) -> None:
    for organisation in office.organisations():
        for _ in range(PIECES_AT_ONCE):
            if office.roll_up(organisation.id) == 0:
                break
