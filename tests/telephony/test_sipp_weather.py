"""A sample of the SIPp scenarios in bad weather: what must hold whatever is lost on the way.

The whole set, calmer and worse, is `./run verify sipp --loss 0.2`.
"""

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

import pytest
import uvloop
from engine_lab import Lab
from sipp_scenarios import cases
from sipp_set import SippSet

from vyzov.pstn.chaos import Weather

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "bench"))
import check_sipp

MISSING = shutil.which("sipp") is None and os.environ.get("CI") != "true"
pytestmark = [
    pytest.mark.sipp,
    pytest.mark.timeout(150),
    pytest.mark.skipif(MISSING, reason="sipp is not installed"),
]
SHARES = (0.05, 0.2)
SAMPLE = (
    "answers", "answers_unannounced", "challenges-401", "forks_one_answers", "hangs_up",
    "cancel_crossed_by_answer", "holds_sendonly", "refuses-486", "reliable_several",
    "rings_forever", "routes_several", "tcp_answers",
)  # fmt: skip


async def weathered(share: float, out: Path) -> None:
    sample = [case for case in cases() if case.name in SAMPLE]
    assert len(sample) == len(SAMPLE)
    async with Lab(out) as lab:
        weather = Weather(share, share, share, 0.03)
        await SippSet(lab, out, parallel=12, weather=weather, seed=11).run(sample)
        assert lab.engine.calls.living == {}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[float, Path]:
    """Both weathers at once, each over an engine of its own."""
    folders = {share: tmp_path_factory.mktemp("weather") for share in SHARES}

    async def both() -> None:
        await asyncio.gather(*(weathered(share, out) for share, out in folders.items()))

    uvloop.run(both())
    return folders


@pytest.mark.parametrize("share", SHARES)
def test_in_bad_weather_every_call_still_ends_once_and_frees_its_line(
    share: float, runs: dict[float, Path]
) -> None:
    faults = check_sipp.judge(runs[share])
    assert {name: found for name, found in faults.items() if found} == {}
    rows = json.loads((runs[share] / "run.json").read_text())["cases"]
    assert sum(row["chaos"]["lost"] for row in rows) > 0
    assert sum(row["chaos"]["repeated"] for row in rows) > 0
