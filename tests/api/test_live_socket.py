"""The live socket against a real server: greetings, topics, verbs, loss, limits."""

import json
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from api_floor_peer import FloorPeer, refuse
from api_site import Live, Site, running
from api_town import Town
from websockets.exceptions import ConnectionClosed

from vyzov.web.live import apply
from vyzov.web.settings import WebSettings

Json = dict[str, Any]


def desk_of(site: Site, name: str = "operator") -> str:
    return f"desk:{site.town.own[name]}"


def watch(live: Live, topic: str) -> Json:
    live.send(subscribe=topic)
    return live.until("snapshot")["snapshot"]


def closed_with(live: Live) -> int:
    def read() -> None:
        for _ in range(1000):
            live.next()

    with pytest.raises(ConnectionClosed) as gone:
        read()
    assert gone.value.rcvd is not None
    return gone.value.rcvd.code


def test_the_server_speaks_first_with_its_clock_and_version(site: Site) -> None:
    with site.live(site.browser_of("operator")) as live:
        hello = live.next()["hello"]
    assert hello["version"] == 1
    assert hello["server_time"].endswith("Z")
    assert hello["connection"]


@pytest.mark.parametrize("cookies", [{}, {"vyzov_session": "made up"}])
def test_without_a_session_the_socket_is_closed_at_once(site: Site, cookies: Json) -> None:
    browser = site.visitor()
    browser.cookies.update(cookies)
    with site.live(browser) as live:
        assert closed_with(live) == 4401


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_a_foreign_page_cannot_use_our_cookie(site: Site, origin: str) -> None:
    with site.live(site.browser_of("operator"), Origin=origin) as live:
        assert closed_with(live) == 4403


def test_our_own_page_may(site: Site) -> None:
    with site.live(site.browser_of("operator"), Origin=site.url) as live:
        assert "hello" in live.next()


# ---- topics --------------------------------------------------------------------------------------


def test_a_topic_begins_with_a_snapshot_and_goes_on_with_diffs(site: Site) -> None:
    state: Json = {"agent": {"state": "ready", "reason": None}, "call": None}
    site.peer.tell(desk_of(site), state)
    with site.live(site.browser_of("operator")) as live:
        screen = watch(live, "desk")
        if "agent" not in screen:
            screen = apply(live.until("diff")["diff"], screen)
        assert screen == {"floor": "here", "agent": {"state": "ready"}}
        state["call"] = {"attempt": "a", "held": False}
        site.peer.tell(desk_of(site), state)
        first = live.until("diff")
        assert first["diff"] == {"call": {"attempt": "a", "held": False}}
        state["call"]["held"] = True
        site.peer.tell(desk_of(site), state)
        second = live.until("diff")
        assert (second["n"], second["diff"]) == (first["n"] + 1, {"call": {"held": True}})
        site.peer.tell(desk_of(site), {**state, "call": None})
        assert live.until("diff")["diff"] == {"call": None}


def test_nobody_sees_a_colleagues_desk(site: Site) -> None:
    with site.live(site.browser_of("operator")) as live:
        watch(live, "desk")
        site.peer.tell(desk_of(site, "operator_b"), {"secret": 1})
        site.peer.tell(desk_of(site), {"mine": 1})
        assert live.until("diff")["diff"] == {"mine": 1}
        live.send(subscribe=desk_of(site, "operator_b"))
        assert live.until("error")["error"]["code"] == "not_found"


def test_the_floor_of_another_organisation_is_not_heard(site: Site) -> None:
    with site.live(site.browser_of("supervisor")) as live:
        watch(live, "floor")
        site.peer.tell(f"floor:{site.town.other.organisation}", {"secret": 1})
        site.peer.tell(f"floor:{site.town.own.organisation}", {"mine": 1})
        assert live.until("diff")["diff"] == {"mine": 1}


def test_after_a_gap_a_screen_asks_for_a_new_snapshot(site: Site) -> None:
    with site.live(site.browser_of("operator")) as live:
        watch(live, "desk")
        site.peer.tell(desk_of(site), {"n": 1})
        live.until("diff")
        live.send(resync="desk")
        frame = live.until("snapshot")
        assert (frame["n"], frame["snapshot"]) == (0, {"n": 1, "floor": "here"})
    assert len(site.peer.wait_for("desk.attach")) == 1, "a resync is not a new window"


def test_a_topic_given_up_is_silent(site: Site) -> None:
    with site.live(site.browser_of("supervisor")) as live:
        watch(live, "floor")
        live.send(unsubscribe="floor")
        live.ask(1, "ping")
        site.peer.tell(f"floor:{site.town.own.organisation}", {"n": 1})
        live.send(subscribe="desk")
        assert live.until("topic")["topic"] == "desk"


@pytest.mark.parametrize(
    "topic", ["", "desk:x", "floor:x", "campaign", "campaign:", "kitchen", "x:y"]
)
def test_there_are_no_other_topics(site: Site, topic: str) -> None:
    with site.live(site.browser_of("supervisor")) as live:
        live.next()
        live.send(subscribe=topic)
        assert live.next()["error"]["status"] in (404, 422)


