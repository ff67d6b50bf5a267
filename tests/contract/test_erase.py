"""A person erased from a whole data folder: nothing of them is found, everything else works."""

import json
from dataclasses import replace
from pathlib import Path

from contract_house import House, row
from typer.testing import CliRunner

from vyzov.cli import app as command
from vyzov.core.chain_proof import prove
from vyzov.core.facts import FactKind
from vyzov.dialer import writes as w
from vyzov.dialer.journal import line_of
from vyzov.dialer.office_records import FactQuery, RowVerdict
from vyzov.storage.anchors import heads
from vyzov.storage.connections import open_engine
from vyzov.storage.erase_files import Folders, erase_files, search
from vyzov.storage.export import fact_lines

NUMBER, OTHER = "+70005550077", "+70005550078"
NAME = "Анна Ветрова-Канарейкина"
SECRETS = (NAME, NUMBER, "plan canary", "note canary text", "result canary text", "field canary")


def a_called_person(house: House, folder: Path) -> str:
    """Somebody who was called, recorded and written about; returns their contact's id."""
    campaign = house.campaign(
        [row(2, NUMBER, name=NAME, plan="plan canary"), row(3, OTHER, name="Борис Лесной")]
    ).id
    store = house.store()
    due = house.due(store, campaign)[0]
    reserve = house.reserve(due)
    at = house.clock.now
    store.commit(
        (
            reserve,
            house.fact(reserve.attempt, contact=due.contact),
            house.finish(reserve.attempt, "answered_human"),
            w.AddDisposition(
                "d", reserve.attempt, due.contact, None, "sale", at, {"a": "field canary"},
                "result canary text",
            ),
            w.AddRecording("r", reserve.attempt, "x/talk.wav", 1.0, 1, "", at),
            w.SetNote(due.contact, "note canary text"),
        )
    )  # fmt: skip
    (folder / "recordings" / "x").mkdir(parents=True)
    (folder / "recordings" / "x" / "talk.wav").write_bytes(b"RIFF\0")
    (folder / "log").mkdir()
    (folder / "log" / "floor.log").write_text(f"WARNING {due.contact}: {NAME}, plan canary\n")
    (folder / "clients.csv").write_text(f"{NAME};8 (000) 555-00-77;plan canary\nБорис;{OTHER};M\n")
    (folder / "sip").mkdir()
    step = {"call": reserve.call_id, "text": f"INVITE sip:{NUMBER}@box\r\nTo: <{NAME}>"}
    other = {"call": "other", "text": f"INVITE sip:{OTHER}@box"}
    (folder / "sip" / "sip-1.jsonl").write_text(json.dumps(step) + "\n" + json.dumps(other) + "\n")
    return due.contact


def folders_of(house: House, folder: Path) -> Folders:
    return Folders(
        folder, house.address, folder / "recordings", folder / "journal", folder / "sip", ()
    )


