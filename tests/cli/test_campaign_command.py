"""`vyzov campaign`: a campaign written to a file, and a draft made of it in another installation."""

import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vyzov.cli import app
from vyzov.cli.serve import first_run
from vyzov.core.campaign import CampaignSettings
from vyzov.core.errors import InvalidRequest
from vyzov.dialer.office_records import TrunkSettings
from vyzov.dialer.runtime import SystemClock, SystemDice
from vyzov.settings import load_settings
from vyzov.storage.office import SqlOffice, open_office


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("made")
    first_run(load_settings(data), password="a password of a test")
    return data


def home(made: Path, folder: Path) -> tuple[Path, SqlOffice, str]:
    folder.mkdir()
    (folder / "vyzov.db").write_bytes((made / "vyzov.db").read_bytes())
    office = open_office(str(folder / "vyzov.db"), clock=SystemClock(), randomness=SystemDice())
    return folder, office, office.organisations()[0].id


def run(data: Path, *words: str) -> str:
    done = CliRunner().invoke(app, [*words, "--data", str(data)])
    if done.exception is not None:
        raise done.exception
    return done.stdout


def furnished(office: SqlOffice, organisation: str) -> CampaignSettings:
    trunk = office.create_trunk(organisation, TrunkSettings("Carrier", "127.0.0.1"))
    made = CampaignSettings.from_json(
        {"mode": "predictive", "purpose": "survey", "caller_id": "+70005550199",
         "trunks": [trunk.id], "agents": [office.users(organisation)[0].id], "lines_max": 17}
    )  # fmt: skip
    office.create_campaign(organisation, name="Весна", settings=made.to_json())
    return made


def test_a_file_makes_the_same_campaign_in_another_installation(made: Path, tmp_path: Path) -> None:
    here, office, organisation = home(made, tmp_path / "here")
    settings = furnished(office, organisation)
    file = tmp_path / "spring.toml"
    assert str(file) in run(here, "campaign", "export", "Весна", "--out", str(file))
    assert tomllib.loads(file.read_text("utf-8"))["settings"]["trunks"] == ["Carrier"]
    assert run(here, "campaign", "export", "Весна") == file.read_text("utf-8")

    there, office, organisation = home(made, tmp_path / "there")
    with pytest.raises(InvalidRequest, match="'Carrier'"):
        run(there, "campaign", "import", str(file))
    trunk = office.create_trunk(organisation, TrunkSettings("Carrier", "127.0.0.1"))
    told = json.loads(run(there, "campaign", "import", str(file), "--name", "Лето", "--json"))
    (draft,) = office.campaigns(organisation)
    assert told == {"id": draft.id, "name": "Лето", "state": "draft"}
    expected = settings.to_json() | {"trunks": [trunk.id]}
    assert CampaignSettings.from_json(draft.settings).to_json() == expected
    assert json.loads(run(there, "campaign", "list", "--json"))[0]["id"] == draft.id
    assert "Лето" in run(there, "campaign", "list")


def test_what_cannot_be_read_is_refused_in_words(made: Path, tmp_path: Path) -> None:
    here, _, _ = home(made, tmp_path / "here")
    with pytest.raises(InvalidRequest, match="There is no file"):
        run(here, "campaign", "import", str(tmp_path / "nothing.toml"))
    odd = tmp_path / "odd.toml"
    odd.write_bytes("Весна".encode("cp1251"))
    with pytest.raises(InvalidRequest, match="UTF-8"):
        run(here, "campaign", "import", str(odd))
    with pytest.raises(InvalidRequest, match="0 campaigns"):
        run(here, "campaign", "export", "Весна")
    with pytest.raises(InvalidRequest, match="no Vyzov"):
        run(tmp_path / "elsewhere", "campaign", "list")
