"""Alarms: raised by what the floor shows, taken up by one person, over when the figure is well."""

import asyncio
import json
from typing import Any

import pytest
import sqlalchemy as sa
from api_floor_peer import FloorPeer
from api_site import Site
from test_wall_routes import picture, show

from vyzov.dialer.alarm_readings import readings
from vyzov.storage.connections import open_engine
from vyzov.storage.tables_webhooks import outbox
from vyzov.web.alarm_watch import AlarmWatch

Json = dict[str, Any]
SOON = {"kind": "wait", "raise_at": 1.0, "clear_at": 0.5, "hold_s": 0, "active": True}


def look(site: Site) -> None:
    """Lets the watch look once, as it does each second."""
    house = site.app.state.house
    asyncio.run(AlarmWatch(house.office, house.floor, house.clock).look())


def waits(site: Site, seconds: float, at: str) -> Json:
    state = picture(site, at=at)
    state["campaigns"][0]["pace"]["longest_wait_s"] = seconds
    return state


def standing(site: Site) -> list[Json]:
    return [
        one
        for one in site.browser_of("supervisor").get("/alarms").json()["items"]
        if one["kind"] == "wait"
    ]


def test_an_alarm_is_raised_taken_up_and_over(site: Site, peer: FloorPeer) -> None:
    manager, own = site.browser_of("manager"), site.town.own
    assert manager.patch("/alarms", json=SOON).status_code == 200
    show(site, peer, waits(site, 1.5, "2026-11-20T10:00:01Z"))
    look(site)
    look(site)
    [alarm] = standing(site)
    assert (alarm["subject"], alarm["name"], alarm["value"]) == (
        own["campaign"],
        "Family plan",
        1.5,
    )
    first = site.browser_of("supervisor").post(f"/alarms/{alarm['id']}/acknowledge").json()
    second = manager.post(f"/alarms/{alarm['id']}/acknowledge").json()
    assert first["acknowledged_by"] == second["acknowledged_by"], "whoever was first stays"
    assert first["acknowledged_by"]["id"] == own["supervisor"]
    show(site, peer, waits(site, 0.2, "2026-11-20T10:00:02Z"))
    look(site)
    assert standing(site) == []
    kinds = ("alarm_raised", "alarm_acknowledged", "alarm_cleared")
    query = "&".join(f"kind={kind}" for kind in kinds)
    told = [
        fact
        for fact in manager.get(f"/facts?{query}").json()["items"]
        if fact["data"]["alarm"] == alarm["id"]
    ]
    assert [fact["kind"] for fact in told] == list(kinds)
    assert told[0]["campaign"] == own["campaign"]


def test_a_web_process_that_starts_again_goes_on_with_what_stands(
    site: Site, peer: FloorPeer
) -> None:
    site.browser_of("manager").patch("/alarms", json=SOON)
    show(site, peer, waits(site, 3.0, "2026-11-20T10:00:01Z"))
    look(site)
    show(site, peer, waits(site, 0.7, "2026-11-20T10:00:02Z"))
    look(site)
    assert len(standing(site)) == 1, "between the marks it goes on, also for a watch made anew"


def test_nothing_is_raised_by_a_floor_that_is_away_or_without_its_database(
    site: Site, peer: FloorPeer
) -> None:
    site.browser_of("manager").patch("/alarms", json=SOON)
    show(site, peer, waits(site, 9.0, "2026-11-20T10:00:01Z") | {"database": "away"})
    look(site)
    assert standing(site) == []


def test_webhooks_are_told_of_an_alarm_and_of_its_end(site: Site, peer: FloorPeer) -> None:
    manager, own = site.browser_of("manager"), site.town.own
    hook = manager.get(f"/webhooks/{own['webhook']}")
    on = manager.patch(
        f"/webhooks/{own['webhook']}", json={"active": True},
        headers={"If-Match": hook.headers["ETag"]},
    )  # fmt: skip
    assert on.status_code == 200, on.text
    manager.patch("/alarms", json=SOON)
    show(site, peer, waits(site, 3.0, "2026-11-20T10:00:01Z"))
    look(site)
    show(site, peer, waits(site, 0.0, "2026-11-20T10:00:02Z"))
    look(site)
    told = outbox_of(site, "alert")
    about = [(one["what"], one["over"]) for one in told if one["what"] == "wait"]
    assert about == [("wait", False), ("wait", True)]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"raise_at": -1}, "raise_at"), ({"clear_at": 2}, "clear_at"), ({"hold_s": 7_200}, "hold_s")],
)
def test_a_threshold_that_is_wrong_is_refused_by_its_field(
    site: Site, change: Json, field: str
) -> None:
    answer = site.browser_of("manager").patch("/alarms", json=SOON | change)
    assert answer.status_code == 422, answer.text
    assert [one["field"] for one in answer.json()["fields"]] == [field]
    assert site.browser_of("supervisor").patch("/alarms", json=SOON).status_code == 403


def test_a_picture_gives_the_figures_alarms_are_raised_by(site: Site) -> None:
    trunks = [
        {"id": "t1", "name": "Box", "state": "ok", "answer_share": 0.2},
        {"id": "t2", "name": "Two", "state": "failing", "answer_share": 0.3},
        {"id": "t3", "name": "Three", "state": "down", "answer_share": None},
    ]
    told = {
        (one.kind.value, one.subject): one.value for one in readings(picture(site, trunks=trunks))
    }
    campaign = site.town.own["campaign"]
    assert told == {
        ("lost_share", campaign): 0.025,
        ("wait", campaign): 1.5,
        ("no_operators", campaign): 1.0,
        ("list_low", campaign): 48.0,
        ("trunk_failures", "t1"): 0.0,
        ("trunk_failures", "t2"): 0.7,
        ("trunk_failures", "t3"): 1.0,
        ("occupancy", ""): pytest.approx(3_300 / 3_600),
    }
    rests = picture(site, trunks=[], agents=[])
    rests["campaigns"][0]["state"] = "paused"
    assert list(readings(rests)) == [], "what does not run gives no figure"


def outbox_of(site: Site, event: str) -> list[Json]:
    """Reads what waits to be told of an event, in order."""
    engine = open_engine(site.town.path, writes=False)
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(outbox.c.data).where(outbox.c.event == event).order_by(outbox.c.number)
        )
        found = [json.loads(row.data) for row in rows]
    engine.dispose()
    return found
