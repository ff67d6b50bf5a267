"""Lists through the API: preview, import with a verdict for every row, problems, undo."""

import asyncio
import csv
import hashlib
import io
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_site import Site
from starlette.datastructures import UploadFile

from vyzov.web.uploads import hold

sys.path.append(str(Path(__file__).parent.parent / "dialer"))

from workbook_maker import workbook

RU = (
    "Телефон;Имя;Тариф\r\n"
    "+7 000 555-01-31;Анна Пример;M\r\n"
    "8 (000) 555-01-32;Борис Пример;L\r\n"
    "+7 000 555-01-31;Анна Снова;M\r\n"
    "12;Короткий;S\r\n"
    "=1+1;Формула;S\r\n"
)


def upload(
    browser: httpx.Client,
    text: str = RU,
    key: str | None = "k",
    encoding: str = "cp1251",
    **more: Any,
) -> httpx.Response:
    return browser.post(
        "/lists",
        params={"preview": "true"} if more.pop("preview", False) else {},
        files={"file": (more.pop("file", "clients.csv"), text.encode(encoding), "text/csv")},
        data=more,
        headers={"Idempotency-Key": key} if key else {},
    )


def imported(browser: httpx.Client, **more: Any) -> dict[str, Any]:
    answer = upload(browser, **more)
    assert answer.status_code == 202, answer.text
    return finished(browser, answer.json())


def finished(browser: httpx.Client, told: dict[str, Any]) -> dict[str, Any]:
    for _ in range(500):
        if told["state"] != "importing":
            return told
        told = browser.get(f"/lists/{told['id']}").json()
    raise AssertionError(told)


def test_a_preview_shows_how_the_file_would_be_read_and_writes_nothing(site: Site) -> None:
    manager = site.browser_of("manager")
    told = upload(manager, preview=True, key=None).json()
    assert (told["encoding"], told["delimiter"], told["has_header"]) == ("cp1251", ";", True)
    assert told["columns"] == [
        {"name": "Телефон", "use": "phone", "field": None},
        {"name": "Имя", "use": "name", "field": None},
        {"name": "Тариф", "use": "field", "field": "Тариф"},
    ]
    assert told["rows_total"] == told["rows_judged"] == 5
    assert told["verdicts"] == {"ok": 2, "merged": 0, "duplicate": 1, "problem": 2}
    first = told["first_rows"][0]
    assert (first["row"], first["verdict"]) == (2, "ok")
    assert first["cells"][1] == "Анна Пример"
    assert len(manager.get("/lists").json()["items"]) == 1


def test_an_import_gives_every_row_a_verdict(site: Site) -> None:
    manager = site.browser_of("manager")
    told = imported(manager, name="Весна")
    assert (told["state"], told["name"], told["file"]) == ("ready", "Весна", "clients.csv")
    assert sum(told["verdicts"].values()) == told["rows_total"] == 5
    assert (told["rows_ok"], told["contacts"]) == (2, 2)
    rows = manager.get(f"/lists/{told['id']}/rows").json()["items"]
    assert [row["row"] for row in rows] == [2, 3, 4, 5, 6]
    problems = manager.get(f"/lists/{told['id']}/rows?verdict=problem").json()["items"]
    assert [row["row"] for row in problems] == [5, 6]
    assert all(row["reason"] for row in problems)
    found = manager.get("/contacts", params={"q": "Борис"}).json()["items"]
    assert [one["phone"] for one in found] == ["+70005550132"]
    assert site.peer.wait_for("office.lists_changed")


