"""Every name one bench takes from another is there: benches run seldom, so imports break unseen."""

import ast
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[1] / "bench"
SCRIPTS = sorted(BENCH.glob("*.py"))


def given_by(script: Path) -> set[str]:
    """The names a script defines, imports or assigns at its top level."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.ClassDef(name=name) | ast.alias(name=name, asname=None):
                found.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case _:
                pass
    return found


def missing(script: Path, beside: Path) -> list[str]:
    """The names a script takes from a neighbour which does not have them."""
    found: list[str] = []
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            neighbour = beside / f"{node.module}.py"
            if neighbour.exists():
                here = given_by(neighbour)
                found += [f"{node.module}.{one.name}" for one in node.names if one.name not in here]
    return found


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_bench_finds_what_it_takes_from_its_neighbours(script: Path) -> None:
    assert missing(script, BENCH) == []


def test_a_name_that_is_gone_is_found(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("def here() -> None: ...\n", encoding="utf-8")
    two = tmp_path / "two.py"
    two.write_text("from one import gone, here\n", encoding="utf-8")
    assert missing(two, tmp_path) == ["one.gone"]
