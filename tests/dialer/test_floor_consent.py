"""Consent to robot calls: what a list says of it, and whom a robot may therefore call."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from conftest import FLOW, SETTINGS, Centre, number, plan, row

from vyzov.dialer.consent import consent_in
from vyzov.dialer.lists import Meaning, read_list, rows
from vyzov.dialer.office_records import ImportConsent, ImportedRow, RowVerdict
from vyzov.simulation.people import CalleeKind

# ---- cells ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["yes", "Y", "да", "ДА", "1", "true", "ИСТИНА", "+", " yes "])
def test_yes_is_understood_in_both_languages(cell: str) -> None:
    assert consent_in(cell).consent == ImportConsent()


@pytest.mark.parametrize("cell", ["", " ", "no", "Нет", "0", "false", "ложь", "-", "—"])
def test_no_and_an_empty_cell_are_no_consent(cell: str) -> None:
    found = consent_in(cell)
    assert (found.consent, found.fault) == (None, "")


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2025-03-09", date(2025, 3, 9)),
        ("09.03.2025", date(2025, 3, 9)),
        ("9.3.2025", date(2025, 3, 9)),
        ("2025-03-09T10:20:30Z", date(2025, 3, 9)),
        ("09.03.2025 10:20", date(2025, 3, 9)),
    ],
)
def test_a_date_is_the_day_of_the_consent(cell: str, day: date) -> None:
    assert consent_in(cell).consent == ImportConsent(day)


@pytest.mark.parametrize(
    "cell", ["03/09/2025", "31.02.2025", "2025", "maybe", "yes?", "٢٠٢٥-٠٣-٠٩", "2025-03-09 soon"]
)
def test_what_says_neither_yes_nor_a_day_is_no_consent_and_is_told(cell: str) -> None:
    found = consent_in(cell)
    assert (found.consent, found.fault) == (None, cell)


# ---- lists ---------------------------------------------------------------------------------------


def judged(text: str) -> list[ImportedRow]:
    data = text.encode()
    return list(rows(data, read_list(data, "clients.csv")))


@pytest.mark.parametrize("title", ["consent", "Согласие", "СОГЛАСИЕ НА ЗВОНКИ", "Opt-in"])
def test_a_column_of_consent_is_known_by_its_title(title: str) -> None:
    data = f"phone;{title}\n+70005550101;да\n".encode()
    seen = read_list(data, "clients.csv")
    assert seen.columns[1].meaning is Meaning.CONSENT
    [found] = rows(data, seen)
    assert (found.consent, found.fields) == (ImportConsent(), {})


def test_every_row_has_its_own_consent_or_none() -> None:
    found = judged(
        "телефон;согласие\n+70005550101;да\n+70005550102;нет\n+70005550103;09.03.2025\n"
        "+70005550104;спросить\n"
    )
    assert [one.consent for one in found] == [
        ImportConsent(), None, ImportConsent(date(2025, 3, 9)), None,
    ]  # fmt: skip
    assert [one.verdict for one in found] == [RowVerdict.OK] * 4
    assert (found[3].reason, found[3].args) == ("consent_unknown", {"value": "спросить"})


def test_a_list_that_says_nothing_of_consent_has_none() -> None:
    assert [one.consent for one in judged("phone;name\n+70005550101;Ann\n")] == [None]


# ---- the floor -----------------------------------------------------------------------------------


def campaign(centre: Centre, purpose: str, mode: str) -> str:
    """A campaign of two: the first has agreed to robot calls, the second has not."""
    people = [row(2, number(1)), row(3, number(2))]
    listed = centre.office.import_list(
        centre.organisation, name="List", file_name="clients.csv", file_sha256="00",
        rows=[replace(people[0], consent=ImportConsent()), people[1]],
    )  # fmt: skip
    ann = centre.operator()
    settings: dict[str, Any] = {
        "purpose": purpose,
        "mode": mode,
        "agents": [ann],
        "trunks": [centre.trunk],
    }
    if mode == "agentless":
        settings["flow"] = FLOW
    made = centre.office.create_campaign(
        centre.organisation, name="Offer", settings=SETTINGS | settings, list_id=listed.id
    )
    centre.everybody(plan(CalleeKind.PRESSES_NOTHING))
    centre.open(made.id)
    if mode != "agentless":
        centre.ready(ann)
    return made.id


@pytest.mark.parametrize("purpose", ["advertising", "political"])
def test_a_robot_calls_for_advertising_those_alone_who_agreed(centre: Centre, purpose: str) -> None:
    made = campaign(centre, purpose, "agentless")
    centre.world.run(60.0)
    assert [order.to for order in centre.world.watch.originates] == [number(1)]
    assert list(centre.live_campaign(made).held_reasons.values()) == ["no_consent_to_robot_calls"]
    centre.settle()


@pytest.mark.parametrize(
    ("purpose", "mode"), [("service", "agentless"), ("advertising", "progressive")]
)
def test_a_service_call_and_a_person_who_calls_need_no_consent_to_robots(
    centre: Centre, purpose: str, mode: str
) -> None:
    made = campaign(centre, purpose, mode)
    seen = centre.world.watch.originates
    [ann] = centre.live_campaign(made).settings.agents
    if mode == "progressive":
        for _ in range(2):
            assert centre.until(lambda: centre.talking(ann), 30.0)
            centre.finish_talk(ann)
    assert centre.until(lambda: len(seen) == 2, 60.0)
    assert {order.to for order in seen} == {number(1), number(2)}
    centre.settle()