# ---- the floor coming and going ------------------------------------------------------------------


def test_an_absent_floor_is_shown_and_the_desk_is_made_known_again(site: Site) -> None:
    site.peer.tell(desk_of(site), {"agent": {"state": "talking"}})
    with site.live(site.browser_of("operator")) as live:
        screen = watch(live, "desk")
        connection = live.seen[0]["hello"]["connection"]
        site.peer.wait_for("desk.attach")
        while screen.get("agent") is None:
            screen = apply(live.until("diff")["diff"], screen)
        # A desk opened while the floor is being reached is made known by both; once more is no harm.
        known = len(site.peer.asked("desk.attach"))
        site.peer.stop()
        screen = apply(live.until("diff")["diff"], screen)
        assert screen == {"floor": "away", "agent": {"state": "talking"}}, "the last known state"
        refused = live.ask(1, "ready")
        assert refused["problem"]["code"] == "floor_away"
        site.peer.start()
        assert live.until("diff")["diff"] == {"floor": "here"}
        attached = site.peer.wait_for("desk.attach", known + 1)
        assert {ask["connection"] for ask in attached} == {connection}
        assert live.ask(2, "ready")["ok"] is True


def test_the_floor_learns_when_a_window_opens_and_closes(site: Site) -> None:
    with site.live(site.browser_of("operator")) as live:
        watch(live, "desk")
        (attach,) = site.peer.wait_for("desk.attach")
    (detach,) = site.peer.wait_for("desk.detach")
    assert attach["as"] == detach["as"]
    assert attach["as"]["user"] == site.town.own["operator"]
    assert attach["as"]["connection"] == attach["connection"]


def test_a_line_nobody_understands_does_not_break_the_link(site: Site) -> None:
    with site.live(site.browser_of("operator")) as live:
        watch(live, "desk")
        for line in (b"{\n", b"[]\n", b'{"topic":1}\n', b'{"re":77,"ok":true}\n', b"7\n"):
            site.peer.raw(line)
        site.peer.tell(desk_of(site), {"n": 1})
        assert live.until("diff")["diff"] == {"n": 1}


# ---- verbs ---------------------------------------------------------------------------------------


def test_a_verb_is_carried_to_the_floor_with_who_asks_from_which_window(site: Site) -> None:
    with site.live(site.browser_of("operator")) as live:
        connection = live.next()["hello"]["connection"]
        assert live.ask(7, "pause", reason="lunch") == {"re": 7, "ok": True, "result": {}}
    (ask,) = site.peer.asked("desk.pause")
    assert ask["reason"] == "lunch"
    assert ask["as"] == {
        "user": site.town.own["operator"],
        "organisation": site.town.own.organisation,
        "role": "operator",
        "connection": connection,
    }


def test_what_the_floor_says_to_one_window_reaches_that_window_only(site: Site) -> None:
    operator = site.browser_of("operator")
    with site.live(operator) as one, site.live(operator) as two:
        first = one.next()["hello"]["connection"]
        two.next()
        answer = {"device_answer": {"sdp": "v=0", "leg": "l"}}
        site.peer.say(first, answer)
        assert one.next() == {"say": answer}
        assert two.ask(1, "ping")["ok"] is True
        assert all("say" not in frame for frame in two.seen)
        site.peer.say("nobody", answer)
        assert one.ask(1, "ping")["ok"] is True


def test_a_refusal_of_the_floor_is_the_verbs_answer(site: Site) -> None:
    site.peer.answer = refuse("no_call")
    with site.live(site.browser_of("operator")) as live:
        problem = live.ask(1, "hangup")["problem"]
    assert (problem["code"], problem["next_step"]) == ("no_call", "Do something else.")


@pytest.mark.parametrize(
    ("verb", "args"),
    [
        ("mute", {}),
        ("mute", {"on": "perhaps"}),
        ("digits", {"digits": "12&0"}),
        ("digits", {"digits": ""}),
        ("offer", {"sdp": ""}),
        ("ready", {"as": {"user": "somebody else"}}),
        ("ready", {"extra": 1}),
        ("result", {"attempt": "a", "result": "sale"}),
        ("note", {"contact": "../x", "text": ""}),
        ("take", {}),
        ("take", {"card": "k1", "position": -1}),
        ("skip", {"card": "k1", "reason": "boredom"}),
        ("postpone", {"card": "k1"}),
        ("postpone", {"card": "k1", "callback_at": "2026-11-23T12:00:00"}),
        ("stop_contact", {"card": "../x"}),
        ("consult", {}),
        ("conference", {}),
        ("transfer", {"agent": "../x"}),
        ("colleagues", {"agent": "a"}),
    ],
)
def test_a_verb_with_wrong_arguments_never_reaches_the_floor(
    site: Site, verb: str, args: Json
) -> None:
    with site.live(site.browser_of("operator")) as live:
        answer = live.ask(1, verb, **args)
        assert answer["problem"]["code"] == "invalid_request", answer
    assert site.peer.asked(f"desk.{verb}") == []


