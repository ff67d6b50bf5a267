"""A commit that was acknowledged outlives a power cut; the shim that says so can also say no."""

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "bench"))

from power_vfs import Disk, PowerDisk, after, carried_out
from verify_power import Town, cuts, is_well, make_town, with_synchronous

CUTS = 5
"""The full proof is `./run verify power`; a busy machine takes four seconds for one cut."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return make_town(tmp_path_factory.mktemp("power"))


@pytest.fixture(scope="module")
def disk() -> PowerDisk:
    return PowerDisk()


def test_no_acknowledged_commit_is_lost_in_a_power_cut(
    town: Town, disk: PowerDisk, tmp_path: Path
) -> None:
    figures = cuts(town, disk, CUTS, random.Random(1), tmp_path)
    assert figures["cuts"] == CUTS
    assert figures["acknowledged"] > CUTS
    assert is_well(figures), figures


@pytest.mark.parametrize("level", ["OFF", "NORMAL"])
def test_a_power_cut_harms_a_database_that_writes_with_less_care(
    level: str, town: Town, disk: PowerDisk
) -> None:
    assert not is_well(with_synchronous(level, town, disk, CUTS, random.Random(2)))


def test_what_was_synced_stands_and_what_was_not_may_be_torn() -> None:
    old, new = b"a" * 2048, b"b" * 2048
    disk = Disk(carried_out(None, [("write", 0, old)]), [("write", 0, new)])
    seen = {after(disk, "some", random.Random(seed)) for seed in range(60)}
    assert old in seen
    assert new in seen
    torn = seen - {old, new}
    assert torn
    for found in torn:
        assert found is not None
        sectors = {found[at : at + 512] for at in range(0, 2048, 512)}
        assert sectors == {b"a" * 512, b"b" * 512}


def test_a_file_whose_deletion_was_lost_is_the_old_file() -> None:
    disk = Disk(b"old", [("delete", 0, b""), ("write", 0, b"new file")])
    assert after(disk, "nothing", random.Random(1)) == b"old"
    assert after(disk, "everything", random.Random(1)) == b"new file"
    assert carried_out(disk.safe, disk.pending) == b"new file"
