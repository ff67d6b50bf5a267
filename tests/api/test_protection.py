"""Who is turned away, over the API and the command line."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from api_floor_peer import FloorPeer, Json, refuse
from api_site import Site
from typer.testing import CliRunner

from vyzov.app import first_run, load_settings, prepare
from vyzov.cli import app
from vyzov.core.errors import InvalidRequest
from vyzov.dialer.runtime import SystemDice
from vyzov.storage.database import open_floor_store
from vyzov.storage.floors import find_floor

TOLD = {
    "engine_up": True, "taken": 900, "too_many": 70, "banned": 30, "bans": 1,
    "connections_refused": 2,
    "sources": [
        {"source": "198.51.100.7", "known": False, "taken": 40, "dropped": 100, "failures": 10,
         "banned_for_s": 512.5},
        {"source": "203.0.113.5", "known": True, "taken": 9, "dropped": 1, "failures": 0,
         "banned_for_s": 0.0},
    ],
}  # fmt: skip


@pytest.fixture
def answers(site: Site) -> Site:
    def answer(ask: Json) -> Json:
        return {"ok": True, "result": TOLD if ask["do"] == "office.protection" else {}}

    site.peer.answer = answer
    return site


def test_those_who_run_trunks_see_who_is_turned_away(answers: Site) -> None:
    answer = answers.browser_of("administrator").get("/protection")
    assert answer.status_code == 200, answer.text
    assert answer.json() == TOLD
    assert answers.browser_of("operator").get("/protection").status_code == 403


def test_a_ban_is_lifted_over_the_api(answers: Site) -> None:
    browser = answers.browser_of("administrator")
    for source in ("198.51.100.7", "2001:db8::/64"):
        assert browser.post("/protection/unban", json={"source": source}).status_code == 204
        assert answers.peer.asks[-1]["source"] == source
    for source in ("", "a b", "x" * 65, "1\n2"):
        assert browser.post("/protection/unban", json={"source": source}).status_code == 422


def test_without_a_floor_nothing_is_made_up(answers: Site) -> None:
    answers.peer.answer = refuse("engine_away")
    assert answers.browser_of("administrator").get("/protection").status_code == 409


# ---- the command line ------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Iterator[tuple[Path, FloorPeer]]:
    """An installation whose floor is played by a peer."""
    settings = load_settings(tmp_path)
    prepare(settings)
    first_run(settings, login="root", password_hash="x", name="Root")
    floor = find_floor(settings.database, "main")
    with FloorPeer(settings.floor_socket(floor)) as peer:
        store = open_floor_store(settings.database, randomness=SystemDice())
        span, address = timedelta(minutes=5), f"unix:{peer.path}"
        store.take_lease(floor, "the peer", datetime.now(UTC), span, address=address)
        store.close()
        peer.answer = lambda ask: {
            "ok": True, "result": TOLD if ask["do"] == "office.protection" else {},
        }  # fmt: skip
        yield tmp_path, peer


def test_the_command_shows_whom_the_engine_turns_away(home: tuple[Path, FloorPeer]) -> None:
    data, peer = home
    done = CliRunner().invoke(app, ["sip", "guard", "--data", str(data)])
    assert done.exit_code == 0, done.output
    assert "900 messages taken, 70 over a budget, 30 from the banned" in done.output
    assert "banned for 512 s more" in done.output
    assert peer.asks[-1]["as"]["organisation"]
    told = CliRunner().invoke(app, ["sip", "guard", "--data", str(data), "--json"])
    assert json.loads(told.output) == TOLD


def test_the_command_lifts_a_ban_first(home: tuple[Path, FloorPeer]) -> None:
    data, peer = home
    done = CliRunner().invoke(app, ["sip", "guard", "--data", str(data), "--unban", "198.51.100.7"])
    assert done.exit_code == 0
    assert [ask["do"] for ask in peer.asks] == ["office.unban", "office.protection"]
    assert peer.asks[0]["source"] == "198.51.100.7"


def test_a_quiet_engine_has_nothing_to_show(home: tuple[Path, FloorPeer]) -> None:
    data, peer = home
    peer.answer = lambda _ask: {"ok": True, "result": {"engine_up": True, "sources": []}}
    done = CliRunner().invoke(app, ["sip", "guard", "--data", str(data)])
    assert "Nobody is banned" in done.output
    peer.answer = lambda _ask: {"ok": True, "result": {"engine_up": False, "sources": []}}
    done = CliRunner().invoke(app, ["sip", "guard", "--data", str(data)])
    assert "engine is not running" in done.output


def test_a_refusal_of_the_floor_is_said_in_its_words(home: tuple[Path, FloorPeer]) -> None:
    data, peer = home
    peer.answer = refuse("engine_away")
    done = CliRunner().invoke(app, ["sip", "guard", "--data", str(data), "--unban", "x"])
    assert isinstance(done.exception, InvalidRequest)
    assert "The floor says no." in str(done.exception)


def test_where_nothing_runs_the_command_says_so(home: tuple[Path, FloorPeer]) -> None:
    data, peer = home
    peer.stop()
    done = CliRunner().invoke(app, ["sip", "guard", "--data", str(data)])
    assert done.exit_code == 1
    assert "vyzov serve" in done.output
