"""Facts, attempts, recordings, contacts and reports: every figure opens to what it counts."""

import csv
import hashlib
import io
import json
from datetime import datetime
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from api_site import Site

from vyzov.sip.trace import Step, note
from vyzov.storage import tables as t
from vyzov.storage.connections import open_engine

DAY = "from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z"


def all_items(browser: httpx.Client, path: str) -> list[dict[str, Any]]:
    """Follows a list to its end, three at a time."""
    found: list[dict[str, Any]] = []
    joint = "&" if "?" in path else "?"
    cursor = ""
    for _ in range(50):
        answer = browser.get(f"{path}{joint}limit=3{cursor}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"
    raise AssertionError("the list does not end")


def test_facts_are_paged_in_the_order_they_were_committed(site: Site) -> None:
    found = all_items(site.browser_of("manager"), "/facts")
    seqs = [fact["seq"] for fact in found]
    assert seqs == sorted(set(seqs))
    assert len(found) >= 12


def test_facts_can_be_narrowed_by_everything(site: Site) -> None:
    manager, own = site.browser_of("manager"), site.town.own
    of_one = all_items(manager, f"/facts?attempt={own['attempt']}")
    assert [fact["kind"] for fact in of_one] == [
        "attempt_reserved", "answered", "bridged", "ended", "final", "disposed",
    ]  # fmt: skip
    assert {fact["attempt"] for fact in of_one} == {own["attempt"]}
    both = all_items(manager, f"/facts?kind=final&kind=bridged&campaign={own['campaign']}&{DAY}")
    assert [fact["kind"] for fact in both] == ["bridged", "final"]
    assert all_items(manager, f"/facts?contact={own['contact_fresh']}") == []
    assert manager.get("/facts?kind=gossip").status_code == 422


def test_an_attempt_opens_to_its_facts_and_its_row_of_the_file(site: Site) -> None:
    own = site.town.own
    told = site.browser_of("manager").get(f"/attempts/{own['attempt']}").json()
    assert told["contact"] == {"id": own["contact"], "name": "Client 1", "phone": "+70005550101"}
    assert told["talk_s"] == 60.0
    assert (told["outcome"], told["result"]) == ("answered_human", "sale")
    assert told["list"] == {"id": own["list"], "name": "Clients", "file": "clients.csv", "row": 2}
    assert told["recording"]["id"] == own["recording"]
    assert [one["code"] for one in told["results"]] == ["sale"]
    assert len(told["facts"]) == 6
    assert told["verdict"] == {"allowed": True}


def test_a_contact_is_found_by_name_and_by_digits(site: Site) -> None:
    manager = site.browser_of("manager")
    for q in ("client 3", "0103", "+70005550103"):
        found = manager.get("/contacts", params={"q": q}).json()["items"]
        assert [one["name"] for one in found] == ["Client 3"], q
    assert manager.get("/contacts", params={"q": "nobody"}).json()["items"] == []
    assert len(all_items(manager, f"/contacts?list={site.town.own['list']}")) == 5


def test_a_card_tells_the_contacts_clock_campaigns_and_history(site: Site) -> None:
    own = site.town.own
    card = site.browser_of("operator").get(f"/contacts/{own['contact']}").json()
    assert card["fields"] == {"plan": "M"}
    assert card["phones"][0]["utc_offset_minutes"] == 180
    assert {one["campaign"]["id"] for one in card["campaigns"]} == {
        own["campaign"],
        own["campaign_b"],
    }
    assert [one["id"] for one in card["history"]] == [own["attempt"]]


# ---- recordings ----------------------------------------------------------------------------------


def test_a_recording_plays_whole_and_in_parts(site: Site) -> None:
    browser, recording = site.browser_of("operator"), site.town.own["recording"]
    told = browser.get(f"/recordings/{recording}").json()
    whole = browser.get(f"{site.url}{told['audio']}")
    assert (whole.status_code, whole.headers["content-type"]) == (200, "audio/wav")
    assert whole.headers["accept-ranges"] == "bytes"
    assert hashlib.sha256(whole.content).hexdigest() == told["sha256"]
    assert len(whole.content) == told["bytes"] == int(whole.headers["content-length"])
    part = browser.get(f"{site.url}{told['audio']}", headers={"Range": "bytes=4-13"})
    assert (part.status_code, part.content) == (206, whole.content[4:14])
    assert part.headers["content-range"] == f"bytes 4-13/{told['bytes']}"
    beyond = browser.get(f"{site.url}{told['audio']}", headers={"Range": "bytes=99999-"})
    assert (beyond.status_code, beyond.json()["code"]) == (416, "range_unsatisfiable")
    assert beyond.headers["content-range"] == f"bytes */{told['bytes']}"


@pytest.mark.parametrize("path", ["../vyzov.db", "/etc/passwd", "none.wav", "."])
def test_a_recordings_file_is_only_ever_within_its_folder(site: Site, path: str) -> None:
    engine = open_engine(site.town.path, writes=True)
    with engine.begin() as connection:
        connection.execute(sa.update(t.recording).values(path=path))
    engine.dispose()
    answer = site.browser_of("manager").get(f"/recordings/{site.town.own['recording']}/audio")
    assert (answer.status_code, answer.json()["code"]) == (410, "recording_missing")


# ---- reports -------------------------------------------------------------------------------------


def test_every_cell_of_the_call_reports_opens_to_exactly_what_it_counts(site: Site) -> None:
    manager = site.browser_of("manager")
    for path, cell in (("outcomes", "attempts"), ("results", "count")):
        report = manager.get(f"/reports/{path}?{DAY}").json()
        assert report["rows"], path
        for row in report["rows"]:
            opened = all_items(manager, f"{site.url}{row[cell]['facts']}")
            assert len(opened) == row[cell]["value"]
        assert sum(row[cell]["value"] for row in report["rows"]) == report["total"]["value"]
        assert len(all_items(manager, f"{site.url}{report['total']['facts']}")) == 2


def test_the_abandonment_figures_open_to_exactly_what_they_count(site: Site) -> None:
    from datetime import timedelta

    from api_town import CALLED_AT

    from vyzov.core.facts import Fact, FactKind

    own = site.town.own
    abandoned = Fact(
        kind=FactKind.ABANDONED,
        at=CALLED_AT + timedelta(hours=1),
        clock_id="test",
        monotonic_ns=0,
        dedupe="extra",
        campaign=own["campaign"],
        attempt=own["attempt_b"],
    )
    site.town.office.append_facts(own.organisation, [abandoned])
    manager = site.browser_of("manager")
    report = manager.get(f"/reports/abandonment?{DAY}&campaign={own['campaign']}").json()
    (row,) = report["rows"]
    assert (row["numerator"]["value"], row["denominator"]["value"]) == (1, 2)
    assert (row["share"], row["limit"], row["rule"]) == (0.5, 0.03, "US-AB-1")
    for cell in ("numerator", "denominator"):
        opened = all_items(manager, f"{site.url}{row[cell]['facts']}")
        assert len({one["id"] for one in opened}) == row[cell]["value"]


def test_an_attempt_belongs_to_the_day_it_was_begun_and_to_no_other(site: Site) -> None:
    manager = site.browser_of("manager")

    def total(since: str, until: str) -> int:
        path = f"/reports/outcomes?from=2026-11-20T{since}Z&to=2026-11-20T{until}Z"
        return manager.get(path).json()["total"]["value"]

    # Both calls began at 10:00:00 and ended at 10:01:06.
    assert total("00:00:00", "10:00:00") == 0
    assert total("10:00:00", "10:00:01") == 2
    assert total("10:00:01", "23:00:00") == 0


def test_reports_are_narrowed_to_a_campaign(site: Site) -> None:
    manager, own = site.browser_of("manager"), site.town.own
    told = manager.get(f"/reports/outcomes?{DAY}&campaign={own['campaign']}").json()
    assert told["total"]["value"] == 1
    assert told["rows"][0]["talk_s"] == 60.0
    assert (told["from"], told["campaign"]) == ("2026-11-20T00:00:00Z", own["campaign"])


def test_a_customers_report_holds_their_principals_calls_only(site: Site) -> None:
    customer = site.browser_of("customer")
    assert customer.get(f"/reports/outcomes?{DAY}").json()["total"]["value"] == 1
    assert customer.get(f"/reports/results?{DAY}").json()["total"]["value"] == 1
    assert len(customer.get(f"/reports/abandonment?{DAY}").json()["rows"]) == 1


def agent_state(site: Site, hour: float, state: str) -> None:
    from datetime import timedelta

    from api_town import CALLED_AT

    from vyzov.core.facts import Fact, FactKind

    midnight = CALLED_AT.replace(hour=0)
    fact = Fact(
        kind=FactKind.AGENT_STATE,
        at=midnight + timedelta(hours=hour),
        clock_id="c",
        monotonic_ns=int((100 + hour) * 3600 * 1e9),
        dedupe=f"state:{hour}",
        agent=site.town.own["operator"],
        data={"state": state},
    )
    site.town.office.append_facts(site.town.own.organisation, [fact])


def test_an_agents_states_add_up_to_their_time_signed_in(site: Site) -> None:
    for hour, state in ((-2, "ready"), (9, "talking"), (10, "wrap_up"), (11, "offline")):
        agent_state(site, hour, state)
    rows = site.browser_of("manager").get(f"/reports/agents?{DAY}").json()["rows"]
    (row,) = [r for r in rows if r["agent"]["id"] == site.town.own["operator"]]
    seconds = {state: cell["value"] for state, cell in row["states"].items()}
    # The state that had begun the day before counts from midnight on, not from its beginning.
    assert seconds == {"ready": 9 * 3600, "talking": 3600, "wrap_up": 3600}
    assert row["signed_in_s"] == sum(seconds.values()) == 11 * 3600
    assert (row["talks"]["value"], row["results"]["value"]) == (1, 1)


@pytest.mark.parametrize("name", ["outcomes", "results", "agents", "abandonment"])
def test_each_report_has_a_file_with_the_same_rows(site: Site, name: str) -> None:
    manager = site.browser_of("manager")
    answer = manager.get(f"/reports/{name}.csv?{DAY}")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}.csv"'
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) - 1 == len(manager.get(f"/reports/{name}?{DAY}").json()["rows"]) > 0


