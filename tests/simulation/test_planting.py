"""Planted bugs: patches are read and laid over a copy, and every one of ours fits these sources."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

from planting import BadPatch, copy_of, plant, read_patch  # noqa: E402

PATCHES = sorted((ROOT / "bench" / "planted").glob("*.patch"))
TEXT = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n"
DIFF = """Breaks: A1
What: something

--- a/file.txt
+++ b/file.txt
@@ -2,5 +2,5 @@
 two
 three
-four
+FOUR
 five
 six
"""


def planted(tmp_path: Path, text: str, diff: str = DIFF) -> str:
    (tmp_path / "file.txt").write_text(text, encoding="utf-8")
    path = tmp_path / "case.patch"
    path.write_text(diff, encoding="utf-8")
    patch = read_patch(path)
    assert patch.breaks == "A1"
    plant(patch, tmp_path)
    return (tmp_path / "file.txt").read_text(encoding="utf-8")


def test_a_patch_changes_its_place(tmp_path: Path) -> None:
    assert planted(tmp_path, TEXT) == TEXT.replace("four", "FOUR")


def test_a_patch_finds_its_place_where_lines_have_moved(tmp_path: Path) -> None:
    moved = "zero\n" * 40 + TEXT
    assert planted(tmp_path, moved) == moved.replace("four", "FOUR")


def test_a_patch_does_without_neighbours_that_have_changed(tmp_path: Path) -> None:
    changed = TEXT.replace("two", "2").replace("six", "6")
    assert planted(tmp_path, changed) == changed.replace("four", "FOUR")


def test_a_place_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadPatch, match=r"file\.txt: the place near line 2"):
        planted(tmp_path, TEXT.replace("four", "4"))


def test_a_place_that_may_be_two_is_not_guessed(tmp_path: Path) -> None:
    twice = "four\nx\ny\nfour\n"
    with pytest.raises(BadPatch, match="is not there"):
        planted(tmp_path, twice)


def test_what_is_no_patch_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "case.patch"
    path.write_text("Breaks: A1\n", encoding="utf-8")
    with pytest.raises(BadPatch, match="no unified diff"):
        read_patch(path)


def test_a_patch_stays_within_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "case.patch"
    path.write_text(DIFF.replace("file.txt", "../file.txt"), encoding="utf-8")
    (tmp_path / "in").mkdir()
    (tmp_path / "file.txt").write_text(TEXT, encoding="utf-8")
    with pytest.raises(BadPatch, match="there is no"):
        plant(read_patch(path), tmp_path / "in")


def test_every_planted_bug_says_what_it_breaks_and_fits_these_sources(tmp_path: Path) -> None:
    wrong: list[str] = []
    for number, path in enumerate(PATCHES):
        patch = read_patch(path)
        if not (patch.breaks and patch.survives and patch.head.get("What")):
            wrong.append(f"{path.name}: its head is not whole")
        folder = tmp_path / str(number)
        for name in patch.files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
        try:
            plant(patch, folder)
        except BadPatch as error:
            wrong.append(str(error))
    assert wrong == []


def test_a_copy_leaves_built_pages_behind(tmp_path: Path) -> None:
    (tmp_path / "a" / "static").mkdir(parents=True)
    (tmp_path / "a" / "x.py").write_text("", encoding="utf-8")
    made = copy_of(tmp_path / "a", tmp_path / "b")
    assert sorted(path.name for path in made.iterdir()) == ["x.py"]
