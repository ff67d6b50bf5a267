"""A database is upgraded while an older floor writes; who looks at it can also say no."""

import json
import sys
from pathlib import Path

import pytest
from postgres_server import NAME, Server

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "bench"))

import verify_migrations
from verify_migrations import Database, is_well, run

ROWS = 2_000
WELL = {
    "lost": 0, "half": 0, "counts_wrong": 0, "unchained": 0, "chain_finding": None,
    "writer_ended_well": True, "dials_afterwards": True,
    "during": {"transactions": 9, "longest_ms": 90.0},
}  # fmt: skip


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_nothing_is_lost_while_an_older_floor_writes(
    store: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_migrations, "BEFORE_S", 0.5)
    monkeypatch.setattr(verify_migrations, "AFTER_S", 0.3)
    # How long anybody waits is for a machine with nothing else to do.
    monkeypatch.setitem(verify_migrations.WAIT_GOAL_MS, store, 60_000.0)
    if store == "sqlite":
        found = run(Database(store, str(tmp_path / "vyzov.db")), ROWS, tmp_path)
    else:
        server: Server = request.getfixturevalue("postgres")
        name = f"{NAME}_beside"
        try:
            found = run(Database(store, server.create(name)), ROWS, tmp_path)
        finally:
            server.drop(name)
    assert is_well(found, store), json.dumps(found)
    assert found["rows"]["contact"] == ROWS
    assert found["acknowledged"] > 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"lost": 1},
        {"half": 1},
        {"counts_wrong": 1},
        {"unchained": 1},
        {"chain_finding": "changed"},
        {"writer_ended_well": False},
        {"dials_afterwards": False},
        {"during": {"transactions": 0}},
        {"during": {"transactions": 9, "longest_ms": 501.0}},
    ],
)
def test_what_is_not_well_is_told(wrong: dict[str, object]) -> None:
    assert is_well(WELL, "postgresql")
    assert not is_well({**WELL, **wrong}, "postgresql")
