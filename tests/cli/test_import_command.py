"""`vyzov import` and `vyzov lists`: a file looked at, brought in, given to a campaign, taken back."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from vyzov.cli import app, list_work
from vyzov.cli.serve import first_run
from vyzov.core.errors import InvalidRequest
from vyzov.dialer.office_store import OfficeStore
from vyzov.dialer.runtime import SystemClock, SystemDice
from vyzov.settings import load_settings
from vyzov.storage.office import open_office

LIST = (
    "Куда;Имя;Тариф\r\n"
    "+7 000 555-01-01;Анна Лугова;M\r\n"
    "8 000 555-01-02 / 8 000 555-01-03;Пётр Ветров;L\r\n"
    "+7 000 555-01-01;Анна ещё раз;M\r\n"
    "=1+1;Формула;S\r\n"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("made")
    first_run(load_settings(data), password="a password of a test")
    return data


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    (tmp_path / "vyzov.db").write_bytes((made / "vyzov.db").read_bytes())
    return tmp_path


def office_of(home: Path) -> tuple[OfficeStore, str]:
    office = open_office(str(home / "vyzov.db"), clock=SystemClock(), randomness=SystemDice())
    return office, office.organisations()[0].id


def run(home: Path, *words: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, [*words, "--data", str(home), "--json"])
    if done.exception is not None:
        raise done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def listed(home: Path, text: str = LIST, name: str = "clients.csv") -> str:
    file = home / name
    file.write_bytes(text.encode("cp1251"))
    return str(file)


def test_a_dry_run_says_all_and_writes_nothing(home: Path) -> None:
    verdicts, problems = home / "out.jsonl", home / "problems.csv"
    told = run(
        home, "import", listed(home), "--dry-run", "--lang", "ru",
        "--verdicts", str(verdicts), "--problems", str(problems),
    )  # fmt: skip
    assert (told["format"], told["encoding"], told["delimiter"]) == ("csv", "cp1251", ";")
    assert [column["use"] for column in told["columns"]] == ["phone", "name", "field"]
    assert (told["rows"], told["list"], told["dry_run"]) == (4, None, True)
    assert told["verdicts"] == {"ok": 2, "merged": 0, "duplicate": 1, "problem": 1}
    lines = [json.loads(line) for line in verdicts.read_text(encoding="utf-8").splitlines()]
    assert [(line["row"], line["verdict"]) for line in lines] == [
        (2, "ok"), (3, "ok"), (4, "duplicate"), (5, "problem"),
    ]  # fmt: skip
    assert lines[1]["phones"] == ["+70005550102", "+70005550103"]
    assert lines[2]["said"] == "Повторяет строку 2"
    rows = list(csv.reader(problems.read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0] == ["row", "reason", "what"]
    assert [rows[1][0], rows[1][1], rows[1][3]] == ["5", "phone_invalid", "'=1+1"]
    office, organisation = office_of(home)
    assert office.lists(organisation) == ()


def test_a_dry_run_needs_no_installation(tmp_path: Path) -> None:
    told = run(tmp_path / "nowhere", "import", listed(tmp_path), "--dry-run")
    assert told["rows"] == 4
    with pytest.raises(InvalidRequest, match="There is no Vyzov"):
        run(tmp_path / "nowhere", "import", listed(tmp_path))


def test_an_import_gives_its_people_to_the_campaign_and_is_taken_back(home: Path) -> None:
    office, organisation = office_of(home)
    settings = {"mode": "progressive", "purpose": "service"}
    campaign = office.create_campaign(organisation, name="Весна", settings=settings)
    told = run(home, "import", listed(home), "--campaign", "Весна", "--name", "Март")
    assert (told["campaign"], told["rows"]) == (campaign.id, 4)
    progress = office.campaign_progress(organisation, campaign.id)
    assert progress is not None
    assert progress.fresh == 2
    (one,) = office.lists(organisation)
    assert (one.id, one.name, one.contacts, one.campaigns) == (
        told["list"], "Март", 2, (campaign.id,),
    )  # fmt: skip
    done = CliRunner().invoke(app, ["lists", "list", "--data", str(home), "--json"])
    assert [(row["name"], row["contacts"]) for row in json.loads(done.stdout)] == [("Март", 2)]
    assert CliRunner().invoke(app, ["lists", "undo", "Март", "--data", str(home)]).exit_code == 0
    assert office.contacts(organisation).items == ()
    with pytest.raises(InvalidRequest, match="0 lists are called"):
        run_plain(home, "lists", "undo", "Март")


def run_plain(home: Path, *words: str) -> None:
    done = CliRunner().invoke(app, [*words, "--data", str(home)])
    if done.exception is not None:
        raise done.exception


def test_people_of_other_lists_are_kept_skipped_or_updated(home: Path) -> None:
    run(home, "import", listed(home), "--name", "Март")
    again = listed(home, "Куда;Имя\r\n+7 000 555-01-01;Анна Полева\r\n", "april.csv")
    skipped = run(home, "import", again, "--dry-run", "--duplicates", "skip")
    assert skipped["reasons"] == {"known_already": 1}
    kept = run(home, "import", again, "--dry-run")
    assert kept["verdicts"]["ok"] == 1
    updated = run(home, "import", again, "--duplicates", "update")
    assert (updated["verdicts"]["merged"], updated["reasons"]) == (1, {"contact_updated": 1})
    office, organisation = office_of(home)
    found = office.contacts(organisation, search="Полева").items
    assert [card.list_name for card in found] == ["Март"]


def test_what_columns_were_for_is_remembered(home: Path) -> None:
    text = "Кому;Куда;Прочее\r\nАнна;+70005550101;12345\r\n"
    run(home, "import", listed(home, text), "--columns", "Кому=name,Прочее=ignored")
    told = run(home, "import", listed(home, text), "--dry-run")
    assert [column["use"] for column in told["columns"]] == ["name", "phone", "ignored"]
    assert "columns_remembered" in [note["id"] for note in told["notes"]]
    told = run(home, "import", listed(home, text), "--dry-run", "--columns", "Прочее=field")
    assert [column["use"] for column in told["columns"]] == ["name", "phone", "field"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--columns", "Имя=heart"], "says no meaning"),
        (["--lang", "de"], "no words in 'de'"),
        (["--region", "ZZ"], "no country 'ZZ'"),
        (["--encoding", "ebcdic"], "no encoding 'ebcdic'"),
        (["--campaign", "Осень"], "0 campaigns are called"),
        (["--columns", "Куда=field"], "No column with numbers is seen"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_way_out(
    home: Path, more: list[str], said: str
) -> None:
    text = "Куда;Имя\r\n+7 000 555-01-01;Анна\r\nнет;Пётр\r\nнет;Вера\r\n"
    with pytest.raises(InvalidRequest, match=said):
        run(home, "import", listed(home, text), *more)


def test_a_file_that_is_not_there_is_named(home: Path) -> None:
    with pytest.raises(InvalidRequest, match="no file"):
        run(home, "import", str(home / "none.csv"))


class Terminal(io.StringIO):
    """An error output that a person looks at."""

    def isatty(self) -> bool:
        return True


def test_a_person_at_a_terminal_sees_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Телефон\r\n" + "".join(f"+7 000 555-{n:04d}\r\n" for n in range(600))
    terminal = Terminal()
    monkeypatch.setattr(list_work, "PROGRESS_S", -1.0)
    monkeypatch.setattr(list_work.sys, "stderr", terminal)
    order = list_work.Order(Path(listed(tmp_path, text)), dry_run=True)
    list_work.import_list(tmp_path / "nowhere", order, as_json=True)
    assert terminal.getvalue().endswith("\r256 rows \r512 rows \r")
