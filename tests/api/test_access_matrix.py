"""Every door of the web process is knocked at by every role, for own objects and for others'."""

import runpy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_site import Site
from fastapi import FastAPI

from vyzov.dialer.access import RIGHTS, Action, Role, may
from vyzov.dialer.floor_places import FloorMap
from vyzov.dialer.office_store import OfficeStore
from vyzov.web.access_table import ROUTES, TOPICS, VERBS, Open
from vyzov.web.admission import room
from vyzov.web.doors import doors_of
from vyzov.web.floor_links import FloorLinks
from vyzov.web.live_verbs import ARGS
from vyzov.web.server import create_app
from vyzov.web.settings import WebSettings

ROOT = Path(__file__).resolve().parents[2]
API = "/api/v1"
GUARDED = {door: row for door, row in ROUTES.items() if isinstance(row, Action)}
ROUTES_OF_HTTP = [door for door in GUARDED if door[0] != "LIVE"]


def bare_app() -> FastAPI:
    """The app as shipped; nothing is asked of its store here."""
    store: OfficeStore = object()  # type: ignore[assignment]
    return create_app(store, FloorLinks(FloorMap), settings=WebSettings())


# ---- the table is whole --------------------------------------------------------------------------


def test_every_door_of_the_app_has_a_row() -> None:
    assert [door for door in doors_of(bare_app()) if door not in ROUTES] == []


def test_every_row_belongs_to_a_door_of_the_app() -> None:
    assert set(ROUTES) - set(doors_of(bare_app())) == set()


def test_a_planted_route_without_a_row_is_noticed() -> None:
    app, planted = bare_app(), room()
    planted.add_api_route("/planted", lambda: "nobody asked who I am")
    app.include_router(planted)
    assert [door for door in doors_of(app) if door not in ROUTES] == [("GET", f"{API}/planted")]


def test_a_planted_app_that_admission_cannot_guard_is_noticed() -> None:
    app = bare_app()
    app.mount("/planted", FastAPI())
    with pytest.raises(AssertionError, match="cannot guard"):
        list(doors_of(app))


def test_every_action_has_rights_and_every_verb_its_arguments() -> None:
    assert set(RIGHTS) == set(Action)
    assert set(VERBS) - {"ping"} == set(ARGS)


def test_nobody_but_administrators_may_do_everything_of_the_office() -> None:
    desk = {Action.DESK_WORK, Action.CALL_ENTER}
    assert {a for a in Action if not may(Role.ADMINISTRATOR, a)} == desk
    for role in set(Role) - {Role.ADMINISTRATOR, Role.MANAGER}:
        assert not may(role, Action.USER_EDIT), role
        assert not may(role, Action.TRUNK_EDIT), role
        assert not may(role, Action.CAMPAIGN_EDIT), role


def test_the_page_of_the_matrix_is_not_stale() -> None:
    made = runpy.run_path(str(ROOT / "tools" / "access_matrix.py"))["matrix"]()
    page = (ROOT / "docs" / "reference" / "access-matrix.md").read_text(encoding="utf-8")
    assert page == made, "run tools/access_matrix.py"


# ---- who gets through ----------------------------------------------------------------------------


def address(path: str, site: Site, side: str) -> str:
    """Fills a route's path with ids of one organisation."""
    home = site.town.own if side == "own" else site.town.other
    for name in (
        "agent",
        "campaign",
        "list",
        "contact",
        "stop",
        "trunk",
        "user",
        "attempt",
        "recording",
        "phone",
        "shift",
        "token",
        "alarm",
        "webhook",
        "script",
        "delivery",
        "callback",
        "prompt",
    ):
        known = home["operator"] if name in ("user", "agent") else home.ids.get(name, "")
        path = path.replace(f"{{{name}_id}}", known)
    return site.url + path.replace("{figure}", "occupancy").replace("{language}/{name}", "en/offer")


def knock(browser: httpx.Client, site: Site, method: str, path: str, side: str) -> httpx.Response:
    """Asks with an empty body: enough to be refused by rights, too little to change anything."""
    body = {"json": {}} if method in ("POST", "PATCH") else {}
    return browser.request(method, address(path, site, side), **body)


# Deleting needs no body, so an allowed knock would do it: these are knocked at for others' objects
# only, and done for real elsewhere.
DOES_IT = {("DELETE", f"{API}/session"), ("DELETE", f"{API}/lists/{{list_id}}")}
DOES_IT |= {("DELETE", f"{API}/stop-list/{{stop_id}}"), ("DELETE", f"{API}/phones/{{phone_id}}")}
DOES_IT |= {("POST", f"{API}/phones/{{phone_id}}/password")}
DOES_IT |= {("DELETE", f"{API}/shifts/{{shift_id}}"), ("DELETE", f"{API}/tokens/{{token_id}}")}


