"""The engine's pulse: lateness is folded rightly, written down, and told by `vyzov status`."""

import asyncio
import json
import time
from pathlib import Path

import pytest
import uvloop
from engine_lab import EngineProcess
from hypothesis import given
from hypothesis import strategies as st

from vyzov.cli.status import status
from vyzov.telephony.native import pulse
from vyzov.telephony.native.pulse import BOUNDS_MS, FILE, Lags, Pulse

pytestmark = pytest.mark.timeout(60)


@given(st.lists(st.floats(0, 3), min_size=1), st.sampled_from([0.5, 0.9, 0.99, 1.0]))
def test_the_told_share_lay_below_the_told_bound(late_s: list[float], share: float) -> None:
    lags = Lags()
    for one in late_s:
        lags.add(one)
    bound = lags.below(share)
    assert sum(one * 1000 <= bound for one in late_s) >= share * len(late_s) - 1e-6
    assert bound <= max(late_s) * 1000
    assert sum(lags.counts) == len(late_s)


def test_a_loop_held_up_is_seen_as_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "WRITE_S", 0.4)

    async def story() -> None:
        beating = Pulse(asyncio.get_running_loop(), tmp_path, "run", lambda: 3)
        await asyncio.sleep(0.1)
        time.sleep(0.2)  # noqa: ASYNC251 - exactly what must be noticed
        await asyncio.sleep(0.3)
        told = json.loads((tmp_path / FILE).read_text())
        assert told["legs"] == 3
        assert told["lag_ms"]["largest"] >= 150
        assert sum(told["lag_counts"]["counts"][len(BOUNDS_MS) - 3 :]) >= 1
        assert told["memory_mb"] > 5
        assert told["descriptors"] >= 3
        beating.close()
        assert not (tmp_path / FILE).exists()

    uvloop.run(story())


def test_the_status_command_tells_a_running_engine_from_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    assert status(tmp_path, as_json=False) == 2
    assert "vyzov serve" in capsys.readouterr().err
    with EngineProcess(run) as engine:
        end = time.monotonic() + 20
        while not (run / FILE).exists() and time.monotonic() < end:
            time.sleep(0.1)
        assert status(tmp_path, as_json=True) in (0, 1)
        told = json.loads(capsys.readouterr().out)
        assert told["state"] in ("well", "late")
        assert engine.stop() == 0
    assert status(tmp_path, as_json=False) == 2
