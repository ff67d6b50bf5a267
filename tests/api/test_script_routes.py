"""Scripts over HTTP: kept, looked over, taken by campaigns, walked through in calls, reported."""

import csv
import io
import sqlite3
from typing import Any

import httpx
from api_site import Site

Json = dict[str, Any]


def step(name: str, **more: Any) -> Json:
    return {"id": name, "title": {"en": name}, "text": {"en": f"Say {name}"}, **more}


STEPS = [
    step("hello", question={"kind": "yes_no", "options": [{"key": "no", "to": "later"}]}),
    step("people", question={"kind": "number", "required": True, "field": "people"}, next="$end"),
    step("later", question={"kind": "text"}),
    step("dear", objection=True),
]


def keep(site: Site, steps: list[Json] | None = None, name: str = "Poll") -> Json:
    body = {"name": name, "steps": STEPS if steps is None else steps}
    made = site.browser_of("manager").post("/scripts", json=body)
    assert made.status_code == 201, made.text
    return made.json()


def take(site: Site, script: Json, version: int = 1) -> httpx.Response:
    """Gives the town's campaign a script."""
    manager, path = site.browser_of("manager"), f"/campaigns/{site.town.own['campaign']}"
    etag = manager.get(path).headers["ETag"]
    body = {"settings": {"script_from": {"id": script["id"], "version": version}}}
    return manager.patch(path, json=body, headers={"If-Match": etag})


def call_of(site: Site) -> str:
    """The operator's call, made with the campaign as it is now."""
    manager = site.browser_of("manager")
    version = manager.get(f"/campaigns/{site.town.own['campaign']}").json()["version"]
    with sqlite3.connect(site.town.path) as connection:
        connection.execute(
            "UPDATE attempt SET campaign_version = ? WHERE id = ?",
            (version, site.town.own["attempt"]),
        )
    return f"/desk/script/{site.town.own['attempt']}"


def surveyed(site: Site) -> tuple[httpx.Client, str]:
    assert take(site, keep(site)).status_code == 200
    return site.browser_of("operator"), call_of(site)


# ---- the office ----------------------------------------------------------------------------------


def test_a_script_is_kept_with_what_is_wrong_with_it(site: Site) -> None:
    made = keep(site, [step("a", next="gone"), step("b")])
    assert not made["ready"]
    assert [(one["step"], one["reason"], one["about"]) for one in made["problems"]] == [
        ("a", "no_target", "gone"),
        ("b", "unreached", ""),
    ]
    listed = site.browser_of("supervisor").get("/scripts").json()["items"]
    assert {one["name"] for one in listed} == {"Poll", "Survey"}
    assert site.browser_of("operator").get("/scripts").status_code == 403
    assert site.browser_of("manager", "other").get(f"/scripts/{made['id']}").status_code == 404


def test_a_key_keeps_a_script_once(site: Site) -> None:
    manager, body = site.browser_of("manager"), {"name": "Once", "steps": []}
    ids = {
        manager.post("/scripts", json=body, headers={"Idempotency-Key": "k"}).json()["id"]
        for _ in range(2)
    }
    assert len(ids) == 1


def test_other_steps_make_a_version_and_an_edit_names_what_it_is_of(site: Site) -> None:
    made, manager = keep(site), site.browser_of("manager")
    path = f"/scripts/{made['id']}"
    assert manager.patch(path, json={"name": "X"}).status_code == 428
    changed = manager.patch(path, json={"steps": STEPS[:1]}, headers={"If-Match": made["etag"]})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    late = manager.patch(path, json={"name": "X"}, headers={"If-Match": made["etag"]})
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    assert manager.get(path, params={"version": 1}).json()["steps"] == made["steps"]
    versions = manager.get(f"{path}/versions").json()["items"]
    assert [(one["version"], one["steps_count"]) for one in versions] == [(2, 1), (1, 4)]
    etag = changed.headers["ETag"]
    away = manager.patch(path, json={"archived": True}, headers={"If-Match": etag})
    assert away.json()["archived"]
    assert made["id"] not in {one["id"] for one in manager.get("/scripts").json()["items"]}


def test_wrong_fields_are_named_where_they_are(site: Site) -> None:
    steps = [step("a"), {**step("b"), "text": {}}]
    refused = site.browser_of("manager").post("/scripts/check", json={"steps": steps})
    assert refused.status_code == 422
    assert [one["field"] for one in refused.json()["fields"]] == ["steps[1].text"]


