"""The journal's files: held while a life lives, found when it is gone, bounded when it is saved."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from contract_house import NOON

from vyzov.core.errors import StoreFault
from vyzov.dialer import writes as w
from vyzov.dialer.journal import Life, line_of
from vyzov.storage import journal_files
from vyzov.storage.journal_files import JournalFolder, forget_words_of, prune, read_all, read_file

LIFE = Life("7:a", "org", "floor", 3, NOON)


def note(place: int, text: str = "note", contact: str = "c") -> bytes:
    return line_of(place, NOON, (w.SetNote(contact, text),))


def folder_of(path: Path) -> JournalFolder:
    return JournalFolder(path / "journal", bytes_max=1 << 20)


def places(folder: JournalFolder) -> list[int]:
    """What a next life finds."""
    found: list[int] = []
    for left in folder.left("floor"):
        found += [one.place for pages in left.pages() for one in pages.kept]
        left.release()
    return found


def test_a_living_life_is_not_taken_for_a_dead_one(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    file = folder.begin(LIFE)
    file.append(note(1))
    assert places(folder) == []
    file.close(settled=False)
    assert places(folder) == [1]


def test_what_is_saved_is_not_found_again(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    file = folder.begin(LIFE)
    file.append(note(1))
    file.sync()
    file.close(settled=False)
    for left in folder.left("floor"):
        left.done()
        left.release()
    assert places(folder) == []
    assert [one.place for one in read_all(folder.folder)[LIFE]] == [1]


def test_a_life_that_ends_well_leaves_nothing_to_do(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    file = folder.begin(LIFE)
    file.append(note(1))
    file.close(settled=True)
    assert places(folder) == []


def test_a_large_file_is_turned_over_and_the_oldest_saved_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_files, "FILE_BYTES", 400)
    folder = JournalFolder(tmp_path, bytes_max=1_500)
    file = folder.begin(LIFE)
    for place in range(1, 40):
        file.append(note(place))
        file.settled()
    file.close(settled=False)
    kept = [one.place for one in read_all(tmp_path)[LIFE]]
    assert kept[-1] == 39
    assert kept == list(range(kept[0], 40))
    assert kept[0] > 1
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.*")) <= 1_500 + 400


def test_a_file_that_cannot_be_turned_over_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_files, "FILE_BYTES", 400)
    folder = folder_of(tmp_path)
    file = folder.begin(LIFE)
    for place in range(1, 5):
        file.append(note(place))
    real = os.open

    def full(path: str, flags: int, *more: int) -> int:
        if flags & os.O_CREAT:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, flags, *more)

    with monkeypatch.context() as patched:
        patched.setattr(journal_files.os, "open", full)
        file.settled()
    for place in range(5, 8):
        file.append(note(place))
    assert places(folder) == []
    file.settled()
    file.append(note(8))
    file.close(settled=False)
    assert [one.place for one in read_all(folder.folder)[LIFE]] == list(range(1, 9))
    assert places(folder) == [8]


def test_what_is_not_saved_never_goes(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    file = folder.begin(LIFE)
    file.append(note(1))
    file.close(settled=False)
    assert prune(folder.folder, 0) == 0
    assert places(folder) == [1]


def test_half_a_line_of_a_full_disk_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(tmp_path)
    file = folder.begin(LIFE)
    file.append(note(1))
    real = os.write

    def full(target: int, data: bytes) -> int:
        if len(data) > 20:
            return real(target, data[:20])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(journal_files.os, "write", full)
        with pytest.raises(OSError, match="No space"):
            file.append(note(2)[:39])
    file.append(note(3))
    file.close(settled=False)
    pages = read_file(next((folder.folder / "floor").iterdir()))
    assert pages.damaged == 0
    assert [one.place for one in pages.kept] == [1, 3]


def test_a_folder_that_cannot_be_written_is_told_plainly(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file in the way")
    with pytest.raises(StoreFault, match="cannot be written"):
        folder_of(tmp_path).begin(LIFE)


def test_words_of_an_erased_person_go_from_a_file_that_was_set_aside(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    file = folder.begin(LIFE)
    for line in (note(1, "canary", "erased"), note(2, "stays")):
        file.append(line)
    file.close(settled=False)
    for left in folder.left("floor"):
        left.set_aside()
        left.release()
    assert forget_words_of(folder.folder, frozenset({"erased"}), frozenset()) == (1, [])
    (path,) = folder.folder.glob("*/*.damaged")
    assert b"canary" not in path.read_bytes()
    assert [one.place for one in read_file(path).kept] == [1, 2]


def test_what_a_life_wrote_while_words_were_taken_away_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(tmp_path)
    living = folder.begin(LIFE)
    living.append(note(1, "canary", "erased"))
    real = Path.read_bytes

    def late(path: Path) -> bytes:
        found = real(path)
        if path.suffix == journal_files.OPEN and not ended:
            ended.append(True)
            living.append(note(2))
            living.close(settled=False)
        return found

    ended: list[bool] = []
    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", late)
        forget_words_of(folder.folder, frozenset({"erased"}), frozenset())
    if not ended:
        living.append(note(2))
        living.close(settled=False)
    assert places(folder) == [1, 2]


def test_words_of_an_erased_person_go_from_all_files_that_nobody_holds(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)

    def write(name: str, lines: Iterable[bytes], *, settled: bool) -> None:
        file = folder.begin(Life(name, "org", "floor", 1, NOON))
        for line in lines:
            file.append(line)
        file.close(settled=settled)

    write("1:a", [note(1, "canary", "erased"), note(2, "stays")], settled=True)
    write("2:b", [note(1, "canary", "erased")], settled=False)
    living = folder.begin(Life("3:c", "org", "floor", 3, NOON))
    living.append(note(1, "canary", "erased"))
    changed, held = forget_words_of(folder.folder, frozenset({"erased"}), frozenset())
    assert changed == 2
    assert [path.name.split("-", 1)[1] for path in held] == ["3-c-0001.open"]
    living.close(settled=True)
    assert forget_words_of(folder.folder, frozenset({"erased"}), frozenset()) == (1, [])
    assert not [path for path in folder.folder.rglob("*.*") if b"canary" in path.read_bytes()]
    assert b"stays" in b"".join(path.read_bytes() for path in folder.folder.rglob("*.*"))