def test_nothing_of_an_erased_person_is_found_in_database_or_files(
    house: House, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    contact = a_called_person(house, folder)
    folders = folders_of(house, folder)
    person = house.office.person(house.organisation, contact)
    assert person is not None
    assert search([person], folders) != []
    assert house.office.erase_contact(house.organisation, contact, by="Мария", stop=True) == (
        "x/talk.wav",
    )
    places = {place.name: place for place in erase_files([person], folders)}
    assert [place.left for place in places.values()] == [[]] * 5
    assert places["recordings"].removed == 1
    assert search([person], folders) == []
    everything = house.dump() + "".join(
        path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()
    )
    assert [one for one in SECRETS if one in everything] == []
    assert json.loads((folder / "sip" / "sip-1.jsonl").read_text().splitlines()[1])["text"]
    assert f"Борис;{OTHER};M\n" in (folder / "clients.csv").read_text()


def test_a_line_of_a_journal_that_cannot_be_read_is_blanked_too(
    house: House, tmp_path: Path
) -> None:
    contact = a_called_person(house, tmp_path)
    person = house.office.person(house.organisation, contact)
    assert person is not None
    aside = tmp_path / "journal" / "floor" / "1.damaged"
    aside.parent.mkdir(parents=True)
    note = line_of(1, house.clock.now, (w.SetNote(contact, "an older canary"),), 1)
    torn = line_of(2, house.clock.now, (w.SetNote(contact, "note canary text"),), 2)
    aside.write_bytes(note + b"?" + torn[1:])
    erase_files([person], folders_of(house, tmp_path))
    assert b"canary" not in aside.read_bytes()


def test_facts_prove_themselves_and_say_who_was_erased_by_id_alone(
    house: House, tmp_path: Path
) -> None:
    contact = a_called_person(house, tmp_path)
    house.office.erase_contact(house.organisation, contact, by="Мария")
    assert prove(fact_lines(house.address), heads(house.address)).finding is None
    told = house.office.facts(house.organisation, FactQuery(contact_id=contact))[-1].fact
    assert told.kind is FactKind.CONTACT_ERASED
    assert told.data == {"by": "Мария", "numbers": 1, "attempts": 1, "recordings": 1}


def test_the_stop_list_still_holds_a_person_nobody_knows_any_more(
    house: House, tmp_path: Path
) -> None:
    contact = a_called_person(house, tmp_path)
    house.office.erase_contact(house.organisation, contact, stop=True)
    (entry,) = house.office.stop_entries(house.organisation, e164=NUMBER).items
    assert (entry.e164, entry.reason) == (None, "erased")
    campaign = house.campaign([row(2, NUMBER, name="Кто-то")]).id
    (again,) = house.due(house.store(), campaign)
    refusal = house.refusal(house.store(), house.reserve(again))
    assert refusal is w.ReserveRefusal.STOP_LISTED


def test_a_result_written_after_the_erasure_says_nothing_about_the_person(
    house: House, tmp_path: Path
) -> None:
    contact = a_called_person(house, tmp_path)
    person = house.office.person(house.organisation, contact)
    assert person is not None
    house.office.erase_contact(house.organisation, contact)
    house.store().commit(
        (
            w.AddDisposition(
                "late", person.attempts[0], contact, None, "refused", house.clock.now,
                {"a": "field canary"}, "note canary text",
            ),
        )
    )  # fmt: skip
    attempt = house.office.attempt(house.organisation, person.attempts[0])
    assert attempt is not None
    assert attempt.result == "refused"
    assert "canary" not in house.dump()


def test_a_row_of_a_file_that_was_turned_away_is_emptied_too(house: House) -> None:
    good = row(2, NUMBER, name=NAME)
    bad = replace(
        row(3, NUMBER, name=NAME), verdict=RowVerdict.DUPLICATE, phones=(),
        raw=(NAME, "8 (000) 555-00-77"),
    )  # fmt: skip
    listed = house.list_of([good, bad])
    house.campaign(list_id=listed)
    (contact,) = house.office.contacts_of_number(house.organisation, NUMBER)
    house.office.erase_contact(house.organisation, contact)
    assert [item.raw for item in house.office.list_rows(house.organisation, listed).items] == [
        (), (),
    ]  # fmt: skip
    assert NAME not in house.dump()


def test_the_command_erases_by_number_and_prints_the_act(house: House, tmp_path: Path) -> None:
    contact = a_called_person(house, tmp_path)
    act = tmp_path.parent / "act.html"
    (tmp_path / "vyzov.toml").write_text(f"database = {json.dumps(str(house.address))}\n")
    done = CliRunner().invoke(
        command,
        ["erase", "--data", str(tmp_path), "--number", NUMBER, "--by", "Мария", "--act", str(act)],
    )
    assert done.exit_code == 0, done.output
    text = act.read_text(encoding="utf-8")
    for said in ("АКТ ОБ УНИЧТОЖЕНИИ", contact, "Мария", "№ 179", "article 17", "0 найдено/found"):
        assert said in text
    assert NAME not in text
    assert NUMBER not in text
    again = CliRunner().invoke(
        command, ["erase", "--data", str(tmp_path), "--number", NUMBER, "--json"]
    )
    assert json.loads(again.output)["contacts"] == []
    (line,) = (tmp_path / "erasures.jsonl").read_text().splitlines()[:1]
    assert json.loads(line)["contacts"] == [contact]


def test_somebody_on_a_call_is_not_erased_and_the_command_says_why(
    house: House, tmp_path: Path
) -> None:
    campaign = house.campaign([row(2, NUMBER, name=NAME)]).id
    store = house.store()
    due = house.due(store, campaign)[0]
    store.commit((house.reserve(due),))
    person = house.office.person(house.organisation, due.contact)
    assert person is not None
    assert person.live
    (tmp_path / "vyzov.toml").write_text(f"database = {json.dumps(str(house.address))}\n")
    done = CliRunner().invoke(command, ["erase", "--data", str(tmp_path), "--number", NUMBER])
    assert done.exit_code != 0
    assert house.office.contacts_of_number(house.organisation, NUMBER) == (due.contact,)


def test_whom_a_backup_brings_back_is_erased_again(house: House, tmp_path: Path) -> None:
    contact = a_called_person(house, tmp_path)
    (tmp_path / "vyzov.toml").write_text(f"database = {json.dumps(str(house.address))}\n")
    (tmp_path / "old.backup").touch()
    (tmp_path / "backups.jsonl").write_text(
        json.dumps({"file": str(tmp_path / "old.backup"), "at": "", "bytes": 0}) + "\n"
    )

    def told(*arguments: str) -> dict[str, object]:
        given = ["erase", "--data", str(tmp_path), "--json", *arguments]
        answer: dict[str, object] = json.loads(CliRunner().invoke(command, given).output)
        return answer

    first = told("--contact", contact)
    assert (first["ok"], first["backups"]) == (True, [str(tmp_path / "old.backup")])
    assert told("--again")["contacts"] == []
    edit(house, f"UPDATE contact SET erased_at = NULL WHERE id = '{contact}'")
    assert told("--again")["contacts"] == [contact]


def edit(house: House, statement: str) -> None:
    """What an older database looks like."""
    engine = open_engine(house.address, writes=True)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def test_a_longer_number_is_somebody_elses(house: House, tmp_path: Path) -> None:
    contact = a_called_person(house, tmp_path)
    person = house.office.person(house.organisation, contact)
    assert person is not None
    (tmp_path / "elsewhere").mkdir()
    folders = replace(folders_of(house, tmp_path), data=tmp_path / "elsewhere")
    file = tmp_path / "elsewhere" / "life.jsonl"
    file.write_text(f'{{"e164":"{NUMBER}1298"}}')
    assert search([person], folders) == []
    file.write_text(f'{{"e164":"{NUMBER}"}}')
    assert search([person], folders) == [str(file)]
