"""Webhooks over the API: made, secret told once, changed, tested, logged, told again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from api_site import Site

from vyzov.core.facts import Fact, FactKind
from vyzov.core.webhook import HookEvent
from vyzov.dialer.runtime import SystemClock, SystemDice
from vyzov.dialer.webhooks import OffReason, Settled
from vyzov.storage.outbox import Outbox

NEW = {
    "name": "CRM",
    "url": "https://crm.example.org/vyzov",
    "events": ["result.saved", "attempt.finished"],
}
SPAN = timedelta(seconds=15)


def made(site: Site, **other: Any) -> dict[str, Any]:
    answer = site.browser_of("manager").post("/webhooks", json=NEW | other)
    assert answer.status_code == 201, answer.text
    return answer.json()


def outbox(site: Site) -> Outbox:
    return Outbox(site.town.path, clock=SystemClock(), randomness=SystemDice())


def happens(site: Site, key: str) -> None:
    """A fact of the office that webhooks are told of: a result is saved."""
    fact = Fact(FactKind.DISPOSED, datetime.now(UTC), "c", 1, key, data={"result": "sale"})
    site.town.office.append_facts(site.town.own.organisation, [fact])


def delivered(site: Site, webhook: str, status: int = 200, **other: Any) -> None:
    """A worker brings what is due to this webhook and notes what came of it."""
    own, organisation = outbox(site), site.town.own.organisation
    [receiver] = [
        one for one in own.worker_turn(organisation, "w", SPAN, ()).receivers if one.id == webhook
    ]
    due = own.due_deliveries(organisation, receiver, 10)
    assert due
    settled = [
        replace(
            Settled(webhook, one.number, datetime.now(UTC), 12, status, "", status == 200), **other
        )
        for one in due
    ]
    own.worker_turn(organisation, "w", SPAN, settled)
    own.close()


def test_the_secret_is_told_once(site: Site) -> None:
    hook = made(site)
    assert hook["secret"].startswith("whsec_")
    assert hook["events"] == ["attempt.finished", "result.saved"]
    assert (hook["active"], hook["with_person"], hook["waiting"]) == (True, False, 0)
    manager = site.browser_of("manager")
    page = manager.get("/webhooks")
    assert hook["secret"] not in page.text
    assert "secret" not in manager.get(f"/webhooks/{hook['id']}").json()
    listed = page.json()
    assert (listed["worker_lives"], listed["private"]) == (False, False)
    assert set(listed["events"]) == {event.value for event in HookEvent} - {"test"}
    other = made(site)
    assert other["secret"] != hook["secret"]


@pytest.mark.parametrize(
    ("wrong", "field", "reason"),
    [
        ({"url": "http://crm.example.org/"}, "url", "web_address"),
        ({"url": "https://127.0.0.1/"}, "url", "web_address"),
        ({"url": "https://169.254.169.254/latest"}, "url", "web_address"),
        ({"url": "https://u:p@crm.example.org/"}, "url", "web_address"),
        ({"name": ""}, "name", "needed"),
        ({"events": []}, "events", ""),
    ],
)
def test_what_is_wrong_with_a_webhook_is_told_by_field(
    site: Site, wrong: dict[str, Any], field: str, reason: str
) -> None:
    answer = site.browser_of("manager").post("/webhooks", json=NEW | wrong)
    assert answer.status_code == 422
    [fault] = answer.json()["fields"]
    assert (fault["field"], fault["reason"]) == (field, reason)


def test_an_edit_names_the_version_it_saw_and_waiting_events_are_no_version(site: Site) -> None:
    manager, hook = site.browser_of("manager"), made(site)
    path = f"/webhooks/{hook['id']}"
    happens(site, "a")
    outbox(site).worker_turn(site.town.own.organisation, "w", SPAN, ())
    seen = manager.get(path)
    assert seen.json()["waiting"] == 1
    assert seen.headers["etag"] == hook["etag"]
    answer = manager.patch(path, json={"active": False}, headers={"If-Match": hook["etag"]})
    assert (answer.status_code, answer.json()["active"]) == (200, False)
    late = manager.patch(path, json={"name": "x"}, headers={"If-Match": hook["etag"]})
    assert late.status_code == 412
    bad = manager.patch(
        path, json={"url": "https://10.0.0.1/"}, headers={"If-Match": answer.headers["etag"]}
    )
    assert bad.status_code == 422


def test_a_new_secret_is_another_and_told_once_too(site: Site) -> None:
    manager, hook = site.browser_of("manager"), made(site)
    renewed = manager.post(f"/webhooks/{hook['id']}/secret").json()
    assert renewed["secret"] != hook["secret"]
    [receiver] = [
        one
        for one in outbox(site).worker_turn(site.town.own.organisation, "w", SPAN, ()).receivers
        if one.id == hook["id"]
    ]
    assert receiver.secrets == (renewed["secret"], hook["secret"])


def test_a_test_stands_in_the_log_with_what_was_answered(site: Site) -> None:
    manager, hook = site.browser_of("manager"), made(site)
    path = f"/webhooks/{hook['id']}"
    sent = manager.post(f"{path}/test")
    assert sent.status_code == 202
    [waiting] = manager.get(f"{path}/deliveries").json()["items"]
    assert (waiting["id"], waiting["event"]) == (sent.json()["delivery"], "test")
    assert (waiting["state"], waiting["tries"], waiting["status"]) == ("waiting", 0, None)
    delivered(site, hook["id"])
    [done] = manager.get(f"{path}/deliveries?state=delivered").json()["items"]
    assert (done["status"], done["took_ms"], done["tries"], done["next_at"]) == (200, 12, 1, None)
    [once] = manager.get(f"{path}/deliveries/{done['id']}").json()["items"]
    assert (once["status"], once["error"]) == (200, "")
    assert manager.get("/webhooks").json()["worker_lives"] is True


def test_a_webhook_that_is_off_is_not_tested(site: Site) -> None:
    hook = made(site, active=False)
    answer = site.browser_of("manager").post(f"/webhooks/{hook['id']}/test")
    assert answer.status_code == 422
    assert "switched off" in answer.text


def test_events_are_told_again_one_or_those_of_a_time(site: Site) -> None:
    manager, hook = site.browser_of("manager"), made(site)
    path = f"/webhooks/{hook['id']}"
    happens(site, "a")
    delivered(site, hook["id"], 500)
    [failed] = manager.get(f"{path}/deliveries?state=given_up").json()["items"]
    assert manager.post(f"{path}/replay", json={"delivery": failed["id"]}).json() == {"events": 1}
    [again] = manager.get(f"{path}/deliveries").json()["items"]
    assert (again["state"], again["event_id"]) == ("waiting", failed["event_id"])
    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    delivered(site, hook["id"])
    assert manager.post(f"{path}/replay", json={"from": since, "failed_only": True}).json() == {
        "events": 0
    }
    assert manager.post(f"{path}/replay", json={"from": since}).json() == {"events": 1}
    for neither in ({}, {"delivery": "1", "from": since}):
        assert manager.post(f"{path}/replay", json=neither).status_code == 422


def test_one_that_was_let_go_says_so_until_it_is_switched_on(site: Site) -> None:
    manager, hook = site.browser_of("manager"), made(site)
    path = f"/webhooks/{hook['id']}"
    happens(site, "a")
    delivered(site, hook["id"], 500, next_at=datetime.now(UTC), off=OffReason.DEAD)
    found = manager.get(path)
    told = found.json()
    assert (told["active"], told["off_reason"], told["waiting"]) == (False, "dead", 1)
    assert told["failing_since"] is not None
    on = manager.patch(path, json={"active": True}, headers={"If-Match": found.headers["etag"]})
    assert (on.json()["off_reason"], on.json()["failing_since"]) == ("", None)


def test_a_webhook_goes_with_its_log(site: Site) -> None:
    manager, hook = site.browser_of("manager"), made(site)
    path = f"/webhooks/{hook['id']}"
    manager.post(f"{path}/test")
    assert manager.delete(path).status_code == 204
    assert manager.get(path).status_code == 404
    assert manager.get(f"{path}/deliveries").status_code == 404


def test_the_log_is_paged(site: Site) -> None:
    manager, hook = site.browser_of("manager"), made(site)
    path = f"/webhooks/{hook['id']}"
    sent = [manager.post(f"{path}/test").json()["delivery"] for _ in range(3)]
    first = manager.get(f"{path}/deliveries?limit=2").json()
    rest = manager.get(f"{path}/deliveries?limit=2&cursor={first['next_cursor']}").json()
    assert [one["id"] for one in (*first["items"], *rest["items"])] == sent[::-1]
    assert rest["next_cursor"] is None
    assert manager.get(f"{path}/deliveries?cursor=zzz").status_code == 422
