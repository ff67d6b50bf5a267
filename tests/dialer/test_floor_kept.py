"""What a floor says while its database is away, and whom it calls after a restore: nobody."""

import pytest
from conftest import Centre, plan

from vyzov.dialer import effects as fx
from vyzov.simulation import world_process
from vyzov.simulation.world_process import FloorProcess
from vyzov.storage.queries import queries


@pytest.fixture
def ann(centre: Centre) -> str:
    return centre.operator()


@pytest.fixture
def campaign(centre: Centre, ann: str) -> str:
    made = centre.campaign(6, agents=(ann,))
    centre.everybody(plan())
    centre.open(made)
    return made


def process_of(centre: Centre) -> FloorProcess:
    process = centre.world.process
    assert process is not None
    return process


def ask_result(centre: Centre, ann: str) -> int:
    """Saves a result; returns the number of the ask."""
    attempt = centre.found(ann).agent.call
    return centre.world.send(
        "desk.result", ann, f"{ann}-tab", attempt=attempt, result="agreed", key="k"
    )


def test_who_saves_a_result_without_a_database_is_told_that_it_is_kept(
    centre: Centre, ann: str, campaign: str
) -> None:
    centre.ready(ann)
    assert centre.until(lambda: centre.talking(ann))
    centre.world.take_store_away(20.0)
    centre.world.run(1.0)
    asked = ask_result(centre, ann)
    centre.world.run(1.0)
    reply = centre.world.answers[asked]
    assert reply.ok
    assert reply.body["kept"] is True
    assert reply.body["undo_until"]
    assert centre.until(lambda: centre.attempts()[0]["state"] == "final", 40.0)
    assert centre.rows_of("SELECT result FROM disposition") == [{"result": "agreed"}]
    centre.settle()


def test_only_batches_the_journal_has_are_called_kept(
    centre: Centre, ann: str, campaign: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world_process, "SYNC_S", 60.0)
    centre.ready(ann)
    assert centre.until(lambda: centre.talking(ann))
    centre.world.take_store_away(10.0)
    centre.world.run(1.0)
    asked = ask_result(centre, ann)
    centre.world.run(1.0)
    process_of(centre).post(fx.Kept(0))
    assert asked not in centre.world.answers
    assert centre.until(lambda: asked in centre.world.answers, 30.0)
    assert "kept" not in centre.world.answers[asked].body, "it was saved"
    centre.settle()


def test_a_leg_is_forgotten_only_when_its_end_is_in_the_database(
    centre: Centre, ann: str, campaign: str
) -> None:
    centre.ready(ann)
    assert centre.until(lambda: centre.talking(ann))
    attempt = centre.found(ann).agent.call
    assert attempt is not None
    centre.world.take_store_away(10.0)
    centre.world.run(1.0)
    ask_result(centre, ann)
    centre.world.run(5.0)
    assert attempt in centre.world.engine.book
    centre.settle()
    assert attempt not in centre.world.engine.book


def test_what_was_kept_is_saved_though_the_floor_is_killed_meanwhile(
    centre: Centre, ann: str, campaign: str
) -> None:
    centre.ready(ann)
    assert centre.until(lambda: centre.talking(ann))
    attempt = centre.found(ann).agent.call
    centre.world.take_store_away(12.0)
    centre.world.run(1.0)
    asked = ask_result(centre, ann)
    centre.world.run(1.0)
    assert centre.world.answers[asked].body["kept"] is True
    centre.kill_floor()
    centre.world.run(30.0)
    assert centre.rows_of("SELECT attempt_id, result FROM disposition") == [
        {"attempt_id": attempt, "result": "agreed"}
    ]
    centre.settle()


def quarantine(centre: Centre, lifted: str | None) -> None:
    """Puts the database of the centre into quarantine, or lifts it, as another process does."""
    values = {"organisation": centre.organisation, "id": "q", "began": "2026-11-23T11:00:00Z"}
    if lifted is None:
        centre.connection.execute(
            queries("journal")["begin_quarantine"],
            {**values, "backup": "2026-11-23T10:00:00Z", "found": "{}"},
        )
    else:
        centre.connection.execute(
            queries("journal")["lift_quarantine"],
            {**values, "at": lifted, "by": "boss", "reason": "asked"},
        )


def test_a_restored_database_calls_nobody_until_the_quarantine_is_lifted(
    centre: Centre, ann: str, campaign: str
) -> None:
    quarantine(centre, None)
    centre.world.ask("office.settings_changed", "boss")
    centre.ready(ann)
    centre.world.run(20.0)
    assert centre.world.watch.originates == []
    assert centre.attempts() == []
    assert centre.live_campaign(campaign).why[0] == "quarantine"
    alerts = centre.world.screens["floor:org"]["alerts"]
    assert [(one["kind"], one["args"]) for one in alerts] == [
        ("quarantine", {"backup_at": "2026-11-23T10:00:00.000000Z"})
    ]
    quarantine(centre, "2026-11-23T12:01:00Z")
    assert centre.until(lambda: centre.talking(ann), 20.0), "the floor looks by itself"
    assert centre.world.screens["floor:org"]["alerts"] == []
    centre.settle()
