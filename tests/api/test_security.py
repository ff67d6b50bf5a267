"""Guarding an account: one's own password, sessions and a second factor, and other people's by right."""

import base64
import time
from datetime import UTC, datetime

import httpx
from api_site import Site
from api_town import PASSWORD

from vyzov.core.second_factor import code_of, step_at

NEW = "another horse battery"


def code_now(secret: str, ahead: int = 0) -> str:
    return code_of(base64.b32decode(secret), step_at(datetime.now(UTC)) + ahead)


def signed_in(site: Site, login: str, password: str = PASSWORD, **more: object) -> httpx.Response:
    return site.visitor().post("/session", json={"login": login, "password": password, **more})


def with_factor(site: Site, login: str) -> tuple[httpx.Client, str, list[str]]:
    """Somebody with a second factor: their browser, its secret, the recovery codes."""
    browser = site.sign_in(login)
    begun = browser.post("/session/second-factor", json={"password": PASSWORD}).json()
    confirmed = browser.post(
        "/session/second-factor/confirm", json={"code": code_now(begun["secret"])}
    )
    assert confirmed.status_code == 200, confirmed.text
    return browser, begun["secret"], confirmed.json()["recovery_codes"]


def login_of(site: Site, name: str) -> str:
    user = site.town.office.user(site.town.own.organisation, site.town.own[name])
    assert user is not None
    return user.login


def test_a_password_is_changed_with_the_old_one_and_other_sessions_end(site: Site) -> None:
    login = login_of(site, "operator")
    here, elsewhere = site.sign_in(login), site.sign_in(login)
    wrong = here.put("/session/password", json={"old": "not this one", "new": NEW})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_password")
    short = here.put("/session/password", json={"old": PASSWORD, "new": "short"})
    assert short.json()["fields"][0]["field"] == "new"
    assert here.put("/session/password", json={"old": PASSWORD, "new": NEW}).status_code == 204
    assert here.get("/session").status_code == 200
    assert elsewhere.get("/session").status_code == 401
    assert signed_in(site, login).status_code == 401
    assert signed_in(site, login, NEW).status_code == 200


def test_sessions_say_where_one_is_signed_in_and_are_ended_one_by_one(site: Site) -> None:
    login = login_of(site, "operator")
    here, there = site.sign_in(login), site.visitor()
    there.headers["User-Agent"] = "Example Browser 7"
    assert there.post("/session", json={"login": login, "password": PASSWORD}).status_code == 200
    items = here.get("/session/list").json()["items"]
    assert [one["current"] for one in items].count(True) == 1
    [other] = [one for one in items if one["device"] == "Example Browser 7"]
    assert other["source"] == "127.0.0.1"
    assert here.delete(f"/session/list/{other['id']}").status_code == 204
    assert there.get("/session").status_code == 401
    assert here.delete(f"/session/list/{other['id']}").status_code == 404
    stranger = site.browser_of("supervisor").get("/session/list").json()["items"][0]["id"]
    assert here.delete(f"/session/list/{stranger}").status_code == 404


def test_signing_in_asks_for_a_code_once_a_second_factor_stands(site: Site) -> None:
    login = login_of(site, "supervisor")
    browser, secret, _ = with_factor(site, login)
    assert browser.get("/session/second-factor").json()["on"] is True
    asked = signed_in(site, login)
    assert (asked.status_code, asked.json()["code"]) == (401, "second_factor_needed")
    assert signed_in(site, login, code="000000").json()["code"] == "wrong_code"
    # The code of now was taken when it was set up; the next one is not.
    code = code_now(secret, 1)
    assert signed_in(site, login, code=code).status_code == 200
    assert signed_in(site, login, code=code).json()["code"] == "wrong_code", "it is taken once"
    assert signed_in(site, login, "wrong password", code=code).json()["code"] == "wrong_login"


def test_a_recovery_code_lets_in_once(site: Site) -> None:
    login = login_of(site, "supervisor")
    browser, _, codes = with_factor(site, login)
    assert len(set(codes)) == 10
    assert signed_in(site, login, code=codes[3].upper()).status_code == 200
    assert signed_in(site, login, code=codes[3]).status_code == 401
    assert browser.get("/session/second-factor").json()["codes_left"] == 9


