"""`vyzov phone`: what a person types to make, see and remove a desk phone, and to be one."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vyzov.app import load_settings
from vyzov.cli import app
from vyzov.cli.phone import phone_settings
from vyzov.cli.serve import first_run
from vyzov.core.errors import InvalidRequest
from vyzov.dialer.runtime import SystemClock, SystemDice
from vyzov.sip.auth import secret_hash
from vyzov.sip.events import Transport
from vyzov.storage.office import open_office


@pytest.fixture
def data(tmp_path: Path) -> Path:
    first_run(load_settings(tmp_path), password="a password of a test")
    return tmp_path


def typed(*words: str) -> str:
    """Runs a command that must succeed; returns what it printed."""
    result = CliRunner().invoke(app, ["phone", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def added(data: Path, *more: str) -> dict[str, object]:
    told: dict[str, object] = json.loads(
        typed("add", "Desk 4", "--agent", "admin", "--data", str(data), "--json", *more)
    )
    return told


def test_a_phone_is_made_with_all_that_has_to_be_typed_into_it(data: Path) -> None:
    told = added(data)
    office = open_office(data / "vyzov.db", clock=SystemClock(), randomness=SystemDice())
    (kept,) = office.phones(office.organisations()[0].id)
    name, password = str(told["username"]), str(told["password"])
    assert kept.ha1 == {"SHA-256": secret_hash("SHA-256", name, "vyzov", password)}
    assert told["servers"] == ["udp:127.0.0.1:5062", "tcp:127.0.0.1:5062"]


def test_md5_is_kept_where_it_is_asked_for(data: Path) -> None:
    added(data, "--allow-md5")
    (row,) = json.loads(typed("list", "--data", str(data), "--json"))
    assert row["allow_md5"] is True


def test_without_json_a_person_can_read_it(data: Path) -> None:
    text = typed("add", "Desk 4", "--agent", "admin", "--data", str(data))
    assert "told this once" in text
    assert "127.0.0.1:5062" in text


def test_the_list_says_that_nobody_runs(data: Path) -> None:
    assert "no desk phone" in typed("list", "--data", str(data))
    told = added(data)
    line = typed("list", "--data", str(data))
    assert str(told["username"]) in line
    assert "does not run" in line
    assert str(told["password"]) not in line


def test_a_removed_phone_is_gone(data: Path) -> None:
    name = str(added(data)["username"])
    assert name in typed("remove", name, "--data", str(data))
    assert json.loads(typed("list", "--data", str(data), "--json")) == []
    with pytest.raises(InvalidRequest, match="no desk phone"):
        typed("remove", name, "--data", str(data))


def test_a_login_nobody_has_and_a_folder_without_vyzov_are_told(data: Path) -> None:
    with pytest.raises(InvalidRequest, match="Nobody signs in as 'ghost'"):
        typed("add", "Desk", "--agent", "ghost", "--data", str(data))
    with pytest.raises(InvalidRequest, match="There is no Vyzov"):
        typed("list", "--data", str(data / "empty"))


@pytest.mark.parametrize(
    ("text", "transport", "host"),
    [
        ("udp:127.0.0.1:5062", Transport.UDP, "127.0.0.1"),
        ("tcp:192.0.2.1:5062", Transport.TCP, "192.0.2.1"),
        ("127.0.0.1:5062", Transport.UDP, "127.0.0.1"),
    ],
)
def test_a_server_is_read_as_it_was_printed(text: str, transport: Transport, host: str) -> None:
    read = phone_settings(text, "1001", "secret", tone=0.0, ring=1.0)
    assert (read.transport, read.host, read.port) == (transport, host, 5062)


@pytest.mark.parametrize("text", ["", "127.0.0.1", "tls:127.0.0.1:5063", "udp::5062", "udp:a:b"])
def test_a_server_a_program_phone_cannot_use_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="no server of a program phone"):
        phone_settings(text, "1001", "secret", tone=0.0, ring=1.0)
