"""Real third parties on loopback: SIPp, baresip, Kamailio and Asterisk 22, sound and wire judged.

This runs the quick part of `./run verify interop`: all partners side by side, each in a network of its
own, because most of the time of a check is talking and ringing.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

VERIFY = Path(__file__).resolve().parents[2] / "bench" / "verify_interop.py"
MINIMUM = {"sipp": 8, "baresip": 11, "kamailio": 15, "asterisk": 28}
"""How many checks a partner has at least: a list that lost its entries must not look green."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, "subprocess.Popen[str]"]]:
    started: dict[str, subprocess.Popen[str]] = {}
    for partner in MINIMUM:
        out = tmp_path_factory.mktemp(partner)
        started[partner] = subprocess.Popen(
            [sys.executable, str(VERIFY), "--only", partner, "--quick", "--json", "--out", out],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    yield started
    for process in started.values():
        if process.poll() is None:
            process.terminate()
            process.wait(20)


@pytest.mark.parametrize("partner", MINIMUM)
def test_a_third_party_hears_us_and_agrees_on_every_message(
    partner: str, runs: dict[str, "subprocess.Popen[str]"]
) -> None:
    printed, trouble = runs[partner].communicate()
    assert printed, trouble
    told: dict[str, Any] = json.loads(printed.splitlines()[-1])
    if told["missing"] and os.environ.get("CI") != "true":
        pytest.skip(f"{partner}: {told['missing'][partner]}")
    assert told["missing"] == {}
    assert told["broken"] == {}
    assert [check for check in told["checks"] if not check["ok"]] == []
    assert len(told["checks"]) >= MINIMUM[partner]
    assert runs[partner].returncode == 0