def test_a_campaigns_name_cannot_become_a_formula_in_a_report(site: Site) -> None:
    manager = site.browser_of("manager")
    path = f"/campaigns/{site.town.own['campaign']}"
    headers = {"If-Match": manager.get(path).headers["etag"]}
    manager.patch(path, json={"name": "=HYPERLINK(1)"}, headers=headers)
    text = manager.get(f"/reports/abandonment.csv?{DAY}").text
    assert "'=HYPERLINK(1)" in text
    assert "\n=HYPERLINK" not in text


def test_a_report_that_ends_before_it_begins_is_refused(site: Site) -> None:
    path = "/reports/outcomes?from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z"
    assert site.browser_of("manager").get(path).status_code == 422
    naive = "/reports/outcomes?from=2026-11-21T00:00:00"
    assert site.browser_of("manager").get(naive).status_code == 422


def test_an_attempts_messages_are_a_ladder_for_those_who_lead(site: Site) -> None:
    own = site.town.own
    manager = site.browser_of("manager")
    path = f"/attempts/{own['attempt']}"
    known = manager.get(path).json()
    empty = manager.get(f"{path}/ladder").json()
    assert empty["steps"] == []
    reserved = datetime.fromisoformat(known["reserved_at"]).timestamp()
    heads = ("INVITE sip:+70005550101@192.0.2.1 SIP/2.0", "SIP/2.0 200 OK")
    folder = site.settings.sip_trace
    folder.mkdir()
    lines = [
        Step(
            reserved + 0.25 * number, number == 0, "udp:192.0.2.1:5060",
            note(f"{head}\r\nCall-ID: {empty['call_id']}\r\nCSeq: 1 INVITE\r\n\r\n".encode()),
        ).to_line()
        for number, head in enumerate(heads)
    ]  # fmt: skip
    lines.append(lines[0] | {"call": "another"})
    begun = int((reserved - 60) * 1000)
    (folder / f"sip-{begun:015d}.jsonl").write_text("\n".join(map(json.dumps, lines)))
    steps = manager.get(f"{path}/ladder").json()["steps"]
    assert [(one["ms"], one["dir"], one["head"]) for one in steps] == [
        (0, "out", "INVITE"), (250, "in", "200 OK"),
    ]  # fmt: skip
    assert "+7000*****01" in steps[0]["text"]
    assert site.browser_of("operator").get(f"{path}/ladder").status_code == 403
    assert site.browser_of("manager", "other").get(f"{path}/ladder").status_code == 404
