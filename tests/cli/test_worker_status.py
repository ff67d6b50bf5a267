"""`vyzov status` tells of the worker, too: that it lives, what it brought, that it is gone."""

import asyncio
import contextlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from vyzov.cli.status import status
from vyzov.integrations import pulse
from vyzov.telephony.native.pulse import FILE


def engine_lives(folder: Path) -> None:
    (folder / "run").mkdir()
    told = {
        "at": datetime.now(UTC).isoformat(), "since": "x", "pid": 1, "legs": 0, "memory_mb": 1,
        "descriptors": 1, "lag_ms": {"p50": 1, "p99": 2, "largest": 3},
    }  # fmt: skip
    (folder / "run" / FILE).write_text(json.dumps(told))


def write_pulse(path: Path, now: datetime) -> None:
    worker: Any = SimpleNamespace(delivered=7, failed=2, under_way=1)
    clock: Any = SimpleNamespace(utc=lambda: now)

    async def run() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await pulse.keep_pulse(path, worker, clock)

    asyncio.run(run())


def told(folder: Path, capsys: pytest.CaptureFixture[str], *, as_json: bool = False) -> str:
    capsys.readouterr()
    assert status(folder, as_json=as_json) == 0
    return capsys.readouterr().out


def test_a_worker_that_lives_says_what_it_brought(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine_lives(tmp_path)
    assert "No worker has run yet" in told(tmp_path, capsys)
    write_pulse(tmp_path / "run" / "worker.json", datetime.now(UTC))
    assert "7 events delivered, 2 tries failed, 1 under way" in told(tmp_path, capsys)
    worker = json.loads(told(tmp_path, capsys, as_json=True))["worker"]
    assert (worker["state"], worker["delivered"]) == ("well", 7)


def test_a_worker_that_is_not_heard_is_missed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine_lives(tmp_path)
    write_pulse(tmp_path / "run" / "worker.json", datetime.now(UTC) - timedelta(minutes=2))
    assert "not been heard for 120 s" in told(tmp_path, capsys)


def test_a_file_torn_in_the_middle_is_no_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine_lives(tmp_path)
    (tmp_path / "run" / "worker.json").write_text('{"at": "2026')
    assert "No worker has run yet" in told(tmp_path, capsys)