def test_problem_rows_come_back_as_a_file_that_runs_no_formula(site: Site) -> None:
    manager = site.browser_of("manager")
    told = imported(manager)
    answer = manager.get(f"/lists/{told['id']}/problems.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row[0] for row in rows[1:]] == ["5", "6"]
    assert "'=1+1" in rows[2]


def test_a_repeated_import_with_one_key_imports_once(site: Site) -> None:
    manager = site.browser_of("manager")
    first = upload(manager, key="same").json()
    assert upload(manager, key="same").json()["id"] == first["id"]
    finished(manager, first)
    assert len(manager.get("/lists").json()["items"]) == 2
    other = upload(manager, text=RU + "+7 000 555-01-44;Ещё;M\r\n", key="same")
    assert other.json()["code"] == "key_reused"


def test_a_workbook_is_looked_at_and_imported_like_a_csv_file(site: Site) -> None:
    manager = site.browser_of("manager")
    data = workbook(
        sheets={
            "Март": [("Телефон", "Имя"), ("+7 000 555-01-61", "Ёлка Книжная"), ("нет", "Пётр")],
            "Апрель": [("Телефон",), ("+7 000 555-01-62",)],
        }
    )
    files = {"file": ("clients.csv", data)}
    told = manager.post("/lists?preview=true", files=files).json()
    assert (told["format"], told["sheet"], told["sheets"]) == ("xlsx", "Март", ["Март", "Апрель"])
    assert [note["id"] for note in told["notes"]] == ["named_otherwise", "sheet_chosen"]
    assert (told["rows_total"], told["verdicts"]["ok"]) == (2, 1)
    april = manager.post("/lists?preview=true", files=files, data={"sheet": "Апрель"}).json()
    assert (april["sheet"], april["rows_total"]) == ("Апрель", 1)
    made = manager.post("/lists", files=files, headers={"Idempotency-Key": "book"})
    ready = finished(manager, made.json())
    assert (ready["state"], ready["contacts"]) == ("ready", 1)
    found = manager.get("/contacts", params={"q": "Книжная"}).json()["items"]
    assert [one["phone"] for one in found] == ["+70005550161"]


def test_people_of_other_lists_are_left_out_or_added_to(site: Site) -> None:
    manager = site.browser_of("manager")
    imported(manager, name="Весна")
    text = "Телефон;Имя\r\n+7 000 555-01-31;Анна Осенняя\r\n"
    seen = upload(manager, text=text, preview=True, key=None, duplicates="skip").json()
    (row,) = seen["first_rows"]
    assert (row["verdict"], row["reason"]) == ("duplicate", "known_already")
    assert row["args"] == {"list": "Весна", "row": "2"}
    told = imported(manager, text=text, key="autumn", duplicates="update")
    assert (told["verdicts"]["merged"], told["contacts"]) == (1, 0)
    found = manager.get("/contacts", params={"q": "Осенняя"}).json()["items"]
    assert [one["phone"] for one in found] == ["+70005550131"]
    assert manager.delete(f"/lists/{told['id']}").status_code == 204
    assert manager.get("/contacts", params={"q": "Осенняя"}).json()["items"] == []


def test_a_way_with_duplicates_that_there_is_not_is_refused(site: Site) -> None:
    answer = upload(site.browser_of("manager"), duplicates="burn")
    assert answer.status_code == 422
    assert "keep, skip, update" in answer.json()["next_step"]


def test_what_columns_were_for_is_known_the_next_time(site: Site) -> None:
    manager = site.browser_of("manager")
    text = "Куда;Прочее\r\n+70005550171;x\r\n"
    imported(manager, text=text, mapping='{"Прочее": "ignored"}')
    told = upload(manager, text=text, preview=True, key=None).json()
    assert [column["use"] for column in told["columns"]] == ["phone", "ignored"]
    assert [note["id"] for note in told["notes"]] == ["encoding_read", "columns_remembered"]
    other = site.browser_of("manager", "other")
    told = upload(other, text=text, preview=True, key=None).json()
    assert [column["use"] for column in told["columns"]] == ["phone", "field"]


def test_problem_rows_say_what_is_wrong_in_the_persons_language(site: Site) -> None:
    manager = site.browser_of("manager")
    manager.patch("/session", json={"language": "ru"})
    told = imported(manager)
    text = manager.get(f"/lists/{told['id']}/problems.csv").text
    assert "Это не номер: 12. Напишите его с кодом страны" in text


def test_a_held_file_is_read_by_several_at_once() -> None:
    file = io.BytesIO(b"one\ntwo\nthree\n")
    held = asyncio.run(hold(UploadFile(file)))
    assert held.sha256 == hashlib.sha256(file.getvalue()).hexdigest()
    first, second = held.open(), held.open()
    assert (first.readline(), second.readline(), first.readline()) == (b"one\n",) * 2 + (b"two\n",)
    assert (first.seek(0, 2), first.seek(-6, 1), first.read()) == (14, 8, b"three\n")
    first.close()
    assert second.read() == b"two\nthree\n"


def test_an_import_needs_a_key(site: Site) -> None:
    assert upload(site.browser_of("manager"), key=None).json()["code"] == "key_missing"


def test_a_list_nobody_was_called_from_can_be_taken_back(site: Site) -> None:
    manager = site.browser_of("manager")
    told = imported(manager)
    assert manager.delete(f"/lists/{told['id']}").status_code == 204
    assert manager.get(f"/lists/{told['id']}").json()["state"] == "undone"
    assert manager.get("/contacts", params={"q": "Борис"}).json()["items"] == []


def test_a_list_somebody_was_called_from_stays(site: Site) -> None:
    manager = site.browser_of("manager")
    answer = manager.delete(f"/lists/{site.town.own['list']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "list_already_dialled")
    assert manager.get(f"/lists/{site.town.own['list']}").json()["state"] == "ready"


def test_a_column_may_be_given_its_meaning_by_a_person(site: Site) -> None:
    manager = site.browser_of("manager")
    text = "Куда;Кому\r\n+70005550141;Вера\r\n"
    mapping = '{"Куда": "phone", "Кому": "name"}'
    told = imported(manager, text=text, mapping=mapping)
    assert told["verdicts"]["ok"] == 1
    found = manager.get("/contacts", params={"q": "Вера"}).json()["items"]
    assert found[0]["phone"] == "+70005550141"


@pytest.mark.parametrize("mapping", ["{", "[]", '{"A": "heart"}', "7"])
def test_a_wrong_mapping_is_refused_with_the_meanings_there_are(site: Site, mapping: str) -> None:
    answer = upload(site.browser_of("manager"), mapping=mapping)
    assert answer.status_code == 422
    assert "phone" in answer.json()["next_step"] or answer.json()["next_step"]


def test_a_file_without_numbers_is_previewed_but_not_imported(site: Site) -> None:
    manager = site.browser_of("manager")
    text = "Имя;Тариф\r\nАнна;M\r\n"
    told = upload(manager, text=text, preview=True).json()
    assert told["problems"] == ["no_phone_column"]
    answer = upload(manager, text=text)
    assert answer.status_code == 422
    assert answer.json()["args"] == {"problems": ["no_phone_column"]}


def test_a_form_without_a_file_is_refused(site: Site) -> None:
    manager = site.browser_of("manager")
    answer = manager.post("/lists", data={"name": "x"}, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("told", "kept"),
    [("../../etc/passwd", "passwd"), ("C:\\lists\\a.csv", "a.csv"), ("a\u202eb.csv", "ab.csv")],
)
def test_a_files_name_is_only_a_name(site: Site, told: str, kept: str) -> None:
    preview = upload(site.browser_of("manager"), preview=True, file=told).json()
    assert preview["file"] == kept


def test_an_import_that_breaks_is_told_as_failed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("canary-12")

    monkeypatch.setattr(type(site.town.office), "import_list", breaks)
    told = imported(site.browser_of("manager"))
    assert told["state"] == "failed"
    assert told["problem"]["code"] == "internal"
    assert "canary" not in str(told)


def test_another_organisation_does_not_see_an_import_on_its_way(site: Site) -> None:
    told = upload(site.browser_of("manager")).json()
    assert site.browser_of("manager", "other").get(f"/lists/{told['id']}").status_code == 404
    finished(site.browser_of("manager"), told)
