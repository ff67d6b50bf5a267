"""Signing in, staying signed in, and being signed out."""

from datetime import UTC, datetime, timedelta

import pytest
from api_site import Site
from api_town import PASSWORD

from vyzov.dialer.office_records import UserChange, WebSession
from vyzov.web.sessions import COOKIE, hash_token

LOGIN = "own-operator"


def test_signing_in_gives_a_cookie_scripts_and_other_sites_cannot_use(site: Site) -> None:
    answer = site.visitor().post("/session", json={"login": LOGIN, "password": PASSWORD})
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    for flag in ("HttpOnly", "SameSite=strict", "Path=/"):
        assert flag in cookie
    assert "Secure" not in cookie


def test_the_session_says_who_and_what_they_may_do(site: Site) -> None:
    session = site.sign_in(LOGIN).get("/session").json()
    assert session["user"]["login"] == LOGIN
    assert session["user"]["role"] == "operator"
    assert session["organisation"]["name"] == "Own"
    assert "desk.work" in session["actions"]
    assert "user.edit" not in session["actions"]
    assert site.sign_in("own-customer").get("/me").json()["user"]["principal"]["name"] == "Own"


def test_a_login_is_found_whatever_its_letters_case(site: Site) -> None:
    asked = {"login": "  Own-OPERATOR ", "password": PASSWORD}
    assert site.visitor().post("/session", json=asked).status_code == 200


def test_the_cookie_is_not_what_the_store_keeps(site: Site) -> None:
    browser = site.sign_in(LOGIN)
    token = browser.cookies[COOKIE]
    assert site.town.office.session(token) is None
    assert site.town.office.session(hash_token(token)) is not None


@pytest.mark.parametrize(
    ("login", "password"), [(LOGIN, "wrong"), ("nobody", PASSWORD), ("", "x"), (LOGIN, "")]
)
def test_whatever_is_wrong_the_answer_is_the_same(site: Site, login: str, password: str) -> None:
    answer = site.visitor().post("/session", json={"login": login, "password": password})
    if login and password:
        told = answer.json()
        assert (answer.status_code, told["code"]) == (401, "wrong_login")
        told.pop("request_id")
        other = site.visitor().post("/session", json={"login": "someone", "password": "x"}).json()
        other.pop("request_id")
        assert told == other
    else:
        assert answer.status_code == 422
    assert "set-cookie" not in answer.headers


def test_an_unknown_login_costs_the_same_work_as_a_known_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[bool] = []

    def check(stored: str | None, _password: str) -> bool:
        checked.append(stored is None)
        return False

    monkeypatch.setattr("vyzov.web.sessions.check_password", check)
    for login in (LOGIN, "nobody"):
        site.visitor().post("/session", json={"login": login, "password": "x"})
    assert checked == [False, True]


def test_a_password_is_never_in_an_answer(site: Site) -> None:
    asked = {"login": LOGIN, "password": "canary-7351", "extra": "canary-7352"}
    answer = site.visitor().post("/session", json=asked)
    assert answer.status_code in (401, 422)
    assert "canary" not in answer.text
    long = {"login": LOGIN, "password": "canary" * 500}
    assert "canary" not in site.visitor().post("/session", json=long).text


def test_guessing_one_login_is_slowed_down_for_everybody_who_guesses_it(site: Site) -> None:
    browser = site.visitor()
    answers = [
        browser.post("/session", json={"login": LOGIN, "password": f"guess {number}"})
        for number in range(8)
    ]
    codes = [answer.json()["code"] for answer in answers]
    assert codes[:5] == ["wrong_login"] * 5
    assert codes[-1] == "too_many_tries"
    refused = answers[-1]
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    right = browser.post("/session", json={"login": LOGIN, "password": PASSWORD})
    assert right.json()["code"] == "too_many_tries", "the right password must not be told apart"
    other = browser.post("/session", json={"login": "own-manager", "password": PASSWORD})
    assert other.status_code == 200


def test_guessing_many_logins_from_one_place_is_slowed_down(site: Site) -> None:
    browser = site.visitor()
    codes = [
        browser.post("/session", json={"login": f"user{n}", "password": "x"}).json()["code"]
        for n in range(24)
    ]
    assert codes[:20] == ["wrong_login"] * 20
    assert codes[-1] == "too_many_tries"


