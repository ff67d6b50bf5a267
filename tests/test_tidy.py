"""The style guide, as far as a machine can check it."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sorted(
    path
    for folder in ("src", "tests", "tools", "bench", "fuzz")
    for path in (ROOT / folder).rglob("*.py")
    if "static" not in path.parts
)
SOURCE = [path for path in PYTHON if "src" in path.parts]
SCREENS = sorted(
    path
    for path in (ROOT / "ui" / "src").rglob("*")
    if path.suffix in {".ts", ".tsx", ".css"} and "generated" not in path.name
)
FILE_LINES_MAX = 500
SCREEN_LINES_MAX = 250
FUNCTION_LINES_MAX = 70
BLOB_BYTES_MAX = 200_000
JUNK_DRAWERS = {"utils", "util", "common", "helpers", "helper", "manager", "service", "misc"}
WALL_CLOCKS = {"time", "random", "secrets", "uuid", "socket"}
# The only files below the composition root that may read a clock, roll dice or open a socket.
WORLD = {
    "dialer/runtime.py", "storage", "telephony", "web", "integrations", "pstn", "simulation", "cli",
    "app.py",
}  # fmt: skip


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def long_files(paths: list[Path], most: int) -> list[str]:
    return [
        f"{name_of(path)}: {count} lines, at most {most}; split it by what the parts decide"
        for path in paths
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > most
    ]


def long_functions(path: Path) -> list[str]:
    return [
        f"{name_of(path)}:{node.lineno} {node.name} has {length} lines, at most {FUNCTION_LINES_MAX}"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES_MAX
    ]


def sources_of_time_and_dice(path: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(tree_of(path)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name.split(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module.split(".")[0]]
        found += [
            f"{name_of(path)}:{node.lineno} imports {name}; take it as an argument or by a port"
            for name in names
            if name in WALL_CLOCKS
        ]
    return found


def test_files_stay_within_their_budget() -> None:
    assert long_files(PYTHON, FILE_LINES_MAX) + long_files(SCREENS, SCREEN_LINES_MAX) == []


def test_functions_stay_within_their_budget() -> None:
    assert [line for path in PYTHON for line in long_functions(path)] == []


def test_no_junk_drawers() -> None:
    assert [name_of(path) for path in SOURCE if path.stem in JUNK_DRAWERS] == []


def test_every_module_says_what_it_is_for() -> None:
    assert [name_of(path) for path in SOURCE if not ast.get_docstring(tree_of(path))] == []


def test_time_dice_and_network_come_through_ports() -> None:
    package = ROOT / "src" / "vyzov"
    inner = [
        path
        for path in SOURCE
        if not any(
            str(path.relative_to(package)) == name or path.relative_to(package).parts[0] == name
            for name in WORLD
        )
    ]
    assert inner
    assert [line for path in inner for line in sources_of_time_and_dice(path)] == []


def test_nothing_waits_below_the_runtime() -> None:
    package = ROOT / "src" / "vyzov"
    for folder in ("core", "sip", "media"):
        for path in (package / folder).rglob("*.py"):
            assert not [
                node for node in ast.walk(tree_of(path)) if isinstance(node, ast.AsyncFunctionDef)
            ], name_of(path)


def test_no_large_blobs() -> None:
    assert [
        f"{name_of(path)}: {path.stat().st_size} bytes"
        for path in tracked()
        if path.stat().st_size > BLOB_BYTES_MAX and path.name != "package-lock.json"
    ] == []


def test_markdown_has_one_title() -> None:
    for path in tracked():
        if path.suffix == ".md":
            text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
            titles = [line for line in text.splitlines() if line.startswith("# ")]
            assert len(titles) == 1, f"{name_of(path)} has {len(titles)} titles"


def test_every_decision_names_what_enforces_it() -> None:
    for path in sorted((ROOT / "docs" / "decisions").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        enforced = re.findall(r"^Enforced by:(.*)$", text, flags=re.MULTILINE)
        assert enforced, f"{name_of(path)} has no line 'Enforced by:'"
        for file in re.findall(r"`([^`]+)`", enforced[0]):
            assert (ROOT / file.split("::")[0]).exists(), f"{name_of(path)} names {file}"


@pytest.mark.parametrize("planted", ["long_file", "long_function", "clock"])
def test_a_planted_breach_is_found(planted: str, tmp_path: Path) -> None:
    path = ROOT / "tests" / "test_tidy.py"
    if planted == "long_file":
        assert long_files([path], most=10)
        return
    breach = tmp_path / "breach.py"
    body = "    pass\n" * (FUNCTION_LINES_MAX + 1)
    breach.write_text("import time\ndef f() -> None:\n" + body, encoding="utf-8")
    found = _with_root(tmp_path, breach, planted)
    assert len(found) == 1


def _with_root(root: Path, breach: Path, planted: str) -> list[str]:
    check = long_functions if planted == "long_function" else sources_of_time_and_dice
    saved = globals()["ROOT"]
    globals()["ROOT"] = root
    try:
        return check(breach)
    finally:
        globals()["ROOT"] = saved


def test_no_two_test_files_share_a_name() -> None:
    # Test folders are no packages: two files of one name would be taken for one module.
    names = [path.name for path in PYTHON if "tests" in path.parts and path.stem != "conftest"]
    assert sorted({name for name in names if names.count(name) > 1}) == []
