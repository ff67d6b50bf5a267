"""What a floor that dials ahead reads of its past: recent facts of all its lives, oldest first."""

from datetime import timedelta

from contract_house import House

from vyzov.core.facts import FactKind
from vyzov.dialer.floor_store import FloorStore

SPAN = timedelta(seconds=10)


def tell(house: House, store: FloorStore, place: int, kind: FactKind, **other: object) -> None:
    store.commit((house.fact(None, kind, dedupe=f"told:{place}", **other),))


def test_recent_facts_of_all_lives_come_oldest_first(house: House) -> None:
    made = house.campaign()
    ahead = {**made.settings, "mode": "predictive"}
    house.office.change_campaign(house.organisation, made.id, settings=ahead)
    now = house.clock.now
    first = house.store("first")
    tell(house, first, 1, FactKind.FINAL, at=now - timedelta(hours=3))
    tell(house, first, 2, FactKind.AGENT_ASKED, at=now - timedelta(hours=1))
    tell(house, first, 3, FactKind.RINGING, at=now)
    second = house.store("second", at=now + 2 * SPAN)
    tell(house, second, 4, FactKind.BRIDGED, at=now, data={"within_limit": True})
    state = second.load_floor(house.floor, since=now - timedelta(hours=2))
    assert [fact.dedupe for fact in state.recent] == ["told:2", "told:4"]
    assert state.recent[1].data == {"within_limit": True}
    assert second.load_floor(house.floor).recent == ()


def test_a_rule_that_may_change_to_dialling_ahead_has_the_past_read(house: House) -> None:
    made = house.campaign()
    rule = {"when": "progress", "is": "above", "value": 0.5, "do": "switch", "mode": "predictive"}
    house.office.change_campaign(
        house.organisation, made.id, settings={**made.settings, "pace_rules": [rule]}
    )
    store, now = house.store("first"), house.clock.now
    tell(house, store, 1, FactKind.BRIDGED, at=now)
    state = store.load_floor(house.floor, since=now - timedelta(hours=2))
    assert [fact.dedupe for fact in state.recent] == ["told:1"]


def test_what_rules_did_is_read_oldest_first_however_long_ago(house: House) -> None:
    now = house.clock.now
    first = house.store("first")
    tell(house, first, 1, FactKind.PACE_RULE, at=now - timedelta(days=40), data={"rule": "a"})
    tell(house, first, 2, FactKind.FINAL, at=now)
    second = house.store("second", at=now + 2 * SPAN)
    tell(house, second, 3, FactKind.PACE_RULE, at=now, data={"rule": "b"})
    state = second.load_floor(house.floor, since=now)
    assert [(fact.dedupe, fact.data["rule"]) for fact in state.ruled] == [
        ("told:1", "a"), ("told:3", "b"),
    ]  # fmt: skip
    assert second.load_floor(house.floor).ruled == ()


def test_nothing_is_read_where_no_campaign_dials_ahead(house: House) -> None:
    store = house.store("first")
    tell(house, store, 1, FactKind.FINAL, at=house.clock.now)
    assert store.load_floor(house.floor, since=house.clock.now - timedelta(hours=2)).recent == ()