def test_unknown_fields_are_said_when_steps_are_looked_over(site: Site) -> None:
    steps = [{**step("a"), "text": {"en": "{{name}}, {{tariff}}"}}]
    found = site.browser_of("manager").post("/scripts/check", json={"steps": steps}).json()
    assert found["ready"]
    assert [(one["reason"], one["about"], one["stops"]) for one in found["problems"]] == [
        ("unknown_field", "tariff", False)
    ]


def test_a_script_is_tried_out_without_being_kept(site: Site) -> None:
    manager = site.browser_of("manager")
    begun = manager.post("/scripts/walk", json={"steps": STEPS}).json()
    assert (begun["at"], begun["next"], begun["over"]) == ("hello", "people", False)
    asked = {"steps": STEPS, "do": "next", "value": "no", "at": begun["at"]}
    moved = manager.post("/scripts/walk", json=asked).json()
    assert (moved["at"], moved["path"], moved["answers"]) == ("later", ["hello"], {"hello": "no"})
    wrong = {**asked, "value": "maybe"}
    refused = manager.post("/scripts/walk", json=wrong)
    assert (refused.status_code, refused.json()["fields"][0]["reason"]) == (422, "choice")


# ---- campaigns -----------------------------------------------------------------------------------


def test_a_campaign_gets_the_steps_of_the_version_it_names(site: Site) -> None:
    script = keep(site)
    taken = take(site, script)
    assert taken.status_code == 200, taken.text
    assert taken.json()["settings"]["script"] == script["steps"]
    used = site.browser_of("manager").get(f"/scripts/{script['id']}").json()["campaigns"]
    assert [(one["id"], one["version"]) for one in used] == [(site.town.own["campaign"], 1)]


def test_a_campaign_takes_no_script_that_is_gone_or_not_finished(site: Site) -> None:
    gone = take(site, {"id": "nowhere"})
    assert (gone.status_code, gone.json()["fields"][0]["reason"]) == (409, "gone")
    unfinished = take(site, keep(site, [step("a", next="gone")]))
    assert unfinished.json()["fields"][0]["reason"] == "unfinished"
    assert take(site, keep(site), version=2).json()["fields"][0]["field"] == "script_from"


def test_steps_changed_by_hand_are_the_campaigns_own(site: Site) -> None:
    take(site, keep(site))
    manager, path = site.browser_of("manager"), f"/campaigns/{site.town.own['campaign']}"
    body = {"settings": {"script": [step("only")]}}
    etag = manager.get(path).headers["ETag"]
    changed = manager.patch(path, json=body, headers={"If-Match": etag}).json()["settings"]
    assert changed["script_from"] is None
    assert [one["id"] for one in changed["script"]] == ["only"]


def test_steps_that_come_with_a_script_nobody_has_here_are_kept(site: Site) -> None:
    settings = {
        "caller_id": "+70005550199",
        "script": [step("only")],
        "script_from": {"id": "elsewhere", "version": 3},
    }
    body = {"name": "C", "purpose": "service", "mode": "progressive", "settings": settings}
    made = site.browser_of("manager").post("/campaigns", json=body)
    assert made.status_code == 201, made.text
    assert made.json()["settings"]["script_from"] is None
    assert made.json()["settings"]["script"] == [step("only")]


# ---- the call in hand ----------------------------------------------------------------------------


def test_an_answer_is_kept_at_once_and_the_same_step_is_there_after_a_reload(site: Site) -> None:
    operator, path = surveyed(site)
    begun = operator.get(path).json()
    assert (begun["turn"], begun["at"], len(begun["steps"])) == (0, "hello", 4)
    moved = operator.post(path, json={"turn": 0, "do": "next", "value": "yes"}).json()
    assert (moved["turn"], moved["at"], moved["unanswered"]) == (1, "people", ["people"])
    assert moved["next"] is None
    assert site.browser_of("operator").get(path).json() == moved
    needed = operator.post(path, json={"turn": 1, "do": "next"})
    assert (needed.status_code, needed.json()["fields"][0]["reason"]) == (422, "needed")
    over = operator.post(path, json={"turn": 1, "do": "next", "value": "4"}).json()
    assert (over["over"], over["answers"]) == (True, {"hello": "yes", "people": "4"})
    card = operator.get(f"/contacts/{site.town.own['contact']}").json()
    assert card["fields"] == {"plan": "M", "people": "4"}


def test_a_move_sent_again_moves_once_and_another_one_is_refused(site: Site) -> None:
    operator, path = surveyed(site)
    move = {"turn": 0, "do": "next", "value": "yes"}
    first, again = operator.post(path, json=move), operator.post(path, json=move)
    assert first.json() == again.json()
    other = operator.post(path, json={**move, "value": "no"})
    assert (other.status_code, other.json()["code"]) == (412, "changed_meanwhile")


