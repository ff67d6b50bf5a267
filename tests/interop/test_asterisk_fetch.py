"""Which Asterisk the tests take, decided without a network."""

import importlib.util
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "asterisk.py"
spec = importlib.util.spec_from_file_location("asterisk_tool", TOOL)
assert spec is not None
assert spec.loader is not None
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


@pytest.mark.parametrize(
    ("text", "version", "fits"),
    [
        ("1:22.10.1+dfsg+~cs6.17-1", (22, 10, 1), True),
        ("1:22.8.0~dfsg-1", (22, 8, 0), True),
        ("1:22.7.9-1", (22, 7, 9), False),
        ("1:23.0.0-1", (23, 0, 0), False),
        ("16.28.0", (16, 28, 0), False),
        ("unknown", (), False),
    ],
)
def test_only_22_8_and_later_of_22_is_taken(
    text: str, version: tuple[int, ...], fits: bool
) -> None:
    assert tool.version_of(text) == version
    assert tool.fits(version) is fits


def test_the_newest_cached_version_that_fits_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert tool.cached() is None
    for version in ("22.9.0", "22.10.1", "22.7.0", "23.1.0", ".fetch-1"):
        program = tmp_path / "vyzov" / "asterisk" / version / "usr" / "sbin" / "asterisk"
        program.parent.mkdir(parents=True)
        program.touch()
    (tmp_path / "vyzov" / "asterisk" / "22.11.0").mkdir()
    assert tool.cached() == tmp_path / "vyzov" / "asterisk" / "22.10.1"
    assert tool.fetch() == tool.cached()


def test_a_machine_without_the_means_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(tool.Missing, match="apt-get"):
        tool.fetch()
