"""Each gate of `./run check` fails on a planted breach: a gate that cannot fail guards nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the deciding code and the settings of all tools."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(
        ROOT / "src" / "vyzov",
        tmp_path / "src" / "vyzov",
        ignore=shutil.ignore_patterns("__pycache__", "static", "prompts"),
    )
    return tmp_path


def run(copy: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


def plant(copy: Path, file: str, text: str) -> None:
    path = copy / "src" / "vyzov" / file
    path.parent.mkdir(exist_ok=True)
    before = path.read_text(encoding="utf-8") if path.exists() else '"""Planted."""\n'
    path.write_text(before + text, encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("core/window.py", "\nimport random\n", "core is pure"),
        ("core/window.py", "\nimport vyzov.dialer.ports\n", "vyzov.core.window -> vyzov.dialer"),
        ("web/clock.py", "\nimport vyzov.storage.tables\n", "vyzov.web.clock -> vyzov.storage"),
        ("sip/sdp.py", "\nimport asyncio\n", "sip and media"),
        ("utils/__init__.py", "", "vyzov.utils"),
    ],
    ids=["core_dice", "core_acts", "siblings", "sip_waits", "junk_drawer"],
)
def test_the_layers_fail_on_a_planted_import(copy: Path, file: str, text: str, said: str) -> None:
    plant(copy, file, text)
    done = run(copy, "lint-imports", "--no-cache")
    assert done.returncode != 0
    assert said in done.stdout + done.stderr


def test_the_types_fail_on_a_planted_missing_case(copy: Path) -> None:
    plant(
        copy,
        "core/outcome.py",
        "\n\ndef planted(answer: AnswerClass) -> str:\n    return answer + 1  # type\n",
    )
    done = run(copy, "pyright", "--pythonpath", sys.executable, "src/vyzov/core/outcome.py")
    assert done.returncode != 0
    assert "outcome.py" in done.stdout


@pytest.mark.parametrize(
    ("file", "text", "rule"),
    [
        ("core/outcome.py", "\nimport json\n", "F401"),
        ("core/outcome.py", "\nfrom datetime import datetime\n\nNOW = datetime.now()\n", "TID251"),
        ("dialer/scene.py", "\n\ndef f() -> None:\n    eval('1')\n", "S307"),
    ],
    ids=["unused", "clock_in_core", "eval"],
)
def test_the_lint_fails_on_a_planted_breach(copy: Path, file: str, text: str, rule: str) -> None:
    plant(copy, file, text)
    done = run(copy, "ruff", "check", "--no-cache", "--output-format", "concise", "src")
    assert done.returncode != 0
    assert rule in done.stdout


def test_the_format_fails_on_a_planted_breach(copy: Path) -> None:
    plant(copy, "core/outcome.py", "\nx = {  'a':1 }\n")
    assert run(copy, "ruff", "format", "--check", "--no-cache", "src").returncode != 0
