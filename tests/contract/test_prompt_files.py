"""Prompts and their files: one thing, in the store, in the folder the engine reads, and in a backup."""

import hashlib
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from contract_house import House
from typer.testing import CliRunner

from vyzov.cli import app as commands
from vyzov.core.errors import InvalidRequest, StoreFault
from vyzov.dialer import prompt_records
from vyzov.dialer.prompt_records import NewPromptFile, PromptOrigin
from vyzov.dialer.runtime import SystemClock, SystemDice
from vyzov.storage import office_prompts
from vyzov.storage.first_run import first_run
from vyzov.storage.office import open_office
from vyzov.storage.office_prompts import Prompts
from vyzov.storage.prompt_files import PromptFiles, carried, put_back

NEW = NewPromptFile("hello", "ru", PromptOrigin.UPLOADED, "a.wav", 1500, -20.04, -33.27, b"sound")
AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def office(house: House, tmp_path: Path) -> Prompts:
    opened = Prompts(house.address, clock=house.clock, randomness=house.dice)
    opened.keep_prompts(PromptFiles(tmp_path / "prompts"))
    return opened


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_prompt_is_a_row_and_a_file(house: House, office: Prompts, tmp_path: Path) -> None:
    made = office.save_prompt(house.organisation, NEW, by="u1", replace=False)
    assert (made.ms, made.level_dbm0, made.given_dbm0, made.bytes) == (1500, -20.0, -33.3, 5)
    assert made.sha256 == hashlib.sha256(b"sound").hexdigest()
    assert (made.by, made.at) == ("u1", house.clock.now)
    assert office.prompt(house.organisation, made.id) == made
    english = office.save_prompt(
        house.organisation, replace(NEW, language="en"), by="u1", replace=True
    )
    assert office.prompts(house.organisation) == (english, made)
    own = f"{house.organisation}/ru/hello.wav"
    assert files_in(tmp_path / "prompts")[own] == b"sound"
    assert office.delete_prompt(house.organisation, made.id) == made
    assert office.delete_prompt(house.organisation, made.id) is None
    assert set(files_in(tmp_path / "prompts")) == {f"{house.organisation}/en/hello.wav"}


