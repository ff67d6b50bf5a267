"""A floor's life run again from what was written of it: same inputs, same decisions, nobody's name."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import Build
from test_floor_days import FAULTS, day

from vyzov.core.errors import InvalidRequest
from vyzov.dialer import effects as fx
from vyzov.dialer import pacer
from vyzov.dialer.replay import RecordedFloor, Teller, replay
from vyzov.dialer.replay_form import Mask, UnknownForm, decode, encode
from vyzov.simulation import world as world_module
from vyzov.storage.replay_book import MB, ReplayBook

KEY = b"k" * 32


class Shelf:
    """Keeps the lives of a world as the lines of their files."""

    def __init__(self) -> None:
        self.lives: list[list[str]] = []
        self.people: set[str] = set()

    def floor(self, floor_id: str, **others: Any) -> RecordedFloor:
        lines: list[str] = []
        teller = Teller(Mask(KEY))
        lines.append(teller.head(floor_id, others["recordings"], "test"))
        self.lives.append(lines)

        class Tape:
            def took(self, item: Any, now: Any, effects: Any, drawn: Any) -> None:
                lines.append(teller.step(item, now, effects, drawn))

        return RecordedFloor(floor_id, **others, tape=Tape())


SHELVES: dict[tuple[int, bool, str], Shelf] = {}


@pytest.fixture
def recorded(build: Build, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Shelf]:
    """A day by its seed, broken or not, as it was recorded; each is lived once."""

    def make(seed: int, *, faults: bool = False, mode: str = "progressive") -> Shelf:
        if (seed, faults, mode) not in SHELVES:
            shelf = SHELVES[seed, faults, mode] = Shelf()
            with monkeypatch.context() as patch:
                patch.setattr(world_module, "Floor", shelf.floor)
                centre = build(seed=seed, faults=FAULTS) if faults else build(seed=seed)
                day(centre, mode)
            shelf.people = {
                *(row["e164"] for row in centre.rows_of("SELECT e164 FROM contact_phone")),
                *(row["name"] for row in centre.rows_of("SELECT name FROM contact_person")),
            } - {""}
        return SHELVES[seed, faults, mode]

    return make


@pytest.mark.parametrize(
    ("seed", "mode"), [(3, "progressive"), (4, "progressive"), (5, "predictive")]
)
def test_every_life_of_a_day_when_everything_breaks_is_decided_again_alike(
    recorded: Callable[..., Shelf], seed: int, mode: str
) -> None:
    shelf = recorded(seed, faults=True, mode=mode)
    assert len(shelf.lives) >= 3
    for lines in shelf.lives:
        again = replay(lines)
        assert again.difference is None, again.difference
        assert again.steps == len(lines) - 1


def test_no_name_number_or_note_gets_into_the_record(
    recorded: Callable[..., Shelf],
) -> None:
    shelf = recorded(3, faults=True)
    text = "".join(line for lines in shelf.lives for line in lines)
    assert len(shelf.people) > 200
    assert [one for one in shelf.people if one in text or one.lstrip("+") in text] == []


def test_another_process_with_another_order_of_sets_decides_alike(
    recorded: Callable[..., Shelf], tmp_path: Path
) -> None:
    shelf = recorded(5, faults=True, mode="predictive")
    file = tmp_path / "life.jsonl"
    file.write_text("".join(max(shelf.lives, key=len)))
    told = [
        json.loads(
            subprocess.run(
                [sys.executable, "-m", "vyzov", "replay", str(file), "--json"],
                env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True,
            ).stdout
        )
        for seed in ("1", "2")
    ]  # fmt: skip
    assert told[0] == told[1]
    assert told[0]["ok"]
    assert told[0]["decisions"] > 100


def test_the_first_step_that_decides_otherwise_is_named(
    recorded: Callable[..., Shelf], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later code that lets one call fewer out is found at the first such call."""
    shelf = recorded(3, faults=True)
    lines = shelf.lives[0]
    monkeypatch.setattr(pacer.Pacer, "pace", lambda self: None)
    found = replay(lines).difference
    assert found is not None
    first = next(n for n, line in enumerate(lines) if "Commit(Reserve" in line)
    assert found.step <= first
    assert found.was
    assert found.was != found.now


