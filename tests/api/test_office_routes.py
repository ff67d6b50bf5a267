"""The office's smaller rooms: stop-list, users, promises."""

import httpx
import pytest
from api_site import Site
from api_town import PASSWORD


def items(browser: httpx.Client, path: str) -> list[dict[str, object]]:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def etag(browser: httpx.Client, path: str) -> dict[str, str]:
    return {"If-Match": browser.get(path).headers["etag"]}


# ---- the stop-list -------------------------------------------------------------------------------


def test_a_stopped_number_is_in_force_before_the_answer(site: Site) -> None:
    supervisor, own = site.browser_of("supervisor"), site.town.own
    answer = supervisor.post("/stop-list", json={"number": "+70005550103", "reason": "asked"})
    assert answer.status_code == 201
    assert answer.json()["number"] == "+70005550103"
    assert items(supervisor, "/stop-list?number=%2B70005550103")[0]["id"] == answer.json()["id"]
    card = supervisor.get(f"/contacts/{own['contact_fresh']}").json()
    assert card["phones"][0]["stop_listed"] is True
    assert site.peer.wait_for("office.stop_list_changed")


def test_a_number_stopped_twice_is_one_entry(site: Site) -> None:
    manager = site.browser_of("manager")
    first, second = (manager.post("/stop-list", json={"number": "+70005550104"}) for _ in "12")
    assert first.json()["id"] == second.json()["id"]


@pytest.mark.parametrize(
    "number", ["70005550101", "+7 000 555-01-01", "+7000555&0101", "+7000555\n0101", "112", "", "+"]
)
def test_only_strict_e164_gets_onto_the_stop_list(site: Site, number: str) -> None:
    answer = site.browser_of("manager").post("/stop-list", json={"number": number})
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_request"


@pytest.mark.parametrize(
    ("stored", "source", "args"), [("key:9", "key", {"key": "9"}), ("agent", "agent", {})]
)
def test_who_stopped_a_number_is_told_as_an_id_with_the_key(
    site: Site, stored: str, source: str, args: dict[str, str]
) -> None:
    town = site.town
    town.office.add_stop(town.own.organisation, "+70005550106", reason="asked", source=stored)
    [told] = items(site.browser_of("manager"), "/stop-list?number=%2B70005550106")
    assert (told["reason"], told["source"], told["args"]) == ("asked", source, args)


def test_lifting_a_stop_keeps_the_entry_as_evidence(site: Site) -> None:
    manager, stop = site.browser_of("manager"), site.town.own["stop"]
    assert manager.delete(f"/stop-list/{stop}").status_code == 204
    assert items(manager, "/stop-list") == []
    (lifted,) = items(manager, "/stop-list?lifted=true")
    assert lifted["valid_to"] is not None


# ---- users ---------------------------------------------------------------------------------------

USER = {"login": "vera", "name": "Vera Example", "role": "operator", "password": "long enough 1"}


def test_a_new_user_can_sign_in_with_the_password_given(site: Site) -> None:
    made = site.browser_of("manager").post("/users", json=USER)
    assert made.status_code == 201
    assert "long enough" not in made.text
    browser = site.visitor()
    asked = {"login": "vera", "password": "long enough 1"}
    assert browser.post("/session", json=asked).json()["user"]["name"] == "Vera Example"
    assert site.peer.wait_for("office.users_changed")


def test_a_login_is_nobodys_twice(site: Site) -> None:
    manager = site.browser_of("manager")
    assert manager.post("/users", json=USER).status_code == 201
    again = manager.post("/users", json={**USER, "login": "VERA"})
    assert (again.status_code, again.json()["code"]) == (409, "login_taken")


def test_a_short_password_is_refused(site: Site) -> None:
    answer = site.browser_of("manager").post("/users", json={**USER, "password": "short"})
    assert answer.status_code == 422
    assert answer.json()["args"] == {"least": 10}


def test_a_customer_has_a_principal_and_nobody_else(site: Site) -> None:
    manager, principal = site.browser_of("manager"), site.town.own["principal"]
    customer = {**USER, "role": "customer"}
    assert manager.post("/users", json=customer).status_code == 422
    assert manager.post("/users", json={**USER, "principal": principal}).status_code == 422
    made = manager.post("/users", json={**customer, "principal": principal})
    assert made.json()["principal"]["id"] == principal


