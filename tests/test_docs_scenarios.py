"""The page of scenario files says all that the code reads."""

import importlib.util
import sys
from dataclasses import fields
from pathlib import Path
from types import ModuleType

from vyzov.simulation.faults import Faults
from vyzov.simulation.management import Management

TOOLS = Path(__file__).resolve().parent.parent / "tools"


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, TOOLS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(TOOLS))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(TOOLS))
    return module


def test_the_page_is_as_new_as_the_reader() -> None:
    made = tool("scenarios_doc")
    page = made.PAGE.read_text(encoding="utf-8")
    assert page == made.page(), "run: python tools/scenarios_doc.py"


def test_every_name_the_reader_knows_has_words() -> None:
    made = tool("scenarios_doc")
    assert made.unworded() == set()
    words = sys.modules["scenarios_words"]
    assert set(words.WORDS_OF_FAULTS) == {one.name for one in fields(Faults)}
    assert set(words.WORDS_OF_MANAGERS) == {one.name for one in fields(Management)}
