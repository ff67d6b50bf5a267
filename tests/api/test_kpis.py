"""Key figures over the API: formula, window, two whole numbers, and the facts behind them."""

import asyncio
import csv
import io
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest
from api_site import Site
from api_town import CALLED_AT

from vyzov.core.errors import StoreFault
from vyzov.core.facts import Fact, FactKind
from vyzov.core.kpi.cells import Reach
from vyzov.core.kpi.registry import FORMULAS
from vyzov.dialer import writes as w
from vyzov.dialer.runtime import SystemDice
from vyzov.storage.sqlite import SqliteStore
from vyzov.web.rolling import keep_sums

DAY = "from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z"


def figures(browser: httpx.Client, query: str = DAY) -> dict[str, dict[str, Any]]:
    answer = browser.get(f"/reports/kpis?{query}")
    assert answer.status_code == 200, answer.text
    return {one["id"]: one for one in answer.json()["figures"]}


def works(site: Site, *states: tuple[float, str], agent: str = "operator") -> None:
    """Writes an agent's changes of state, seconds after the call began."""
    own, dice = site.town.own, SystemDice()
    store = SqliteStore(site.town.path, randomness=dice)
    fence = store.take_lease(own.floor, "again", CALLED_AT + timedelta(hours=2), timedelta(1))
    assert fence is not None
    store.commit(
        tuple(
            w.AppendFact(
                Fact(
                    FactKind.AGENT_STATE, CALLED_AT + timedelta(seconds=at_s), "test",
                    int(at_s * 1e9), dice.new_id(), agent=own[agent], data={"state": state},
                )
            )
            for at_s, state in states
        )
    )  # fmt: skip
    store.close()


def test_every_figure_says_how_it_is_counted(site: Site) -> None:
    found = figures(site.browser_of("supervisor"))
    assert list(found) == [formula.id for formula in FORMULAS]
    rate = found["answer_rate"]
    assert (rate["numerator"], rate["denominator"], rate["value"]) == (2, 2, 1.0)
    assert rate["formula"]["ru"]
    assert rate["without"]["en"]
    assert rate["window_from"].startswith("2026-11-20T00:00:00")
    assert found["conversion_of_list"]["denominator"] == 0
    assert figures(site.browser_of("supervisor"), "")["conversion_of_list"]["denominator"] == 10
    assert found["answer_to_agent"]["value"] == 1000.0
    assert found["idle"]["why_not"] == "nothing_to_divide_by"
    assert found["idle"]["value"] is None


def test_a_figure_of_one_campaign_counts_its_own_calls(site: Site) -> None:
    own, manager = site.town.own, site.browser_of("manager")
    found = figures(manager, f"{DAY}&campaign={own['campaign']}")
    assert found["answer_rate"]["denominator"] == 1
    assert found["occupancy"]["why_not"] == "not_by_campaign"
    assert manager.get(f"/reports/kpis?campaign={site.town.other['campaign']}").status_code == 404
    assert manager.get(f"/reports/kpis?agent={site.town.other['operator']}").status_code == 404
    one = figures(manager, f"{DAY}&agent={own['operator']}")
    assert one["answer_rate"]["denominator"] == 1


def test_time_is_told_in_milliseconds_that_add_up(site: Site) -> None:
    works(site, (0, "ready"), (60.25, "pause"), (100, "offline"))
    answer = site.browser_of("supervisor").get(f"/reports/kpis?{DAY}").json()
    (row,) = answer["agents"]
    assert row["agent"]["id"] == site.town.own["operator"]
    assert row["states"] == {"ready": 60_250, "pause": 39_750}
    assert row["signed_in_ms"] == 100_000
    assert answer["behind"] is False
    figure = {one["id"]: one for one in answer["figures"]}["dials_per_hour"]
    assert (figure["numerator"], figure["denominator"], figure["scale"]) == (2, 100_000, 3_600_000)
    assert figure["value"] == pytest.approx(72.0)


def test_a_state_that_lasts_is_counted_to_the_end_of_the_running_half_hour(site: Site) -> None:
    works(site, (0, "ready"))
    (row,) = site.browser_of("supervisor").get(f"/reports/kpis?{DAY}").json()["agents"]
    assert row["signed_in_ms"] == 14 * 3600 * 1000


def test_curves_tell_attempts_and_hours(site: Site) -> None:
    answer = site.browser_of("manager").get(f"/reports/kpis?{DAY}&offset=180").json()
    assert answer["attempts"] == [{"place": 1, "numerator": 2, "denominator": 2}]
    friday, hour = 4, 13
    assert answer["hours"] == [{"place": friday * 24 + hour, "numerator": 2, "denominator": 2}]
    assert site.browser_of("manager").get(f"/reports/kpis?{DAY}&offset=7").status_code == 422


def test_a_figure_opens_to_its_facts(site: Site) -> None:
    own, manager = site.town.own, site.browser_of("manager")
    rate = figures(manager, f"{DAY}&campaign={own['campaign']}")["answer_rate"]
    path = rate["facts"].removeprefix("/api/v1")
    (fact,) = manager.get(path).json()["items"]
    assert (fact["kind"], fact["attempt"]) == ("answered", own["attempt"])
    seq = manager.get(f"/facts?attempt={own['attempt']}&kind=answered").json()["items"][0]["seq"]
    assert fact["seq"] == seq
    whole = figures(manager)["answer_rate"]["facts"].removeprefix("/api/v1")
    page = manager.get(f"{whole}&part=denominator&limit=1").json()
    rest = manager.get(f"{whole}&part=denominator&cursor={page['next_cursor']}").json()
    kinds = [one["kind"] for one in (*page["items"], *rest["items"])]
    assert kinds == ["attempt_reserved"] * 2
    assert rest["next_cursor"] is None
    assert manager.get(f"/reports/kpis/happiness/facts?{DAY}").status_code == 404


