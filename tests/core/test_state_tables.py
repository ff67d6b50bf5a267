"""The page of state tables says what the machines do."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tables() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "state_tables", ROOT / "tools" / "state_tables.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["state_tables"] = module
    spec.loader.exec_module(module)
    return module


def test_the_page_is_as_new_as_the_machines(tables: ModuleType) -> None:
    written = tables.PAGE.read_text(encoding="utf-8")
    assert written == tables.render(), "run: python tools/state_tables.py"


def test_every_kind_of_event_has_a_row(tables: ModuleType) -> None:
    from typing import get_args

    from vyzov.core import agent, call_events, contact, preview, trunk

    assert {type(one) for one in tables.CALL_EVENTS} == set(get_args(call_events.Event))
    assert {type(one) for _, one in tables.AGENT_EVENTS} == set(get_args(agent.AgentEvent))
    assert {type(one) for _, one in tables.CARD_EVENTS} == set(get_args(preview.CardEvent))
    rows = tables.contact_table().rows
    named = {name.partition("(")[0] for name, _ in rows}
    assert named == {kind.__name__ for kind in get_args(contact.EntryEvent)}
    assert {type(one) for one in tables.TRUNK_EVENTS} == set(get_args(trunk.TrunkEvent))


def test_no_world_event_is_impossible_in_any_state(tables: ModuleType) -> None:
    from typing import get_args

    from vyzov.core import call_events

    world = {kind.__name__ for kind in get_args(call_events.WorldEvent)}
    for name, cells in tables.call_table().rows:
        if name.partition("(")[0] in world:
            assert tables.IMPOSSIBLE not in cells, name
