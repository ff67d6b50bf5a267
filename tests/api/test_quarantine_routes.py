"""After a restore: who sees why nobody is dialled, who may decide, and what is written down."""

import json
import sqlite3
from contextlib import closing

from api_site import Site

from vyzov.core.facts import FactKind
from vyzov.dialer.office_records import FactQuery

FOUND = {
    "attempts": 7, "stops": 2, "left_out": 1, "batches": 40, "until": "2026-11-22T09:59:00Z",
    "gaps": ["floor x: no journal of holder 3"], "epochs": {},
}  # fmt: skip


def restored(site: Site, organisation: str) -> None:
    """Lets the database be one that was put back from a backup."""
    with closing(sqlite3.connect(site.town.path)) as connection, connection:
        connection.execute(
            "INSERT INTO quarantine (organisation_id, id, began_at, backup_at, found)"
            " VALUES (?, 'q', '2026-11-22T10:00:00Z', '2026-11-22T08:00:00Z', ?)",
            (organisation, json.dumps(FOUND)),
        )


def test_without_a_restore_nothing_stands_in_the_way(site: Site) -> None:
    told = site.browser_of("supervisor").get("/floor/quarantine").json()
    assert told["stands"] is False


def test_a_supervisor_sees_what_the_journals_told_and_what_is_missing(site: Site) -> None:
    restored(site, site.town.own.organisation)
    told = site.browser_of("supervisor").get("/floor/quarantine").json()
    assert told["stands"] is True
    assert told["backup_at"].startswith("2026-11-22T08:00")
    assert (told["attempts"], told["stops"], told["left_out"]) == (7, 2, 1)
    assert told["gaps"] == FOUND["gaps"]
    assert site.browser_of("supervisor", "other").get("/floor/quarantine").json()["stands"] is False


def test_only_a_manager_decides_and_says_why(site: Site) -> None:
    organisation = site.town.own.organisation
    restored(site, organisation)
    lift = {"reason": "the lists were compared by hand"}
    refused = site.browser_of("supervisor").post("/floor/quarantine/lift", json=lift)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    manager = site.browser_of("manager")
    assert manager.post("/floor/quarantine/lift", json={"reason": ""}).status_code == 422
    assert manager.get("/floor/quarantine").json()["stands"] is True
    assert manager.post("/floor/quarantine/lift", json=lift).status_code == 204
    assert manager.get("/floor/quarantine").json()["stands"] is False
    assert site.peer.asked("office.settings_changed")
    (fact,) = [
        one.fact
        for one in site.town.office.facts(organisation, FactQuery(), limit=1000)
        if one.fact.kind is FactKind.QUARANTINE_LIFTED
    ]
    assert fact.data["by"] == site.town.own["manager"]
    assert fact.data["reason"] == lift["reason"]