DOES_IT |= {("DELETE", f"{API}/webhooks/{{webhook_id}}")}
DOES_IT |= {("DELETE", f"{API}/session/list/{{session_id}}")}
DOES_IT |= {("DELETE", f"{API}/users/{{user_id}}/{what}") for what in ("sessions", "second-factor")}
DOES_IT |= {(method, f"{API}/teams/{{team_id}}") for method in ("DELETE", "PATCH")}
DOES_IT |= {("POST", f"{API}/alarms/{{alarm_id}}/acknowledge")}
DOES_IT |= {("POST", f"{API}/webhooks/{{webhook_id}}/secret")}


DOES_IT |= {("DELETE", f"{API}/prompts/{{prompt_id}}")}


@pytest.mark.parametrize("role", [*(role.value for role in Role), "anonymous"])
def test_each_role_passes_exactly_the_doors_of_its_row(site: Site, role: str) -> None:
    browser = site.visitor() if role == "anonymous" else site.browser_of(role)
    wrong: list[str] = []
    for method, path in ROUTES_OF_HTTP:
        allowed = role != "anonymous" and may(Role(role), GUARDED[method, path])
        if allowed and (method, path) in DOES_IT:
            continue
        status = knock(browser, site, method, path, "own").status_code
        refusal = 401 if role == "anonymous" else 403
        right = status not in (401, 403, 404, 500) if allowed else status == refusal
        if not right:
            wrong.append(f"{method} {path}: {status}, allowed {allowed}")
    assert wrong == []


# What makes each edit whole, so that only the object's owner can be what it fails for.
WHOLE: dict[tuple[str, str], dict[str, Any]] = {
    ("PATCH", f"{API}/campaigns/{{campaign_id}}"): {"json": {"name": "Taken over"}},
    ("PUT", f"{API}/pause-reasons/{{reason_id}}"): {"json": {"name_ru": "x", "name_en": "x"}},
    ("PATCH", f"{API}/teams/{{team_id}}"): {"json": {"name": "Taken over"}},
    ("POST", f"{API}/floor/agents/{{agent_id}}/state"): {"json": {"state": "pause"}},
    ("PATCH", f"{API}/trunks/{{trunk_id}}"): {"json": {"name": "Taken over"}},
    ("PATCH", f"{API}/users/{{user_id}}"): {"json": {"name": "Taken over"}},
    ("POST", f"{API}/campaigns/{{campaign_id}}/copy"): {"json": {"name": "Taken over"}},
    ("PATCH", f"{API}/contacts/{{contact_id}}"): {"json": {"name": "Taken over"}},
    ("PATCH", f"{API}/callbacks/{{callback_id}}"): {"json": {"agent": ""}},
    ("POST", f"{API}/callbacks/{{callback_id}}/cancel"): {"json": {"reason": "asked"}},
    ("POST", f"{API}/campaigns/{{campaign_id}}/leads"): {"json": {"phones": ["+12025550117"]}},
    ("POST", f"{API}/phones/{{phone_id}}/password"): {"json": {"name": "Taken over"}},
    ("PATCH", f"{API}/webhooks/{{webhook_id}}"): {"json": {"name": "Taken over"}},
    ("PATCH", f"{API}/scripts/{{script_id}}"): {"json": {"name": "Taken over"}},
    ("POST", f"{API}/desk/script/{{attempt_id}}"): {"json": {"turn": 0, "do": "next"}},
    ("POST", f"{API}/webhooks/{{webhook_id}}/replay"): {"json": {"delivery": "1"}},
}
# A key figure is a name in a closed list: everybody has the same.
OF_AN_OBJECT = [door for door in ROUTES_OF_HTTP if "_id}" in door[1]]


@pytest.mark.parametrize("role", list(Role))
def test_another_organisations_object_is_not_there_for_any_role(site: Site, role: Role) -> None:
    browser = site.browser_of(role.value)
    headers = {"Idempotency-Key": "k", "If-Match": '"1"'}
    wrong: list[str] = []
    for method, path in OF_AN_OBJECT:
        whole = WHOLE.get((method, path), {})
        answer = browser.request(method, address(path, site, "other"), headers=headers, **whole)
        expected = 404 if may(role, GUARDED[method, path]) else 403
        if answer.status_code != expected:
            wrong.append(f"{method} {path}: {answer.status_code}, expected {expected}")
    assert wrong == []
    assert site.peer.asked("office.start_campaign") == []


