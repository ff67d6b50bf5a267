"""The promises of the README: each names a command there is, and each zero says what it is worth."""

import math
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = {"README.md": "## Promises", "docs/ru/README.md": "## Обещания"}
COMMAND = re.compile(r"`\./run (verify|bench) ([a-z]+)")
ZERO = re.compile(r"\b0 (?:of|из) ([\d, \u00a0]*\d)(.{0,40})", re.DOTALL)
BOUND = re.compile(r"(?:below|ниже) (\d+(?:[.,]\d+)?) %")
ENOUGH = 8


def rows(text: str, title: str) -> list[list[str]]:
    """The rows of the table under a title."""
    part = text.split(f"\n{title}\n")[1].split("\n## ", maxsplit=1)[0]
    lines = [line for line in part.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def promises(page: str) -> list[list[str]]:
    return rows((ROOT / page).read_text(encoding="utf-8"), PAGES[page])


def unproved(found: list[list[str]]) -> list[str]:
    """Promises whose command does not exist."""
    return [
        promise
        for promise, proof, _ in found
        if not (told := COMMAND.match(proof))
        or not (
            ROOT / "bench" / f"{'verify_' if told[1] == 'verify' else ''}{told[2]}.py"
        ).is_file()
    ]


def bare_zeros(found: list[list[str]]) -> list[str]:
    """Figures with a zero that do not say its bound of 3/N, or say a better one than it is."""
    wrong: list[str] = []
    for _, _, figures in found:
        for zero in ZERO.finditer(figures):
            tries = int(re.sub(r"\D", "", zero[1]))
            bound = BOUND.search(zero[2])
            if bound is None or float(bound[1].replace(",", ".")) < math.floor(3000 / tries) / 10:
                wrong.append(figures)
    return wrong


@pytest.mark.parametrize("page", PAGES)
def test_every_promise_names_a_command_that_exists(page: str) -> None:
    found = promises(page)
    assert len(found) >= ENOUGH
    assert unproved(found) == []
    assert all(figures for _, _, figures in found)


@pytest.mark.parametrize("page", PAGES)
def test_every_zero_says_what_it_is_worth(page: str) -> None:
    assert bare_zeros(promises(page)) == []


def test_both_languages_promise_the_same() -> None:
    english, russian = ([proof for _, proof, _ in promises(page)] for page in PAGES)
    assert english == russian


def test_a_promise_without_a_command_and_a_bare_zero_are_found() -> None:
    assert unproved([["We fly", "`./run verify wings`", "0 of 10"], ["We sing", "song", ""]])
    assert bare_zeros([["", "", "0 of 300 calls"], ["", "", "0 of 300 (below 0.5 % a call)"]])
    assert len(bare_zeros([["", "", "0 of 300"], ["", "", "0 of 300 (below 0.5 %)"]])) == 2
    assert bare_zeros([["", "", "0 of 4,557 (below 0.1 %)"], ["", "", "0 из 100 (ниже 3 %)"]]) == []
