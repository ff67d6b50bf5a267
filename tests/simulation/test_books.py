"""The books of a simulated day: nothing is missing on a good day, and a changed row is found."""

from vyzov.simulation.run import run_on
from vyzov.simulation.scenario import Crew, Scenario, ScenarioCampaign, ScenarioTrunk
from vyzov.simulation.stage import Stage, build

DAY = Scenario(
    "day", 240.0, (Crew("c", 4),), (ScenarioTrunk("t"),), (ScenarioCampaign("a", 60),), seed=3
)


def lived() -> Stage:
    stage = build(DAY, 3)
    outcome = run_on(stage, DAY, 3)
    assert outcome.breaches == ()
    return stage


def found(stage: Stage, change: str) -> set[str]:
    """The rules that a change of the tables is seen to break; the change is taken back."""
    connection = stage.connection
    connection.execute("BEGIN")
    connection.execute("PRAGMA defer_foreign_keys = ON")
    assert connection.execute(change).rowcount > 0, change
    rules = {rule for rule, _ in stage.world.watch.books.compare(connection)}
    connection.execute("ROLLBACK")
    return rules


def test_every_kind_of_record_is_missed_where_it_was_changed() -> None:
    stage = lived()
    try:
        for rule, change in (
            ("B1", "UPDATE attempt SET outcome = 'busy' WHERE outcome = 'answered_human'"),
            ("B1", "UPDATE attempt SET bridged_at = ended_at WHERE bridged_at IS NOT NULL"),
            ("B1", "UPDATE campaign_contact SET last_outcome = NULL"),
            ("B2", "DELETE FROM recording"),
            ("B3", "UPDATE disposition SET result = 'thinking' WHERE result = 'refused'"),
            ("B4", "UPDATE stop_list SET valid_to = valid_from"),
            ("B4", "UPDATE callback SET state = 'open' WHERE state = 'kept'"),
            ("B4", "UPDATE campaign_contact SET state = 'callback' WHERE state = 'closed'"),
            ("C1", "DELETE FROM fact WHERE kind = 'bridged'"),
            ("C1", "UPDATE fact SET monotonic_ns = monotonic_ns + 1 WHERE kind = 'final'"),
            ("E4", "UPDATE agent_wish SET wish = 'ready' WHERE wish = 'offline'"),
        ):
            assert rule in found(stage, change), change
        assert list(stage.world.watch.books.compare(stage.connection)) == []
    finally:
        stage.close()


def test_a_fact_of_a_refused_attempt_is_found() -> None:
    stage = lived()
    try:
        books = stage.world.watch.books
        books.refused.add("never")
        told = "UPDATE fact SET attempt_id = 'never' WHERE kind = 'attempt_reserved'"
        assert "A5" in found(stage, told)
        books.refused |= books.reserved.keys()
        assert list(books.compare(stage.connection)) == []  # Refused once, and reserved later.
    finally:
        stage.close()