def test_no_edit_of_another_organisation_left_a_trace(site: Site) -> None:
    before = snapshot(site)
    for role in Role:
        test_another_organisations_object_is_not_there_for_any_role(site, role)
    assert snapshot(site) == before


def snapshot(site: Site) -> tuple[object, ...]:
    office, other = site.town.office, site.town.other.organisation
    return (
        office.campaigns(other),
        office.users(other),
        office.trunks(other),
        office.phones(other),
        office.lists(other),
        office.stop_entries(other),
        office.tokens(other),
        office.webhooks(other),
        office.scripts(other),
        office.prompts(other),
    )


@dataclass(frozen=True, slots=True)
class Body:
    """A request that names another organisation's object in its body."""

    role: str
    method: str
    path: str
    names: dict[str, str]
    rest: dict[str, Any] = field(default_factory=dict[str, Any])


BODIES = [
    Body("operator", "POST", "/desk/result", {"attempt": "attempt"}, {"result": "sale"}),
    Body("operator", "POST", "/desk/undo", {"attempt": "attempt"}),
    Body("operator", "POST", "/desk/note", {"contact": "contact"}, {"text": "mine"}),
    Body(
        "manager",
        "POST",
        "/campaigns",
        {"list": "list"},
        {
            "name": "x",
            "purpose": "service",
            "mode": "progressive",
            "settings": {"caller_id": "+70005550199"},
        },
    ),
    Body(
        "manager",
        "POST",
        "/campaigns",
        {"principal": "principal_b"},
        {
            "name": "x",
            "purpose": "service",
            "mode": "progressive",
            "settings": {"caller_id": "+70005550199"},
        },
    ),
    Body(
        "administrator",
        "POST",
        "/users",
        {"principal": "principal_b"},
        {"login": "x", "name": "X", "role": "customer", "password": "long enough words"},
    ),
]


@pytest.mark.parametrize("body", BODIES, ids=lambda one: f"{one.path} {'-'.join(one.names)}")
def test_an_id_of_another_organisation_in_a_body_is_not_there(site: Site, body: Body) -> None:
    browser = site.browser_of(body.role)

    def ask(side: str) -> httpx.Response:
        home = site.town.own if side == "own" else site.town.other
        named = {member: home[name] for member, name in body.names.items()}
        headers = {"Idempotency-Key": side}
        return browser.request(body.method, body.path, json={**body.rest, **named}, headers=headers)

    assert ask("other").status_code == 404
    assert ask("own").status_code in (200, 201)


OWN_ONLY = [
    ("operator", "/attempts/{attempt}"),
    ("operator", "/recordings/{recording}"),
    ("operator", "/recordings/{recording}/audio"),
    ("operator", "/contacts/{contact}"),
    ("customer", "/attempts/{attempt}"),
    ("customer", "/recordings/{recording}"),
    ("customer", "/recordings/{recording}/audio"),
    ("customer", "/campaigns/{campaign}"),
    ("customer", "/campaigns/{campaign}/progress"),
    ("customer", "/campaigns/{campaign}/callable"),
    ("customer", "/reports/outcomes?campaign={campaign}"),
]


@pytest.mark.parametrize(("role", "path"), OWN_ONLY)
def test_within_the_organisation_these_roles_reach_only_their_own(
    site: Site, role: str, path: str
) -> None:
    browser, own = site.browser_of(role), site.town.own
    mine = {n: own[n] for n in ("attempt", "recording", "contact", "campaign")}
    others = {n: own[f"{n}_b"] for n in mine}
    assert browser.get(path.format(**mine)).status_code == 200
    assert browser.get(path.format(**others)).status_code == 404


@pytest.mark.parametrize("role", ["operator", "customer"])
@pytest.mark.parametrize("path", ["/attempts", "/facts?kind=bridged", "/callbacks", "/campaigns"])
def test_lists_hold_only_what_is_within_reach(site: Site, role: str, path: str) -> None:
    answer = site.browser_of(role).get(path)
    whole = site.browser_of("supervisor").get(path).json()["items"]
    assert len(whole) == 2
    if answer.status_code == 403:
        assert (role, path) in {("operator", "/campaigns"), ("customer", "/callbacks")}
        return
    own = site.town.own
    assert [mine_of(one, own.ids) for one in answer.json()["items"]] == [True]


