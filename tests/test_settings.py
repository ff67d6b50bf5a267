"""`vyzov.toml` belongs to whoever edits it; a flag of `vyzov serve` holds for one run."""

import asyncio
import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from vyzov import app as home
from vyzov import cli
from vyzov.app import Settings, load_settings, save_settings, write_first
from vyzov.cli.precedence import Precedence
from vyzov.core.errors import InvalidRequest

# The package has a command of that name as well.
serving = importlib.import_module("vyzov.cli.serve")

ADDRESS = "postgresql://vyzov:s3cret@db.example:5433/calls"
EVERYTHING = {
    "database": ADDRESS,
    "floor": 'north "1"',
    "web_host": "192.0.2.1",
    "web_port": 8081,
    "sip_host": "192.0.2.2",
    "sip_port": 5063,
    "rtp_first": 40000,
    "rtp_last": 40999,
    "advertised_host": "198.51.100.7",
    "webrtc_hosts": ("192.0.2.1", "192.0.2.2"),
    "prompt_folders": ("/srv/голоса",),
    "secure_cookie": True,
    "trusted_proxies": ("192.0.2.9",),
    "extra_origins": ("https://vega.example",),
}


def written(folder: Path, text: str) -> Path:
    path = folder / "vyzov.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, **EVERYTHING)
    assert {name: getattr(settings, name) for name in EVERYTHING} == EVERYTHING
    save_settings(settings)
    assert load_settings(tmp_path) == settings


def test_a_new_file_shows_every_setting_as_a_comment_and_changes_none(tmp_path: Path) -> None:
    plain = Settings(data=tmp_path.resolve())
    write_first(plain)
    text = (tmp_path / "vyzov.toml").read_text(encoding="utf-8")
    assert load_settings(tmp_path) == plain
    assert "# web_port = 8080\n" in text
    assert "# secure_cookie = false\n" in text
    written(tmp_path, text.replace("# ", "").partition("\n\n")[2])
    assert load_settings(tmp_path) == plain, "each line is one the reader takes"


def test_a_file_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    path = written(tmp_path, "# our carrier's side\nsip_host = '192.0.2.10'\n")
    before = path.read_bytes()
    write_first(load_settings(tmp_path, web_port=9000))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("web_prot = 1", "web_prot"),
        ("web_port = '8080'", "web_port"),
        ("web_port = true", "web_port"),
        ("secure_cookie = 'false'", "secure_cookie"),
        ("trusted_proxies = '192.0.2.9'", "trusted_proxies"),
        ("extra_origins = [1]", "extra_origins"),
        ("web_port = ", "vyzov.toml"),
    ],
)
def test_a_setting_that_cannot_be_taken_is_named(tmp_path: Path, text: str, named: str) -> None:
    written(tmp_path, text)
    with pytest.raises(InvalidRequest, match=named):
        load_settings(tmp_path)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What `serve` would start, without its processes."""
    seen: list[list[str]] = []

    def supervise(
        settings: Settings, given: dict[str, Any], _on_event: Callable[..., None]
    ) -> None:
        seen.extend(list(child.arguments) for child in serving.children(settings, given))

    monkeypatch.setattr(serving, "supervise", supervise)
    monkeypatch.setattr(serving, "first_run", lambda _settings: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    return seen


def lived(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings with which a child started so would live."""
    seen: list[Settings] = []
    monkeypatch.setattr("vyzov.cli.precedence.come_first", lambda _kind: Precedence.NONE)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    monkeypatch.setattr(
        "vyzov.cli.processes.live",
        lambda _kind, settings, _name, _granted: seen.append(settings),  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    )
    result = CliRunner().invoke(cli.app, arguments)
    assert result.exit_code == 0, result.output
    [settings] = seen
    return settings


def test_a_flag_holds_for_this_run_and_reaches_every_process(
    tmp_path: Path, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "# ours\nweb_port = 8090 # kept\nsip_port = 5070\n")
    before = path.read_bytes()
    serving.serve(tmp_path, web_host=None, web_port=9000, sip_port=None)
    assert path.read_bytes() == before
    assert [arguments[0] for arguments in started] == ["engine", "floor", "web", "worker"]
    for arguments in started:
        settings = lived(arguments, monkeypatch)
        assert (settings.web_port, settings.sip_port) == (9000, 5070)


def test_a_flag_of_the_first_run_does_not_stay(
    tmp_path: Path, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    serving.serve(tmp_path, web_host="127.0.0.2", web_port=9000, sip_port=5099)
    assert lived(started[0], monkeypatch).web_host == "127.0.0.2"
    assert load_settings(tmp_path) == Settings(data=tmp_path.resolve())
    started.clear()
    serving.serve(tmp_path, web_host=None, web_port=None, sip_port=None)
    assert started[0] == ["engine", "--data", str(tmp_path.resolve())]


def test_a_database_is_a_file_of_the_folder_unless_an_address_is_named(tmp_path: Path) -> None:
    assert load_settings(tmp_path).database == str(tmp_path / "vyzov.db")
    written(tmp_path, f'database = "{ADDRESS}"\n')
    assert load_settings(tmp_path).database == ADDRESS
    assert load_settings(tmp_path, database="other.db").database == str(tmp_path / "other.db")


def test_the_environment_goes_before_the_file_and_a_flag_before_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, "database = 'file.db'\n")
    monkeypatch.setenv("VYZOV_DATABASE", ADDRESS)
    assert load_settings(tmp_path).database == ADDRESS
    assert load_settings(tmp_path, database="flag.db").database == str(tmp_path / "flag.db")


def test_a_password_stands_in_no_command_line_and_no_new_file(
    tmp_path: Path, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VYZOV_DATABASE", "")
    serving.serve(tmp_path, web_host=None, web_port=None, sip_port=None, database=ADDRESS)
    assert "s3cret" not in str(started)
    assert "s3cret" not in (tmp_path / "vyzov.toml").read_text(encoding="utf-8")
    assert "s3cret" not in repr(load_settings(tmp_path))
    assert lived(started[1], monkeypatch).database == ADDRESS


@pytest.mark.parametrize("wrong", ["mysql://me:s3cret@db/x", "postgresql://me:s3cret@db"])
def test_an_address_that_cannot_be_taken_is_refused_and_not_repeated(
    tmp_path: Path, wrong: str
) -> None:
    with pytest.raises(InvalidRequest, match="setting `database`") as refused:
        load_settings(tmp_path, database=wrong)
    assert "s3cret" not in str(refused.value)


def test_the_file_of_settings_is_its_owners_alone(tmp_path: Path) -> None:
    write_first(Settings(data=tmp_path.resolve()))
    assert (tmp_path / "vyzov.toml").stat().st_mode & 0o077 == 0


def test_the_web_process_is_told_of_proxies_origins_and_the_cookie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []

    async def serve(_office: object, settings: object, **_stop: object) -> None:
        told.append(settings)

    monkeypatch.setattr("vyzov.web.server.serve", serve)
    settings = replace(
        load_settings(tmp_path), secure_cookie=True, trusted_proxies=("192.0.2.9",),
        extra_origins=("https://vega.example",),
    )  # fmt: skip
    asyncio.run(home.run_web(settings, lambda _stop: None))
    [web] = told
    assert (web.secure_cookie, web.trusted_proxies, web.extra_origins) == (
        True, ("192.0.2.9",), ("https://vega.example",),
    )  # fmt: skip
