"""What agents save at the desk, and the floor and its emergency stop over HTTP."""

from typing import Any

import httpx
from api_floor_peer import agree, refuse
from api_site import Site


def save(browser: httpx.Client, attempt: str, key: str | None = "k", **more: Any) -> httpx.Response:
    body = {"attempt": attempt, "result": "sale", **more}
    return browser.post("/desk/result", json=body, headers={"Idempotency-Key": key} if key else {})


def test_a_result_is_saved_by_the_floor_in_the_agents_name(site: Site) -> None:
    own = site.town.own
    answer = save(
        site.browser_of("operator"),
        own["attempt"],
        note="Call after lunch",
        callback_at="2026-11-25T15:30:00+03:00",
        fields={"plan": "L"},
    )
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["saved"], told["attempt"], told["result"]) == (True, own["attempt"], "sale")
    assert told["undo_until"].startswith("2026-11-22T10:00:10")
    (ask,) = site.peer.asked("desk.result")
    assert ask["as"]["user"] == own["operator"]
    assert (ask["key"], ask["note"], ask["fields"]) == ("k", "Call after lunch", {"plan": "L"})
    assert ask["callback_at"] == "2026-11-25T15:30:00+03:00"


def test_a_result_sent_again_with_its_key_is_saved_once(site: Site) -> None:
    operator, attempt = site.browser_of("operator"), site.town.own["attempt"]
    answers = [save(operator, attempt).json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert len(site.peer.asked("desk.result")) == 1
    assert save(operator, attempt, result="no").json()["code"] == "key_reused"
    assert save(operator, attempt, key="k2").status_code == 200
    assert len(site.peer.asked("desk.result")) == 2


def test_a_result_whose_answer_was_lost_is_asked_again_with_the_same_key(site: Site) -> None:
    operator, attempt = site.browser_of("operator"), site.town.own["attempt"]
    site.peer.answer = lambda _ask: None
    assert save(operator, attempt).json()["code"] == "floor_away"
    site.peer.answer = agree
    assert save(operator, attempt).status_code == 200
    assert [ask["key"] for ask in site.peer.asked("desk.result")] == ["k", "k"]


def test_a_result_needs_a_key_and_whole_fields(site: Site) -> None:
    operator, attempt = site.browser_of("operator"), site.town.own["attempt"]
    assert save(operator, attempt, key=None).json()["code"] == "key_missing"
    naive = save(operator, attempt, callback_at="2026-11-25T15:30:00")
    assert naive.json()["fields"][0]["field"] == "callback_at"
    assert save(operator, attempt, fields={"plan": 1}).status_code == 422
    assert save(operator, attempt, note="x" * 4001).status_code == 422
    assert site.peer.asked("desk.result") == []


def test_what_the_floor_refuses_is_told_with_its_reason(site: Site) -> None:
    site.peer.answer = refuse("not_your_call")
    answer = save(site.browser_of("operator"), site.town.own["attempt"])
    assert (answer.status_code, answer.json()["code"]) == (409, "not_your_call")
    assert answer.json()["detail"] == "The floor says no."


def test_a_call_on_the_desk_is_the_agents_before_history_knows_it(site: Site) -> None:
    operator, own = site.browser_of("operator"), site.town.own
    assert save(operator, "fresh-attempt").status_code == 404
    state = {"call": {"attempt": "fresh-attempt", "contact": {"id": own["contact_fresh"]}}}
    site.peer.tell(f"desk:{own['operator']}", state)
    for _ in range(200):
        if save(operator, "fresh-attempt").status_code == 200:
            break
    assert len(site.peer.asked("desk.result")) == 1
    note = {"contact": own["contact_fresh"], "text": "Asks for Anna"}
    assert operator.post("/desk/note", json=note).json()["saved"] is True
    colleague = site.browser_of("operator_b")
    assert save(colleague, "fresh-attempt").status_code == 404
    assert colleague.post("/desk/note", json=note).status_code == 404


def test_a_colleagues_call_is_not_theirs_to_judge(site: Site) -> None:
    answer = save(site.browser_of("operator"), site.town.own["attempt_b"])
    assert answer.status_code == 404
    assert site.peer.asked("desk.result") == []


def test_a_result_is_taken_back_through_the_floor(site: Site) -> None:
    operator, attempt = site.browser_of("operator"), site.town.own["attempt"]
    told = operator.post("/desk/undo", json={"attempt": attempt}).json()
    assert told == {"undone": True, "attempt": attempt}
    assert site.peer.asked("desk.undo_result")[0]["attempt"] == attempt
    site.peer.answer = refuse("too_late")
    assert operator.post("/desk/undo", json={"attempt": attempt}).json()["code"] == "too_late"


# ---- the floor -----------------------------------------------------------------------------------


def test_the_floor_is_its_last_state_and_says_when_the_dialer_is_away(site: Site) -> None:
    supervisor = site.browser_of("supervisor")
    site.peer.tell(f"floor:{site.town.own.organisation}", {"stopped": False, "agents": []})
    site.peer.tell(f"floor:{site.town.other.organisation}", {"stopped": True, "agents": []})
    told: dict[str, Any] = {}
    for _ in range(200):
        told = supervisor.get("/floor").json()
        if "agents" in told:
            break
    assert told == {"stopped": False, "agents": [], "floor": "here"}
    site.peer.stop()
    for _ in range(400):
        told = supervisor.get("/floor").json()
        if told["floor"] == "away":
            break
    assert told == {"stopped": False, "agents": [], "floor": "away"}


def stopped_at(site: Site) -> object:
    own = site.town.office.organisation(site.town.own.organisation)
    assert own is not None
    return own.emergency_stop_at


def test_the_emergency_stop_is_durable_and_told_to_the_floor(site: Site) -> None:
    supervisor = site.browser_of("supervisor")
    answer = supervisor.post("/floor/emergency-stop")
    assert answer.json()["stopped"] is True
    assert stopped_at(site) is not None
    lifted = supervisor.delete("/floor/emergency-stop")
    assert lifted.json()["stopped"] is False
    assert stopped_at(site) is None
    assert [ask["on"] for ask in site.peer.asked("office.emergency_stop")] == [True, False]
    other = site.town.office.organisation(site.town.other.organisation)
    assert other is not None
    assert other.emergency_stop_at is None


def test_the_emergency_stop_holds_while_the_floor_is_away(site: Site) -> None:
    site.peer.stop()
    answer = site.browser_of("supervisor").post("/floor/emergency-stop")
    assert answer.status_code == 200
    assert stopped_at(site) is not None
