"""Real third parties on loopback: SIPp, baresip, Kamailio and Asterisk 22, sound and wire judged.

This runs the quick part of `./run verify interop`, partner by partner.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

VERIFY = Path(__file__).resolve().parents[2] / "bench" / "verify_interop.py"
MINIMUM = {"sipp": 8, "baresip": 8, "kamailio": 15, "asterisk": 23}
"""How many checks a partner has at least: a list that lost its entries must not look green."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.mark.parametrize("partner", MINIMUM)
def test_a_third_party_hears_us_and_agrees_on_every_message(partner: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(VERIFY), "--only", partner, "--quick", "--json", "--out", tmp_path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if told["missing"] and os.environ.get("CI") != "true":
        pytest.skip(f"{partner}: {told['missing'][partner]}")
    assert told["missing"] == {}
    assert told["broken"] == {}
    assert [check for check in told["checks"] if not check["ok"]] == []
    assert len(told["checks"]) >= MINIMUM[partner]
    assert done.returncode == 0
