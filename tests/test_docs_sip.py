"""The table of what SIP and RTP must do right: no rule without a test, no test that is not there."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def correctness() -> ModuleType:
    """The tool as it would be run: with its own folder to import from."""
    folder = str(ROOT / "tools")
    sys.path.insert(0, folder)
    try:
        spec = importlib.util.spec_from_file_location(
            "correctness", ROOT / "tools" / "correctness.py"
        )
        assert spec is not None
        assert spec.loader is not None
        made = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(made)
    finally:
        sys.path.remove(folder)
    return made


def test_the_page_is_as_new_as_its_rows(correctness: ModuleType) -> None:
    told = correctness.PAGE.read_text(encoding="utf-8")
    assert told == correctness.page(), "run: python tools/correctness.py"


def test_every_rule_is_held_by_tests_that_exist(correctness: ModuleType) -> None:
    rows = [row for _, rows in correctness.SECTIONS for row in rows]
    assert len(rows) >= 60
    assert [row.rule for row in rows if not row.held_by] == []
    assert [one for row in rows for one in row.held_by if correctness.missing(one)] == []


def test_a_test_that_is_not_there_is_found(correctness: ModuleType) -> None:
    for wrong in ("tests/sip/test_sip_caller.py::test_nothing", "tests/telephony/scenarios/x.xml"):
        assert correctness.missing(wrong)
    assert not correctness.missing("tests/test_docs_sip.py::test_a_test_that_is_not_there_is_found")


def test_every_scenario_holds_some_rule(correctness: ModuleType) -> None:
    named = {one for _, rows in correctness.SECTIONS for row in rows for one in row.held_by}
    folder = ROOT / "tests" / "telephony" / "scenarios"
    there = {str(path.relative_to(ROOT)) for path in folder.glob("*.xml")}
    assert there - named == set()