def test_a_refused_prompt_leaves_neither_row_nor_file(
    house: House, office: Prompts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = office.save_prompt(house.organisation, NEW, by="u1", replace=False)
    other = replace(NEW, wav=b"another")
    with pytest.raises(InvalidRequest, match="is there in this language already"):
        office.save_prompt(house.organisation, other, by="u2", replace=False)
    monkeypatch.setattr(office_prompts, "PROMPTS_MOST", 1)
    assert prompt_records.PROMPTS_MOST == 500
    with pytest.raises(InvalidRequest, match="There are 1 prompts already"):
        office.save_prompt(house.organisation, replace(NEW, name="bye"), by="u2", replace=False)
    assert office.prompts(house.organisation) == (made,)
    assert list(files_in(tmp_path / "prompts").values()) == [b"sound"]


def test_a_full_disk_keeps_what_was_there(
    house: House, office: Prompts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = office.save_prompt(house.organisation, NEW, by="u1", replace=False)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreFault, match="No space left on device"):
        office.save_prompt(house.organisation, replace(NEW, wav=b"x"), by="u2", replace=True)
    monkeypatch.undo()
    assert office.prompts(house.organisation) == (made,)
    assert list(files_in(tmp_path / "prompts").values()) == [b"sound"]
    bare = Prompts(house.address, clock=house.clock, randomness=house.dice)
    with pytest.raises(StoreFault, match="no folder of prompts"):
        bare.delete_prompt(house.organisation, made.id)


def flow_that_plays(name: str) -> dict[str, object]:
    return {"start": "a", "steps": {"a": {"do": "hang_up", "prompt": name}}}


@pytest.mark.parametrize(
    "settings",
    [
        {"flow": flow_that_plays("hello")},
        {"flow": flow_that_plays("x") | {"on_machine": {"leave": "hello"}}},
        {"safe_harbour_prompt": "hello"},
    ],
)
def test_a_prompt_is_kept_while_a_campaign_plays_it(
    house: House, office: Prompts, settings: dict[str, object]
) -> None:
    made = office.save_prompt(house.organisation, NEW, by="u1", replace=False)
    campaign = house.campaign()
    plain = dict(campaign.settings)
    house.office.change_campaign(house.organisation, campaign.id, settings=plain | settings)
    with pytest.raises(InvalidRequest, match=campaign.name):
        office.delete_prompt(house.organisation, made.id)
    house.office.set_campaign_state(house.organisation, campaign.id, "completed")
    assert office.delete_prompt(house.organisation, made.id) == made


# ---- backups -------------------------------------------------------------------------------------


@pytest.fixture
def installed(tmp_path: Path) -> Callable[[str], Path]:
    def make(name: str) -> Path:
        data = tmp_path / name
        data.mkdir()
        first_run(
            data / "vyzov.db", clock=SystemClock(), randomness=SystemDice(), number_salt="11" * 32,
            organisation="Own", login="admin", name="Admin", password_hash="x",
        )  # fmt: skip
        return data

    return make


def test_a_backup_brings_its_prompts_back_and_moves_later_ones_aside(
    installed: Callable[[str], Path], tmp_path: Path
) -> None:
    data, copy = installed("here"), tmp_path / "copy.backup"
    prompts = PromptFiles(data / "prompts")
    address = str(data / "vyzov.db")
    office = open_office(address, clock=SystemClock(), randomness=SystemDice(), prompts=prompts)
    with closing(office):  # type: ignore[type-var]
        [organisation] = office.organisations()
        office.save_prompt(organisation.id, NEW, by="u1", replace=False)
        run = CliRunner().invoke(commands, ["backup", str(copy), "--data", str(data)])
        assert run.exit_code == 0, run.output
        later = replace(NEW, wav=b"later")
        office.save_prompt(organisation.id, later, by="u1", replace=True)
        office.save_prompt(organisation.id, replace(NEW, name="bye"), by="u1", replace=False)
    for place in (data, tmp_path / "elsewhere"):
        told = CliRunner().invoke(commands, ["restore", str(copy), "--data", str(place), "--json"])
        assert told.exit_code == 0, told.output
        assert files_in(place / "prompts") == {f"{organisation.id}/ru/hello.wav": b"sound"}
        aside = json.loads(told.output)["prompts_aside"]
        if place == data:
            kept = files_in(Path(aside))
            assert kept[f"{organisation.id}/ru/hello.wav"] == b"later"
            assert len(kept) == 2
        else:
            assert aside is None
        again = open_office(str(place / "vyzov.db"), clock=SystemClock(), randomness=SystemDice())
        with closing(again):  # type: ignore[type-var]
            [row] = again.prompts(organisation.id)
        assert row.sha256 == hashlib.sha256(b"sound").hexdigest()


def test_only_prompts_are_carried_and_put_back(tmp_path: Path) -> None:
    PromptFiles(tmp_path / "prompts").put("org-1", "ru", "hello", b"sound")
    (tmp_path / "prompts" / "org-1" / "ru" / "Not A Name.wav").write_bytes(b"x")
    (tmp_path / "secret.key").write_bytes(b"ab")
    good = {"prompts/org-1/ru/hello.wav": b"sound"}
    assert carried(tmp_path) == good
    hostile = {
        "prompts/../../etc/ru/hello.wav": b"x", "prompts/a/b/c/ru/hello.wav": b"x",
        "secret.key": b"x", "/prompts/o/ru/hello.wav": b"x",
    }  # fmt: skip
    target = tmp_path / "target"
    target.mkdir()
    assert put_back(good | hostile, target, AT) is None
    assert files_in(target) == good
    assert put_back(good | hostile, target, AT) is None, "nothing differs: nothing is moved"
    assert put_back({}, target, AT) == target / "prompts.before-restore-20261123T120000"
    assert carried(target) == {}