def mine_of(item: dict[str, Any], own: dict[str, str]) -> bool:
    campaign = item.get("campaign", item.get("id"))
    return (campaign["id"] if isinstance(campaign, dict) else campaign) == own["campaign"]


def test_an_operator_cannot_ask_for_a_colleagues_calls(site: Site) -> None:
    browser, colleague = site.browser_of("operator"), site.town.own["operator_b"]
    assert browser.get(f"/attempts?agent={colleague}").status_code == 404
    assert browser.get(f"/facts?agent={colleague}").status_code == 404
    assert browser.get(f"/attempts?agent={site.town.own['operator']}").status_code == 200


def test_a_customer_without_a_principal_sees_nothing(site: Site) -> None:
    import sqlalchemy as sa

    from vyzov.storage import tables as t
    from vyzov.storage.connections import open_engine

    engine = open_engine(site.town.path, writes=True)
    mine = t.user_account.c.id == site.town.own["customer"]
    with engine.begin() as connection:
        connection.execute(sa.update(t.user_account).where(mine).values(principal_id=None))
    engine.dispose()
    browser = site.browser_of("customer")
    for path in ("/campaigns", "/attempts", "/facts", "/reports/outcomes", "/me"):
        assert browser.get(path).status_code == 403, path


# ---- the live socket -----------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_send_exactly_the_verbs_of_its_row(site: Site, role: Role) -> None:
    with site.live(site.browser_of(role.value)) as live:
        for number, (verb, action) in enumerate(VERBS.items()):
            answer = live.ask(number, verb)
            forbidden = not answer["ok"] and answer["problem"]["code"] == "forbidden"
            assert forbidden is not may(role, action), (verb, answer)
        assert not live.ask(99, "unheard_of")["ok"]


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_watch_exactly_the_topics_of_its_row(site: Site, role: Role) -> None:
    with site.live(site.browser_of(role.value)) as live:
        live.until("hello")
        for name, action in TOPICS.items():
            topic = f"campaign:{site.town.own['campaign']}" if name == "campaign" else name
            live.send(subscribe=topic)
            answer = live.next()
            if may(role, action):
                assert answer.get("topic") == topic, answer
            else:
                assert answer["error"]["code"] == "forbidden", answer


@pytest.mark.parametrize("role", ["supervisor", "manager", "administrator", "customer"])
def test_another_organisations_campaign_cannot_be_watched(site: Site, role: str) -> None:
    with site.live(site.browser_of(role)) as live:
        live.until("hello")
        live.send(subscribe=f"campaign:{site.town.other['campaign']}")
        assert live.next()["error"]["code"] == "not_found"


def test_a_customer_cannot_watch_another_principals_campaign(site: Site) -> None:
    with site.live(site.browser_of("customer")) as live:
        live.until("hello")
        live.send(subscribe=f"campaign:{site.town.own['campaign_b']}")
        assert live.next()["error"]["code"] == "not_found"


# ---- default deny --------------------------------------------------------------------------------


def test_a_route_without_a_row_is_refused_for_everybody_at_run_time(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {door: row for door, row in ROUTES.items() if door != ("GET", f"{API}/campaigns")}
    monkeypatch.setattr("vyzov.web.admission.ROUTES", table)
    for role in Role:
        assert site.browser_of(role.value).get("/campaigns").status_code == 403
    assert site.visitor().get("/campaigns").status_code == 401


def test_public_doors_are_only_those_named_here() -> None:
    public = {door for door, row in ROUTES.items() if isinstance(row, Open)}
    assert public == {
        ("GET", "/api/openapi.json"),
        ("GET", f"{API}/health"),
        ("POST", f"{API}/session"),
        ("GET", "/{path:path}"),
    }


def test_the_matrix_knocked_at_here_has_a_thousand_cells() -> None:
    """Doors by roles and strangers, verbs and topics by roles, others' objects by roles."""
    own = len(ROUTES_OF_HTTP) * (len(Role) + 1) - len(DOES_IT) * len(Role)
    live = (len(VERBS) + len(TOPICS)) * len(Role)
    others = len(OF_AN_OBJECT) * len(Role)
    assert own + live + others >= 1_000


def test_rooms_reach_objects_through_the_door_only() -> None:
    """A handler that took the store itself would hand out objects nobody checked."""
    for file in (ROOT / "src" / "vyzov" / "web" / "routes").glob("*.py"):
        text = file.read_text(encoding="utf-8")
        if file.name not in ("health.py", "session.py"):
            assert "house.office" not in text, file.name
            assert "OfficeStore" not in text, file.name