@pytest.mark.parametrize("change", ["digest", "mono", "drawn"])
def test_a_record_that_was_altered_is_found(recorded: Callable[..., Shelf], change: str) -> None:
    shelf = recorded(3, faults=True)
    lines = list(shelf.lives[0])
    at = next(n for n, line in enumerate(lines) if "drawn" in line)
    line = json.loads(lines[at])
    line[change] = {"digest": "00", "mono": 5.0, "drawn": ["x"]}[change]
    lines[at] = json.dumps(line) + "\n"
    found = replay(lines).difference
    assert found is not None
    assert found.step == at


def test_a_record_cut_short_by_a_crash_is_run_as_far_as_it_goes(
    recorded: Callable[..., Shelf],
) -> None:
    shelf = recorded(3, faults=True)
    again = replay([*shelf.lives[0][:50], shelf.lives[0][50][:30]])
    assert (again.difference, again.steps, again.ended) == (None, 49, "")


@pytest.mark.parametrize("lines", [[], ["{}\n"], ["x\n"], ['{"replay":99}\n']])
def test_what_is_no_record_is_an_error_with_a_way_out(lines: list[str]) -> None:
    with pytest.raises(InvalidRequest):
        replay(lines)


def test_a_line_of_another_version_is_an_error_that_says_so() -> None:
    head = Teller(Mask()).head("f", "r", "0")
    for line in ("x\n", '{"utc":"x","mono":1,"in":{"~":"Gone"},"digest":""}\n'):
        with pytest.raises(InvalidRequest, match="Line 2 of the replay file"):
            replay([head, line])


def test_a_value_without_a_form_is_refused_and_named() -> None:
    with pytest.raises(UnknownForm, match="object"):
        encode(object(), Mask())
    with pytest.raises(UnknownForm, match="Gone"):
        decode({"~": "Gone"})


def test_masks_keep_what_decides_and_nothing_else() -> None:
    mask, other = Mask(KEY), Mask(b"o" * 32)
    number = mask.number("+70005550101")
    assert number != "+70005550101"
    assert str(number).startswith("+700055")
    assert number == mask.number("+70005550101") != other.number("+70005550101")
    assert mask.text("") == ""
    assert len(str(mask.text("Анна Иванова"))) == 12
    assert mask.text("Анна Иванова") != mask.text("Анна Петрова")
    assert mask.digits("12#*") == "00#*"
    assert mask.sayings("No such number 70005550101") == "No such number 00000000000"
    assert mask.dropped({"asserted": ("Anna",)}) == {}
    assert Mask().number("+70005550101") == "+70005550101"


def test_a_book_writes_lives_and_lets_the_oldest_go(tmp_path: Path) -> None:
    begun = datetime(2026, 11, 22, 12, tzinfo=UTC)
    for life in range(4):
        book = ReplayBook(tmp_path, "floor-1", key=KEY, version="1", recordings="r", limit_mb=1)
        for step in range(2_000):
            moment = begun + timedelta(hours=life, seconds=step)
            item = fx.StoreAway("x" * 200)
            book.took(item, fx.Now(moment, float(step), "boot"), (), ())
        book.close()
    left = sorted(tmp_path.iterdir())
    assert 1 <= len(left) < 4
    assert sum(path.stat().st_size for path in left) <= MB * 1.1
    assert left[-1].name == "floor-loor-1-20261122T150000000000.jsonl"
    assert json.loads(left[-1].read_text().splitlines()[-1])["end"] == "closed"


def test_a_life_too_long_for_the_bound_says_where_its_record_ends(tmp_path: Path) -> None:
    book = ReplayBook(tmp_path, "f", key=KEY, version="1", recordings="r", limit_mb=1)
    for step in range(8_000):
        moment = fx.Now(datetime(2026, 11, 22, tzinfo=UTC), float(step), "boot")
        book.took(fx.StoreAway("x" * 200), moment, (), ())
    book.close()
    (file,) = tmp_path.iterdir()
    assert json.loads(file.read_text().splitlines()[-1])["end"] == "full"
    again = replay(file.read_text().splitlines(keepends=True))
    assert (again.difference, again.ended) == (None, "full")


def test_a_bound_of_nothing_records_nothing(tmp_path: Path) -> None:
    book = ReplayBook(tmp_path / "replay", "f", key=KEY, version="1", recordings="r", limit_mb=0)
    book.took(fx.Tick(), fx.Now(datetime(2026, 11, 22, tzinfo=UTC), 1.0, "boot"), (), ())
    book.close()
    assert not (tmp_path / "replay").exists()