def test_a_figure_to_date_opens_to_what_was_loaded(site: Site) -> None:
    manager = site.browser_of("manager")
    today = figures(manager, "")["penetration"]
    path = today["facts"].removeprefix("/api/v1")
    kinds = {one["kind"] for one in manager.get(f"{path}&part=denominator").json()["items"]}
    assert kinds == {"contacts_loaded"}


def test_figures_come_as_a_file_too(site: Site) -> None:
    answer = site.browser_of("manager").get(f"/reports/kpis.csv?{DAY}")
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert [row["id"] for row in rows] == [formula.id for formula in FORMULAS]
    assert rows[0]["name_ru"] == "Загрузка"


def test_customers_and_operators_see_no_key_figures(site: Site) -> None:
    for role in ("customer", "operator"):
        assert site.browser_of(role).get(f"/reports/kpis?{DAY}").status_code == 403


# ---- prices and shifts ---------------------------------------------------------------------------


def test_prices_are_versions_and_figures_follow_them(site: Site) -> None:
    manager = site.browser_of("manager")
    empty = manager.get("/prices").json()
    assert (empty["versions"], empty["prices"]["currency"]) == ([], "RUB")
    asked = {"prices": {"revenue": {"sale": 150_000}}, "valid_from": "2026-11-01T00:00:00Z"}
    made = manager.post("/prices", json=asked)
    assert made.status_code == 201
    assert made.json()["version"] == 1
    revenue = figures(manager)["revenue"]
    assert (revenue["numerator"], revenue["denominator"]) == (300_000, 1)
    assert (revenue["currency"], revenue["value"]) == ("RUB", 300_000.0)
    late = {"prices": {}, "valid_from": "2026-10-01T00:00:00Z"}
    assert manager.post("/prices", json=late).status_code == 422
    wrong = manager.post("/prices", json={"prices": {"labour_per_hour": -5}})
    assert wrong.status_code == 422
    assert wrong.json()["fields"][0]["field"] == "labour_per_hour"
    versions = manager.get("/prices").json()["versions"]
    assert [one["created_by"]["id"] for one in versions] == [site.town.own["manager"]]


def test_a_shift_is_planned_for_days_in_a_row_and_taken_out_again(site: Site) -> None:
    own, manager = site.town.own, site.browser_of("manager")
    asked = {
        "agent": own["operator_b"], "starts_at": "2026-11-20T06:00:00Z",
        "ends_at": "2026-11-20T15:00:00Z", "unpaid_break_s": 3600, "days": 3,
    }  # fmt: skip
    made = manager.post("/shifts", json=asked)
    assert made.status_code == 201
    assert [one["starts_at"][:10] for one in made.json()["items"]] == [
        "2026-11-20", "2026-11-21", "2026-11-22",
    ]  # fmt: skip
    assert manager.post("/shifts", json=asked).status_code == 422
    shown = site.browser_of("supervisor").get(f"/shifts?{DAY}").json()["items"]
    assert [one["agent"]["id"] for one in shown] == [own["operator_b"], own["operator"]]
    paid = figures(manager)["utilisation"]
    assert paid["denominator"] == (8 + 7) * 3600 * 1000
    assert manager.delete(f"/shifts/{made.json()['items'][0]['id']}").status_code == 204
    assert figures(manager)["utilisation"]["denominator"] == 7 * 3600 * 1000
    assert manager.delete(f"/shifts/{site.town.other['shift']}").status_code == 404


def test_a_shift_that_cannot_be_is_refused(site: Site) -> None:
    manager, own = site.browser_of("manager"), site.town.own
    asked = {"agent": own["operator"], "starts_at": "2026-12-01T06:00:00Z"}
    for ends_at in ("2026-12-01T06:00:00Z", "2026-12-02T07:00:00Z"):
        assert manager.post("/shifts", json={**asked, "ends_at": ends_at}).status_code == 422
    foreign = {**asked, "agent": site.town.other["operator"], "ends_at": "2026-12-01T07:00:00Z"}
    assert manager.post("/shifts", json=foreign).status_code == 404


def test_sums_are_kept_up_with_the_facts_while_nobody_asks(site: Site) -> None:
    def counted() -> list[int]:
        office, sides = site.town.office, (site.town.own, site.town.other)
        sums = [office.kpi_sums(side.organisation, Reach()).sums(0, 2**42) for side in sides]
        return [found.get("attempts", 0) for found in sums]

    for _ in range(400):
        if all(counted()):
            break
        time.sleep(0.05)
    own, other = counted()
    assert own == 2
    assert other > 0


def test_a_database_that_is_away_is_waited_for() -> None:
    class Away:
        asked = 0

        def organisations(self) -> tuple[object, ...]:
            self.asked += 1
            if self.asked == 3:
                raise KeyboardInterrupt
            raise StoreFault("The database did not answer.", "Wait.")

    away = Away()
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(keep_sums(away, timedelta(0)))  # type: ignore[arg-type]
    assert away.asked == 3
