"""The small pure parts: throttling, cells of CSV, byte ranges, origins, cursors."""

import csv
import io
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.web import passwords
from vyzov.web.csv_out import BOM, lines, safe_cell
from vyzov.web.desk_asks import shown_on_desk
from vyzov.web.guard import own_origin
from vyzov.web.live_hub import seen_by
from vyzov.web.passwords import Throttle, check_password, hash_password, needs_new_hash
from vyzov.web.problems import KINDS, Problem
from vyzov.web.routes.records import range_of
from vyzov.web.shapes import page_of

# ---- passwords -----------------------------------------------------------------------------------


def test_a_password_fits_its_hash_and_no_other_does() -> None:
    stored = hash_password("correct horse battery")
    assert stored.startswith("$argon2id$")
    assert check_password(stored, "correct horse battery")
    assert not check_password(stored, "correct horse batterx")
    assert not check_password(None, "nobody has this password, this hash only costs the same time")
    assert not check_password("no hash at all", "x")
    assert not needs_new_hash(stored)


def test_a_hash_of_weaker_parameters_is_to_be_made_anew() -> None:
    weak = "$argon2id$v=19$m=1024,t=1,p=1$c29tZXNhbHQ$" + "A" * 43
    assert needs_new_hash(weak)


def test_tries_are_free_at_first_and_then_wait_longer_up_to_a_bound() -> None:
    throttle = Throttle(free=3, wait_max_s=8.0, remembered=10)
    waits: list[float] = []
    for _ in range(8):
        throttle.spend("anna", 100.0)
        waits.append(throttle.wait_s("anna", 100.0))
    assert waits == [0.0, 0.0, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert throttle.wait_s("anna", 107.0) == 1.0
    assert throttle.wait_s("anna", 108.0) == 0.0
    assert throttle.wait_s("boris", 100.0) == 0.0


def test_success_forgives_a_login_and_gives_a_source_its_try_back() -> None:
    throttle = Throttle(free=2, wait_max_s=8.0, remembered=10)
    for _ in range(3):
        throttle.spend("anna", 0.0)
    throttle.forgive("anna")
    assert throttle.wait_s("anna", 0.0) == 0.0
    for _ in range(50):
        throttle.spend("source", 0.0)
        throttle.give_back("source")
    assert throttle.wait_s("source", 0.0) == 0.0
    throttle.give_back("never seen")


def test_the_memory_of_tries_is_bounded() -> None:
    throttle = Throttle(free=1, wait_max_s=8.0, remembered=3)
    for number in range(10):
        throttle.spend(str(number), 0.0)
    assert [n for n in range(10) if throttle.wait_s(str(n), 0.0)] == [7, 8, 9]


# ---- CSV -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1"]
)
def test_a_cell_that_looks_like_a_formula_is_led_by_an_apostrophe(cell: str) -> None:
    assert safe_cell(cell) == f"'{cell}"


@pytest.mark.parametrize(
    ("cell", "written"),
    [("Anna", "Anna"), (-3, "-3"), (0.5, "0.5"), ("+70005550101", "+70005550101"), (None, "")],
)
def test_ordinary_cells_stay_as_they_are(cell: str | float | None, written: str) -> None:
    assert safe_cell(cell) == written


@given(st.lists(st.lists(st.text(max_size=20), min_size=1, max_size=4), max_size=6))
def test_no_written_cell_begins_like_a_formula(rows: list[list[str]]) -> None:
    text = "".join(lines(("a",), rows))
    assert text.startswith(BOM)
    for row in csv.reader(io.StringIO(text.removeprefix(BOM), newline="")):
        for cell in row:
            number = cell.lstrip("+-").replace(",", ".", 1).replace(".", "", 1).isdigit()
            assert number or not cell.strip().startswith(("=", "+", "-", "@")), cell


def test_a_large_file_is_written_in_pieces() -> None:
    pieces = list(lines(("n",), ((n, "x" * 100) for n in range(2_000))))
    assert len(pieces) > 3
    assert max(map(len, pieces)) < 100_000
    assert "".join(pieces).count("\r\n") == 2_001


# ---- byte ranges ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-9", (0, 9)),
        ("bytes=90-", (90, 99)),
        ("bytes=-10", (90, 99)),
        ("bytes=-1000", (0, 99)),
        ("bytes=50-1000", (50, 99)),
        ("bytes=99-99", (99, 99)),
        (None, None),
        ("bytes=-", None),
        ("bytes=9-0", None),
        ("bytes=0-1,5-6", None),
        ("lines=0-9", None),
        ("bytes=\u0661-", None),
    ],
)
def test_one_range_is_read_and_anything_odd_means_the_whole(
    header: str | None, part: tuple[int, int] | None
) -> None:
    assert range_of(header, 100) == part


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=500-600", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused_with_the_size(header: str) -> None:
    with pytest.raises(Problem) as refused:
        range_of(header, 100)
    assert refused.value.status == 416
    assert refused.value.headers["Content-Range"] == "bytes */100"