def test_a_slow_save_does_not_hold_up_a_mute(site: Site) -> None:
    agree = site.peer.answer
    site.peer.answer = lambda ask: None if ask["do"] == "desk.ready" else agree(ask)
    with site.live(site.browser_of("operator")) as live:
        live.send(id=1, do="ready")
        live.send(id=2, do="mute", on=True)
        assert live.until("re")["re"] == 2
        assert live.until("re", 1)["problem"]["code"] == "floor_away"
    verbs = [ask["do"] for ask in site.peer.asks]
    assert verbs.index("desk.ready") < verbs.index("desk.mute"), "asked in the order they came"


def test_a_repeated_id_is_done_once(site: Site) -> None:
    with site.live(site.browser_of("operator")) as live:
        live.ask(5, "ready")
        live.send(id=5, do="ready")
        live.ask(6, "ping")
    assert len(site.peer.asked("desk.ready")) == 1


def test_a_result_over_the_socket_and_over_http_is_one_result(site: Site) -> None:
    operator, attempt = site.browser_of("operator"), site.town.own["attempt"]
    body = {"attempt": attempt, "result": "sale"}
    with site.live(operator) as live:
        assert live.ask(1, "result", **body, key="k")["ok"] is True
    answer = operator.post("/desk/result", json=body, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 200
    assert len(site.peer.asked("desk.result")) == 1


@pytest.mark.parametrize(
    "text",
    ["", "x", "[]", "7", "{}", '{"do":"ready"}', '{"id":true,"do":"ping"}', b"{}", b"\x00\xff"],
)
def test_a_frame_nobody_understands_is_answered_and_the_socket_lives(
    site: Site, text: str | bytes
) -> None:
    with site.live(site.browser_of("operator")) as live:
        live.next()
        live.socket.send(text)
        assert live.next()["error"]["code"] == "bad_frame"
        assert live.ask(1, "ping")["ok"] is True


# ---- limits --------------------------------------------------------------------------------------


def test_a_frame_beyond_the_limit_closes_the_socket(site: Site) -> None:
    with site.live(site.browser_of("operator")) as live:
        live.next()
        live.socket.send(json.dumps({"id": 1, "do": "offer", "sdp": "x" * 70_000}))
        assert closed_with(live) == 1009


def test_a_flood_of_frames_closes_the_socket(site: Site) -> None:
    with site.live(site.browser_of("operator")) as live:
        live.next()
        with suppress(ConnectionClosed):
            for number in range(5_000):
                live.send(id=number, do="ping")
        assert closed_with(live) == 4429


def test_the_oldest_of_too_many_windows_is_closed(site: Site) -> None:
    operator = site.browser_of("operator")
    with ExitStack() as stack:
        windows = [stack.enter_context(site.live(operator)) for _ in range(9)]
        for window in windows[1:]:
            window.until("hello")
        assert closed_with(windows[0]) == 4409
        assert windows[8].ask(1, "ping")["ok"] is True


def test_a_session_that_ends_elsewhere_closes_its_sockets(site: Site) -> None:
    """Another process or an expiry ended it: the socket finds out by itself."""
    from vyzov.web.sessions import COOKIE, hash_token

    operator = site.browser_of("operator")
    with site.live(operator) as live:
        live.next()
        own = site.town.own
        site.town.office.end_session(own.organisation, hash_token(operator.cookies[COOKIE]))
        assert closed_with(live) == 4401


def test_a_client_that_does_not_read_is_closed_and_others_are_not_held_up(
    town: Town, peer: FloorPeer, settings: WebSettings
) -> None:
    slow_settings = replace(
        settings, live_send_timeout=timedelta(milliseconds=300), live_ping=timedelta(seconds=60)
    )
    with running(town, peer, slow_settings) as site:
        slow, quick = site.browser_of("supervisor"), site.browser_of("supervisor")
        with site.live(slow) as deaf, site.live(quick) as live:
            # Watching the desk too makes the floor hear of it when the socket is given up.
            watch(deaf, "desk")
            watch(deaf, "floor")
            watch(live, "floor")
            # The deaf one's library stops reading after a few frames; the kernel's buffers fill.
            for n in range(400):
                peer.tell(f"floor:{town.own.organisation}", {"n": n, "big": str(n) * 200_000})
                while live.until("topic").get("diff", {}).get("n") != n:
                    pass
                if peer.asked("desk.detach"):
                    break
            assert peer.asked("desk.detach"), "the deaf one was never given up"
            assert live.ask(1, "ping")["ok"] is True
            assert closed_with(deaf) == 4408


def test_when_the_server_stops_browsers_are_told_to_come_back(
    town: Town, peer: FloorPeer, settings: WebSettings
) -> None:
    with running(town, peer, settings) as site:
        browser = site.browser_of("operator")
        opened = site.live(browser)
        live = opened.__enter__()
        live.next()
    assert closed_with(live) == 1012
