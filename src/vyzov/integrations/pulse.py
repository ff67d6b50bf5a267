"""Says every few seconds that the worker lives, in a file that `vyzov status` reads."""

import asyncio
import json
import os
from pathlib import Path

from vyzov.core.instants import to_text
from vyzov.dialer.ports import Clock
from vyzov.integrations.worker import Worker

EVERY_S = 5.0


async def keep_pulse(path: Path, worker: Worker, clock: Clock) -> None:
    """Writes the pulse until it is cancelled; a disk that does not take it stops no delivery."""
    since = to_text(clock.utc())
    draft = path.with_suffix(".draft")
    while True:
        told = {
            "at": to_text(clock.utc()), "since": since, "pid": os.getpid(),
            "delivered": worker.delivered, "failed": worker.failed, "under_way": worker.under_way,
        }  # fmt: skip
        try:
            draft.write_text(json.dumps(told), encoding="utf-8")
            draft.replace(path)
        except OSError:
            pass
        await asyncio.sleep(EVERY_S)