@given(st.integers(0, 300), st.integers(0, 300), st.integers(1, 200))
def test_a_range_never_reaches_beyond_the_file(first: int, last: int, size: int) -> None:
    try:
        part = range_of(f"bytes={first}-{last}", size)
    except Problem:
        assert first >= size
        return
    if part is not None:
        assert 0 <= part[0] <= part[1] < size


# ---- origins, pages, problems --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "own"),
    [
        ("http://127.0.0.1:8080", True),
        ("https://127.0.0.1:8080", True),
        ("http://127.0.0.1:8081", False),
        ("http://evil.example", False),
        ("null", False),
        ("http://127.0.0.1:8080.evil.example", False),
        ("http://dev.example:5173", True),
    ],
)
def test_only_our_own_pages_and_named_friends_are_own(origin: str, own: bool) -> None:
    assert own_origin(origin, "127.0.0.1:8080", ("http://dev.example:5173",)) is own


@given(st.integers(0, 30), st.integers(1, 7))
def test_pages_give_every_item_once_and_in_order(count: int, limit: int) -> None:
    cursor, seen = None, list[int]()
    for _ in range(40):
        page = page_of(range(count), lambda one: one, cursor, limit)
        assert len(page.items) <= limit
        seen += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == list(range(count))


@pytest.mark.parametrize(
    "cursor", ["", "x", "%%%", "YXQ6LTE", "YXQ6eA", "\u0442", "YXQ6MTIzNDU2Nzg5MDE"]
)
def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(Problem, match="cursor"):
        page_of([1], lambda one: one, cursor, 1)


@pytest.mark.parametrize("code", list(KINDS))
def test_every_problem_says_what_happened_and_what_to_do(code: str) -> None:
    body = Problem(code).body("id")
    assert body["code"] == code
    assert 400 <= body["status"] < 600
    assert body["title"].endswith(".")
    assert body["next_step"].endswith(".")
    assert "!" not in body["title"] + body["next_step"]


def test_a_code_of_the_floor_passes_through_as_a_conflict() -> None:
    body = Problem("no_call", "There is no call in hand.").body()
    assert (body["code"], body["status"]) == ("no_call", 409)
    assert body["detail"] == "There is no call in hand."


# ---- the desk ------------------------------------------------------------------------------------


def test_a_desk_shows_its_attempts_and_contact() -> None:
    state = {"call": {"attempt": "a", "contact": {"id": "c"}}, "wrap_up": {"attempt": "b"}}
    assert shown_on_desk(state) == {"a", "b", "c"}
    assert shown_on_desk({}) == set()
    assert shown_on_desk({"call": None, "wrap_up": None}) == set()


@pytest.mark.parametrize(
    ("owner", "state", "seen"),
    [
        ("me", "up", "up"),
        ("other", "up", "elsewhere"),
        ("other", "connecting", "elsewhere"),
        ("other", "lost", "lost"),
        (None, "none", "none"),
    ],
)
def test_the_phone_is_elsewhere_for_every_window_but_its_own(
    owner: str | None, state: str, seen: str
) -> None:
    desk = {"device": {"state": state, "owner": owner}, "agent": {"id": "a"}}
    assert seen_by(desk, "me")["device"]["state"] == seen
    assert desk["device"] == {"state": state, "owner": owner}


def test_what_a_hash_needed_goes_back_to_the_system() -> None:
    """A fresh process, as a block kept by an earlier test would hide it."""
    script = """
import re
from vyzov.web.passwords import give_large_blocks_back, hash_password
def held():
    return int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
if give_large_blocks_back():
    before = held()
    for _ in range(4):
        hash_password("one")
    print(held() - before)
else:
    print(0.0)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=50
    )
    assert float(done.stdout) < 5


def test_however_many_sign_in_two_threads_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[str] = set()

    class Hasher:
        def hash(self, _password: str) -> str:
            seen.add(threading.current_thread().name)
            time.sleep(0.002)
            return "hash"

    monkeypatch.setattr(passwords, "_HASHER", Hasher())
    with ThreadPoolExecutor(12) as many:
        assert set(many.map(passwords.hash_password, ["secret"] * 48)) == {"hash"}
    assert 0 < len(seen) <= 2
    assert all(name.startswith("hashing") for name in seen)