def test_a_second_factor_holds_only_after_a_right_code(site: Site) -> None:
    login = login_of(site, "supervisor")
    browser = site.sign_in(login)
    wrong = browser.post("/session/second-factor", json={"password": "not this one"})
    assert wrong.json()["code"] == "wrong_password"
    assert browser.post("/session/second-factor", json={"password": PASSWORD}).status_code == 200
    refused = browser.post("/session/second-factor/confirm", json={"code": "000000"})
    assert refused.json()["fields"][0]["reason"] == "wrong_code"
    assert signed_in(site, login).status_code == 200


def test_a_role_that_needs_a_second_factor_can_do_nothing_without_one(site: Site) -> None:
    admin, login = site.browser_of("administrator"), login_of(site, "supervisor")
    browser = site.sign_in(login)
    assert admin.put("/security", json={"roles": ["supervisor"]}).json()["roles"] == ["supervisor"]
    time.sleep(1.1)  # The rule acts within a second.
    refused = browser.get("/campaigns")
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_required")
    assert browser.get("/session").json()["needs_second_factor"] is True
    limited, _, _ = with_factor(site, login)
    assert limited.get("/campaigns").status_code == 200
    off = limited.post("/session/second-factor/off", json={"password": PASSWORD})
    assert off.status_code == 403
    assert site.browser_of("manager").put("/security", json={"roles": []}).status_code == 403


def test_somebody_who_lost_their_telephone_is_helped_by_who_may_edit_them(site: Site) -> None:
    login, user = login_of(site, "supervisor"), site.town.own["supervisor"]
    browser, _, _ = with_factor(site, login)
    manager = site.browser_of("manager")
    assert manager.get(f"/users/{user}/second-factor").json()["on"] is True
    assert manager.delete(f"/users/{user}/second-factor").status_code == 204
    assert signed_in(site, login).status_code == 200
    assert manager.delete(f"/users/{user}/sessions").status_code == 204
    assert browser.get("/session").status_code == 401
    admin = site.town.own["administrator"]
    assert manager.delete(f"/users/{admin}/second-factor").status_code == 403
    assert manager.get(f"/users/{admin}/sessions").status_code == 403


def test_secrets_and_codes_are_in_no_log(site: Site) -> None:
    _, secret, codes = with_factor(site, login_of(site, "supervisor"))
    log = site.browser_of("administrator").get("/audit").text
    assert '"second_factor"' in log
    assert secret not in log
    assert codes[0] not in log


def test_reasons_of_pauses_are_kept_by_a_manager_and_read_by_agents(site: Site) -> None:
    manager, agent = site.browser_of("manager"), site.browser_of("operator")
    there = agent.get("/pause-reasons").json()
    assert [one["id"] for one in there["items"]] == ["break", "lunch", "training", "task"]
    assert there["free_text"] is True
    body = {"name_ru": "Планёрка", "name_en": "Briefing", "paid": True, "limit_s": 1800}
    made = manager.post("/pause-reasons", json=body).json()
    changed = manager.put(f"/pause-reasons/{made['id']}", json={**body, "in_use": False}).json()
    assert changed["in_use"] is False
    order = {"ids": ["lunch", "break"], "free_text": False}
    after = manager.put("/pause-reasons", json=order).json()
    assert [one["id"] for one in after["items"][:2]] == ["lunch", "break"]
    assert after["items"][-1]["id"] == made["id"]
    assert after["free_text"] is False
    assert agent.post("/pause-reasons", json=body).status_code == 403
    assert manager.put("/pause-reasons/nothing", json=body).status_code == 404


def test_a_person_is_in_one_team_at_most(site: Site) -> None:
    manager, own = site.browser_of("manager"), site.town.own
    first = manager.post("/teams", json={"name": "North"}).json()
    second = manager.post("/teams", json={"name": "South"}).json()
    assert manager.post("/teams", json={"name": " north "}).status_code == 422
    people = [own["operator"], own["supervisor"]]
    assert (
        len(manager.patch(f"/teams/{first['id']}", json={"people": people}).json()["people"]) == 2
    )
    moved = manager.patch(
        f"/teams/{second['id']}", json={"people": [own["operator"]], "name": "Far south"}
    ).json()
    assert (moved["name"], [one["id"] for one in moved["people"]]) == (
        "Far south",
        [own["operator"]],
    )
    told = {one["name"]: one["people"] for one in manager.get("/teams").json()["items"]}
    assert [one["id"] for one in told["North"]] == [own["supervisor"]]
    assert manager.patch(f"/teams/{first['id']}", json={"people": ["nobody"]}).status_code == 404
    assert manager.delete(f"/teams/{first['id']}").status_code == 204
    assert manager.delete(f"/teams/{first['id']}").status_code == 404