def test_two_people_of_one_login_must_name_their_organisation(site: Site) -> None:
    from vyzov.dialer.office_records import NewUser, Role
    from vyzov.web.passwords import hash_password

    for side in (site.town.own, site.town.other):
        twin = NewUser("twin", "Twin", Role.OPERATOR, hash_password(PASSWORD))
        site.town.office.create_user(side.organisation, twin)
    asked = {"login": "twin", "password": PASSWORD}
    assert site.visitor().post("/session", json=asked).status_code == 401
    answer = site.visitor().post("/session", json={**asked, "organisation": "Other"})
    assert answer.json()["organisation"]["name"] == "Other"


def test_signing_out_ends_the_session_at_once_everywhere(site: Site) -> None:
    browser = site.sign_in(LOGIN)
    token = browser.cookies[COOKIE]
    with site.live(browser) as live:
        live.until("hello")
        assert browser.delete("/session").status_code == 204
        with pytest.raises(Exception, match="4401"):
            live.next()
    thief = site.visitor()
    thief.cookies.set(COOKIE, token)
    assert thief.get("/me").status_code == 401


def test_signing_in_anew_ends_the_session_the_browser_had(site: Site) -> None:
    browser = site.sign_in(LOGIN)
    old = browser.cookies[COOKIE]
    browser.post("/session", json={"login": "own-manager", "password": PASSWORD})
    assert browser.cookies[COOKIE] != old
    thief = site.visitor()
    thief.cookies.set(COOKIE, old)
    assert thief.get("/me").status_code == 401


def open_session(site: Site, *, created: timedelta, seen: timedelta, span: timedelta) -> int:
    now, home = datetime.now(UTC), site.town.own
    browser = site.visitor()
    browser.cookies.set(COOKIE, "token")
    site.town.office.create_session(
        WebSession(
            hash_token("token"),
            home.organisation,
            home["operator"],
            now - created,
            now - seen,
            now - created + span,
        )
    )
    return browser.get("/me").status_code


HOUR = timedelta(hours=1)


def test_a_session_past_its_end_is_none(site: Site) -> None:
    assert open_session(site, created=25 * HOUR, seen=timedelta(), span=24 * HOUR) == 401


def test_a_session_not_used_for_too_long_is_none(site: Site) -> None:
    assert open_session(site, created=9 * HOUR, seen=9 * HOUR, span=24 * HOUR) == 401


def test_a_session_in_use_goes_on_and_remembers_its_use(site: Site) -> None:
    assert open_session(site, created=7 * HOUR, seen=7 * HOUR, span=24 * HOUR) == 200
    session = site.town.office.session(hash_token("token"))
    assert session is not None
    assert datetime.now(UTC) - session.last_seen_at < timedelta(minutes=1)


def test_a_disabled_user_is_out_at_once(site: Site) -> None:
    browser = site.browser_of("operator")
    own = site.town.own
    site.town.office.change_user(own.organisation, own["operator"], UserChange(disabled=True))
    assert browser.get("/me").status_code == 401
    asked = {"login": LOGIN, "password": PASSWORD}
    assert site.visitor().post("/session", json=asked).json()["code"] == "wrong_login"


def test_language_and_theme_follow_the_person(site: Site) -> None:
    browser = site.browser_of("operator")
    changed = browser.patch("/session", json={"language": "ru", "theme": "dark"}).json()
    assert (changed["user"]["language"], changed["user"]["theme"]) == ("ru", "dark")
    again = site.browser_of("operator").get("/me").json()["user"]
    assert (again["language"], again["theme"]) == ("ru", "dark")
    assert browser.patch("/session", json={"theme": "pink"}).status_code == 422


def test_an_old_hash_is_made_anew_at_the_next_sign_in(site: Site) -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    own = site.town.own
    change = UserChange(password_hash=weak)
    site.town.office.change_user(own.organisation, own["operator"], change)
    site.sign_in(LOGIN)
    user = site.town.office.user(own.organisation, own["operator"])
    assert user is not None
    assert "m=19456" in user.password_hash
