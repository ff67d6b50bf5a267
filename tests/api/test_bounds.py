"""Every queue, memory and wait of the web process has a bound that holds."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from api_floor_peer import FloorPeer, refuse
from api_site import Site, running
from api_town import Town

from vyzov.dialer.access import Person, Role
from vyzov.web.live import Outgoing
from vyzov.web.live_hub import TOO_SLOW, LiveClient
from vyzov.web.settings import WebSettings

DAY = "from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z"


def test_only_so_many_imports_wait_for_their_turn(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    inner = type(site.town.office).import_list

    def held(self: Any, *args: Any, **named: Any) -> Any:
        assert go.wait(20)
        return inner(self, *args, **named)

    monkeypatch.setattr(type(site.town.office), "import_list", held)
    manager = site.browser_of("manager")
    most = site.settings.imports_at_once + site.settings.imports_waiting_max
    answers = [
        manager.post(
            "/lists",
            files={"file": ("a.csv", f"phone\n+7000555{number:04}\n".encode())},
            headers={"Idempotency-Key": str(number)},
        )
        for number in range(most + 1)
    ]
    assert [answer.status_code for answer in answers] == [202] * most + [503]
    assert answers[-1].json()["code"] == "too_busy"
    assert answers[-1].headers["retry-after"] == "10"
    go.set()
    for answer in answers[:most]:
        told = answer.json()
        for _ in range(2_000):
            told = manager.get(f"/lists/{told['id']}").json()
            if told["state"] != "importing":
                break
        assert told["state"] == "ready"


@pytest.mark.parametrize("name", ["outcomes", "results", "agents"])
def test_a_report_of_too_many_facts_is_refused_and_says_what_to_do(
    town: Town, peer: FloorPeer, settings: WebSettings, name: str
) -> None:
    with running(town, peer, replace(settings, report_facts_max=3)) as site:
        answer = site.browser_of("manager").get(f"/reports/{name}?{DAY}")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer.json()["args"] == {"most": 3}
    assert "fewer days" in answer.json()["next_step"]


def test_an_answer_is_remembered_for_its_span_only(
    town: Town, peer: FloorPeer, settings: WebSettings
) -> None:
    with running(town, peer, replace(settings, idempotency_span=timedelta())) as site:
        manager, path = site.browser_of("manager"), f"/campaigns/{town.own['campaign']}/start"
        for _ in range(2):
            assert manager.post(path, headers={"Idempotency-Key": "k"}).status_code == 200
        assert len(peer.asked("office.start_campaign")) == 2


@pytest.mark.parametrize("key", ["x" * 201, "a\x7fb"])
def test_a_key_is_short_and_printable(site: Site, key: str) -> None:
    path = f"/campaigns/{site.town.own['campaign']}/start"
    answer = site.browser_of("manager").post(path, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (400, "key_missing")


def test_a_window_with_too_many_open_asks_is_refused_more(site: Site) -> None:
    site.peer.answer = lambda _ask: None
    with site.live(site.browser_of("operator")) as live:
        for number in range(40):
            live.send(id=number, do="help", on=True)
        refused = live.until("re")
        assert refused["problem"]["code"] == "too_busy"
        assert refused["re"] == 32


def test_a_window_watches_only_so_many_topics(
    town: Town, peer: FloorPeer, settings: WebSettings
) -> None:
    with (
        running(town, peer, replace(settings, live_topics_max=1)) as site,
        site.live(site.browser_of("supervisor")) as live,
    ):
        live.send(subscribe="floor")
        live.until("snapshot")
        live.send(subscribe="desk")
        assert live.until("error")["error"]["code"] == "too_busy"
        live.send(resync="floor")
        assert live.until("snapshot")["n"] == 0


def test_a_window_that_leaves_personal_frames_unread_is_to_be_closed() -> None:
    person = Person("user", "organisation", Role.OPERATOR)
    client = LiveClient("c", "s", person, Outgoing(lambda _topic: {}, backlog_max=2))
    for number in range(3):
        client.put({"say": {"n": number}})
    assert client.closing == TOO_SLOW


def test_a_floor_that_refuses_a_window_does_not_break_it(site: Site) -> None:
    site.peer.answer = refuse("not_an_agent")
    with site.live(site.browser_of("supervisor")) as live:
        live.send(subscribe="desk")
        assert live.until("snapshot")["snapshot"] == {"floor": "here"}
        assert live.ask(1, "ready")["problem"]["code"] == "not_an_agent"
        live.send(unsubscribe="desk")
        assert site.peer.wait_for("desk.detach")


def test_the_link_comes_back_after_a_line_without_end(
    town: Town, peer: FloorPeer, settings: WebSettings
) -> None:
    with (
        running(town, peer, replace(settings, floor_line_max=1024)) as site,
        site.live(site.browser_of("operator")) as live,
    ):
        live.send(subscribe="desk")
        live.until("snapshot")
        peer.raw(b"x" * 5_000)
        assert live.until("diff")["diff"] == {"floor": "away"}
        assert live.until("diff")["diff"] == {"floor": "here"}
