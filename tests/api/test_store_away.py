"""What an agent can still do while the database is away, and what nobody can."""

from typing import Any

import pytest
from api_floor_peer import Json, agree
from api_site import Site

from vyzov.core.errors import StoreFault

ASKED = ("session", "user", "remembered_answer", "remember_answer", "touch_session", "attempt")


def keeps(ask: Json) -> Json:
    """Answers as a floor does whose database is away."""
    answer = agree(ask)
    return {**answer, "result": {**answer["result"], "kept": True}}


def take_away(site: Site, patched: pytest.MonkeyPatch, asked: list[str] | None = None) -> None:
    """Lets every question to the database fail; `asked` hears which were asked."""

    def away(name: str) -> Any:
        def fail(*_: object, **__: object) -> None:
            if asked is not None:
                asked.append(name)
            raise StoreFault("The database does not answer.", "Wait.")

        return fail

    for name in ASKED:
        patched.setattr(site.town.office, name, away(name))


def save(browser: Any, attempt: str, key: str = "k") -> Any:
    body = {"attempt": attempt, "result": "sale"}
    return browser.post("/desk/result", json=body, headers={"Idempotency-Key": key})


def on_the_desk(site: Site) -> tuple[Any, str]:
    """An operator who was just let in, with a call on the desk."""
    operator = site.browser_of("operator")
    site.peer.tell(f"desk:{site.town.own['operator']}", {"call": {"attempt": "fresh"}})
    for _ in range(200):
        if save(operator, "fresh", "before").status_code == 200:
            break
    return operator, "fresh"


def test_a_result_is_kept_while_the_database_is_away_and_not_called_saved(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator, attempt = on_the_desk(site)
    take_away(site, monkeypatch)
    site.peer.answer = keeps
    answer = save(operator, attempt)
    assert answer.status_code == 202
    told = answer.json()
    assert (told["saved"], told["kept"]) == (False, True)
    assert told["undo_until"]


def test_a_kept_result_asked_for_again_is_asked_of_the_floor_with_its_key(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator, attempt = on_the_desk(site)
    with monkeypatch.context() as patched:
        take_away(site, patched)
        site.peer.answer = keeps
        assert save(operator, attempt).status_code == 202
    site.peer.answer = agree
    assert save(operator, attempt).json()["saved"] is True
    keys = [ask["key"] for ask in site.peer.asked("desk.result")]
    assert keys[-2:] == ["k", "k"]


def test_a_result_the_database_took_is_saved_though_it_is_away_right_after(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator, attempt = on_the_desk(site)
    take_away(site, monkeypatch)
    answer = save(operator, attempt)
    assert (answer.status_code, answer.json()["saved"]) == (200, True)


def test_a_stranger_is_not_let_in_while_the_database_is_away(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = site.browser_of("operator")
    take_away(site, monkeypatch)
    answer = save(stranger, "fresh")
    assert (answer.status_code, answer.json()["code"]) == (503, "store_away")
    assert site.peer.asked("desk.result") == []


def test_who_signed_out_is_not_remembered(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    operator, attempt = on_the_desk(site)
    token = str(operator.cookies.get("vyzov_session"))
    assert operator.delete("/session").status_code < 300
    operator.cookies.set("vyzov_session", token)
    take_away(site, monkeypatch)
    assert save(operator, attempt).status_code == 503


def test_a_database_the_floor_cannot_reach_is_not_even_asked(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator, attempt = on_the_desk(site)
    asked: list[str] = []
    take_away(site, monkeypatch, asked)
    site.peer.answer = keeps
    site.peer.tell(f"floor:{site.town.own.organisation}", {"database": "away"})
    for number in range(200):
        asked.clear()
        assert save(operator, attempt, f"k{number}").status_code == 202
        if not asked:
            break
    assert asked == []