def test_an_objection_is_entered_and_left_and_a_step_gone_back(site: Site) -> None:
    operator, path = surveyed(site)
    aside = operator.post(path, json={"turn": 0, "do": "go", "step": "dear"}).json()
    assert (aside["at"], aside["aside"]) == ("dear", "hello")
    back = operator.post(path, json={"turn": 1, "do": "next"}).json()
    assert (back["at"], back["aside"]) == ("hello", "")
    before = operator.post(path, json={"turn": 2, "do": "back"}).json()
    assert (before["at"], before["path"]) == ("dear", ["hello"])
    nowhere = operator.post(path, json={"turn": 3, "do": "go", "step": "x"})
    assert nowhere.status_code == 422


def test_a_call_keeps_the_script_it_was_made_with(site: Site) -> None:
    operator, path = surveyed(site)
    take(site, keep(site, [step("new")], name="New"))
    assert operator.get(path).json()["at"] == "hello"


def test_a_colleagues_call_and_an_office_without_a_desk_have_no_walk(site: Site) -> None:
    _, path = surveyed(site)
    assert site.browser_of("operator_b").get(path).status_code == 404
    assert site.browser_of("manager").get(path).status_code == 403
    assert site.browser_of("operator", "other").get(path).status_code == 404
    other = f"/desk/script/{site.town.own['attempt_b']}"
    operator = site.browser_of("operator")
    assert operator.post(other, json={"turn": 0, "do": "next"}).status_code == 404
    state = {"call": {"attempt": site.town.own["attempt_b"], "contact": {"id": "x"}}}
    site.peer.tell(f"desk:{site.town.own['operator']}", state)
    for _ in range(200):
        if operator.get(other).status_code == 200:
            break
    assert operator.get(other).status_code == 200


# ---- the report ----------------------------------------------------------------------------------

WHOLE = {"from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}


def test_answers_are_reported_by_question_and_each_figure_opens_its_calls(site: Site) -> None:
    operator, path = surveyed(site)
    operator.post(path, json={"turn": 0, "do": "next", "value": "yes"})
    operator.post(path, json={"turn": 1, "do": "next", "value": "4"})
    manager = site.browser_of("manager")
    rows = manager.get("/reports/answers", params=WHOLE).json()["rows"]
    assert [(one["step"], one["kind"], one["answered"]["value"]) for one in rows] == [
        ("hello", "yes_no", 1),
        ("people", "number", 1),
    ]
    yes, no = rows[0]["choices"]
    assert (yes["key"], yes["count"]["value"], yes["share"]) == ("yes", 1, 1.0)
    assert (no["count"]["value"], rows[1]["mean"]) == (0, 4)
    behind = manager.get(yes["count"]["facts"].removeprefix("/api/v1")).json()["items"]
    assert [one["id"] for one in behind] == [site.town.own["attempt"]]
    assert manager.get(no["count"]["facts"].removeprefix("/api/v1")).json()["items"] == []
    listed = manager.get("/reports/answers/list", params=WHOLE).json()["items"]
    assert [(one["step"], one["answer"]) for one in listed] == [("hello", "yes"), ("people", "4")]


def test_the_file_of_answers_has_a_row_for_each_and_runs_nothing(site: Site) -> None:
    operator, path = surveyed(site)
    operator.post(path, json={"turn": 0, "do": "next", "value": "no"})
    operator.post(path, json={"turn": 1, "do": "next", "value": "=cmd()"})
    text = site.browser_of("manager").get("/reports/answers.csv", params=WHOLE).text
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [(one["step"], one["answer"]) for one in rows] == [("hello", "no"), ("later", "'=cmd()")]


def test_a_customer_sees_answers_of_their_own_campaigns_only(site: Site) -> None:
    operator, path = surveyed(site)
    operator.post(path, json={"turn": 0, "do": "next", "value": "yes"})
    customer = site.browser_of("customer")
    assert len(customer.get("/reports/answers", params=WHOLE).json()["rows"]) == 1
    with sqlite3.connect(site.town.path) as connection:
        connection.execute(
            "UPDATE campaign SET principal_id = ? WHERE id = ?",
            (site.town.own["principal_b"], site.town.own["campaign"]),
        )
    assert customer.get("/reports/answers", params=WHOLE).json()["rows"] == []
    assert customer.get("/reports/answers/list", params=WHOLE).json()["items"] == []
