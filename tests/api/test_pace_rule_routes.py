"""Rules of pace over the API: saved with a campaign's settings, refused by field, seen as facts."""

from datetime import timedelta
from typing import Any

import httpx
from api_site import Site
from api_town import CALLED_AT

from vyzov.core.facts import Fact, FactKind
from vyzov.dialer import writes as w
from vyzov.dialer.runtime import SystemDice
from vyzov.storage.sqlite import SqliteStore

PAUSES: dict[str, Any] = {
    "when": "abandonment", "is": "above", "value": 0.03, "for_s": 120.0, "do": "pause",
}  # fmt: skip


def change(site: Site, rules: list[Any]) -> httpx.Response:
    browser, at = site.browser_of("manager"), f"/campaigns/{site.town.own['campaign']}"
    etag = browser.get(at).headers["ETag"]
    body = {"settings": {"pace_rules": rules}}
    return browser.patch(at, json=body, headers={"If-Match": etag})


def test_rules_are_saved_with_the_settings_and_taken_away_again(site: Site) -> None:
    saved = change(site, [PAUSES])
    assert saved.status_code == 200, saved.text
    assert saved.json()["settings"]["pace_rules"] == [PAUSES]
    assert change(site, []).json()["settings"]["pace_rules"] == []


def test_a_rule_that_cannot_be_is_refused_by_its_field(site: Site) -> None:
    refused = change(site, [PAUSES, {**PAUSES, "value": 3}])
    assert refused.status_code == 422
    assert refused.headers["content-type"].startswith("application/problem+json")
    [field] = refused.json()["fields"]
    assert (field["field"], field["reason"]) == ("pace_rules[1].value", "between")


def test_what_a_rule_did_is_read_as_a_fact_of_its_campaign(site: Site) -> None:
    own, dice = site.town.own, SystemDice()
    store = SqliteStore(site.town.path, randomness=dice)
    fence = store.take_lease(own.floor, "again", CALLED_AT + timedelta(hours=2), timedelta(1))
    assert fence is not None
    did = Fact(
        FactKind.PACE_RULE, CALLED_AT, "test", 0, dice.new_id(), campaign=own["campaign"],
        data={"rule": "r", "state": "applied", **PAUSES, "seen": 0.05},
    )  # fmt: skip
    store.commit((w.AppendFact(did),))
    store.close()
    query = {"campaign": own["campaign"], "kind": "pace_rule", "limit": 200}
    [told] = site.browser_of("supervisor").get("/facts", params=query).json()["items"]
    assert (told["kind"], told["data"]["seen"]) == ("pace_rule", 0.05)
