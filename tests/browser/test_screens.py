"""A handful of screens is looked at as `./run verify screens` looks at all of them."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHOTS = ("floor", "campaign", "desk-quiet", "people")

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def proof() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "verify_screens", ROOT / "bench" / "verify_screens.py"
    )
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    lack = made.what_is_missing()
    assert lack is None, lack
    return made


def test_screens_have_no_serious_fault_and_no_cut_word(proof: ModuleType) -> None:
    told = proof.run("screens.mjs", "--langs", "ru", "--widths", "1024,1440", *SHOTS)
    faults: list[Any] = [
        (one["name"], fault)
        for one in told["looked"]
        for fault in (*one["axe"], *one["cut"], *one["wrong"])
    ]
    assert faults == []
    assert told["shots"] == len(SHOTS)
    assert 0 < told["script_most_bytes"] < proof.SCRIPT_MOST_BYTES


@pytest.mark.parametrize(("fault", "eye"), [("contrast", "axe"), ("cut", "cut")])
def test_a_fault_put_on_a_screen_is_found(proof: ModuleType, fault: str, eye: str) -> None:
    arguments = ("--langs", "en", "--widths", "1440", "--planted", fault, "stop-list")
    assert proof.run("screens.mjs", *arguments, tell=False)[eye] > 0
