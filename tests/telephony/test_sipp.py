"""SIPp as the carrier: every scenario of ours on the wire, many at once over one engine.

SIPp shares none of our misunderstandings, and what it saw is judged by a script that imports
nothing of Vyzov. How a scenario is placed and what must come of it stands beside it in
`scenarios/`.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import uvloop
from engine_lab import Lab, originate
from sipp_scenarios import Case, cases
from sipp_set import SippSet, Stage

from vyzov.dialer.ports import Answered, Ended, Failed, Hangup, SetTrunk
from vyzov.telephony.native.one_call import place_one_call

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "bench"))
import check_sipp

# A missing part is one skipped line on a desk, but red in CI: there it would hide an install step.
MISSING = shutil.which("sipp") is None and os.environ.get("CI") != "true"
pytestmark = [
    pytest.mark.sipp,
    pytest.mark.timeout(150),
    pytest.mark.skipif(MISSING, reason="sipp is not installed"),
]
CASES = {case.name: case for case in cases()}
PARALLEL = 20
SCENARIOS_LEAST = 60
NUMBER = "+70005550101"


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the judge found wrong with each case, all of them run over one engine."""
    out = tmp_path_factory.mktemp("sipp")

    async def run() -> None:
        async with Lab(out) as lab:
            await SippSet(lab, out, parallel=PARALLEL).run(list(CASES.values()))
            assert lab.engine.calls.living == {}

    uvloop.run(run())
    return check_sipp.judge(out)


@pytest.mark.parametrize("name", list(CASES))
def test_a_scenario_goes_as_expected(name: str, faults: dict[str, list[str]]) -> None:
    assert faults[name] == [], CASES[name].about


def test_there_are_sixty_scenarios_and_each_says_what_it_is_about() -> None:
    scenarios = {case.script for case in CASES.values()}
    assert len(scenarios) >= SCENARIOS_LEAST
    assert [name for name, case in CASES.items() if not case.about.endswith(".")] == []
    assert len({case.about for case in CASES.values()}) >= SCENARIOS_LEAST


def test_every_script_has_its_expectations() -> None:
    folder = Path(__file__).parent / "scenarios"
    names = [{path.stem for path in folder.glob(f"*.{end}")} for end in ("xml", "toml")]
    assert names[0] == names[1]


# ---- the command for one call --------------------------------------------------------------------


def called(case: Case, out: Path, **options: Any) -> dict[str, Any]:
    async def run() -> dict[str, Any]:
        stage = Stage(out)
        async with stage.carrier(case) as carrier:
            settings = {"talk_s": 0.3, "ring_timeout_s": 10.0, "caller_id": "+70005550102"}
            trunk = f"sip:127.0.0.1:{carrier.here[1]}"
            result = await place_one_call(NUMBER, trunk, **(settings | options))
            assert await carrier.process.wait() == 0
        stage.close()
        return result

    return uvloop.run(run())


def test_one_call_tells_its_times_and_its_packets(tmp_path: Path) -> None:
    result = called(CASES["answers"], tmp_path)
    assert (result["outcome"], result["code"], result["answered_events"]) == ("answered", 200, 1)
    assert (result["ended_by"], result["cause"]) == ("us", "talk_over")
    assert 0.1 < result["ring_s"] < 1.0
    assert 0.2 < result["talk_s"] < 1.0
    assert result["rtp"]["rtp_sent"] >= 10


def test_one_call_says_why_nobody_was_reached(tmp_path: Path) -> None:
    result = called(CASES["absent-q850"], tmp_path)
    assert (result["outcome"], result["code"], result["stage"]) == ("failed", 480, "trying")
    assert (result["q850"], result["answered_events"]) == (20, 0)


# ---- the line ------------------------------------------------------------------------------------


def test_a_line_is_free_again_after_every_kind_of_end(tmp_path: Path) -> None:
    """One RTP port is enough for calls one after another, if each gives it back."""

    async def calls() -> None:
        stage = Stage(tmp_path)
        async with Lab(tmp_path, rtp_first=41_000, rtp_last=41_000) as lab:
            for turn, name in enumerate(["answers", "rings_forever", "announces", "answers"]):
                leg = f"attempt-{turn}"
                async with stage.carrier(CASES[name]) as carrier:
                    lab.floor.send(SetTrunk("carrier", *carrier.here, probe_s=0.0))
                    lab.floor.send(originate(leg, ring_timeout_s=1.0))
                    if name == "answers":
                        await lab.floor.wait(Answered, leg)
                        lab.floor.send(Hangup(leg))
                        await lab.floor.wait(Ended, leg)
                    else:
                        await lab.floor.wait(Failed, leg)
                    await carrier.process.wait()
            assert lab.engine.calls.living == {}
            snapshot = await lab.floor.snapshot()
            for turn, answers in enumerate([1, 0, 0, 1]):
                log = snapshot.legs[f"attempt-{turn}"]
                assert sum(isinstance(e, Answered) for e in log) == answers
                assert sum(isinstance(e, Ended | Failed) for e in log) == 1
                assert [e.seq for e in log] == list(range(1, len(log) + 1))
            assert snapshot.bridges == ()
        stage.close()

    uvloop.run(calls())