@pytest.mark.parametrize("role", ["manager", "administrator"])
def test_a_manager_cannot_make_somebody_of_their_own_rank_or_above(site: Site, role: str) -> None:
    manager = site.browser_of("manager")
    assert manager.post("/users", json={**USER, "role": role}).status_code == 403
    path = f"/users/{site.town.own['operator']}"
    raised = manager.patch(path, json={"role": role}, headers=etag(manager, path))
    assert raised.status_code == 403
    administrator = site.browser_of("administrator")
    assert administrator.post("/users", json={**USER, "role": role}).status_code == 201


def test_a_manager_cannot_take_over_an_administrators_account(site: Site) -> None:
    manager, path = site.browser_of("manager"), f"/users/{site.town.own['administrator']}"
    for change in ({"password": "mine now 123"}, {"disabled": True}, {"role": "operator"}):
        assert manager.patch(path, json=change, headers=etag(manager, path)).status_code == 403


def test_the_last_administrator_cannot_leave(site: Site) -> None:
    browser, path = site.browser_of("administrator"), f"/users/{site.town.own['administrator']}"
    for change in ({"disabled": True}, {"role": "manager"}):
        assert browser.patch(path, json=change, headers=etag(browser, path)).status_code == 403
    second = {**USER, "login": "second", "role": "administrator"}
    assert browser.post("/users", json=second).status_code == 201
    left = browser.patch(path, json={"role": "manager"}, headers=etag(browser, path))
    assert left.status_code == 200


@pytest.mark.parametrize(
    "change", [{"password": "another one 1"}, {"role": "supervisor"}, {"disabled": True}]
)
def test_a_change_of_rights_signs_the_user_out_everywhere(
    site: Site, change: dict[str, object]
) -> None:
    manager, path = site.browser_of("manager"), f"/users/{site.town.own['operator']}"
    operator = site.browser_of("operator")
    with site.live(operator) as live:
        live.until("hello")
        answer = manager.patch(path, json=change, headers=etag(manager, path))
        assert answer.status_code == 200
        with pytest.raises(Exception, match="4401"):
            live.next()
    assert operator.get("/me").status_code == 401


def test_a_new_name_leaves_the_user_signed_in(site: Site) -> None:
    manager, path = site.browser_of("manager"), f"/users/{site.town.own['operator']}"
    operator = site.browser_of("operator")
    manager.patch(path, json={"name": "Renamed"}, headers=etag(manager, path))
    assert operator.get("/me").json()["user"]["name"] == "Renamed"


def test_a_new_password_replaces_the_old(site: Site) -> None:
    manager, path = site.browser_of("manager"), f"/users/{site.town.own['operator']}"
    manager.patch(path, json={"password": "another one 1"}, headers=etag(manager, path))

    def tried(password: str) -> int:
        asked = {"login": "own-operator", "password": password}
        return site.visitor().post("/session", json=asked).status_code

    assert (tried(PASSWORD), tried("another one 1")) == (401, 200)


def test_users_are_listed_by_role(site: Site) -> None:
    operators = items(site.browser_of("supervisor"), "/users?role=operator")
    assert {one["login"] for one in operators} == {"own-operator", "own-operator_b"}
    assert "password" not in operators[0]


# ---- promises and principals ---------------------------------------------------------------------


def test_promises_come_by_due_time_and_can_be_narrowed(site: Site) -> None:
    manager, own = site.browser_of("manager"), site.town.own
    assert len(items(manager, "/callbacks")) == 2
    (one,) = items(manager, f"/callbacks?campaign={own['campaign']}")
    assert one["contact"] == {"id": own["contact"], "name": "Client 1"}
    assert one["agent"] == {"id": own["operator"], "name": "own operator"}
    assert items(manager, "/callbacks?from=2026-11-24T00:00:00Z") == []
    assert len(items(manager, "/callbacks?to=2026-11-24T00:00:00Z")) == 2
    assert items(manager, "/callbacks?state=kept") == []


def test_principals_are_those_of_the_organisation(site: Site) -> None:
    names = {one["name"] for one in items(site.browser_of("manager"), "/principals")}
    assert names == {"Own", "own B"}
